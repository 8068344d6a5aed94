"""Owns the shape of a refusal: every error of the charter carries a code and values, and reads as one sentence."""

from typing import ClassVar


class CharterError(Exception):
    """Something the charter does not allow.

    ``code`` and ``values`` let a page say it in the reader's language; ``str()`` is one plain English sentence
    that says what to do. Each subclass stands in the module that raises it.
    """

    code: ClassVar[str] = "charter"

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.values: dict[str, object] = values
