"""Owns what of a message somebody wrote: of a letter, what stands between the sentences of its template."""

import re
from functools import cache
from typing import Any, NamedTuple

from tracker.charter.words import Direction, MessageKind
from tracker.resources import resource

BY_ITSELF = frozenset(
    {MessageKind.ACKNOWLEDGEMENT, MessageKind.COMPLAINT_ACKNOWLEDGEMENT, MessageKind.EMERGENCY,
     MessageKind.TRACKING_CODE}
)  # fmt: skip
"""What Suivi writes by itself, the same to everybody: nobody's words are in it."""

_TAGS = re.compile(r"\{[{%#].*?[%}#]\}", re.DOTALL)
_OWN = re.compile(r"\{\{ (?:body|reason) \}\}")
SHORTEST_SENTENCE = 15
"""Characters that a piece of a template has at least, to be known again in a letter."""


class Frame(NamedTuple):
    """The sentences around the writer's own words in one template: a piece of the last before, and those after."""

    before: str
    after: tuple[str, ...]


def own_words(message: Any) -> str:
    """Return what the writer of a message wrote, from its columns; with the subject of what came in and of a note."""
    text = own_text(message)
    return f"{message.subject}\n{text}" if _is_whole(message) else text


def own_text(message: Any) -> str:
    """Return what of the text of a message its writer wrote.

    All of what came in and of a note; the reason that an interim letter states; of other letters what stands between
    salutation and closing without the sentences of the template. A letter from a template that has changed since
    keeps those of them that read otherwise now.
    """
    if message.kind in BY_ITSELF:
        return ""
    if _is_whole(message):
        return str(message.body)
    if message.kind is MessageKind.INTERIM and message.reason:
        return str(message.reason)
    text = unsigned(message.body, (message.signature or {}).get("name"))
    if message.template is None:
        return text
    return _unframed(text, message.kind, _frame(message.template, message.language))


def _is_whole(message: Any) -> bool:
    return message.direction is Direction.IN or message.kind is MessageKind.NOTE


def unsigned(text: str, signer: str | None) -> str:
    """Return a letter without its signature, which begins with a name."""
    end = text.rfind(f"\n\n{signer}") if signer else -1
    return text if end < 0 else text[:end]


def _unframed(text: str, kind: MessageKind, frame: Frame) -> str:
    start = text.find(frame.before) if frame.before else -1
    if start >= 0:
        text = text[start:].partition("\n\n")[2]
    found = [place for sentence in frame.after if (place := text.rfind(sentence)) >= 0]
    text = text[: min(found)] if found else text
    if kind is MessageKind.TRANSMISSION_NOTICE:  # the last paragraph is how to reach the other body
        return text.rstrip().rpartition("\n\n")[0]
    return text


@cache
def _frame(template: str, language: str) -> Frame:
    """Return the frame of the template in force; without sentences where there is none by that name."""
    path = resource("templates") / "correspondence" / template / language / "body.txt"
    source = path.read_text("utf-8") if path.is_file() else ""
    before, *after = _OWN.split(source, maxsplit=1)
    return Frame(max(_sentences(before), key=len, default=""), tuple(_sentences("".join(after))))


def _sentences(source: str) -> list[str]:
    """Return the pieces of a template that stand in every letter as they are."""
    pieces = (piece.strip() for piece in _TAGS.split(source))
    return [piece for piece in pieces if len(piece) >= SHORTEST_SENTENCE]
