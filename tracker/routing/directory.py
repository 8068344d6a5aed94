"""Owns the directory of services: reviewed data, read into frozen values."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

from tracker.charter.words import ServiceKind

FILES = ("internal.toml", "public_services.toml", "foreign_bodies.toml", "facts.toml")
CHANNELS = ("", "email", "post", "web")

R = TypeVar("R")

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
    mandate: Texts
    """What it does, as its source tells it; empty where none was seen."""


class Certainty(StrEnum):
    """How sure something said of a body is."""

    STATED = "stated"  # the source says so
    OPENING = "opening"  # only the opening of the source's page was read
    UNVERIFIED = "unverified"  # general knowledge: check it before relying on it


@dataclass(frozen=True, slots=True)
class Fact:
    """Something said of a body beside its competence, with how sure it is and where it comes from."""

    code: str
    texts: Texts
    certainty: Certainty
    source: Source | None
    """None only for what is unverified."""
    said_on: date | None
    """The date that the source bears; none: it bears none."""


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
    former_names: tuple[Texts, ...]
    """What it was called before: letters and older pages still say so."""
    unofficial: tuple[str, ...]
    """The languages in which no official name was seen: there the name is our own translation."""
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
    facts: tuple[Fact, ...] = ()
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

    def facts_of(self, code: str) -> tuple[Fact, ...]:
        """Return what is said of a body beside its competence, in the order of the file."""
        return tuple(fact for fact in self.facts if fact.code == code)

    def with_versions(self, code: str, versions: tuple[Entry, ...]) -> "Directory":
        """Return a directory in which a code stands as given, in its old place or, when it is new, at the end."""
        by_code = {**self._by_code, code: versions}
        return Directory(tuple(entry for entries in by_code.values() for entry in entries), self.facts)

    def with_facts(self, code: str, facts: tuple[Fact, ...]) -> "Directory":
        """Return a directory in which just this is said of a body beside its competence."""
        return Directory(self.entries, (*(fact for fact in self.facts if fact.code != code), *facts))


def load_directory(texts: Mapping[str, str] | None = None) -> Directory:
    """Read the directory that comes with the product, or the given files (name -> TOML text).

    Raises DirectoryFileError, naming the file, the entry and the field, when one cannot be read. Whether what it says
    is consistent is for ``directory_check.check``.
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
    facts: list[Fact] = []
    for name, text in texts.items():
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise DirectoryFileError(f"{name}: not readable as TOML: {wrong}.") from wrong
        sources = {key: Source(**value) for key, value in data.get("sources", {}).items()}
        entries += _rows(name, "service", data, sources, _entry)
        facts += _rows(name, "fact", data, sources, _fact)
    return Directory(tuple(entries), tuple(facts))


def _rows(
    name: str,
    what: str,
    data: Mapping[str, Any],
    sources: Mapping[str, Source],
    read: Callable[[dict[str, Any], Mapping[str, Source]], R],
) -> Iterator[R]:
    for number, row in enumerate(data.get(f"{what}s", []), start=1):
        try:
            yield read(dict(row), sources)
        except (KeyError, TypeError, ValueError) as wrong:
            code = row.get("code", f"number {number}")
            raise DirectoryFileError(f"{name}: {what} {code}: missing or wrong field: {wrong}.") from wrong


def _fact(row: dict[str, Any], sources: Mapping[str, Source]) -> Fact:
    source = row.pop("source", None)
    return Fact(
        code=row.pop("code"),
        certainty=Certainty(row.pop("certainty")),
        source=None if source is None else sources[source],
        said_on=row.pop("said_on", None),
        texts=row,
    )


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
        unofficial=tuple(row.pop("unofficial", ())),
        parts=tuple(Part(key, part, part.pop("mandate", {})) for key, part in row.pop("parts", {}).items()),
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
