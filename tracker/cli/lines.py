"""Owns the reading of JSON lines: one object a line in, one answer a line out; a bad line gets an error."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, BinaryIO, TypeVar

from tracker.charter.errors import CharterError, shortened
from tracker.cli.failures import DONE, PROBLEMS

W = TypeVar("W", bound=StrEnum)

LONGEST = 4 * 1024 * 1024
"""Bytes of a line; what is longer is refused without being kept."""


class BadLine(Exception):
    """A line that makes no sense: one sentence that says what is wrong."""


def answer_each(answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> int:
    """Answer each line of standard input as it comes; return exit code 1 when any was bad."""
    code = DONE
    for number, given in objects(sys.stdin.buffer):
        try:
            if isinstance(given, BadLine):
                raise given
            told: Mapping[str, Any] = answer(given)
        except (BadLine, CharterError) as error:
            code, told = PROBLEMS, {"line": number, "error": str(error)}
        print(as_line(told), flush=True)
    return code


def as_line(told: Mapping[str, Any]) -> str:
    """Return one line of JSON; halves of characters, which JSON can name and no file can hold, become ``?``."""
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def objects(file: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any] | BadLine]]:
    """Yield the number of each line that is not empty, with its object, or with what is wrong with it."""
    for number, line in enumerate(_lines(file), 1):
        if line is None or line.strip():
            try:
                yield number, _object(line)
            except BadLine as error:
                yield number, error


def word(words: type[W], given: Mapping[str, Any], key: str) -> W:
    """Return a word of a closed list. Raises ``BadLine``."""
    if key not in given:
        raise BadLine(f"{key} is missing: write one of {', '.join(words)}.")
    try:
        return words(given[key])
    except ValueError:
        raise BadLine(f"{key} is {shortened(repr(given[key]))}: write one of {', '.join(words)}.") from None


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield the lines; None for one that is too long."""
    while line := file.readline(LONGEST + 1):
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST + 1)
            yield None
        else:
            yield line


def _object(line: bytes | None) -> Mapping[str, Any]:
    if line is None:
        raise BadLine(f"The line is longer than {LONGEST // 1024 // 1024} MB: shorten it.")
    try:
        given = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadLine("The line is not UTF-8: save it as UTF-8.") from None
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        raise BadLine(f"The line is not JSON ({error}).") from None
    if not isinstance(given, dict):
        raise BadLine("The line is not a JSON object: write it in braces.")
    return given
