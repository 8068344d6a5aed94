"""Owns the counting ahead of the figures: what was kept month by month, how long answers took, what falls due.

Counted from the tables of record in a few statements over all of them, and written as a few thousand rows that
pages add up (``models.figures``). Nothing rests on the rows before: each pass replaces them whole.

| ``cut`` | ``period`` | ``value`` | ``counted`` |
|---|---|---|---|
| ``kind``, ``channel``, ``language``, ``nature`` | the month of the due date | one of its words | an ``Outcome`` |
| ``days`` | the month in which the answer left | days from receipt to answer | ``answers`` |
| ``theme`` | the month in which complaints came | a theme, or empty | an outcome, ``inadmissible``, ``open`` |
| ``survey`` | the month in which somebody was asked | see ``insight.survey.SURVEYED`` | see there |
| ``letters`` | the month in which an interim letter left | ``interim`` | ``letters`` |
| ``load`` | a working day | the id of the handler | ``due``, ``done``; ``behind`` on the first day |
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Integer, Select, TextClause, and_, case, cast, delete, func, insert, not_, or_, select, text
from sqlalchemy.orm import Session

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import at_brussels, brussels_day
from tracker.charter.words import Act, CaseState, Nature, ObligationKind, ObligationState
from tracker.insight.keeping import brussels_day_of, month_of, outcome
from tracker.insight.survey import SURVEYED
from tracker.models.cases import Case
from tracker.models.complaints import Finding
from tracker.models.database import Database
from tracker.models.figures import Figure
from tracker.models.messages import Message
from tracker.models.obligations import Discharge, Obligation
from tracker.models.survey import SurveyAsked, SurveyReply

MONTHS = 13
"""How many months are kept, the running one included: a month stands beside the same one of the year before."""
DAYS = 20
"""Working days that are looked ahead, and back for the pace."""
BATCH = 5000

Numbers = Counter[tuple[str, bool, date, str, str, str]]
"""How many, by the columns of a figure in their order."""


def count_figures(database: Database, calendar: WorkingCalendar, *, now: datetime) -> Mapping[str, Any]:
    """Count all figures anew as things stand at ``now`` (aware), and put them in the place of the former ones.

    Two at once follow each other. Returns how many rows there are. Raises ``NaiveDatetime``.
    """
    today = brussels_day(now)
    with database.reading() as session:
        numbers = _counted(session, calendar, today, sqlite=database.is_sqlite)
    names = ("service_code", "complaint", "period", "cut", "value", "counted")
    rows = [{**dict(zip(names, key, strict=True)), "number": number} for key, number in numbers.items()]
    with database.writing() as session:
        if not database.is_sqlite:
            session.execute(text("LOCK TABLE figures IN SHARE ROW EXCLUSIVE MODE"))  # whoever reads is not held up
        session.execute(delete(Figure))
        for some in _in_parts(rows):
            session.execute(insert(Figure), some)
    return {"figures": len(rows)}


def months_until(day: date, count: int = MONTHS) -> list[date]:
    """Return the first days of that many months, the one of ``day`` last."""
    last = day.year * 12 + day.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(last - count + 1, last + 1)]


def _in_parts(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _counted(session: Session, calendar: WorkingCalendar, today: date, *, sqlite: bool) -> Numbers:
    first, numbers = months_until(today)[0], Numbers()
    for service, complaint, month, kind, channel, language, nature, how, number in session.execute(
        _kept(first, today, sqlite=sqlite)
    ):
        of = (service or "", bool(complaint), month)
        for cut, value in (("kind", kind), ("channel", channel), ("language", language), ("nature", nature)):
            numbers[*of, cut, value.value, how] += number
    for service, complaint, month, days, number in session.execute(_answers(first, sqlite=sqlite)):
        numbers[service or "", bool(complaint), month, "days", str(days), "answers"] += number
    for service, complaint, month, number in session.execute(_letters(first, sqlite=sqlite)):
        numbers[service or "", bool(complaint), month, "letters", "interim", "letters"] += number
    for service, month, theme, admissible, found, number in session.execute(_themes(first, sqlite=sqlite)):
        how = "inadmissible" if admissible is False else found.value if found else "open"
        numbers[service or "", True, month, "theme", theme or "", how] += number
    for service, month, *counts in session.execute(_surveys(first, sqlite=sqlite)):
        for (value, counted), number in zip(SURVEYED, counts, strict=True):
            numbers[service, False, month, "survey", value, counted] += number
    _add_load(session, numbers, calendar, today)
    return +numbers  # without what was counted and is none


_COMPLAINT = Case.nature == Nature.COMPLAINT


def _kept(first: date, today: date, *, sqlite: bool) -> Select[*tuple[Any, ...]]:
    """Count promises by how they were kept; those not yet due, and those that do not count, are left out."""
    how = outcome(today)
    columns = (
        Case.service_code, _COMPLAINT, month_of(Obligation.due_on, sqlite=sqlite), Obligation.kind, Case.channel,
        Case.language, Case.nature, how,
    )  # fmt: skip
    in_time = and_(Obligation.due_on >= first, Obligation.due_on < _after(today))
    return (
        select(*columns, func.count())
        .join(Case, Case.id == Obligation.case_id)
        .where(in_time, how.is_not(None))
        .group_by(*_first_columns(len(columns)))
    )


def _after(today: date) -> date:
    """Return the first day of the next month."""
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1)


def _answers(first: date, *, sqlite: bool) -> Select[*tuple[Any, ...]]:
    """Count answers by the days since the receipt of what they answer (a promised one: of the case)."""
    received = case(
        (Obligation.kind == ObligationKind.PROMISED_REPLY, brussels_day_of(Case.received_at, sqlite=sqlite)),
        else_=Obligation.counted_from,
    )
    answered = (
        select(
            Case.service_code, _COMPLAINT.label("complaint"), Discharge.left_on, func.min(received).label("received"),
        )
        .select_from(Discharge)
        .join(Obligation, Obligation.id == Discharge.obligation_id)
        .join(Case, Case.id == Obligation.case_id)
        .where(
            Discharge.act == Act.ANSWER, Discharge.voided_at.is_(None), Discharge.left_on >= first,
            Obligation.state == ObligationState.DISCHARGED,
        )
        .group_by(Discharge.message_id, Case.service_code, _COMPLAINT, Discharge.left_on)
        .subquery()
    )  # fmt: skip
    left, came = answered.c.left_on, answered.c.received
    days = cast(func.julianday(left) - func.julianday(came), Integer) if sqlite else left - came
    month = month_of(left, sqlite=sqlite)
    return select(answered.c.service_code, answered.c.complaint, month, days, func.count()).group_by(
        *_first_columns(4)
    )


def _letters(first: date, *, sqlite: bool) -> Select[*tuple[Any, ...]]:
    """Count interim letters by the promise that each made, but for those that never arrived."""
    lost = and_(Obligation.state == ObligationState.REPLACED, Obligation.replaced_by < Obligation.number)
    month = month_of(Obligation.counted_from, sqlite=sqlite)
    return (
        select(Case.service_code, _COMPLAINT, month, func.count())
        .join(Case, Case.id == Obligation.case_id)
        .where(Obligation.kind == ObligationKind.PROMISED_REPLY, Obligation.counted_from >= first, not_(lost))
        .group_by(*_first_columns(3))
    )


def _themes(first: date, *, sqlite: bool) -> Select[*tuple[Any, ...]]:
    """Count complaints by what they are about and what was found of them; a merged one is counted where it went."""
    month = month_of(brussels_day_of(Case.received_at, sqlite=sqlite), sqlite=sqlite)
    return (
        select(Case.service_code, month, Finding.theme, Finding.admissible, Finding.outcome, func.count())
        .outerjoin(Finding, Finding.case_id == Case.id)
        .where(_COMPLAINT, Case.state != CaseState.MERGED, Case.received_at >= at_brussels(first, time(0)))
        .group_by(*_first_columns(5))
    )


def _surveys(first: date, *, sqlite: bool) -> Select[*tuple[Any, ...]]:
    """Count who was asked what they thought of an answer, and each reply (``SURVEYED``).

    Nobody was asked by a message that has not left or was sent back; whoever replied was, whatever is recorded of it.
    """
    replies = [getattr(SurveyReply, question) == opinion for question, opinion in SURVEYED[2:]]
    arrived = or_(
        SurveyReply.asked_id.is_not(None),
        SurveyAsked.message_id.is_(None),
        and_(Message.left_on.is_not(None), Message.voided_at.is_(None)),
    )
    return (
        select(
            SurveyAsked.service_code, month_of(SurveyAsked.asked_on, sqlite=sqlite), func.count(),
            func.count(SurveyReply.asked_id), *(func.count().filter(one) for one in replies),
        )
        .outerjoin(SurveyReply, SurveyReply.asked_id == SurveyAsked.id)
        .outerjoin(Message, Message.id == SurveyAsked.message_id)
        .where(SurveyAsked.asked_on >= first, SurveyAsked.service_code.is_not(None), arrived)
        .group_by(*_first_columns(2))
    )  # fmt: skip


def _add_load(session: Session, numbers: Numbers, calendar: WorkingCalendar, today: date) -> None:
    """Add what falls due on each of the next working days, what is behind already, and what was done on the last."""
    ahead = days_ahead(calendar, today)
    back = days_back(calendar, today)
    of = (Case.service_code, _COMPLAINT, Case.handler_id)
    owed = (
        select(*of, Obligation.work_by, func.count())
        .join(Case, Case.id == Obligation.case_id)
        .where(Obligation.state == ObligationState.OPEN, Obligation.work_by <= ahead[-1])
        .group_by(*of, Obligation.work_by)
    )
    for service, complaint, handler, work_by, number in session.execute(owed):
        day, counted = (ahead[0], "behind") if work_by < ahead[0] else (work_by, "due")
        numbers[service or "", bool(complaint), day, "load", str(handler), counted] += number
    done = (
        select(*of, Obligation.settled_on, func.count())
        .join(Case, Case.id == Obligation.case_id)
        .where(
            Obligation.state == ObligationState.DISCHARGED,
            Obligation.settled_on > calendar.open_day_before(back[0], 1),
            Obligation.settled_on <= back[-1],
        )
        .group_by(*of, Obligation.settled_on)
    )  # fmt: skip
    for service, complaint, handler, settled_on, number in session.execute(done):
        assert settled_on is not None  # what was discharged has its day
        day = calendar.open_day_after(settled_on, 0)  # what left on a Sunday is Monday's
        numbers[service or "", bool(complaint), day, "load", str(handler), "done"] += number


def days_ahead(calendar: WorkingCalendar, today: date) -> list[date]:
    """Return the next working days, today the first if it is one."""
    first = calendar.open_day_after(today, 0)
    return [calendar.open_day_after(first, n) for n in range(DAYS)]


def days_back(calendar: WorkingCalendar, today: date) -> list[date]:
    """Return the last working days before today, the oldest first."""
    return [calendar.open_day_before(today, n) for n in range(DAYS, 0, -1)]


def _first_columns(count: int) -> list[TextClause]:
    """Return the first columns of a statement by their places, to group by."""
    return [text(str(place)) for place in range(1, count + 1)]
