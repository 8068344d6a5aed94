"""Owns the command that holds the router in force against texts whose body is known, and prints how good it is."""

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from config import Settings
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language, Nature
from tracker.cli.failures import DONE, PROBLEMS, UsageError
from tracker.cli.lines import BadLine, as_line, objects, word
from tracker.cli.routing import country_of, router_in_force
from tracker.opening import clock


def evaluate(arguments: Namespace) -> int:
    """Route each text of a file and print the figures; a wrong line is named and left out, and the exit code is 1."""
    from tracker.routing.evaluation import BadText, Judged, judge, report, text_of

    settings = Settings.from_env({"SECRET_KEY": secrets.token_urlsafe(48)} | os.environ)
    day, judged, wrong = brussels_day(clock()), list[Judged](), list[dict[str, Any]]()
    with _opened(arguments.file) as file:
        router = router_in_force(settings)
        router.read_all()
        router.meaning.load()
        for number, given in objects(file):
            try:
                if isinstance(given, BadLine):
                    raise given
                judged.append(judge(router, text_of(_checked(given), router.directory.codes), on=day))
            except (BadLine, BadText) as error:
                wrong.append({"line": number, "error": str(error)})
                print(f"tracker: {arguments.file}, line {number}: {error}", file=sys.stderr)
    if not judged:
        raise UsageError(f"{arguments.file} holds no text to judge by: write one JSON object a line.")
    told = {"model": router.model.version, **report(judged, pairs=arguments.confusions), "wrong_lines": wrong}
    print(as_line(told) if arguments.json else "\n".join(_in_words(told)))
    return PROBLEMS if wrong else DONE


def _opened(name: str) -> Any:
    try:
        return open(name, "rb")
    except OSError as error:
        raise UsageError(f"{name} cannot be read ({error.strerror}): give a file of JSON lines.") from error


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line with its words checked. Raises BadLine."""
    row = dict(given)
    row["lang"] = word(Language, given, "lang") if given.get("lang") is not None else None
    row["nature"] = word(Nature, given, "nature") if given.get("nature") is not None else None
    row["country"] = country_of(given.get("country"))
    return row


def _in_words(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"Model {told['model']}"
    yield f"{'':<26} texts  right  acceptable  in three  calibration  auto: share  right"
    yield _row("all", told["overall"])
    for name, one in (*told["languages"].items(), *told["services"].items()):
        yield _row(name or "(nobody can tell)", one)
    if told["natures"]:
        yield ""
        yield "kind of request, known and not told: texts, right"
        for name, one in told["natures"].items():
            yield f"  {name:<24} {one['texts']:>5}  {_share(one['right']):>5}"
    yield ""
    yield "threshold   auto: share  right   suggest: share  right"
    for one in told["curve"]:
        auto, suggest = one["auto"], one["suggest"]
        shares = (auto["share"], auto["right"], suggest["share"], suggest["right"])
        yield "{:>9.2f}   {:>11}  {:>5}   {:>14}  {:>5}".format(one["threshold"], *map(_share, shares))
    if told["confusions"]:
        yield ""
        yield "confused most often: expected, put first, times"
        for pair in told["confusions"]:
            yield f"  {pair['expected'] or '(nobody)'} → {pair['first'] or '(nobody)'}  {pair['times']}"
    yield ""
    yield "{mean:g} ms a text, 95 of 100 within {p95:g} ms".format(**told["milliseconds"])


def _row(name: str, one: Mapping[str, Any]) -> str:
    error = "–" if one["calibration_error"] is None else f"{one['calibration_error']:.3f}"
    return (
        f"{name:<26} {one['texts']:>5}  {_share(one['right_first']):>5}  {_share(one['acceptable_first']):>10}"
        f"  {_share(one['among_three']):>8}  {error:>11}  {_share(one['auto']['share']):>11}"
        f"  {_share(one['auto']['right']):>5}"
    )


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"
