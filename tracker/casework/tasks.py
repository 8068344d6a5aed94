"""Owns what is asked of colleagues, and of the services beside the lead, on a case: asked, settled, withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, CaseFacts, Person, Reach, may, reaches
from tracker.casework.casefile import CaseFile, asked_on, facts_of
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor, House
from tracker.casework.notes import write_note
from tracker.casework.staffing import Team
from tracker.casework.words_to_staff import reader_for, readers_of, send_word
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import brussels_day
from tracker.charter.words import TaskState, Verb, WordToStaff
from tracker.models.cases import Association, Case
from tracker.models.staff import Staff
from tracker.models.tasks import Task

LONGEST = timedelta(days=366)
"""How far ahead something may be wanted that no promise waits for; any later is a slip of the pen."""
USUAL = 5
"""How many working days are proposed where no promise waits for it."""


class CannotBeAsked(Refused):
    """This person cannot be asked for anything on this case."""

    code = "cannot_be_asked"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot be asked for something on this case: choose somebody else.", name=name)


class SensitiveStays(Refused):
    """A sensitive case is for its handler, the deputy and the head only: asking somebody opens it to nobody."""

    code = "sensitive_stays"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The file is sensitive: only its handler, the deputy and the head of service read it, and {name} is none"
            " of them. Ask without the file, or have the head take the flag off.",
            name=name,
        )


class NotBeside(Refused):
    """Only a service that is on the case beside the lead is asked for a contribution (P13)."""

    code = "not_beside"

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} is not on this case beside the lead: choose a service that is.", service=service)


class AskedTooLate(Refused):
    """A day on which what is asked would come too late, or that cannot be meant."""

    code = "asked_too_late"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            f"Give a day from {first} to {last}: later, the promise to the requester could not be kept.",
            first=first.isoformat(), last=last.isoformat(),
        )  # fmt: skip


class TaskNotOpen(Refused):
    """Something that is settled already, or is asked on another case."""

    code = "task_not_open"

    def __init__(self) -> None:
        super().__init__(
            "This is no longer to be done: read the page of the file again, which shows what became of it."
        )


def days_to_ask(case_work_by: date | None, today: date, calendar: WorkingCalendar) -> tuple[date, date]:
    """Return the day (Brussels) proposed for something that is asked, and the last that is accepted.

    The working day before the promise is to be sent, and that very day; where nothing is owed, or it is past already,
    some working days, and a year.
    """
    if case_work_by is None or case_work_by < today:
        return calendar.open_day_after(today, USUAL), today + LONGEST
    return max(today, calendar.open_day_before(case_work_by, 1)), case_work_by


def ask(
    session: Session, house: House, *, reference: str, what: str, due_on: date, asked_id: int | None = None,
    service_code: str | None = None, actor: Actor, now: datetime, seen: int | None,
) -> Task:  # fmt: skip
    """Ask a colleague for something on a case, or a service beside the lead for a contribution, by a Brussels day.

    A colleague may read the case until it is settled. Raises ``Missing``, ``AskedTooLate``, ``CannotBeAsked``,
    ``SensitiveStays`` or ``NotBeside``; a closed case is opened again first.
    """
    assert actor.staff_id is not None
    if not what.strip():
        raise Missing("what")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.HAND_OVER, actor=actor, now=now, seen=seen)
    first, (_proposed, last) = (
        brussels_day(now),
        days_to_ask(file.case.next_work_by, brussels_day(now), house.calendar),
    )
    if not first <= due_on <= last:
        raise AskedTooLate(first, last)
    name = _service(file, service_code) if service_code else _colleague(file, asked_id)
    task = Task(
        case_id=file.case.id, what=what.strip(), asked_id=None if service_code else asked_id,
        service_code=service_code or None, due_on=due_on, asked_at=now, asked_by=actor.staff_id,
        state=TaskState.OPEN,
    )  # fmt: skip
    session.add(task)
    session.flush()
    told = _tell(file, WordToStaff.ASKED, task)
    file.done(Verb.WRITE, details={"tasks": [_said(task, name, told=told)]})
    return task


def settle(
    session: Session, house: House, *, number: int, done: bool, word: str, actor: Actor, now: datetime
) -> Task:
    """Record that something that was asked is done, or declined with a word: by whom it was asked of, or a handler.

    What a service is asked for is done by its contribution: ``word`` becomes a note on the case. Raises ``Missing``,
    ``TaskNotOpen`` or ``NotPermitted``.
    """
    task, file = _take(session, house, number, actor, now)
    if task.state is not TaskState.OPEN:
        raise TaskNotOpen
    if not (_is_asked(task, file, actor) or _handles(file, actor)):
        raise NotPermitted(Verb.WRITE)
    if not word.strip() and (task.service_code is not None or not done):
        raise Missing("word")
    details: dict[str, Any] = {}
    if task.service_code is not None and done:
        task.contribution = write_note(file, word.strip()).number
        details["message"] = task.contribution
    else:
        task.word = word.strip() or None
    _end(task, TaskState.DONE if done else TaskState.DECLINED, actor, now)
    told = _tell(file, WordToStaff.DONE if done else WordToStaff.DECLINED, task)
    file.done(Verb.WRITE, details=details | {"tasks": [_said(task, _name(session, task), told=told)]})
    return task


def withdraw(session: Session, house: House, *, number: int, word: str, actor: Actor, now: datetime) -> Task:
    """Take back what was asked, by somebody who handles the case. Raises ``TaskNotOpen`` or ``NotPermitted``."""
    task, file = _take(session, house, number, actor, now)
    if not _handles(file, actor):
        raise NotPermitted(Verb.WRITE)
    if task.state is not TaskState.OPEN:
        raise TaskNotOpen
    told = _withdraw(file, task, word)
    file.done(Verb.WRITE, details={"tasks": [told]})
    return task


def withdraw_open(file: CaseFile, *, only: CaseFacts | None = None) -> Mapping[str, Any]:
    """Take back all that is still asked on a case, or, with ``only`` what it now is, what its new rules close.

    Returns what the history says of it, for the act that this is a part of.
    """
    query = select(Task).where(Task.case_id == file.case.id, Task.state == TaskState.OPEN).order_by(Task.id)
    found = [task for task in file.session.scalars(query) if only is None or not _may_read(file, task, only)]
    return {"tasks": [_withdraw(file, task, "") for task in found]} if found else {}


def closed_to(file: CaseFile) -> Mapping[str, Any]:
    """Take back what is asked of those who may not read the case as it now is; returns what the history says."""
    return withdraw_open(file, only=facts_of(file.case, _beside(file), asked=asked_on(file.session, file.case.id)))


def pass_on(file: CaseFile, task: Task, to: Sequence[Staff], *, word: str) -> None:
    """Ask the first of some colleagues who may be asked for what somebody else no longer can do, by the same day.

    Where none of them may be asked it counts as declined: whoever asked is told, and asks somebody else.
    """
    for person in to:
        try:
            _colleague(file, person.id)
        except (CannotBeAsked, SensitiveStays):
            continue
        new = Task(
            case_id=file.case.id, what=task.what, asked_id=person.id, due_on=task.due_on, asked_at=file.now,
            asked_by=task.asked_by, state=TaskState.OPEN,
        )  # fmt: skip
        said = _withdraw(file, task, word)
        file.session.add(new)
        file.session.flush()
        told = _tell(file, WordToStaff.ASKED, new)
        file.done(Verb.WRITE, details={"tasks": [said, _said(new, person.name, told=told)]})
        return
    task.word = word
    _end(task, TaskState.DECLINED, file.actor, file.now)
    told = _tell(file, WordToStaff.DECLINED, task)
    file.done(Verb.WRITE, details={"tasks": [_said(task, _name(file.session, task), told=told)]})


def open_on(session: Session, case_id: int) -> int:
    """Return how many things are still asked on a case."""
    return len(session.scalars(select(Task.id).where(Task.case_id == case_id, Task.state == TaskState.OPEN)).all())


def _beside(file: CaseFile) -> Sequence[str]:
    query = select(Association.service_code).where(Association.case_id == file.case.id)
    return file.session.scalars(query).all()


def _service(file: CaseFile, code: str) -> str:
    if code not in _beside(file):
        raise NotBeside(code)
    if file.case.sensitive:
        raise SensitiveStays(code)
    return code


def _colleague(file: CaseFile, asked_id: int | None) -> str:
    person = file.session.get(Staff, asked_id) if asked_id is not None else None
    if person is None or not person.active or person.is_desk or person.id == file.case.about_staff_id:
        raise CannotBeAsked(person.name if person else "?")
    who = Person(person.id, person.role, person.service_code)
    if Reach.ASKED not in reaches(who, READ):
        raise CannotBeAsked(person.name)
    if not may(who, READ, facts_of(file.case, _beside(file), asked=frozenset({person.id}))):
        raise SensitiveStays(person.name)
    return person.name


def _may_read(file: CaseFile, task: Task, facts: CaseFacts) -> bool:
    """Say whether those who are asked may read the case as it is."""
    if task.service_code is not None:
        return task.service_code in facts.services and not facts.sensitive
    person = file.session.get_one(Staff, task.asked_id)
    return may(Person(person.id, person.role, person.service_code), READ, facts)


def _take(session: Session, house: House, number: int, actor: Actor, now: datetime) -> tuple[Task, CaseFile]:
    """Take in hand the case of something that is asked, then the task as it stands once its case is ours."""
    task = session.get(Task, number)
    if task is None:
        raise NotPermitted(Verb.WRITE)
    case = session.scalars(select(Case).where(Case.id == task.case_id).with_for_update()).one()
    session.refresh(task)
    return task, CaseFile.hold(session, house, case, actor=actor, now=now)


def _is_asked(task: Task, file: CaseFile, actor: Actor) -> bool:
    person = actor.person
    if person is None or not may(
        person, READ, facts_of(file.case, _beside(file), asked=asked_on(file.session, file.case.id))
    ):
        return False
    if task.service_code is not None:
        return person.service_code == task.service_code
    return task.asked_id in {person.id, *person.stands_in_for}


def _handles(file: CaseFile, actor: Actor) -> bool:
    return actor.person is not None and may(actor.person, Verb.WRITE, facts_of(file.case, _beside(file)))


def _withdraw(file: CaseFile, task: Task, word: str) -> Mapping[str, Any]:
    task.word = word.strip() or None
    _end(task, TaskState.WITHDRAWN, file.actor, file.now)
    told = _tell(file, WordToStaff.WITHDRAWN, task)
    return _said(task, _name(file.session, task), told=told)


def _end(task: Task, state: TaskState, actor: Actor, now: datetime) -> None:
    task.state, task.settled_at, task.settled_by = state, now, actor.staff_id


def _tell(file: CaseFile, kind: WordToStaff, task: Task) -> bool:
    """Send word to those who are asked or, once it is settled, to whoever asked and to whoever handles the case.

    Returns whether there is anybody to send it to.
    """
    team, about = Team.load(file.session, day=brussels_day(file.now)), file.case.about_staff_id
    if kind in (WordToStaff.DONE, WordToStaff.DECLINED):
        readers = reader_for(team, task.asked_by, not_this=about) | reader_for(
            team, file.case.handler_id, not_this=about
        )
    elif task.service_code is not None:
        readers = readers_of(team, task.service_code)
    else:
        readers = reader_for(team, task.asked_id, not_this=about)
    return send_word(file.session, kind, file.case, readers - {file.actor.staff_id, about}, now=file.now, task=task)


def _name(session: Session, task: Task) -> str:
    return task.service_code or session.get_one(Staff, task.asked_id).name


def _said(task: Task, name: str, *, told: bool) -> Mapping[str, Any]:
    """Return all that a task says now, for the history, and whether word of it was sent; nothing in it is a null."""
    said = {
        "number": task.id, "state": task.state.value, "what": task.what, "asked": task.asked_id, "name": name,
        "service": task.service_code, "due_on": task.due_on.isoformat(), "word": task.word,
        "contribution": task.contribution, "told": told or None,
    }  # fmt: skip
    return {key: value for key, value in said.items() if value is not None}
