"""Owns what must be true of what staff were told of a case: every rung has its notice, every breach is noted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.charter import ladder
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import brussels_day, midnight_after
from tracker.charter.rules import RuleBook
from tracker.charter.rungs import BREACH
from tracker.charter.steps import StepCode
from tracker.insight.caserecords import CaseRecords, Finding
from tracker.insight.closing_days import counted_change
from tracker.models.obligations import Obligation

OWED_AGAIN = (StepCode.REOPENED, StepCode.WAIVER_VOIDED)
"""Its date may have passed while it was settled: the breach stands in the commit that opened it again."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What the next reminders may have been worked out by.

    While a change of the closing days is not yet followed everywhere, that is the calendar before it too; and there
    is the moment at which all were to be looked at anew.
    """

    calendars: tuple[WorkingCalendar, ...]
    anew_at: frozenset[datetime] = frozenset()


def looks_by(session: Session, calendar: WorkingCalendar) -> Looks:
    """Return by what the next reminders may have been worked out (two statements)."""
    followed = counted_change(session)
    if followed is None:
        return Looks((calendar.as_known_on(date.min), *(calendar.as_known_on(day) for day in calendar.changed_on)))
    since, at = followed
    later = (day for day in calendar.changed_on if day > since)
    return Looks((calendar.as_known_on(since), *map(calendar.as_known_on, later)), frozenset({at}))


def next_looks(
    records: CaseRecords, rules: RuleBook, calendar: WorkingCalendar, looks: Looks | None = None
) -> Iterator[Finding]:
    """Check that the sweep looks at each open promise when its first rung without a notice comes."""
    looks = looks or Looks((calendar,))
    case = records.case
    situation = ladder.Situation(
        case.channel, case.nature, case.urgent_since if case.urgent_taken_at is None else None, case.triage_since
    )
    told: dict[int, set[str]] = {}
    due_on = {row.id: row.due_on for row in records.obligations}
    for notice in records.notices:
        told.setdefault(notice.obligation_id, set()).add(notice.rung)
        if notice.due_on != due_on[notice.obligation_id]:
            yield "notices", str(notice.id), "its due date is not that of the promise"
    for row in records.obligations:
        already = frozenset(told.get(row.id, ()))
        if row.next_action_at is None:
            yield from _passed_over(records, row, already, rules, calendar)
            continue
        if row.next_action_at not in looks.anew_at and not any(
            row.next_action_at == ladder.next_at(rules.ladder, known, row, situation, already=already)
            for known in looks.calendars
        ):
            yield "obligations", str(row.id), "next_action_at is not the moment of the first rung without a notice"


def _passed_over(
    records: CaseRecords, row: Obligation, already: frozenset[str], rules: RuleBook, calendar: WorkingCalendar
) -> Iterator[Finding]:
    """Check that a promise that was settled has a notice for every rung before the last that it has one for."""
    case = records.case
    if row.steps[0]["values"].get("channel") != case.channel:
        return  # the receipt was corrected in the meantime: the ladder it was told by is not known any more
    stems = (*("before", "after"), BREACH)
    told = [n for n in records.notices if n.obligation_id == row.id and n.rung.partition("-")[0] in stems]
    newest = max(told, key=lambda notice: notice.moment, default=None)
    if newest is None:
        return
    then = calendar.as_known_on(brussels_day(newest.recorded_at))  # what the sweep went by when it told of it
    for moment in ladder.moments(rules.ladder, then, row, ladder.Situation(case.channel, case.nature)):
        if moment.at >= newest.moment:
            return
        if moment.rung not in already and moment.rung.partition("-")[0] in stems:
            yield "notices", f"of promise {row.id}", f"the notice {moment.rung} is missing"


def notices_told(records: CaseRecords) -> Iterator[Finding]:
    """Check that no notice is gone that was there when its promise was settled: the history tells how many."""
    row_of = {row.number: row.id for row in records.obligations}
    for entry in records.history:
        for number, told in entry.details.get("notices", {}).items():
            promise = row_of.get(int(number))
            kept = sum(notice.obligation_id == promise for notice in records.notices)
            if kept < told:
                yield (
                    "notices",
                    f"of promise {promise}",
                    f"{told} were there when it was settled, and {kept} are left",
                )


def breaches(records: CaseRecords) -> Iterator[Finding]:
    """Check that a promise has a breach exactly when it was broken, dated when that became true."""
    rung = {notice.obligation_id for notice in records.notices if notice.rung == BREACH}
    for row in records.obligations:
        breach = records.breaches.get(row.id)
        late = row.settled_on is not None and row.settled_on > row.due_on
        if breach is None:
            if late or row.born_late or (row.id in rung and row.settled_on is None):
                yield "breaches", str(row.id), "the promise was broken, and no breach is recorded"
            continue
        if (breach.due_on, breach.became_true_at) != (row.due_on, midnight_after(row.due_on)):
            yield "breaches", str(row.id), "it is not dated midnight after the due date"
        if breach.born_late != row.born_late or breach.recorded_at < breach.became_true_at:
            yield (
                "breaches",
                str(row.id),
                "it was recorded before it became true, or does not say that it was born late",
            )
        reopened = any(step["code"] in OWED_AGAIN for step in row.steps)
        seen_open = row.settled_at is None or breach.recorded_at < row.settled_at
        if seen_open and row.id not in rung and not (row.born_late or reopened):
            yield "notices", f"of promise {row.id}", "the sweep saw the breach, and nobody was told of it"
        # A letter posted in time whose posting is recorded late keeps the promise; the breach that was seen stays.
        if not late and row.settled_at is not None and breach.recorded_at > row.settled_at:
            yield "breaches", str(row.id), "it was recorded although the promise had been kept"
