"""Owns the passages that search shows: a text around the first word that was found, each found word marked."""

from collections.abc import Iterable, Iterator, Sequence
from re import Pattern
from typing import NamedTuple

from tracker.models.words import MAIL, NUMBER, WORD, Span, Term, spans_of, stored_as, whole

BEFORE, LENGTH = 70, 240
"""Characters before the first word that was found, and in all."""


class Piece(NamedTuple):
    """A part of a text; ``hit``: it is what was looked for."""

    text: str
    hit: bool = False


Pieces = tuple[Piece, ...]


class Sought:
    """What is looked for, in all the texts of one search: a word that was met is not worked out again."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._ways = frozenset().union(*(term.ways for term in terms))
        self._beginnings = tuple(one for term in terms for one in term.beginnings)
        # Addresses and numbers are looked at only where some were asked for.
        self._others: list[Pattern[str]] = [MAIL] if any("@" in way for way in self._ways) else []
        self._others += [NUMBER] if any(way.isdigit() for way in self._ways) else []
        self._met: dict[str, dict[str, bool]] = {}

    def marked(self, text: str, language: str) -> Pieces:
        """Return a text in pieces, with all that was looked for."""
        text = whole(text)
        found = [*self._words(text, language), *self._spans(text, language, self._others)]
        if not found:
            return (Piece(text),) if text else ()
        pieces, place = [], 0
        for start, end in _joined(found):
            pieces += [Piece(text[place:start]), Piece(text[start:end], hit=True)]
            place = end
        return tuple(piece for piece in (*pieces, Piece(text[place:])) if piece.text)

    def passage(self, text: str, language: str) -> Pieces:
        """Return what stands around the first word that was looked for, on one line; nothing where there is none."""
        text = whole(text)
        found = self._first(text, language)
        if found is None:
            return ()
        start = 0 if found < BEFORE else text.rfind(" ", 0, found - BEFORE) + 1
        start = start if found - start < 2 * BEFORE else found
        end = start + LENGTH
        if end < len(text):
            end = max(text.rfind(" ", found, end), found + 1)
        inside = self.marked(" ".join(text[start : max(end, found + 40)].split()), language)
        before, after = (Piece("… "),) if start else (), (Piece(" …"),) if end < len(text) else ()
        return (*before, *inside, *after)

    def _first(self, text: str, language: str) -> int | None:
        """Return where the first word that was looked for begins; what follows it is not read."""
        kinds = (self._words(text, language), *(self._spans(text, language, [kind]) for kind in self._others))
        found = [next((span.start for span in spans), None) for spans in kinds]
        return min((place for place in found if place is not None), default=None)

    def _words(self, text: str, language: str) -> Iterator[Span]:
        """Yield the words of a ``whole`` text that were looked for."""
        met = self._met.setdefault(language, {})
        for match in WORD.finditer(text):
            word = match.group()
            hit = met.get(word)
            if hit is None:
                hit = met[word] = self._is_sought(stored_as(word, language))
            if hit:
                yield Span(match.start(), match.end(), word)

    def _spans(self, text: str, language: str, kinds: Sequence[Pattern[str]]) -> Iterator[Span]:
        return (span for span in spans_of(text, language, kinds) if self._is_sought(span.word))

    def _is_sought(self, stored: str) -> bool:
        return stored in self._ways or (bool(self._beginnings) and stored.startswith(self._beginnings))


def _joined(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
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
