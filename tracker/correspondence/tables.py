"""Owns the four-language tables of this room: reads them once, and fills their placeholders."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any

from babel.dates import format_date

from tracker.charter.counting import BRUSSELS, aware
from tracker.charter.words import Language

# British English, because American English turns the date round.
_LOCALES = {Language.FR: "fr_BE", Language.NL: "nl_BE", Language.DE: "de_BE", Language.EN: "en_GB"}
_LONG = {Language.FR: "d MMMM y", Language.NL: "d MMMM y", Language.DE: "d. MMMM y", Language.EN: "d MMMM y"}
_WEEKDAY = {Language.FR: "EEEE ", Language.NL: "EEEE ", Language.DE: "EEEE, ", Language.EN: "EEEE "}
_TIME = {Language.FR: "%H\u00a0h\u00a0%M", Language.NL: "%H.%M", Language.DE: "%H.%M", Language.EN: "%H:%M"}

# Placeholders that count something: the entry of phrases.toml [count] that says it.
_COUNTED = {
    "days": "day",
    "calendar_days": "calendar_day",
    "working_days": "working_day",
    "days_dative": "day_dative",
    "calendar_days_dative": "calendar_day_dative",
    "working_days_dative": "working_day_dative",
    "minutes": "minute",
    "hours": "hour",
}


class WordsMissing(LookupError):
    """A text that a page or a letter needs is not in the tables in this language."""

    def __init__(self, table: str, entry: str, language: str) -> None:
        self.table, self.entry, self.language = table, entry, language
        super().__init__(f"The texts lack “{entry}” of {table} in “{language}”: add it to that table.")


@cache
def read_table(name: str) -> Mapping[str, Any]:
    """Return one file of the tables (`labels`, `phrases`, `steps`…), as it is written."""
    return tomllib.loads((files("tracker.correspondence") / "data" / f"{name}.toml").read_text("utf-8"))


@cache
def text_of(table: str, section: str, entry: str, language: Language) -> str:
    """Return one text, its placeholders unfilled. Raises `WordsMissing`."""
    try:
        text = read_table(table)[section][entry][language.value]
    except KeyError:
        raise WordsMissing(table, f"{section}.{entry}", language) from None
    return str(text)


def fill(text: str, values: Mapping[str, object], language: Language) -> str:
    """Fill the placeholders of a text; `{day:date}` and the like say how a value is put into words.

    Raises `KeyError` when a value is not given: no placeholder ever stays unfilled.
    """
    return _Filler(language).vformat(text, (), values)


@lru_cache(maxsize=4096)
def date_in_words(day: date, language: Language, *, weekday: bool = False) -> str:
    """Write a Brussels date in words: “20 January 2026”, with `weekday` “Tuesday 20 January 2026”."""
    pattern = (_WEEKDAY[language] if weekday else "") + _LONG[language]
    words = format_date(day, pattern, locale=_LOCALES[language])
    if language is Language.FR and day.day == 1:
        words = words.replace("1 ", "1er ", 1)  # French counts the first day of a month as an ordinal
    return words


def moment_in_words(moment: datetime, language: Language) -> str:
    """Write an aware moment as Brussels date and time: “20 January 2026 at 14:05”. Raises `NaiveDatetime`."""
    local = aware(moment).astimezone(BRUSSELS)
    return fill(
        text_of("phrases", "moment", "at", language),
        {"day": date_in_words(local.date(), language), "time": local.strftime(_TIME[language])},
        language,
    )


def time_in_words(moment: datetime, language: Language) -> str:
    """Write the hour of an aware moment as Brussels has it: “14:05”, in French “14 h 05”. Raises `NaiveDatetime`."""
    return aware(moment).astimezone(BRUSSELS).strftime(_TIME[language])


def counted(entry: str, number: int, language: Language) -> str:
    """Write a number of things: `counted("calendar_day", 15, …)` is “15 calendar days”."""
    # French counts nought as one, the other three as many.
    one = number == 1 or (number == 0 and language is Language.FR)
    return text_of("phrases", "count", f"{entry}_{'one' if one else 'other'}", language).format(n=number)


class _Filler(Formatter):
    """Fills placeholders in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Put one value into words, as its placeholder asks."""
        if not format_spec:
            return str(value)
        if format_spec in ("date", "weekday"):
            day = date.fromisoformat(value) if isinstance(value, str) else value
            return date_in_words(day, self._language, weekday=format_spec == "weekday")
        if format_spec == "moment":
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            return moment_in_words(moment, self._language)
        if format_spec in _COUNTED:
            return counted(_COUNTED[format_spec], int(value), self._language)
        return text_of("labels", format_spec, str(value), self._language)
