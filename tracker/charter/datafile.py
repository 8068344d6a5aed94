"""Owns the reading of the reviewed data files (TOML), so that whatever is wrong is named with file and line."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from tracker.charter.errors import CharterError

E = TypeVar("E", bound=StrEnum)

LARGEST_NUMBER = 100_000
"""No count of days or hours in our files is meant to be larger; a date that far off could not be written."""


class RulesFileError(CharterError, ValueError):
    """A data file that does not hold together; the process refuses to start with it."""

    code = "rules_file"

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(f"{file}, line {line}: {problem}", file=file, line=line, problem=problem)
        self.file, self.line, self.problem = file, line, problem


@dataclass(frozen=True, slots=True)
class DataFile:
    """A TOML text with what it says and where it says it."""

    name: str
    lines: tuple[str, ...]
    content: Mapping[str, Any]

    @classmethod
    def read(cls, source: str | Path | Traversable, name: str) -> "DataFile":
        """Read a path, or a text given as such; raise RulesFileError when it is not readable TOML."""
        if isinstance(source, str):
            text = source
        else:
            name = getattr(source, "name", name)
            try:
                text = source.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise RulesFileError(name, 1, f"cannot be read ({error}).") from error
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else max(1, len(text.splitlines()))
            raise RulesFileError(name, line, f"is not valid TOML ({error}).") from error
        return cls(name, tuple(text.splitlines()), content)

    def tables(self, key: str) -> list["Table"]:
        """Return the ``[[key]]`` tables in the order of the file."""
        entries = self.content.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self.error(1, f"{key} must be written as [[{key}]] tables.")
        header = re.compile(rf"\s*\[\[\s*{re.escape(key)}\s*\]\]")
        starts = [number for number, line in enumerate(self.lines, 1) if header.match(line)]
        starts += [1] * (len(entries) - len(starts))
        return [Table(self, key, start, entry) for start, entry in zip(starts, entries, strict=False)]

    def only_keys(self, allowed: Iterable[str]) -> None:
        """Raise RulesFileError for a key at the top of the file that nobody reads."""
        for key in self.content:
            if key not in (known := tuple(allowed)):
                found = (n for n, line in enumerate(self.lines, 1) if re.match(rf"\s*(\[\[?\s*)?{key}\b", line))
                raise self.error(next(found, 1), f"{key} is not known here; known are {', '.join(known)}.")

    def error(self, line: int, problem: str) -> RulesFileError:
        """Return the refusal of a line of this file."""
        return RulesFileError(self.name, line, problem)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a data file; every reader below raises RulesFileError with the line of what it refuses."""

    file: DataFile
    kind: str
    line: int
    values: Mapping[str, Any]

    def error(self, problem: str, key: str | None = None) -> RulesFileError:
        """Return the refusal of this table, at the line of a key when it is written there."""
        return self.file.error(self._line_of(key), problem)

    def _line_of(self, key: str | None) -> int:
        for number, line in enumerate(self.file.lines[self.line :], self.line + 1):
            if key is None or re.match(r"\s*\[\[", line):
                break
            if re.match(rf"\s*(\[{self.kind}\.)?{re.escape(key)}\b", line):
                return number
        return self.line

    def only_keys(self, *allowed: str) -> None:
        """Refuse a key that nobody reads: it is a slip of the pen, and would be silently without effect."""
        for key in self.values:
            if key not in allowed:
                raise self.error(f"{key} is not known in a {self.kind}; known are {', '.join(allowed)}.", key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and say something."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.error(f"{key} is missing or empty: every {self.kind} needs one, as a text.", key)
        return value

    def number(self, key: str, default: int | None = None, least: int | None = None) -> int:
        """Return a whole number, at least ``least`` when one is given."""
        return self._whole(self.values.get(key, default), key, least)

    def _whole(self, value: object, key: str, least: int | None) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(f"{key} must be a whole number.", key)
        if least is not None and value < least:
            raise self.error(f"{key} must be at least {least}, not {value}.", key)
        if abs(value) > LARGEST_NUMBER:
            raise self.error(f"{key} is too large to be meant: write {LARGEST_NUMBER} at most.", key)
        return value

    def optional_number(self, key: str, least: int) -> int | None:
        """Return a whole number, or None when the key is not there."""
        return self.number(key, least=least) if key in self.values else None

    def flag(self, key: str) -> bool:
        """Return true or false; false when the key is not there."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key} must be true or false.", key)
        return value

    def day(self, key: str) -> date | None:
        """Return a date, or None when the key is not there or empty (open to that side)."""
        value = self.values.get(key, "")
        if value == "":
            return None
        if type(value) is not date:
            raise self.error(f"{key} must be a date such as 2026-01-31, without quotes, or left out.", key)
        return value

    def word(self, key: str, words: type[E], value: object = None) -> E:
        """Return a word of a closed list; ``value`` is read instead of the key's own when given."""
        given = self.values.get(key) if value is None else value
        try:
            return words(str(given))
        except ValueError:
            known = ", ".join(word.value for word in words)
            raise self.error(f"{key}: {given!r} is not known; known are {known}.", key) from None

    def words(self, key: str, words: type[E], *, empty: bool = False) -> tuple[E, ...]:
        """Return a list of words of a closed list, none twice."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not (value or empty):
            raise self.error(f"{key} must be a list that names at least one {words.__name__.lower()}.", key)
        found = tuple(self.word(key, words, item) for item in value)
        if len(set(found)) < len(found):
            raise self.error(f"{key} names something twice.", key)
        return found

    def numbers_by(self, key: str, words: type[E], *, least: int) -> dict[E, int]:
        """Return a small table from words of a closed list to whole numbers; empty when the key is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"{key} must be a table such as {{ {next(iter(words))} = 15 }}.", key)
        return {self.word(key, words, word): self._whole(number, key, least) for word, number in value.items()}

    def words_by(self, key: str, words: type[E], items: type[StrEnum]) -> dict[E, tuple[Any, ...]]:
        """Return a small table from words of one closed list to lists of words of another."""
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(entry, list) for entry in value.values()):
            raise self.error(f"{key} must be a table of lists.", key)
        return {
            self.word(key, words, word): tuple(self.word(key, items, item) for item in entry)
            for word, entry in value.items()
        }
