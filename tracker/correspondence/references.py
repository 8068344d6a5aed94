"""Owns the search for references in a text, and for what a mistyped one may have meant."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tracker.charter.reference import BadReference, Reference

MOST_FOUND = 20
MOST_CORRECTIONS = 20
LOOKED_AT = 200_000
"""Characters of a text that are searched."""

_MISREAD = str.maketrans("OIL", "011")
_GAP = r"[ \t\xa0./_‐-―−-]{0,3}"


@dataclass(frozen=True, slots=True)
class Quoted:
    """A reference that a text names; one whose check digits are wrong is None, with what it may have meant."""

    reference: str | None
    corrections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meant:
    """What somebody who looks for a file by its reference means: the reference itself, or what it may have been."""

    reference: str | None = None
    corrections: tuple[str, ...] = ()
    numbers: tuple[tuple[int | None, int], ...] = ()
    """Year (None: any) and number, where the check digits or the year were left out, or are not to be relied upon."""


LONGEST_REFERENCE = 40
_SHORTENED = r"(?:{}{gap})?(?:([12]\d{{3}}){gap})?0*(\d{{1,18}})(?:{gap}\d{{0,2}})?"


def meant_by(text: str, prefix: str) -> Meant:
    """Return what a text that is nothing but a reference, whole, shortened or mistyped, may mean; else nothing."""
    text = text.strip()
    if not text or len(text) > LONGEST_REFERENCE:
        return Meant()
    try:
        return Meant(Reference.parse(text).format())
    except BadReference as error:
        corrections = _with_a_slip(text, prefix) if error.kind == "check_digits" else ()
    parts = re.fullmatch(_SHORTENED.format(re.escape(prefix), gap="[ ./_-]{1,3}"), text, re.IGNORECASE | re.ASCII)
    numbers = []
    if parts is not None:
        numbers.append((int(parts[1]) if parts[1] else None, int(parts[2])))
    if (together := _together(prefix).fullmatch(text)) is not None:
        year, digits = (part.upper().translate(_MISREAD) for part in together.groups())
        numbers += [(int(year), int(digits[:-2])), (int(year), int(digits))]  # with its check digits, or without
    return Meant(None, corrections, tuple(pair for pair in numbers if 0 < pair[1] < LARGEST))


@lru_cache(maxsize=8)
def _together(prefix: str) -> re.Pattern[str]:
    """Return the form of a reference without anything between its parts, with or without our prefix."""
    letters = "".join("[O0]" if letter == "O" else re.escape(letter) for letter in prefix.upper())
    return re.compile(rf"(?:{letters})?\s?([12][0-9OIL]{{3}})([0-9OIL]{{5,18}})", re.IGNORECASE | re.ASCII)


LARGEST = 2**63


def _with_a_slip(text: str, prefix: str) -> tuple[str, ...]:
    """Return the references one slip away from a mistyped one: a digit wrong, swapped, missing or one too many."""
    digits = re.sub(r"[^0-9]", "", text[len(prefix) :].upper().translate(_MISREAD))
    others = dict.fromkeys((*_one_slip_away(digits), *_one_more_or_less(digits)))
    right: dict[str, None] = {}
    for other in others:
        try:
            right[str(Reference.parse(f"{prefix}-{other[:4]}-{other[4:-2]}-{other[-2:]}"))] = None
        except BadReference:
            continue
    return tuple(right)[:MOST_CORRECTIONS]


def _one_more_or_less(digits: str) -> Iterator[str]:
    for place in range(len(digits) + 1):
        yield digits[:place] + digits[place + 1 :]
        for digit in "0123456789":
            yield f"{digits[:place]}{digit}{digits[place:]}"


@lru_cache(maxsize=8)
def _shape(prefix: str) -> re.Pattern[str]:
    """Return the form in which people write references: any case, gaps, O for 0, I or L for 1."""
    letters = "".join("[O0]" if letter == "O" else re.escape(letter) for letter in prefix.upper())
    return re.compile(
        rf"(?<![A-Z0-9]){letters}{_GAP}([12][0-9OIL]{{3}}){_GAP}([0-9OIL]{{5,18}}){_GAP}([0-9OIL]{{2}})(?![A-Z0-9])",
        re.IGNORECASE,
    )


def references_in(text: str, prefix: str) -> tuple[Quoted, ...]:
    """Return the references with our prefix that a text names, each once, as printed: the first `MOST_FOUND`.

    One with wrong check digits comes with the references one slip away from it: one digit, or two neighbours swapped.
    """
    found: dict[tuple[str, ...], Quoted] = {}
    for match in _shape(prefix).finditer(text[:LOOKED_AT]):
        digits = tuple(part.upper().translate(_MISREAD) for part in match.groups())
        if digits not in found:
            found[digits] = _quoted(prefix, digits)
        if len(found) == MOST_FOUND:
            break
    return tuple(dict.fromkeys(one for one in found.values() if one.reference or one.corrections))


def _quoted(prefix: str, digits: tuple[str, ...]) -> Quoted:
    try:
        return Quoted(str(Reference.parse("-".join((prefix, *digits)))))
    except BadReference as error:
        return Quoted(None, _corrections(prefix, digits) if error.kind == "check_digits" else ())


def _corrections(prefix: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the well-formed references one slip away, in the order of the digits."""
    right: dict[str, None] = {}
    for digits in _one_slip_away("".join(parts)):
        year, number, check = digits[:4], digits[4:-2], digits[-2:]
        try:
            right[str(Reference.parse(f"{prefix}-{year}-{number}-{check}"))] = None
        except BadReference:
            continue
    return tuple(right)[:MOST_CORRECTIONS]


def _one_slip_away(digits: str) -> Iterator[str]:
    for place in range(len(digits) - 1):
        if digits[place] != digits[place + 1]:
            yield f"{digits[:place]}{digits[place + 1]}{digits[place]}{digits[place + 2 :]}"
    for place, digit in enumerate(digits):
        for other in "0123456789":
            if other != digit:
                yield f"{digits[:place]}{other}{digits[place + 1 :]}"
