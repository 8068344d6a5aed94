"""Owns the list of the texts of our messages, with the version and the digest of each."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256

from tracker.correspondence.compose import template_of
from tracker.resources import resource


@dataclass(frozen=True, slots=True)
class MessageTexts:
    """One kind of message: the version of its texts, since when, in which languages, and a digest of them all."""

    name: str
    version: int
    since: date
    languages: tuple[str, ...]
    digest: str
    """The beginning of the SHA-256 of its texts, in the order of their names."""


@cache
def all_texts() -> tuple[MessageTexts, ...]:
    """Return every kind of message that we send, by name."""
    folder = resource("templates") / "correspondence"
    return tuple(_texts_of(path.parent.name) for path in sorted(folder.glob("*/message.toml")))


def _texts_of(name: str) -> MessageTexts:
    folder, template, digest = resource("templates") / "correspondence" / name, template_of(name), sha256()
    texts = sorted(folder.glob("*/*.txt"))
    for path in texts:
        digest.update(path.read_bytes())
    languages = tuple(dict.fromkeys(path.parent.name for path in texts))
    return MessageTexts(name, template.version, template.since, languages, digest.hexdigest()[:16])
