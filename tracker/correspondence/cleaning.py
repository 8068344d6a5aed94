"""Owns how text from outside is cleaned of what cannot be seen, whatever way it came."""

import re
import unicodedata

# Signs that change the order in which a line is shown could make one name look like another.
_UNSEEN_ORDER = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_CONTROLS = {code: None for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t\x85"} | {0x85: "\n"}

MOST_MARKS = 30
"""Marks on one letter that are kept (the Stream-Safe Text Format of UAX #15): to order more takes time squared."""
_MANY_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_MARKS + 1},}}")


def clean_text(value: str | None) -> str:
    """Text of several lines without control characters, in composed letters, its ends trimmed.

    What shows nothing at all is empty.
    """
    if value is None or not any(sign.isprintable() and not sign.isspace() for sign in value):
        return ""
    lines = value.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return unicodedata.normalize("NFC", _MANY_MARKS.sub(_fewer_marks, lines)).strip()


def _fewer_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for sign in run[0]:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= MOST_MARKS:
            kept.append(sign)
    return "".join(kept)


def clean_line(value: str | None) -> str:
    """One line: as `clean_text`, with every run of white space one space and no signs that turn the order."""
    return " ".join(clean_text(value).translate(_UNSEEN_ORDER).split())
