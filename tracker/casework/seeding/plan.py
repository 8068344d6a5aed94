"""Owns the plan of a population: how many cases came on which day, still open or done with, block by block."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tracker.charter.counting import brussels_day

YEARS = 730
"""How many days back the cases go that are done with."""
DONE_AFTER = 4
"""Days after which a case can be done with."""
TOGETHER = 3
"""How many cases that are done with come on one day at the least: some are the same request, sent twice."""
BLOCK = 4000


@dataclass(frozen=True, slots=True)
class Plan:
    """What population is wanted: the same plan gives the same one."""

    cases: int
    open_share: float
    until: datetime
    seed: int
    prefix: str


class Day(NamedTuple):
    """The cases received on one day: their first number, and how many are still open and done with."""

    day: date
    first: int
    open: int
    done: int


def days_of(plan: Plan) -> list[Day]:
    """Return how many cases were received on each day: those done with evenly, those open mostly of late."""
    today, still_open = brussels_day(plan.until), round(plan.cases * plan.open_share)
    ages = [*range(15)] * 9 + [*range(15, 30)] * 2 + [*range(30, 75)]  # nine in ten are within their fifteen days
    open_on = _dealt(still_open, sorted(ages))
    done = plan.cases - still_open
    together = max(1, YEARS * TOGETHER // max(done, TOGETHER))  # a small population keeps to fewer days
    done_on = _dealt(done, list(range(DONE_AFTER, YEARS, together)))
    days, first = [], 1
    for age in range(YEARS, -1, -1):
        how_many = open_on.get(age, 0), done_on.get(age, 0)
        if any(how_many):
            days.append(Day(today - timedelta(days=age), first, *how_many))
            first += sum(how_many)
    return days


def _dealt(cases: int, ages: Sequence[int]) -> dict[int, int]:
    """Deal cases out to ages evenly, the remainder spread over all of them."""
    dealt: dict[int, int] = {}
    for place, age in enumerate(ages):
        share = cases * (place + 1) // len(ages) - cases * place // len(ages)
        dealt[age] = dealt.get(age, 0) + share
    return dealt


def blocks_of(days: Sequence[Day]) -> Iterator[list[Day]]:
    """Yield days together that hold about a block of cases."""
    block: list[Day] = []
    for day in days:
        block.append(day)
        if sum(one.open + one.done for one in block) >= BLOCK:
            yield block
            block = []
    if block:
        yield block


def processes() -> int:
    """Return how many processes make rows while another writes them."""
    return max(1, min(2, os.cpu_count() or 1))
