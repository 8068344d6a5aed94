"""Owns what is left of an entry of the history once the personal data of its case are erased: its bones."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tracker.charter import words
from tracker.charter.reference import BadReference, Reference

ERASED = "[—]"
"""Stands where a text was erased and something has to stand."""

_WORDS = frozenset(
    member.value
    for kind in vars(words).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum)
    for member in kind
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[+-]\d{2}:\d{2}|Z)?)?")
_CODED = frozenset({"entry", "complaint", "decision", "refused", "theme", "cause", "erased"})
"""Under these names nobody types: what stands there is a code of ours."""
_OF_THE_REQUESTER = frozenset({"changed"})
"""Under these names nothing stays but what the names themselves say."""


def bones(details: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the details of an entry without anything that somebody typed: doing it again changes nothing.

    Numbers, days, words of the charter, references of ours and what is ``known`` (services by code, staff by name)
    stay; any other text does not, so that nothing has to be thought of when an entry learns to say more.
    """
    return {name: bare(value, known, name) for name, value in details.items()}


def bare(value: Any, known: frozenset[str], name: str = "") -> Any:
    """Return what is left of one value that stands under a name, by the same rule."""
    known = frozenset() if name in _OF_THE_REQUESTER else known
    if isinstance(value, Mapping):
        return {inner: bare(one, known, inner) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [bare(one, known, name) for one in value]
    if not isinstance(value, str) or not value or name in _CODED or value in known or _is_ours(value):
        return value
    return ERASED


def _is_ours(value: str) -> bool:
    if value in _WORDS or _DAY.fullmatch(value):
        return True
    try:
        return Reference.parse(value).format() == value
    except BadReference:
        return False
