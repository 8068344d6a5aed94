"""Owns what made-up clerks do together and for themselves: ask, contribute, link, split, set aside, keep, begin.

Some of each, however large the population: all of it is done by the use cases themselves.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from itertools import chain, zip_longest
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Person
from tracker.casework.errors import Refused
from tracker.casework.house import Actor, House
from tracker.casework.kept_drafts import keep_draft
from tracker.casework.links import link
from tracker.casework.saved_views import keep_view
from tracker.casework.set_aside import set_aside
from tracker.casework.splitting import split
from tracker.casework.tasks import ask, days_to_ask, settle
from tracker.charter.counting import aware, brussels_day
from tracker.charter.words import CaseState, MessageKind, Nature, Role
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.staff import Staff

LOOKED_AT = 1000
"""Among how many of the newest cases those are sought to which something is done."""
AT_MOST = 90
"""To how many cases something is done."""
OF_ONE = 18
"""To how many of each clerk's who can log in."""
EARLIER, LATELY = timedelta(days=4), timedelta(hours=3)
"""How long ago what is asked and past its day was asked, and everything else."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """A case in the hands of its handler, and the colleagues of the same service."""

    case: Case
    handler: Staff
    colleagues: Sequence[Staff]
    quiet_since: datetime

    @property
    def words(self) -> Mapping[str, Any]:
        """What the handler writes."""
        return _words(self.handler)

    def taken(self, house: House, at: datetime) -> dict[str, Any]:
        """Return what every use case is told of it."""
        return {"house": house, "reference": self.case.reference, "actor": _acting(self.handler), "now": at}


def work_together(database: Database, house: House, *, now: datetime) -> int:
    """Do some of everything, as it would stand at ``now`` (aware), and return to how many cases."""
    now, done = aware(now), 0
    with database.writing() as session:
        _keep_views(session, now)
        desks = list(_desks(session, now))
        for place, desk in enumerate(desks[:AT_MOST]):
            try:
                with session.begin_nested():
                    _DEEDS[place % len(_DEEDS)](session, house, desk, desks[place - 1 :: -1], now)
            except Refused:
                continue  # it cannot be done to this one, as in life: it is late, or merged
            done += 1
        done += _contribute(session, house, now)
    return done


@lru_cache(maxsize=1)
def _told() -> Mapping[str, Mapping[str, Any]]:
    read = tomllib.loads((files("tracker.casework.seeding") / "together.toml").read_text(encoding="utf-8"))
    return read | {"en": read["fr"]}


def _words(writer: Staff) -> Mapping[str, Any]:
    """Return what somebody writes, in their language."""
    return _told()[writer.language]


def _desks(session: Session, now: datetime) -> Iterator[_Desk]:
    """Yield open cases in which nothing happened of late: some of those who log in, then each clerk's in turn."""
    newest = (
        select(Case.id)
        .where(Case.state == CaseState.OPEN, Case.sensitive.is_(False), Case.urgent_since.is_(None))
        .where(Case.nature.in_([Nature.INFORMATION, Nature.COMPLEX]), Case.next_due_on.is_not(None))
        .order_by(Case.id.desc())
        .limit(LOOKED_AT)
    )
    last = (
        select(History.case_id, func.max(History.at).label("at"))
        .where(History.case_id.in_(newest.scalar_subquery()))
        .group_by(History.case_id)
        .subquery()
    )
    query = select(Case, last.c.at).join(last, last.c.case_id == Case.id).where(last.c.at < now - LATELY)
    staff = {one.id: one for one in session.scalars(select(Staff).where(Staff.active, Staff.is_desk.is_(False)))}
    by_handler: dict[int, list[_Desk]] = {}
    for case, at in session.execute(query.order_by(Case.id.desc())):
        handler = staff.get(case.handler_id)
        if handler is None or handler.role is not Role.CLERK:
            continue
        beside = [one for one in staff.values() if one.service_code == handler.service_code and one is not handler]
        by_handler.setdefault(handler.id, []).append(_Desk(case, handler, sorted(beside, key=lambda one: one.id), at))
    seen = [number for number in sorted(by_handler) if staff[number].password_hash is not None]
    first = [by_handler[number][:OF_ONE] for number in seen]
    in_turn = zip_longest(*(by_handler[number][OF_ONE if number in seen else 0 :] for number in sorted(by_handler)))
    return (desk for desk in chain(*first, *in_turn) if desk is not None)


def _ask(session: Session, house: House, desk: _Desk, before: Sequence[_Desk], now: datetime) -> None:
    """Ask a colleague for something: some of it is done, one in five declined, some past its day."""
    if not desk.colleagues:
        raise Refused("")
    late = desk.quiet_since < now - EARLIER and desk.case.id % 3 == 0
    number, among = desk.case.id, len(desk.colleagues)
    colleague = desk.colleagues[0 if late else number % among]
    at = now - (EARLIER if late else LATELY)
    day = brussels_day(at)
    proposed, _last = days_to_ask(desk.case.next_work_by, day, house.calendar)
    due_on = house.calendar.open_day_after(day, 1) if late else proposed
    what = desk.words["ask"][number % len(desk.words["ask"])]
    task = ask(session, what=what, due_on=due_on, asked_id=colleague.id, seen=None, **desk.taken(house, at))
    if not late and number % 2:
        declined = number % 5 == 0
        words = _words(colleague)
        settle(
            session, house, number=task.id, done=not declined, word=words["declined" if declined else "done"],
            actor=_acting(colleague), now=now - LATELY / 2,
        )  # fmt: skip


def _put_off(session: Session, house: House, desk: _Desk, before: Sequence[_Desk], now: datetime) -> None:
    until = house.calendar.open_day_after(brussels_day(now), 2)
    set_aside(session, until=until, reason=desk.words["aside"], **desk.taken(house, now - LATELY))


def _tie(session: Session, house: House, desk: _Desk, before: Sequence[_Desk], now: datetime) -> None:
    """Link a case to another of the same handler."""
    other = next((one for one in before if one.handler is desk.handler), None)
    if other is None:
        raise Refused("")
    word = desk.words["same"]
    link(session, other=other.case.reference, word=word, seen=None, **desk.taken(house, now - LATELY / 3))


def _split(session: Session, house: House, desk: _Desk, before: Sequence[_Desk], now: datetime) -> None:
    words = desk.words
    split(
        session, subject=words["part"], text=words["part_text"], nature=Nature.INFORMATION, reason=words["split"],
        service=desk.case.service_code, seen=None, **desk.taken(house, now - LATELY),
    )  # fmt: skip


def _begin(session: Session, house: House, desk: _Desk, before: Sequence[_Desk], now: datetime) -> None:
    """Begin an answer that is not sent yet."""
    text = _told()[desk.case.language]["begun"]
    keep_draft(
        session, reference=desk.case.reference, kind=MessageKind.ANSWER, typed={"text": text},
        actor=_acting(desk.handler), now=now - LATELY,
    )  # fmt: skip


_DEEDS = (_ask, _put_off, _begin, _ask, _tie, _split)


def _contribute(session: Session, house: House, now: datetime) -> int:
    """Ask services beside the lead for a contribution; one in two has given it."""
    query = (
        select(Case, Association.service_code)
        .join(Association, Association.case_id == Case.id)
        .where(Case.state == CaseState.OPEN, Case.sensitive.is_(False), Case.urgent_since.is_(None))
        .where(Case.next_due_on > brussels_day(now), Case.registered_at < now - EARLIER)
        .order_by(Case.id.desc())
        .limit(LOOKED_AT // 50)
    )
    done = 0
    for case, code in session.execute(query).all():
        handler = session.get_one(Staff, case.handler_id)
        theirs = session.scalars(
            select(Staff).where(Staff.service_code == code, Staff.active, Staff.role == Role.CLERK).limit(1)
        ).one_or_none()
        if handler.is_desk or theirs is None:
            continue
        due_on, _last = days_to_ask(case.next_work_by, brussels_day(now - LATELY), house.calendar)
        try:
            with session.begin_nested():
                task = ask(
                    session, house, reference=case.reference, what=_words(handler)["contribute"],
                    due_on=due_on, service_code=code, actor=_acting(handler), now=now - LATELY, seen=None,
                )  # fmt: skip
                if case.id % 2:
                    settle(
                        session, house, number=task.id, done=True, word=_words(theirs)["contribution"],
                        actor=_acting(theirs), now=now - LATELY / 2,
                    )  # fmt: skip
        except Refused:
            continue
        done += 1
    return done


def _keep_views(session: Session, now: datetime) -> None:
    """Let the clerks and the head of the largest service keep views, and the head share one."""
    query = select(Staff).where(Staff.service_code == "CONSULAR", Staff.active, Staff.is_desk.is_(False))
    for person in session.scalars(query.order_by(Staff.id)).all():
        words, head = _words(person), person.role is Role.HEAD
        given: dict[str, Any] = {"person": _acting(person).person, "now": now - EARLIER}
        for name, narrowed in zip(words["views"], _NARROWED, strict=True):
            view = "service" if head else "mine"
            keep_view(session, name=name, query={"view": view, **narrowed}, shared=False, **given)
        if head:
            keep_view(session, name=words["shared"], query=_SHARED, shared=True, **given)


_NARROWED: Sequence[Mapping[str, Any]] = ({"channel": "post"}, {"flag": ["unconfirmed"]})
_SHARED: Mapping[str, Any] = {"view": "service", "nature": "complex"}


def _acting(staff: Staff) -> Actor:
    return Actor(staff.name, Person(staff.id, staff.role, staff.service_code))
