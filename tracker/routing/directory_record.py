"""Owns how the directory is written down, entries and facts: as JSON values, back from them, and as a fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from tracker.charter.words import ServiceKind
from tracker.routing.directory import Certainty, Entry, Fact, Part, Source

_DAYS = ("valid_from", "valid_to")
_TEXTS = ("names", "competence", "not_competent")
_PLAIN = ("code", "parent", "successor", "phone", "email", "postal_address", "website", "channel")
_LISTS = ("associated", "former_names", "unofficial")


def to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain JSON values."""
    return {
        "kind": entry.kind.value,
        **{name: _plain(getattr(entry, name)) for name in (*_TEXTS, *_PLAIN)},
        **{name: [_plain(one) for one in getattr(entry, name)] for name in _LISTS},
        **{name: day.isoformat() if (day := getattr(entry, name)) else None for name in _DAYS},
        "parts": [{"key": p.key, "names": dict(p.names), "mandate": dict(p.mandate)} for p in entry.parts],
        "sources": [_source_to_json(source) for source in entry.sources],
    }


def fact_to_json(fact: Fact) -> dict[str, Any]:
    """Return a fact as plain JSON values."""
    return {
        "code": fact.code,
        "texts": dict(fact.texts),
        "certainty": fact.certainty.value,
        "source": _source_to_json(fact.source) if fact.source else None,
        "said_on": fact.said_on.isoformat() if fact.said_on else None,
    }


def fact_from_json(row: Mapping[str, Any]) -> Fact:
    """Return the fact that was written down. Raises KeyError, TypeError or ValueError when it is none."""
    return Fact(
        code=row["code"],
        texts=row["texts"],
        certainty=Certainty(row["certainty"]),
        source=_source(row["source"]) if row["source"] else None,
        said_on=date.fromisoformat(row["said_on"]) if row["said_on"] else None,
    )


def _source_to_json(source: Source) -> dict[str, str]:
    return {"title": source.title, "address": source.address, "read_on": source.read_on.isoformat()}


def _source(row: Mapping[str, str]) -> Source:
    return Source(row["title"], row["address"], date.fromisoformat(row["read_on"]))


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def from_json(row: Mapping[str, Any]) -> Entry:
    """Return the entry that was written down. Raises KeyError, TypeError or ValueError when it is none."""
    given: dict[str, Any] = {name: row[name] for name in (*_TEXTS, *_PLAIN)}
    given |= {name: tuple(row[name]) for name in _LISTS}
    given |= {name: date.fromisoformat(row[name]) if row[name] else None for name in _DAYS}
    return Entry(
        kind=ServiceKind(row["kind"]),
        **given,
        parts=tuple(Part(**part) for part in row["parts"]),
        sources=tuple(map(_source, row["sources"])),
    )


def fingerprint(versions: tuple[Entry, ...]) -> str:
    """Return what tells whether the entries of a code are still the same ones."""
    return _digest([to_json(entry) for entry in versions])


def fingerprint_of_facts(facts: tuple[Fact, ...]) -> str:
    """Return what tells whether the same is still said of a body; of one fact, what it is named by."""
    return _digest([fact_to_json(fact) for fact in facts])


def _digest(rows: list[dict[str, Any]]) -> str:
    told = json.dumps(rows, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
