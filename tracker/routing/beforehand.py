"""Owns what a citizen can be told before they write: whose matter a text seems to be, and what it asks for.

Only what is sure enough is told: a wrong hint costs the citizen's trust. The figures are from the examples, judged
by models that had not seen them (docs/adr/0020).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tracker.charter.words import Channel, Nature, ServiceKind
from tracker.routing.answers import ShortAnswer, shipped_answers
from tracker.routing.directory import Entry
from tracker.routing.evidence import MOST_CHARACTERS
from tracker.routing.language import SURE, guess_language
from tracker.routing.proposal import ABSTAIN
from tracker.routing.text import WORD

if TYPE_CHECKING:
    from tracker.routing.router import Router

HINT_AT = {ServiceKind.PUBLIC_SERVICE: 0.93, ServiceKind.FOREIGN_BODY: 0.9}
"""The score from which an outside body is named: then 95, and 99, in 100 were right."""

ANSWER_AT = 0.8
"""What the services of a short answer must reach together among the first three: then 95 in 100 were theirs."""

COMMON_QUESTION = 80
"""Words: what tells more than that is a story of its own, and no short answer is for it."""

SURELY_ELSEWHERE = 0.97
"""The score from which whoever wrote is told to whom it will probably be forwarded: then 98 in 100 were right."""

NOBODY_IN_PARTICULAR = "EXT:OTHER"
"""Stands for the public services that have no entry of their own: naming it would help nobody."""


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What a text lets us tell; nothing of it keeps anybody from sending the text."""

    emergency: bool
    """It tells of serious trouble abroad: the telephone is faster than any form."""
    body: Entry | None
    """The body outside the FPS whose matter it seems to be; none: ours, or nobody can tell."""
    answers: tuple[ShortAnswer, ...]
    ours: bool
    """Whether it seems to be for one of our own services."""


def beforehand(
    router: "Router", text: str, *, lang: str, country: str | None, nature: str | None, on: date
) -> Beforehand:
    """Return what can be told of a text before it is sent. Any string is accepted; the work is bounded.

    ``lang`` is the language of the page, used where the text does not show its own; ``country`` (ISO 3166, two
    letters) and ``nature`` are what was chosen beside it. ``on`` is the day (Brussels) the directory is read for.
    """
    text = text[:MOST_CHARACTERS]
    guessed, sure = guess_language(text)
    written = guessed if guessed is not None and sure >= SURE else lang
    found = router.route(text, lang=written, country=country, nature=nature, channel=Channel.WEB, top=3, on=on)
    proposed = found.proposed
    asked = nature or proposed.nature
    scores = {one.code: one.score for one in found.suggestions if found.decision != ABSTAIN}
    first = next(iter(scores), "")
    entry = router.directory.get(first, on=on)
    named = entry is not None and is_named(entry, scores[first]) and not proposed.urgent
    return Beforehand(
        emergency=proposed.urgent,
        body=entry if named else None,
        answers=() if nature == Nature.COMPLAINT else _answers(router, text, written, country, asked, scores),
        ours=entry is not None and entry.kind is ServiceKind.INTERNAL,
    )


def is_named(entry: Entry, score: float) -> bool:
    """Tell whether a body found with this score is sure enough to be named to a citizen as the one to turn to."""
    return entry.code != NOBODY_IN_PARTICULAR and score >= HINT_AT.get(entry.kind, 2.0)


def is_surely_elsewhere(entry: Entry, score: float) -> bool:
    """Tell whether a text with this score will almost surely be forwarded to a body."""
    return is_named(entry, score) and score >= SURELY_ELSEWHERE


def _answers(
    router: "Router", text: str, lang: str, country: str | None, nature: str | None, scores: Mapping[str, float]
) -> tuple[ShortAnswer, ...]:
    """Return the short answers that a text asks for; ``scores``: whose matter it may be."""
    if sum(1 for _ in WORD.finditer(text)) > COMMON_QUESTION:
        return ()
    own = nature if nature in (Nature.COMPLAINT, Nature.DOCUMENT_ACCESS) else None  # these get no other answer
    asked = [
        answer
        for answer in shipped_answers().named_in(text, lang)
        if answer.nature == own
        and (not answer.services or sum(scores.get(code, 0.0) for code in answer.services) >= ANSWER_AT)
    ]
    if not any(answer.every or answer.none for answer in asked):
        return tuple(asked)
    concepts = router.reader.read(text, lang, country, None).concepts.keys()
    return tuple(answer for answer in asked if answer.every <= concepts and not answer.none & concepts)
