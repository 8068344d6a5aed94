"""Owns the texts the router learns from: written for it, one file a language, each with the body it belongs to."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from tracker.routing.text import LANGUAGES

KEYS = frozenset({"code", "also", "style", "text", "country", "nature", "urgent", "body"})
STYLES = ("message", "letter", "prose", "terse", "nothing")


class ExamplesFileError(ValueError):
    """A file of examples cannot be read: the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and where it belongs: ``code`` is right (empty: nobody can tell), those in ``also`` are acceptable."""

    text: str
    lang: str
    code: str
    also: tuple[str, ...] = ()
    style: str = "message"
    country: str | None = None
    """Where the person is or where it happened (ISO 3166, two letters), when that was told beside the text."""
    nature: str | None = None
    urgent: bool = False
    body: float = 1.0
    """How much it counts in learning bodies; less when it was written to tell emergencies or natures apart."""
    weight: float = 1.0
    """How much it counts in learning; a correction by staff counts for more."""

    @property
    def acceptable(self) -> frozenset[str]:
        """Every code that is right or acceptable."""
        return frozenset((self.code, *self.also)) - {""}


def read_examples(text: str, lang: str, name: str) -> tuple[Example, ...]:
    """Read examples, one JSON object a line. Raises ExamplesFileError, naming the line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(_example(json.loads(line), lang))
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise ExamplesFileError(f"{name}, line {number}: {wrong}.") from wrong
    return tuple(found)


def _example(row: dict[str, Any], lang: str) -> Example:
    if unknown := set(row) - KEYS:
        raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
    if row["style"] not in STYLES:
        raise ValueError(f"style {row['style']!r} is none of {', '.join(STYLES)}")
    return Example(
        text=row["text"].strip(),
        lang=lang,
        code=row["code"],
        also=tuple(row.get("also", ())),
        style=row["style"],
        country=row.get("country"),
        nature=row.get("nature"),
        urgent=bool(row.get("urgent", False)),
        body=float(row.get("body", 1.0)),
    )


@lru_cache(maxsize=1)
def shipped_examples() -> tuple[Example, ...]:
    """Return the examples that come with the product, in the order of the files."""
    folder = files("tracker.routing") / "data" / "examples"
    found: list[Example] = []
    for lang in LANGUAGES:
        name = f"{lang}.jsonl"
        found += read_examples((folder / name).read_text(encoding="utf-8"), lang, name)
    return tuple(found)


def mark(one: Example) -> int:
    """Return a small number by which a text with its body is known again."""
    told = "\x1f".join([one.lang, one.code, *one.also, one.text])
    return int.from_bytes(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:4], "big")


def digest(examples: Iterable[Example]) -> str:
    """Return a short fingerprint of examples: a model says by it what it was trained on."""
    told = hashlib.sha256()
    for one in examples:
        told_beside = [one.country or "", one.nature or "", str(one.urgent), str(one.body), str(one.weight)]
        row = [one.lang, one.code, *one.also, "|", *told_beside, one.text]
        told.update("\x1f".join(row).encode() + b"\x1e")
    return told.hexdigest()[:16]
