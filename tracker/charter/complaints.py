"""Owns the closed lists by which complaints are analysed: what each was about and what lay behind it (charter §6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from tracker.charter.datafile import DataFile, Table
from tracker.charter.words import Language


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a list, named in each language; ``until``: the last day on which it could be chosen."""

    code: str
    names: Mapping[str, str]
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """The two lists, each by code and in the order of the file."""

    themes: Mapping[str, Word]
    causes: Mapping[str, Word]

    @classmethod
    def shipped(cls) -> "Analysis":
        """Return the lists as they are shipped; raises ``RulesFileError`` where the file does not hold together."""
        return _shipped()


@cache
def _shipped() -> Analysis:
    return read(DataFile.read(files("tracker.charter") / "data" / "complaints.toml", "complaints.toml"))


def read(file: DataFile) -> Analysis:
    """Read both lists; raises ``RulesFileError`` for a code given twice or a language that is missing."""
    file.only_keys(("theme", "cause"))
    return Analysis(_words(file, "theme"), _words(file, "cause"))


def _words(file: DataFile, kind: str) -> dict[str, Word]:
    words: dict[str, Word] = {}
    for table in file.tables(kind):
        table.only_keys("code", "names", "until")
        code = table.text("code")
        if code in words:
            raise table.error(f"the code {code} is given twice.", "code")
        words[code] = Word(code, _names(table), table.values.get("until"))
    if not words:
        raise file.error(1, f"there is no [[{kind}]].")
    return words


def _names(table: Table) -> dict[str, str]:
    names = table.values.get("names")
    languages = [language.value for language in Language]
    if not isinstance(names, dict) or set(names) != set(languages) or not all(str(n).strip() for n in names.values()):
        raise table.error(f"names must be given in {', '.join(languages)}.", "names")
    return {language: str(names[language]) for language in languages}
