"""`tracker bench`: measured on a population of its own, and nothing lost."""

import json

import pytest

from tests.cli.conftest import assert_one_sentence, call
from tracker.cli.measuring import Figure, figure


def test_it_measures_everything_that_exists() -> None:
    told = call("bench", "--cases", "100", "--databases", "sqlite", "--json", anew=True)

    assert (told.returncode in (0, 1), told.stderr) == (True, "")
    report = json.loads(told.stdout)
    figures = {one["what"].partition(" (")[0]: one for one in report["figures"]}
    assert report["machine"]["cores"] >= 1
    assert {
        "population made", "start to first page", "queue page", "case page", "intake, 8 clients",
        "intake, 8 clients, one exchange", "intake, requests lost", "memory of web, scheduler and routing model",
        "sweep, per notice due", "sweep, nothing due", "sweep, nothing due, its query",
        "sweep, nothing due, as a process", "sweep of four days, one process",
        "sweep of four days, four processes at once", "mails taken in", "messages delivered over SMTP",
        *(f"search {where}, {what}" for where in ("page", "of all cases")
          for what in ("rare", "common", "skewed", "none")), "statements of one search, at most",
        *(f"statements of the {page} page, at most" for page in ("queue", "case", "search")),
        "letters printed", "one text routed", "texts routed", "memory of the process that routes, at most",
    } == figures.keys()  # fmt: skip
    assert figures["intake, requests lost"]["median"] == 0
    assert all(one["median"] > 0 for what, one in figures.items() if what != "intake, requests lost")


@pytest.mark.parametrize(
    ("seen", "unit", "reach", "reached"),
    [
        ([1.0] * 18 + [30.0, 30.0], "ms", 25, False),  # the 95th percentile counts, not the median
        ([1.0] * 19 + [30.0], "ms", 25, True),
        ([20.0, 30.0], "ms", 25, True),  # too few for a percentile: the median
        ([150.0], "requests/s", 200, False),
        ([250.0], "requests/s", 200, True),
        ([250.0], "s", None, None),
    ],
)
def test_when_a_figure_is_reached(seen: list[float], unit: str, reach: float | None, reached: bool | None) -> None:
    one: Figure = figure("sqlite", 100, "queue page", unit, seen, reach)

    assert one.reached is reached


def test_a_database_that_makes_no_sense_is_refused() -> None:
    assert_one_sentence(call("bench", "--databases", "oracle"), 2)
