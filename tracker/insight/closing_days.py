"""Owns the reading of the closing days that were added here, and of what a change of them touches."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from tracker.charter.calendar import BridgeDay, Known, WorkingCalendar
from tracker.charter.words import HouseSubject, ObligationKind, ObligationState
from tracker.models.cases import Case
from tracker.models.house import HouseChange
from tracker.models.obligations import Obligation

_OURS = HouseChange.subject == HouseSubject.CLOSING_DAYS


COUNTED = "counted"
"""What a change is about that says that the open files were counted again."""
REFUSED = "refused"
"""What a change is about that says that files were tried again which had been refused then."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change of the closing days would touch: open promises whose last working day comes out differently."""

    promises: int
    by_service: dict[str | None, int]
    """None: in triage."""
    by_rule: dict[str, int]
    earlier: int
    """Those of which staff would have to be done on an earlier day."""
    promised: int
    """Dates promised to citizens in letters, on days that would be closed: they stay, and so does their work_by."""


def learnt(session: Session) -> tuple[list[BridgeDay], list[Known]]:
    """Return what was added here, with what of it was withdrawn, and from which day on (one statement)."""
    days: list[BridgeDay] = []
    known: list[Known] = []
    for told in session.scalars(select(HouseChange.details).where(_OURS).order_by(HouseChange.number)):
        if told["act"] not in ("add", "withdraw"):
            continue
        since = date.fromisoformat(told["since"])
        named = {date.fromisoformat(day) for day in told["days"]}
        until = date.fromisoformat(told["until"]) if told.get("until") else None
        if told["act"] == "add":
            days += [BridgeDay(day, str(told["source"]), since) for day in sorted(named)]
            known += [Known(until, since)] if until else []
        else:
            days = [_without(one, since) if one.day in named else one for one in days]
            known = [_without_known(one, since) if one.until == until else one for one in known]
    return days, known


def _without(one: BridgeDay, since: date) -> BridgeDay:
    return one if one.withdrawn else BridgeDay(one.day, one.source, one.since, since)


def _without_known(one: Known, since: date) -> Known:
    return one if one.withdrawn else Known(one.until, one.since, since)


def counted_until(session: Session) -> int:
    """Return the number of the last change for which all open files were counted again; 0: none (one statement)."""
    query = select(HouseChange.details).where(_OURS, HouseChange.what == COUNTED).order_by(HouseChange.number.desc())
    told = session.scalar(query.limit(1))
    return int(told["of"]) if told is not None else 0


def refused_files(session: Session) -> list[str]:
    """Return the references of the files that were refused when they were last counted again (one statement)."""
    query = select(HouseChange.details).where(_OURS, HouseChange.what.in_((COUNTED, REFUSED)))
    told = session.scalar(query.order_by(HouseChange.number.desc()).limit(1))
    return list(told.get("refused", ())) if told is not None else []


def counted_change(session: Session) -> tuple[date, datetime] | None:
    """Return from when on the last change counts that was followed everywhere, and when it was (two statements)."""
    query = select(HouseChange).where(_OURS, HouseChange.what == COUNTED).order_by(HouseChange.number.desc())
    followed = session.scalar(query.limit(1))
    if followed is None:
        return None
    change = session.get_one(HouseChange, int(followed.details["of"]))
    return date.fromisoformat(change.details["since"]), followed.at


def touched(session: Session, calendar: WorkingCalendar, today: date) -> Touched:
    """Return what of the open promises would come out differently by a calendar (one statement)."""
    services: Counter[str | None] = Counter()
    rules: Counter[str] = Counter()
    earlier = promised = 0
    for row in session.execute(_groups(today)):
        if not _differs(row, calendar):
            continue
        if row.kind is ObligationKind.PROMISED_REPLY:
            promised += row.files
            continue
        services[row.service_code] += row.files
        rules[row.rule_id] += row.files
        earlier += row.files if calendar.last_open_on_or_before(row.due_on) < row.work_by else 0
    return Touched(sum(rules.values()), dict(services.most_common()), dict(rules.most_common()), earlier, promised)


def touched_files(
    session: Session, calendar: WorkingCalendar, today: date, most: int, *, but: Sequence[str] = ()
) -> list[str]:
    """Return the references of files with such a promise, at most so many (one statement, and one for each date).

    ``but``: those that are not wanted again.
    """
    found: dict[str, None] = {}
    dates = {
        (row.due_on, row.work_by, row.provisional)
        for row in session.execute(_groups(today))
        if row.kind is not ObligationKind.PROMISED_REPLY and _differs(row, calendar)
    }
    for due_on, work_by, provisional in sorted(dates):
        if len(found) >= most:
            break
        found.update(dict.fromkeys(_of_date(session, due_on, work_by, provisional, most - len(found), but)))
    return list(found)


def _of_date(
    session: Session, due_on: date, work_by: date, provisional: bool, most: int, but: Sequence[str]
) -> Iterator[str]:
    query = (
        select(Case.reference)
        .join(Obligation, Obligation.case_id == Case.id)
        .where(
            Obligation.state == ObligationState.OPEN, Obligation.kind != ObligationKind.PROMISED_REPLY,
            Obligation.due_on == due_on, Obligation.work_by == work_by, Obligation.provisional.is_(provisional),
            Case.reference.not_in(but),
        )
        .distinct()
        .order_by(Case.reference)
        .limit(most)
    )  # fmt: skip
    yield from session.scalars(query)


def _groups(today: date) -> Any:
    """Return the query for the open promises that are not over, counted by what tells whether they are touched."""
    o = Obligation
    return (
        select(Case.service_code, o.kind, o.rule_id, o.due_on, o.work_by, o.provisional, func.count().label("files"))
        .join(Case, Case.id == o.case_id)
        .where(o.state == ObligationState.OPEN, o.due_on >= today)
        .group_by(Case.service_code, o.kind, o.rule_id, o.due_on, o.work_by, o.provisional)
    )


def _differs(row: Row[Any], calendar: WorkingCalendar) -> bool:
    last = calendar.last_open_on_or_before(row.due_on)
    return bool(last != row.work_by or calendar.provisional(last) != row.provisional)
