"""Owns the passages that search shows: a text around the first word that was found, each found word marked."""

from collections.abc import Iterator, Sequence
from re import Pattern
from typing import NamedTuple

from tracker.models.words import MAIL, NUMBER, WORD, Span, Term, spans_of, whole

BEFORE, LENGTH = 70, 240
"""Characters before the first word that was found, and in all."""


class Piece(NamedTuple):
    """A part of a text; ``hit``: it is what was looked for."""

    text: str
    hit: bool = False


Pieces = tuple[Piece, ...]


def marked(text: str, terms: Sequence[Term], language: str) -> Pieces:
    """Return a text in pieces, with all that was looked for."""
    text = whole(text)
    pieces, place = [], 0
    for start, end in _joined(_found(text, terms, language, _kinds(terms))):
        pieces += [Piece(text[place:start]), Piece(text[start:end], hit=True)]
        place = end
    return tuple(piece for piece in (*pieces, Piece(text[place:])) if piece.text)


def passage(text: str, terms: Sequence[Term], language: str) -> Pieces:
    """Return what stands around the first word that was looked for, on one line; nothing where there is none."""
    text = whole(text)
    found = _first(text, terms, language)
    if found is None:
        return ()
    start = 0 if found < BEFORE else text.rfind(" ", 0, found - BEFORE) + 1
    start = start if found - start < 2 * BEFORE else found
    end = start + LENGTH
    if end < len(text):
        end = max(text.rfind(" ", found, end), found + 1)
    inside = marked(" ".join(text[start : max(end, found + 40)].split()), terms, language)
    before, after = (Piece("… "),) if start else (), (Piece(" …"),) if end < len(text) else ()
    return (*before, *inside, *after)


def _first(text: str, terms: Sequence[Term], language: str) -> int | None:
    """Return where the first word that was looked for begins; what follows it is not read."""
    found = [next((span.start for span in _found(text, terms, language, (kind,))), None) for kind in _kinds(terms)]
    return min((place for place in found if place is not None), default=None)


def _found(text: str, terms: Sequence[Term], language: str, kinds: Sequence[Pattern[str]]) -> Iterator[Span]:
    """Yield the words of a text that were looked for."""
    ways = frozenset().union(*(term.ways for term in terms))
    beginnings = tuple(one for term in terms for one in term.beginnings)
    for span in spans_of(text, language, kinds):
        if span.word in ways or (beginnings and span.word.startswith(beginnings)):
            yield span


def _kinds(terms: Sequence[Term]) -> list[Pattern[str]]:
    """Return what must be looked at beside words: addresses and numbers only where some were asked for."""
    ways = [way for term in terms for way in term.ways]
    kinds = [MAIL] if any("@" in way for way in ways) else []
    kinds += [NUMBER] if any(way.isdigit() for way in ways) else []
    return [*kinds, WORD]


def _joined(spans: Iterator[Span]) -> Iterator[tuple[int, int]]:
    """Yield the stretches that some spans cover, in their order."""
    covered: tuple[int, int] | None = None
    for start, end, _word in sorted(spans):
        if covered is not None and start < covered[1]:
            covered = covered[0], max(covered[1], end)
            continue
        if covered is not None:
            yield covered
        covered = start, end
    if covered is not None:
        yield covered
