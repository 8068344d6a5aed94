"""Owns how a word is found in what people wrote: neither capitals nor accents matter, on either database."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from sqlalchemy import ColumnElement, SQLColumnExpression

ALPHABETS = (range(0x41, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000))
"""Latin, Greek and Cyrillic: letters that are written with or without accents, small or large."""
MARKS = "[\u0300-\u036f]*"
"""Accents that stand as characters of their own behind their letter."""


def plain(text: str) -> str:
    """Return a text in small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


def holds(text: SQLColumnExpression[str], word: str) -> ColumnElement[bool]:
    """Return the condition that a text has a word in it, or a part of one."""
    return text.regexp_match(pattern(word))


@lru_cache(maxsize=256)
def pattern(word: str) -> str:
    """Return what matches a word however it is written, in Python's regular expressions and PostgreSQL's."""
    wanted = plain(word)
    ways = [_letter(letter) for letter in wanted]
    for place in range(len(wanted) - 1):
        if wanted[place : place + 2] == "ss":
            ways[place], ways[place + 1] = f"(?:{ways[place]}{ways[place + 1]}|[ßẞ])", ""
    return "".join(ways)


def _letter(letter: str) -> str:
    ways = _ways().get(letter)
    if ways is None:
        return re.escape(letter)
    return f"[{''.join(ways)}]{MARKS}"


@cache
def _ways() -> Mapping[str, list[str]]:
    """Return the ways of writing a letter, by the letter in plain."""
    found: dict[str, list[str]] = {}
    for alphabet in ALPHABETS:
        for code in alphabet:
            letter = chr(code)
            if letter.isalpha() and len(one := plain(letter)) == 1:
                found.setdefault(one, []).append(letter)
    return found
