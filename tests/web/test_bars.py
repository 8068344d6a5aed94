"""A promise's bar has its days where they belong, and says what is spent and what is late."""

from datetime import date

import pytest

from tracker.web.bars import FIRST, LAST, Mark, bar_of

MARCH = [date(2026, 3, day) for day in range(1, 32)]


@pytest.mark.parametrize(
    ("days", "now", "due", "late"),
    [
        ({Mark.BEGAN: 2, Mark.TODAY: 2, Mark.WORK_BY: 16, Mark.DUE: 17}, FIRST, LAST, False),
        ({Mark.BEGAN: 2, Mark.TODAY: 17, Mark.DUE: 17}, LAST, LAST, False),
        ({Mark.BEGAN: 2, Mark.DUE: 12, Mark.LATE: 13, Mark.TODAY: 22}, LAST, 50, True),
        ({Mark.BEGAN: 2, Mark.KEPT: 7, Mark.DUE: 12}, 50, LAST, False),
        ({Mark.BEGAN: 2, Mark.DUE: 7, Mark.LATE: 8, Mark.KEPT: 12}, LAST, 50, True),
        ({Mark.BEGAN: 2, Mark.ENDED: 7, Mark.DUE: 12}, 50, LAST, False),
        ({Mark.BEGAN: 2, Mark.LETTER: 7, Mark.TODAY: 7, Mark.DUE: 12}, 50, LAST, False),
        ({Mark.LETTER: 2, Mark.TODAY: 7, Mark.DUE: 12}, 50, LAST, False),
        ({Mark.BEGAN: 2, Mark.DUE: 2, Mark.TODAY: 2}, FIRST, FIRST, False),
    ],
)
def test_days_stand_where_they_belong(days: dict[Mark, int], now: float, due: float, late: bool) -> None:
    bar = bar_of((mark, MARCH[day - 1], mark.value) for mark, day in days.items())

    assert (bar.begins, bar.now, bar.due, bar.late) == (FIRST, now, due, late)
    assert [one.day for one in bar.days] == sorted(one.day for one in bar.days)
    assert {one.mark: one.words for one in bar.days} == {mark: mark.value for mark in days}
    assert all(FIRST <= one.place <= LAST for one in bar.days)
