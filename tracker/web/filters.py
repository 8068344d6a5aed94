"""Owns how values are put into words on the pages: dates, figures, sizes, labels and the address of a static file."""

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import gettext as _

from tracker.charter.counting import brussels_day
from tracker.charter.erasing import ERASED
from tracker.charter.words import Channel, Language
from tracker.correspondence.explanation import date_in_words, label, moment_in_words, way_out
from tracker.correspondence.phones import emergency_phones
from tracker.web.languages import language
from tracker.web.sentences import mailbox, phone_url, reachable, unbroken

_BEFORE_SIGN = re.compile(" (?=[:;?!»])")


def install(app: Flask) -> None:
    """Teach the templates the filters below, each by its own name (`label`, `way_out`), and `asset()`."""
    app.add_template_filter(day)
    app.add_template_filter(long_day)
    app.add_template_filter(unbroken_day)
    app.add_template_filter(month)
    app.add_template_filter(moment)
    app.add_template_filter(number)
    app.add_template_filter(size)
    app.add_template_filter(typeset)
    app.add_template_filter(label_in_words, "label")
    app.add_template_filter(way_out_in_words, "way_out")
    for of_a_sentence in (unbroken, reachable, mailbox, phone_url):
        app.add_template_filter(of_a_sentence)
    app.jinja_env.finalize = erased_in_words
    app.add_template_global(emergency_phones)
    app.add_template_global(_assets(Path(app.static_folder or "")), "asset")


def day(value: date) -> str:
    """A Brussels date in words: 9 December 2026."""
    return _date(_brussels(value), language(), weekday=False)


def long_day(value: date) -> str:
    """A Brussels date with its weekday, broken only behind that: Wednesday 9 December 2026."""
    weekday, rest = _date(_brussels(value), language(), weekday=True).split(" ", 1)
    return weekday + " " + rest.replace(" ", "\u00a0")


def unbroken_day(value: date) -> str:
    """A Brussels date in words, to stand in a narrow place: it goes to the next line whole."""
    return day(value).replace(" ", "\u00a0")


def month(value: date) -> str:
    """The month of a Brussels date: December 2026."""
    return str(format_date(value, "MMMM y", locale=language()))


def moment(value: datetime) -> str:
    """A point in time as Brussels sees it, its date never broken: 9 December 2026 at 14:05."""
    return moment_in_words(value, language()).replace(day(value), unbroken_day(value), 1)


def number(value: int) -> str:
    """A whole number with its thousands set apart."""
    return str(format_decimal(value, locale=language()))


def size(value: int) -> str:
    """The size of a file: 312 kB, 4.7 MB; in French 312 ko, 4,7 Mo."""
    byte = "o" if language() == Language.FR else "B"
    if value < 1_000_000:
        return f"{max(1, round(value / 1000))} k{byte}"
    return f"{format_decimal(round(value / 1_000_000, 1), locale=language())} M{byte}"


def typeset(text: str, lang: str = "") -> str:
    """A text that is kept as it was typed: in French no line begins with what belongs to the word before it.

    ``lang``: what the text is in; the reader's language if it is not given.
    """
    return _BEFORE_SIGN.sub("\u00a0", text).replace("« ", "«\u00a0") if (lang or language()) == Language.FR else text


def label_in_words(word: StrEnum) -> str:
    """A word of the charter as people read it."""
    return label(word, language())


def way_out_in_words(channel: Channel) -> str:
    """How a message leaves, as people read it."""
    return way_out(channel, language())


def erased_in_words(value: Any) -> Any:
    """Whatever a page prints, in one place, so that none forgets it: what was erased is said to be so."""
    return _("erased") if isinstance(value, str) and value == ERASED else value


def _brussels(value: date) -> date:
    return brussels_day(value) if isinstance(value, datetime) else value


_date = cache(date_in_words)


def _assets(folder: Path) -> Callable[[str], str]:
    """Give the address of a static file with a digest of its content, so that browsers may keep it for ever."""

    @cache
    def asset(name: str) -> str:
        digest = blake2b((folder / name).read_bytes(), digest_size=6).hexdigest()
        return f"/static/{name}?v={digest}"

    return asset
