"""Owns the check of the records: every row as it was sealed, and every case consistent with its own history.

The seals show that a row was changed behind Suivi's back; the replay of the history shows what the promises must be.
The primary key of a row is how it is named, and is not sealed itself. Nothing is written.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Row, Table, or_, select, tuple_
from sqlalchemy.orm import Session

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.rules import RuleBook
from tracker.charter.words import CaseState, Direction
from tracker.insight.caserecords import CaseRecords
from tracker.insight.consistency import inconsistencies
from tracker.insight.erasure_records import came_back
from tracker.insight.house_records import house_records
from tracker.insight.register import years
from tracker.insight.staff_told import Looks, looks_by
from tracker.insight.taken_out import gaps, not_as_many, not_kept, without_a_line
from tracker.models.base import Sealed, seal_of, sealed_columns
from tracker.models.cases import Association, Case
from tracker.models.complaints import ActionNotice, CorrectiveAction, Finding
from tracker.models.database import Database
from tracker.models.drafts import KeptDraft
from tracker.models.erasure import Erasure
from tracker.models.history import History
from tracker.models.links import CaseLink
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Breach, Discharge, Notice, Obligation
from tracker.models.paper import RegisterYear
from tracker.models.personal import Digest
from tracker.models.schema import TABLES_OF_RECORD
from tracker.models.survey import SurveyAsked
from tracker.models.tasks import StaffNotice, Task

BLOCK = 1000
CASES = 250
UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
"""What reading a value that was altered into nonsense ends in."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it should be: in which table, in which row, and what."""

    table: str
    key: str
    what: str


def verify(database: Database, rules: RuleBook, calendar: WorkingCalendar) -> Iterator[Problem]:
    """Yield every problem found, table by table, then case by case; block by block, whatever the size."""
    for model in TABLES_OF_RECORD:
        yield from _broken_seals(database, model)
    yield from _missing_numbers(database)
    yield from _digests_not_sent(database)
    yield from _drafts_left_behind(database)
    yield from _of_the_house(database)
    yield from _inconsistent_cases(database, rules, calendar)


def _missing_numbers(database: Database) -> Iterator[Problem]:
    """Yield the numbers that the daily book has given and that no line has any more, and messages without a line.

    A line that cannot be read is named by its seal, and taken for none here.
    """
    with database.reading() as session, suppress(*UNREADABLE):
        begun = {*years(session), *session.scalars(select(RegisterYear.year))}
        for year in sorted(begun, reverse=True):
            for direction in Direction:
                for gap in gaps(session, direction, year):
                    named = f"no. {gap.first}" if gap.first == gap.last else f"no. {gap.first} to {gap.last}"
                    yield Problem("register_entries", f"{direction} {year}", f"{named}: the line was taken out")
        for direction, year in not_kept(session):
            yield Problem("register_years", f"{direction} {year}", "the last number that was given is not kept")
        for direction in Direction:
            for message, reference in without_a_line(session, direction):
                named = f"{direction} message {message} ({reference})"
                yield Problem("register_entries", named, "the message has no line: it was taken out")


def _of_the_house(database: Database) -> Iterator[Problem]:
    """Yield what does not fit in the history of the house, what was taken out of tables and what came back into them.

    A row that cannot be read is named by its seal.
    """
    with database.reading() as session, suppress(*UNREADABLE):
        for table, key, what in house_records(session):
            yield Problem(table, key, what)
    with database.reading() as session:
        for name, written, left in not_as_many(session):
            told = f"{written} rows were written" if written is not None else "how many were written is not kept"
            yield Problem(name, "", f"{told}, and {left} are left")
        for table, key, what in came_back(session):
            yield Problem(table, key, what)


def _digests_not_sent(database: Database) -> Iterator[Problem]:
    """Yield the digests that told something, and the words to colleagues, that have no line in the outbox."""
    query = select(Digest.id).outerjoin(Outbox, Outbox.digest_id == Digest.id).where(Digest.told > 0)
    with database.reading() as session:
        for number in session.scalars(query.where(Outbox.id.is_(None)).order_by(Digest.id)):
            yield Problem("digests", str(number), "it has no line in the outbox")
        words = select(StaffNotice.id).outerjoin(Outbox, Outbox.staff_notice_id == StaffNotice.id)
        for number in session.scalars(words.where(Outbox.id.is_(None)).order_by(StaffNotice.id)):
            yield Problem("staff_notices", str(number), "it has no line in the outbox")
        late = select(ActionNotice.id).outerjoin(Outbox, Outbox.action_notice_id == ActionNotice.id)
        for number in session.scalars(late.where(Outbox.id.is_(None)).order_by(ActionNotice.id)):
            yield Problem("action_notices", str(number), "it has no line in the outbox")


def _drafts_left_behind(database: Database) -> Iterator[Problem]:
    """Yield the drafts on cases that have ended: what was typed goes with the end of its case."""
    ended = Case.state.in_((CaseState.CLOSED, CaseState.MERGED))
    query = select(KeptDraft.id, Case.reference).join(Case, Case.id == KeptDraft.case_id).where(ended)
    with database.reading() as session, suppress(*UNREADABLE):
        for number, reference in session.execute(query.order_by(KeptDraft.id)):
            yield Problem("drafts", str(number), f"{reference} has ended, and the draft is still there")


def _broken_seals(database: Database, model: type[Sealed]) -> Iterator[Problem]:
    table: Table = model.__table__  # type: ignore[attr-defined]
    for block in _blocks(database, model):
        for row in block:
            if isinstance(row, Problem):
                yield row
            elif row.seal != seal_of(model, row._asdict()):
                yield Problem(table.name, _key(table, row), "the row was changed: its seal does not fit")


def _blocks(database: Database, model: type[Sealed]) -> Iterator[list[Row[Any] | Problem]]:
    """Yield the rows of a table in the order of the primary key; a row that cannot be read becomes a problem."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    keys = list(table.primary_key.columns)
    wanted = [*keys, *(table.c[name] for name in sealed_columns(model) if table.c[name] not in keys), table.c.seal]
    after: tuple[Any, ...] | None = None
    while True:
        query = select(*keys).order_by(*keys).limit(BLOCK)
        if after is not None:
            query = query.where(tuple_(*keys) > tuple_(*after))
        with database.reading() as session:
            found = [tuple(row) for row in session.execute(query)]
            if not found:
                return
            span = select(*wanted).order_by(*keys).where(tuple_(*keys) >= found[0], tuple_(*keys) <= found[-1])
            try:
                yield list(session.execute(span))
            except UNREADABLE:
                yield list(_one_by_one(session, table, wanted, found))
        after = found[-1]


def _one_by_one(
    session: Session, table: Table, wanted: Sequence[Any], keys: Sequence[tuple[Any, ...]]
) -> Iterator[Row[Any] | Problem]:
    for key in keys:
        query = select(*wanted).where(tuple_(*table.primary_key.columns) == key)
        try:
            yield from session.execute(query)
        except UNREADABLE as error:
            yield Problem(table.name, _named(key), f"the row cannot be read ({type(error).__name__})")


def _key(table: Table, row: Row[Any]) -> str:
    return _named(tuple(row._mapping[column.name] for column in table.primary_key.columns))


def _named(key: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in key)


def _inconsistent_cases(database: Database, rules: RuleBook, calendar: WorkingCalendar) -> Iterator[Problem]:
    last = 0
    with database.reading() as session:
        looks = looks_by(session, calendar)
    while True:
        with database.reading() as session:
            if not database.is_sqlite:  # one moment for all that is read of a case, while others go on working
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            ids = list(session.scalars(select(Case.id).where(Case.id > last).order_by(Case.id).limit(CASES)))
            if not ids:
                return
            problems = _of_cases(session, ids, rules, calendar, looks)
        yield from problems
        last = ids[-1]


def _of_cases(
    session: Session, ids: Sequence[int], rules: RuleBook, calendar: WorkingCalendar, looks: Looks
) -> list[Problem]:
    try:
        records = _records(session, ids)
    except UNREADABLE:
        if len(ids) > 1:
            session.expunge_all()
            return list(chain.from_iterable(_of_cases(session, [one], rules, calendar, looks) for one in ids))
        return [Problem("cases", str(ids[0]), "something of this case cannot be read")]
    return [problem for record in records for problem in _of_case(record, rules, calendar, looks)]


def _of_case(record: CaseRecords, rules: RuleBook, calendar: WorkingCalendar, looks: Looks) -> Iterator[Problem]:
    try:
        for table, key, what in inconsistencies(record, rules, calendar, looks):
            yield Problem(table, key, what)
    except UNREADABLE as error:
        what = f"the records of this case do not fit together ({type(error).__name__})"
        yield Problem("cases", f"{record.case.id} ({record.case.reference})", what)


def _records(session: Session, ids: Sequence[int]) -> list[CaseRecords]:
    """Return all that belongs to some cases."""
    records = {case.id: CaseRecords(case) for case in session.scalars(select(Case).where(Case.id.in_(ids)))}
    for beside in session.scalars(select(Association).where(Association.case_id.in_(ids))):
        records[beside.case_id].associations.append(beside)
    for entry in session.scalars(select(History).where(History.case_id.in_(ids)).order_by(History.seq)):
        records[entry.case_id].history.append(entry)
    case_of: dict[int, int] = {}
    for promise in session.scalars(select(Obligation).where(Obligation.case_id.in_(ids)).order_by(Obligation.number)):
        records[promise.case_id].obligations.append(promise)
        case_of[promise.id] = promise.case_id
    for message in session.scalars(select(Message).where(Message.case_id.in_(ids)).order_by(Message.number)):
        records[message.case_id].messages.append(message)
    of_these = select(Obligation.id).where(Obligation.case_id.in_(ids))
    for discharge in session.scalars(select(Discharge).where(Discharge.obligation_id.in_(of_these))):
        records[case_of[discharge.obligation_id]].discharges.append(discharge)
    for breach in session.scalars(select(Breach).where(Breach.obligation_id.in_(of_these))):
        records[case_of[breach.obligation_id]].breaches[breach.obligation_id] = breach
    for notice in session.scalars(select(Notice).where(Notice.obligation_id.in_(of_these)).order_by(Notice.id)):
        records[case_of[notice.obligation_id]].notices.append(notice)
    _outbox(session, ids, records, case_of)
    asked = select(SurveyAsked.case_id, SurveyAsked.number).where(SurveyAsked.case_id.in_(ids))
    for case_id, number in session.execute(asked.order_by(SurveyAsked.number)):
        records[case_id].surveys.append(number)
    for found in session.scalars(select(Finding).where(Finding.case_id.in_(ids))):
        records[found.case_id].finding = found
    of_complaints = select(CorrectiveAction).where(CorrectiveAction.case_id.in_(ids)).order_by(CorrectiveAction.id)
    for action in session.scalars(of_complaints):
        records[action.case_id].actions.append(action)
    for task in session.scalars(select(Task).where(Task.case_id.in_(ids)).order_by(Task.id)):
        records[task.case_id].tasks.append(task)
    for word in session.scalars(select(StaffNotice).where(StaffNotice.case_id.in_(ids)).order_by(StaffNotice.id)):
        records[word.case_id].words.append(word)
    for erasure in session.scalars(select(Erasure).where(Erasure.case_id.in_(ids))):
        records[erasure.case_id].erasure = erasure
    of_these_cases = or_(CaseLink.case_id.in_(ids), CaseLink.other_id.in_(ids))
    for link in session.scalars(select(CaseLink).where(of_these_cases).order_by(CaseLink.id)):
        for end in records.keys() & {link.case_id, link.other_id}:
            records[end].links.append(link)
    return list(records.values())


def _outbox(session: Session, ids: Sequence[int], records: dict[int, CaseRecords], case_of: dict[int, int]) -> None:
    of_messages = select(Outbox, Message.case_id).join(Message, Message.id == Outbox.message_id)
    for line, case_id in session.execute(of_messages.where(Message.case_id.in_(ids))):
        if line.message_id is not None:
            records[case_id].outbox_of_messages[line.message_id] = line
    of_notices = (
        select(Outbox.notice_id, Obligation.case_id)
        .join(Notice, Notice.id == Outbox.notice_id)
        .join(Obligation, Obligation.id == Notice.obligation_id)
    )
    for notice_id, case_id in session.execute(of_notices.where(Obligation.case_id.in_(ids))):
        if notice_id is not None:
            records[case_id].outbox_of_notices.add(notice_id)
