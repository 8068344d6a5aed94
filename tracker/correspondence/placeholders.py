"""Owns placeholders: the words in square brackets that the file fills in a text, and those that its writer must."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from tracker.charter.words import Language
from tracker.correspondence.explanation import date_in_words
from tracker.correspondence.tables import read_table

# A number or dots in brackets are no placeholder: a text may well quote “[…]” or refer to “[1]”.
_BRACKETED = re.compile(r"\[\s*(\?[^\[\]\n]{0,200}|[^\W\d_][^\[\]\n]{0,60}?)\s*\]")


def names(language: Language) -> list[str]:
    """Return what may be written for the file to fill, as a reader of this language writes it: `[reference]`…"""
    return [f"[{words[language.value]}]" for words in read_table("placeholders")["placeholder"].values()]


def unknown(text: str) -> list[str]:
    """Return the placeholders of a text that no file ever fills and that are not meant for the writer either."""
    found = (match for match in _BRACKETED.finditer(text) if not match[1].startswith("?"))
    return list(dict.fromkeys(match[0] for match in found if _plain(match[1]) not in _known()))


def fill_in(text: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return a text with what the file knows put in, and the placeholders that stay: unknown, unfilled, the writer's.

    What is put in is never looked at again: a citizen's brackets stay brackets.
    """
    left: dict[str, None] = {}

    def put(match: re.Match[str]) -> str:
        value = values.get(_known().get(_plain(match[1]), ""), "")
        if not value:
            left[match[0]] = None
        return value or match[0]

    return _BRACKETED.sub(put, text), list(left)


def values_of(given: Mapping[str, Any], language: Language) -> dict[str, str]:
    """Return what a file fills in, from the facts of a letter that were given; dates in the letter's language."""
    signature, promise, tracking = given["signature"], given.get("promise"), given.get("tracking")
    return {
        "reference": given.get("reference", ""),
        "subject": given.get("case_subject", ""),
        "requester": given.get("requester_name", ""),
        "received_on": date_in_words(given["received_on"], language),
        "due_on": date_in_words(promise.due_on, language) if promise else "",
        "handler": signature.name,
        "phone": signature.phone,
        "email": signature.email,
        "service": signature.service_name,
        "tracking_page": tracking.url if tracking else "",
    }


@cache
def _known() -> Mapping[str, str]:
    """Return the name of each placeholder by the words it may be written with, in any of the languages."""
    table = read_table("placeholders")["placeholder"]
    return {_plain(word): name for name, words in table.items() for word in words.values()}


def _plain(word: str) -> str:
    return " ".join(word.casefold().split())
