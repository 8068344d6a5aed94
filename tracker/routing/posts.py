"""Owns the list of posts abroad as a file: each line read and checked, and refused without a source and its date."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tracker.charter.words import PostKind
from tracker.routing.text import LANGUAGES

NEEDED = ("country", "city", "kind", *(f"name_{language}" for language in LANGUAGES), "source", "read_on")
COLUMNS = (*NEEDED[:7], "phone", "email", "postal_address", "covers", "source", "read_on", "valid_to")
LONGEST = {"city": 120, "phone": 60, "email": 254, "postal_address": 500, "source": 500}
LONGEST |= {f"name_{language}": 200 for language in LANGUAGES}
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Signs that no page shows, and those that turn the order in which a line is read."""


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post as a line of the file tells it."""

    country: str
    city: str
    kind: PostKind
    names: Mapping[str, str]
    phone: str
    email: str
    postal_address: str
    covers: tuple[str, ...]
    source: str
    read_on: date
    valid_to: date | None


def read_posts(text: str, *, today: date) -> tuple[list[PostLine], list[str]]:
    """Read a file of posts: comma- or semicolon-separated, with a line of column names first (``COLUMNS``).

    Dates are written like 2026-11-22; ``covers`` holds country codes with blanks between. Return the posts, and what
    is wrong, each with its line; ``today`` (Brussels): no source was read later.
    """
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    reader = csv.DictReader(lines, delimiter=";" if ";" in text.partition("\n")[0] else ",", restkey="")
    try:
        named = set(reader.fieldnames or ())
    except csv.Error:
        named = set()
    if missing := [name for name in NEEDED if name not in named]:
        return [], [f"line 1: no column {', '.join(missing)}: name the columns {', '.join(COLUMNS)}."]
    if unknown := [name for name in reader.fieldnames or () if name and name not in COLUMNS]:
        return [], [f"line 1: unknown column {', '.join(unknown)}: name the columns {', '.join(COLUMNS)}."]
    posts: dict[tuple[str, str, PostKind], PostLine] = {}
    problems = []
    try:
        for row in reader:
            try:
                post = _post({name: (row.get(name) or "").strip() for name in COLUMNS}, "" in row, today)
                if (key := (post.country, post.city.casefold(), post.kind)) in posts:
                    raise ValueError(f"{post.kind} in {post.city} stands here twice")
                posts[key] = post
            except ValueError as wrong:
                problems.append(f"line {reader.line_num}: {wrong}.")
    except csv.Error as wrong:
        problems.append(f"line {reader.line_num}: {wrong}.")
    return list(posts.values()), problems


def _post(row: Mapping[str, str], more: bool, today: date) -> PostLine:
    if more:
        raise ValueError("it has more fields than there are columns")
    if missing := [name for name in NEEDED if not row[name]]:
        raise ValueError(f"{', '.join(missing)} is empty: no post without")
    if unseen := [name for name in COLUMNS if _UNSEEN.search(row[name])]:
        raise ValueError(f"{', '.join(unseen)} holds a character that cannot be seen: type it anew")
    for name, limit in LONGEST.items():
        if len(row[name]) > limit:
            raise ValueError(f"{name} has more than {limit} characters")
    if not (row["phone"] or row["email"] or row["postal_address"]):
        raise ValueError("neither phone nor email nor postal_address is given")
    read_on = _day("read_on", row["read_on"])
    if read_on > today:
        raise ValueError(f"read_on is {read_on}, which is still to come")
    return PostLine(
        country=_country(row["country"]),
        city=row["city"],
        kind=_kind(row["kind"]),
        names={language: row[f"name_{language}"] for language in LANGUAGES},
        phone=row["phone"],
        email=row["email"],
        postal_address=row["postal_address"],
        covers=tuple(dict.fromkeys(map(_country, row["covers"].replace(",", " ").split()))),
        source=row["source"],
        read_on=read_on,
        valid_to=_day("valid_to", row["valid_to"]) if row["valid_to"] else None,
    )


def _country(given: str) -> str:
    if len(given) != 2 or not (given.isascii() and given.isalpha()):
        raise ValueError(f"{given[:40]!r} is no country: write two letters, such as TH")
    return given.upper()


def _kind(given: str) -> PostKind:
    try:
        return PostKind(given)
    except ValueError:
        raise ValueError(f"kind is {given[:40]!r}: write one of {', '.join(PostKind)}") from None


def _day(name: str, given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise ValueError(f"{name} is {given[:40]!r}: write a date like 2026-11-22") from None
