"""Owns the public number of a case, such as ``DOS-2026-0001234-14``, and its check digits.

The check digits follow ISO 7064, mod 97-10, over prefix, year and number (letters as 10 to 35), so that one wrong
digit or a swap, on paper or by phone, is caught. A reference is not a secret.
"""

import re
import unicodedata
from dataclasses import dataclass

from tracker.charter.errors import CharterError

PADDED = 7  # digits of the number as we print it; any number of at least LEAST digits is read
LEAST = 5
_PREFIX = re.compile(r"[A-Z]{2,8}")
_SHAPE = re.compile(r"([A-Z0]{2,8}?)-?([12][0-9OIL]{3})-?([0-9OIL]{5,18})-?([0-9OIL]{2})")
_DIGITS = str.maketrans("OIL", "011")


class BadReference(CharterError, ValueError):
    """A text that is not a reference: its ``kind`` is ``shape`` or ``check_digits``."""

    code = "bad_reference"

    def __init__(self, given: str, kind: str) -> None:
        super().__init__(
            f"{given!r} is not a reference: it should look like {EXAMPLE}."
            if kind == "shape"
            else f"{given!r} has a digit wrong, swapped or missing: compare it with the letter or the e-mail.",
            given=given,
            kind=kind,
            example=EXAMPLE,
        )
        self.kind = kind


def check_digits(payload: str) -> str:
    """Return the two check digits (ISO 7064 mod 97-10) of a text of A–Z and 0–9."""
    number = int("".join(str(int(character, 36)) for character in payload) + "00")
    return f"{98 - number % 97:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """The public number of a case: prefix (2 to 8 letters), year of receipt, number within the house.

    Raises BadReference (``shape``) when made of anything else.
    """

    prefix: str
    year: int
    number: int

    def __post_init__(self) -> None:
        if not (_PREFIX.fullmatch(self.prefix) and 1900 <= self.year <= 2999 and 1 <= self.number < 10**18):
            raise BadReference(f"{self.prefix}-{self.year}-{self.number}", "shape")

    def format(self) -> str:
        """Return the reference as it is printed: the number on seven digits or more, and the check digits."""
        number = f"{self.number:0{PADDED}d}"
        return f"{self.prefix}-{self.year}-{number}-{check_digits(f'{self.prefix}{self.year}{number}')}"

    def __str__(self) -> str:
        return self.format()

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read a reference as people write it: any case, spaces or dashes or none, O for 0, I or L for 1.

        The check digits count over the digits as they are written. Raises BadReference: ``shape`` when it cannot be
        a reference, ``check_digits`` when a digit is wrong or swapped.
        """
        compact = re.sub(r"[\s.·]", "", unicodedata.normalize("NFKC", text[:100])).upper()
        compact = re.sub(r"[-‐-―−/_]+", "-", compact)
        match = _SHAPE.fullmatch(compact)
        if match is None:
            raise BadReference(text, "shape")
        prefix = match[1].replace("0", "O")
        year, number, check = (part.translate(_DIGITS) for part in match.groups()[1:])
        if not int(number) or int(year) < 1900:
            raise BadReference(text, "shape")
        if check_digits(f"{prefix}{year}{number}") != check:
            raise BadReference(text, "check_digits")
        return cls(prefix, int(year), int(number))


EXAMPLE = Reference("DOS", 2026, 1234).format()
