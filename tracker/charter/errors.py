"""Owns the shape of a refusal: every error of the charter carries a code and values, and reads as one sentence."""

from typing import ClassVar

LONGEST_ECHO = 80
"""How much of what somebody gave is said back: more would bury the sentence."""


def shortened(text: str) -> str:
    """Return a text as it is said back to whoever gave it."""
    return text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}…"


class CharterError(Exception):
    """Something the charter does not allow.

    ``code`` and ``values`` let a page say it in the reader's language; ``str()`` is one plain English sentence
    that says what to do; a long value is said back shortened. Each subclass stands in the module that raises it.
    """

    code: ClassVar[str] = "charter"

    def __init__(self, sentence: str, **values: object) -> None:
        self.values: dict[str, object] = {}
        for name, value in values.items():
            if type(value) is str and len(value) > LONGEST_ECHO:
                said = shortened(value)
                sentence = sentence.replace(repr(value), repr(said)).replace(value, said)
                value = said
            self.values[name] = value
        super().__init__(sentence)
