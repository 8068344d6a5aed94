"""Owns why the router proposes a service: the passages met, and what would make another service the first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from tracker.routing.directory import Entry
from tracker.routing.evidence import ABROAD as PERSON_ABROAD
from tracker.routing.evidence import IN_BELGIUM, Evidence
from tracker.routing.meaning import MOST_WORDS
from tracker.routing.text import Token, tokens

if TYPE_CHECKING:
    from tracker.routing.encoder import Read
    from tracker.routing.model import Array
    from tracker.routing.router import Router

REASONS = 5
WORDS_SAY_ENOUGH = 2
"""From so many reasons on, no further ones are looked for in the words that the model weighs."""
TELLING = 0.5  # of what the most telling word says, another must say at least this much to be shown
MOST_TELLING = 4


@dataclass(frozen=True)
class Asked:
    """A text, the language it is read in, what was told beside it, and the day for which the directory is read."""

    text: str
    language: str
    country: str | None
    nature: str | None
    on: date

    @cached_property
    def words(self) -> list[Token]:
        """The words in which the model's own reasons are looked for."""
        return list(tokens(self.text, self.language, limit=MOST_WORDS))


@dataclass(frozen=True, slots=True)
class Reason:
    """A passage, exactly as it stands in the text, and the competence it met."""

    passage: str
    competence: str

    def to_json(self) -> dict[str, str]:
        """Return the reason as plain JSON values."""
        return {"passage": self.passage, "competence": self.competence}


@dataclass(frozen=True, slots=True)
class Change:
    """What would make another service the first: ``if`` is ``abroad``, ``in_belgium`` or ``without`` a passage."""

    if_: str
    passage: str
    code: str

    def to_json(self) -> dict[str, str]:
        """Return the change as plain JSON values."""
        return {"if": self.if_, "passage": self.passage, "code": self.code}


def reasons(router: "Router", asked: Asked, entry: Entry, rival: str, evidence: Evidence) -> tuple[Reason, ...]:
    """Return the passages that speak for an entry, the strongest first, with the competence each of them met."""
    standing = router.standing(asked.on)
    speaking = [
        match
        for match in evidence.matches
        if match.phrase.weight > 0 and match.phrase.code and standing.get(match.phrase.code) == entry.code
    ]
    speaking.sort(key=lambda match: (-match.phrase.weight, match.start))
    found = [
        Reason(asked.text[match.start : match.end], entry.competence_of(match.phrase.part, asked.language))
        for match in speaking
    ]
    found += [
        Reason(passage, rule.why[asked.language])
        for rule, passage in evidence.fired
        if rule.add.get(entry.code, 0.0) > 0
    ]
    found = list(dict.fromkeys(found))
    if len(found) < WORDS_SAY_ENOUGH:
        met = " ".join(reason.passage for reason in found)
        told = entry.competence_of(None, asked.language)
        found += [
            Reason(passage, told) for passage in _telling(router, asked, entry.code, rival) if passage not in met
        ]
    return tuple(found)[:REASONS]


def _telling(router: "Router", asked: Asked, code: str, rival: str) -> Iterable[str]:
    """Yield the passages whose words the model holds for telling: for this service rather than for its rival."""
    return passages_telling(asked, lambda words: router.model.words_speak(words, code, rival))


def passages_telling(asked: Asked, speaks: "Callable[[list[str]], Array]") -> Iterator[str]:
    """Yield the passages whose words speak most for something; ``speaks`` says how much each folded word does."""
    words = asked.words
    says = speaks([word.folded for word in words]).tolist()
    strongest = sorted({gain for gain in says if gain >= max(says, default=0.0) * TELLING > 0}, reverse=True)[
        :MOST_TELLING
    ]
    told = [(number, word) for number, (word, gain) in enumerate(zip(words, says, strict=True)) if gain in strongest]
    for _, neighbours in groupby(enumerate(told), key=lambda pair: pair[1][0] - pair[0]):
        together: list[Token] = [word for _, (_, word) in neighbours]
        yield asked.text[together[0].start : together[-1].end]


def changes(
    router: "Router", asked: Asked, best: str, evidence: Evidence, chances: Mapping[str, float], read: "Read"
) -> tuple[Change, ...]:
    """Return what would make another service than the best the first: where the person is, or one passage less.

    ``read``: the text as it was read.
    """
    found = []
    for abroad in (True, False):
        if (PERSON_ABROAD if abroad else IN_BELGIUM) not in evidence.concepts:
            elsewhere = replace(evidence, told=router.reader.told_if(evidence, abroad=abroad))
            found.append(Change("abroad" if abroad else "in_belgium", "", router.first(elsewhere, chances, asked.on)))
    speaking = [match for match in evidence.matches if match.phrase.code == best and match.phrase.weight > 0]
    if speaking:
        strongest = max(speaking, key=lambda match: (match.phrase.weight, -match.start))
        text = f"{asked.text[: strongest.start]} {asked.text[strongest.end :]}"
        without = replace(asked, text=text)
        first = router.first(router.evidence(without), router.chances(without, read), asked.on)
        found.append(Change("without", asked.text[strongest.start : strongest.end], first))
    return tuple(change for change in found if change.code != best)
