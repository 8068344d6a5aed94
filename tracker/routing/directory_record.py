"""Owns how an entry of the directory is written down: as plain JSON values, back from them, and as a fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from tracker.charter.words import ServiceKind
from tracker.routing.directory import Entry, Part, Source

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
        "sources": [
            {"title": s.title, "address": s.address, "read_on": s.read_on.isoformat()} for s in entry.sources
        ],
    }


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
        sources=tuple(
            Source(one["title"], one["address"], date.fromisoformat(one["read_on"])) for one in row["sources"]
        ),
    )


def fingerprint(versions: tuple[Entry, ...]) -> str:
    """Return what tells whether the entries of a code are still the same ones."""
    told = json.dumps([to_json(entry) for entry in versions], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
