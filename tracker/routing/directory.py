"""Owns the directory of services: reviewed data, read into frozen values and checked."""

import itertools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from tracker.charter.words import ServiceKind
from tracker.routing.text import LANGUAGES

FILES = ("internal.toml", "public_services.toml", "foreign_bodies.toml")
CHANNELS = ("", "email", "post", "web")

Texts = Mapping[str, str]
"""One text in each language: fr, nl, de, en."""


class DirectoryFileError(ValueError):
    """A directory file cannot be read: the message names the file, the entry and what is wrong."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from: title, public address (may be empty) and the day it was read."""

    title: str
    address: str
    read_on: date


@dataclass(frozen=True, slots=True)
class Part:
    """A unit inside a service that people ask for by its subject; cases go to the service."""

    key: str
    names: Texts


@dataclass(frozen=True, slots=True)
class Entry:
    """One body, as it stood from ``valid_from`` (none: always) until before ``valid_to`` (none: still)."""

    code: str
    kind: ServiceKind
    names: Texts
    competence: Texts
    not_competent: Texts
    associated: tuple[str, ...]
    parent: str | None
    successor: str | None
    former_names: tuple[str, ...]
    parts: tuple[Part, ...]
    phone: str
    email: str
    postal_address: str
    website: str
    channel: str
    """How a case is transmitted to it: ``email``, ``post``, ``web``; empty when unknown: a person looks it up."""
    valid_from: date | None
    valid_to: date | None
    sources: tuple[Source, ...]

    @property
    def lead(self) -> str:
        """The service in charge of what is routed here; those in ``associated`` join by themselves (P13)."""
        return self.code

    def in_force(self, on: date) -> bool:
        """Tell whether the body stands in the directory on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)

    def competence_of(self, part: str | None, language: str) -> str:
        """Return the name of a part, or the competence as a whole when no part is meant."""
        for one in self.parts:
            if one.key == part:
                return one.names[language]
        return self.competence[language]


@dataclass(frozen=True, slots=True)
class Directory:
    """Every body known, by code; a code may stand several times when its periods do not overlap."""

    entries: tuple[Entry, ...]
    _by_code: dict[str, tuple[Entry, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_code: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries:
            by_code[entry.code] = (*by_code.get(entry.code, ()), entry)
        object.__setattr__(self, "_by_code", by_code)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code once, in the order of the files."""
        return tuple(self._by_code)

    def versions(self, code: str) -> tuple[Entry, ...]:
        """Return all entries of a code; none when it is unknown."""
        return self._by_code.get(code, ())

    def get(self, code: str, *, on: date) -> Entry | None:
        """Return the entry of a code that is in force on a day, if any."""
        return next((entry for entry in self.versions(code) if entry.in_force(on)), None)

    def standing_for(self, code: str, *, on: date) -> Entry | None:
        """Return the entry in force for a code, or for whatever succeeded it, if any."""
        seen: set[str] = set()
        while code not in seen:
            seen.add(code)
            if (entry := self.get(code, on=on)) is not None:
                return entry
            code = next((old.successor for old in self.versions(code) if old.successor), code)
        return None


def load_directory(texts: Mapping[str, str] | None = None) -> Directory:
    """Read the directory that comes with the product, or the given files (name -> TOML text).

    Raises DirectoryFileError, naming the file, the entry and the field, when one cannot be read. Whether what it says
    is consistent is for ``check``.
    """
    if texts is not None:
        return _read(texts)
    return _shipped()


@lru_cache(maxsize=1)
def _shipped() -> Directory:
    folder = files("tracker.routing") / "data"
    return _read({name: (folder / name).read_text(encoding="utf-8") for name in FILES})


def _read(texts: Mapping[str, str]) -> Directory:
    entries: list[Entry] = []
    for name, text in texts.items():
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise DirectoryFileError(f"{name}: not readable as TOML: {wrong}.") from wrong
        sources = {key: Source(**value) for key, value in data.get("sources", {}).items()}
        for number, row in enumerate(data.get("services", []), start=1):
            try:
                entries.append(_entry(dict(row), sources))
            except (KeyError, TypeError, ValueError) as wrong:
                code = row.get("code", f"number {number}")
                raise DirectoryFileError(f"{name}: service {code}: missing or wrong field: {wrong}.") from wrong
    return Directory(tuple(entries))


def _entry(row: dict[str, Any], sources: Mapping[str, Source]) -> Entry:
    contact = row.pop("contact", {})
    entry = Entry(
        code=row.pop("code"),
        kind=ServiceKind(row.pop("kind")),
        names=row.pop("names"),
        competence=row.pop("competence"),
        not_competent=row.pop("not_competent", {}),
        associated=tuple(row.pop("associated", ())),
        parent=row.pop("parent", None),
        successor=row.pop("successor", None),
        former_names=tuple(row.pop("former_names", ())),
        parts=tuple(Part(key, names) for key, names in row.pop("parts", {}).items()),
        phone=contact.get("phone", ""),
        email=contact.get("email", ""),
        postal_address=contact.get("postal_address", ""),
        website=contact.get("website", ""),
        channel=contact.get("channel", ""),
        valid_from=row.pop("valid_from", None),
        valid_to=row.pop("valid_to", None),
        sources=tuple(sources[key] for key in row.pop("sources", ())),
    )
    if row:
        raise ValueError(f"unknown field {', '.join(row)}")
    return entry


def check(directory: Directory) -> list[str]:
    """Return what is wrong with a directory, one clear sentence each; an empty list when nothing is."""
    problems: list[str] = []
    for entry in directory.entries:
        problems += [f"{entry.code}: {problem}" for problem in _problems(entry, directory)]
    for code in directory.codes:
        problems += _overlaps(code, directory.versions(code))
    return problems


def _problems(entry: Entry, directory: Directory) -> Iterable[str]:
    texts: list[tuple[str, Texts]] = [("names", entry.names), ("competence", entry.competence)]
    texts += [(f"part {part.key}", part.names) for part in entry.parts]
    if entry.not_competent:
        texts.append(("not_competent", entry.not_competent))
    for what, by_language in texts:
        missing = [language for language in LANGUAGES if not by_language.get(language, "").strip()]
        if missing:
            yield f"{what} is missing in {', '.join(missing)}."
    for what, codes in (
        ("associated", entry.associated),
        ("parent", (entry.parent,)),
        ("successor", (entry.successor,)),
    ):
        for code in codes:
            if code is not None and not directory.versions(code):
                yield f"{what} service {code} is not in the directory."
            elif code == entry.code:
                yield f"{what} service is the service itself."
    if not entry.sources:
        yield "no source is given."
    if entry.channel not in CHANNELS:
        yield f"channel {entry.channel!r} is none of email, post, web."
    needs = {"email": entry.email, "post": entry.postal_address, "web": entry.website}
    if entry.channel in needs and not needs[entry.channel]:
        yield f"it is reached by {entry.channel}, but no such address is given."
    if entry.kind is ServiceKind.INTERNAL:
        if not entry.postal_address:
            yield "an internal service needs a postal address: letters carry it."
        if not entry.phone:
            yield "an internal service needs a phone number: letters carry it."
    if entry.valid_from and entry.valid_to and entry.valid_from >= entry.valid_to:
        yield "valid_to is not after valid_from."


def _overlaps(code: str, versions: tuple[Entry, ...]) -> Iterable[str]:
    ordered = sorted(versions, key=lambda entry: entry.valid_from or date.min)
    for earlier, later in itertools.pairwise(ordered):
        if earlier.valid_to is None or (later.valid_from or date.min) < earlier.valid_to:
            yield f"{code}: two entries are valid on the same day."
