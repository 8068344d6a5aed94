"""Owns how a use case takes a case in hand: lock it, check, change its promises, and write down what was done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, CaseFacts, may
from tracker.casework.alarms import follow, set_alarms
from tracker.casework.errors import CaseChanged, Erased, NotPermitted, UnknownReference
from tracker.casework.house import Actor, House
from tracker.casework.outcomes import note_breach, note_discharges
from tracker.charter import ladder, moves
from tracker.charter.counting import brussels_day
from tracker.charter.entries import Entry, Received, entry_from_json, entry_to_json
from tracker.charter.ledger import Ledger, replay
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.reference import BadReference, Reference
from tracker.charter.words import CaseState, ObligationState, TaskState, Verb
from tracker.models.base import put
from tracker.models.cases import Association, Case, copied
from tracker.models.drafts import KeptDraft, put_behind
from tracker.models.erasure import Erasure
from tracker.models.history import MESSAGES_SO_FAR, History
from tracker.models.messages import Message
from tracker.models.obligations import Notice, Obligation, promise_of, write_promise
from tracker.models.tasks import Task


def find(session: Session, reference: str, *, lock: bool = False, as_named: bool = False) -> Case:
    """Return the case that a reference leads to; a merged one leads to the case it was merged into.

    ``as_named``: the very case of that reference, merged or not.

    Raises ``UnknownReference`` when there is none, or when it cannot be a reference at all.
    """
    try:
        wanted = Reference.parse(reference).format()
    except BadReference as error:
        raise UnknownReference(reference) from error
    query = _taken(select(Case).where(Case.reference == wanted), lock)
    case = session.scalars(query).one_or_none()
    while case is not None and case.merged_into_id is not None and not as_named:
        query = _taken(select(Case).where(Case.id == case.merged_into_id), lock)
        case = session.scalars(query).one()
    if case is None:
        raise UnknownReference(reference)
    return case


def _taken(query: Select[Case], lock: bool) -> Select[Case]:
    """Return a query that takes what it finds in hand, as it stands then, whatever was read of it before its turn."""
    return query.with_for_update().execution_options(populate_existing=True) if lock else query


def facts_of(case: Case, associated: Sequence[str], *, asked: frozenset[int] = frozenset()) -> CaseFacts:
    """Return what the table of permissions needs to know of a case; who is ``asked`` matters for reading only."""
    return CaseFacts(
        handler_id=case.handler_id,
        services=frozenset((*associated, *((case.service_code,) if case.service_code else ()))),
        unassigned=case.state is CaseState.TRIAGE,
        complaint=case.nature is case.nature.COMPLAINT,
        sensitive=case.sensitive,
        concerns=case.about_staff_id,
        lead=case.service_code,
        ringing=(
            case.state in (CaseState.TRIAGE, CaseState.OPEN)
            and case.urgent_since is not None
            and case.urgent_taken_at is None
        ),
        asked=asked,
    )


def asked_on(session: Session, case_id: int) -> frozenset[int]:
    """Return the colleagues who are asked for something on a case that is still to be done."""
    open_ones = select(Task.asked_id).where(Task.case_id == case_id, Task.state == TaskState.OPEN)
    return frozenset(person for person in session.scalars(open_ones) if person is not None)


def erasure_of(session: Session, case: Case) -> Erasure | None:
    """Return what says that the personal data of a case were erased; only one that has ended is asked about."""
    if case.state not in (CaseState.CLOSED, CaseState.MERGED):
        return None
    return session.scalars(select(Erasure).where(Erasure.case_id == case.id)).one_or_none()


def check_not_erased(session: Session, case: Case) -> None:
    """Make sure that something can still be done on a case; raises ``Erased``."""
    erasure = erasure_of(session, case)
    if erasure is not None:
        raise Erased(case.reference, brussels_day(erasure.erased_at))


def permit(session: Session, case: Case, action: str, actor: Actor) -> None:
    """Make sure that an actor may read or do something on a case; raises ``NotPermitted``."""
    if actor.person is None:
        return
    associated = session.scalars(select(Association.service_code).where(Association.case_id == case.id)).all()
    asked = asked_on(session, case.id) if action == READ else frozenset()
    if not may(actor.person, action, facts_of(case, associated, asked=asked)):
        raise NotPermitted(action)


def find_readable(session: Session, reference: str, actor: Actor, *, lock: bool = False) -> Case:
    """Return the case that a reference leads to, for whoever may read it.

    To anybody else it is as if there were none: raises ``UnknownReference`` for both alike.
    """
    case = find(session, reference, lock=lock)
    try:
        permit(session, case, READ, actor)
    except NotPermitted:
        raise UnknownReference(reference) from None
    return case


def entries_of(session: Session, case_id: int) -> Iterator[Entry]:
    """Yield the charter's entries from a case's history: what its promises are replayed from."""
    told = select(History.details).where(History.case_id == case_id).order_by(History.seq)
    for details in session.scalars(told):
        for stored in details.get("ledger", ()):
            yield entry_from_json(stored)


def situation_of(case: Case) -> ladder.Situation:
    """Return what the ladder needs to know of a case beside its dates."""
    return ladder.Situation(
        channel=case.channel,
        nature=case.nature,
        urgent_since=case.urgent_since if case.urgent_taken_at is None else None,
        triage_since=case.triage_since,
    )


@dataclass
class CaseFile:
    """One case in the hand of one actor, for one use case."""

    session: Session
    house: House
    case: Case
    actor: Actor
    now: datetime
    ledger: Ledger
    rows: dict[int, Obligation] = field(default_factory=dict)
    messages_so_far: int | None = None

    @classmethod
    def take(
        cls,
        session: Session,
        house: House,
        *,
        reference: str,
        verb: Verb,
        actor: Actor,
        now: datetime,
        seen: int | None = None,
        lock: bool = True,
        as_named: bool = False,
    ) -> Self:
        """Lock a case and make sure that this actor may do this to it now.

        ``seen`` is the version of the case that the actor was looking at; none: it does not matter. Without
        ``lock`` the case is only looked at, by the same checks. ``as_named``: that very case, merged or not.

        Raises ``UnknownReference``, ``NotPermitted``, ``CaseChanged`` (with what was done since) or
        ``moves.MoveNotAllowed``.
        """
        case = find(session, reference, lock=lock, as_named=as_named)
        permit(session, case, verb, actor)
        if seen is not None and seen != case.version:
            raise CaseChanged(case.reference, since(session, case.id, seen))
        moves.move(case.state, verb)
        return cls.hold(session, house, case, actor=actor, now=now, lock=lock)

    @classmethod
    def hold(
        cls, session: Session, house: House, case: Case, *, actor: Actor, now: datetime, lock: bool = True
    ) -> Self:
        """Take in hand a case that the caller has locked, for something that needs no permission.

        Its promises are locked as well: a sweep that is at them has told whom it must before their next moment is
        worked out. Without ``lock`` it is only looked at. Raises ``Erased``.
        """
        check_not_erased(session, case)
        ledger = replay(entries_of(session, case.id), rules=house.rules, calendar=house.calendar)
        query = select(Obligation).where(Obligation.case_id == case.id)
        obligations = session.scalars(query.with_for_update() if lock else query)
        return cls(session, house, case, actor, now, ledger, {row.number: row for row in obligations})

    @classmethod
    def begin(
        cls, session: Session, house: House, case: Case, entry: Received, *, actor: Actor, now: datetime
    ) -> Self:
        """Take in hand a case that is just being made: its first promises arise."""
        ledger = Ledger.open(entry, rules=house.rules, calendar=house.calendar)
        return cls(session, house, case, actor, now, ledger, messages_so_far=0)

    def next_message_number(self) -> int:
        """Return the number that the next message on this case takes."""
        if self.messages_so_far is None:
            newest = select(func.max(Message.number)).where(Message.case_id == self.case.id)
            self.messages_so_far = self.session.scalar(newest) or 0
        self.messages_so_far += 1
        return self.messages_so_far

    def try_entry(self, entry: Entry) -> Ledger:
        """Return the promises as they would be after an entry; raises what the charter refuses."""
        return self.ledger.record(entry, rules=self.house.rules, calendar=self.house.calendar)

    def done(self, verb: Verb, *entries: Entry, details: Mapping[str, Any] | None = None) -> None:
        """Apply the charter's entries to the promises, and write the history entry that says so."""
        beside = copied(self.case)
        self._move(verb)
        for promise in self.ledger.obligations:
            if promise.number not in self.rows:  # the history holds it, and the version that stored it did not
                self._keep(promise)
        owed = self.ledger.open_obligations
        for entry in entries:
            before, self.ledger = self.ledger, self.try_entry(entry)
            self._store(before.obligations, entry)
        self._look_ahead()
        self.case.version += 1
        set_alarms(self.session, self.case)
        follow(self.session, self.case, beside)
        if verb in (Verb.CLOSE, Verb.MERGE):
            drop_drafts(self.session, self.case, now=self.now)
        self.session.add(self._entry(verb, entries, {**(details or {}), **self._told(owed)}))

    def note_down(self, verb: Verb, details: Mapping[str, Any]) -> None:
        """Write an entry of the history that changes nothing of the case but its version."""
        self.case.version += 1
        self.session.add(self._entry(verb, (), details))

    def _told(self, owed: Sequence[Promise]) -> dict[str, dict[str, int]]:
        """Return how many notices there are about each promise that was just settled: the history remembers it.

        Nothing else says afterwards that the last of them was there (``tracker verify``).
        """
        settled = {
            self.rows[o.number].id: str(o.number) for o in owed if not self.ledger.obligations[o.number - 1].is_open
        }
        if not settled:
            return {}
        query = select(Notice.obligation_id, func.count()).where(Notice.obligation_id.in_(settled))
        told = {settled[row]: count for row, count in self.session.execute(query.group_by(Notice.obligation_id))}
        return {"notices": told} if told else {}

    def opened(self, entry: Received, *, details: Mapping[str, Any]) -> None:
        """Store a case that is just being made, with its first promises and the first entry of its history."""
        for promise in self.ledger.obligations:
            row = self.rows[promise.number] = Obligation(case_id=self.case.id)
            write_promise(promise, row)
        self._look_ahead()
        put(self.session, self.case)
        put(self.session, *self.rows.values())
        for promise in self.ledger.obligations:
            note_breach(self.session, self.rows[promise.number], promise, now=self.now)
        put(self.session, self._entry(Verb.REGISTER, (entry,), details))

    def _entry(self, verb: Verb, entries: Sequence[Entry], details: Mapping[str, Any] | None) -> History:
        """Return the entry of the history that says what was done, with the charter's own entries in it."""
        recorded = dict(details or {})
        if self.messages_so_far:  # nothing else says afterwards that the last of them was there (``tracker verify``)
            recorded[MESSAGES_SO_FAR] = self.messages_so_far
        if entries:
            recorded["ledger"] = [entry_to_json(entry) for entry in entries]
        return History(
            case_id=self.case.id,
            seq=self.case.version,
            at=self.now,
            actor_id=self.actor.staff_id,
            actor=self.actor.name,
            verb=verb,
            details=recorded,
        )

    def _move(self, verb: Verb) -> None:
        """Move the case to where the verb takes it, before its promises change: a closed case takes no open one."""
        case = self.case
        was, case.state = case.state, moves.move(case.state, verb)
        if was is CaseState.CLOSED and case.state is CaseState.OPEN and case.service_code is None:
            # It was closed by the dispatchers, and no service has it: they are the ones who see it again.
            case.state, case.triage_since = CaseState.TRIAGE, self.now
        case.triage_since = case.triage_since if case.state is CaseState.TRIAGE else None
        if case.state is not was:
            case.closed_at = self.now if case.state is CaseState.CLOSED else None
        if case.state is CaseState.MERGED:  # what it owed is waived in this commit, breaches written first
            case.next_kind = case.next_due_on = case.next_work_by = None

    def _store(self, before: Sequence[Promise], entry: Entry) -> None:
        """Write what an entry changed: obligations opened or settled, what discharged them, breaches."""
        was = {promise.number: promise for promise in before}
        for promise in self.ledger.obligations:
            if promise != was.get(promise.number):
                self._keep(promise)
        note_discharges(self.session, self.case.id, self.ledger, self.rows, entry, now=self.now)

    def _keep(self, promise: Promise) -> None:
        """Write one promise into its row, with its breach where it was broken."""
        row = self.rows.get(promise.number)
        if row is None:
            row = self.rows[promise.number] = Obligation(case_id=self.case.id, next_action_at=None)
            self.session.add(row)
        write_promise(promise, row)
        row.next_action_at = self.now if promise.state is ObligationState.OPEN else None
        note_breach(self.session, row, promise, now=self.now)

    def _look_ahead(self) -> None:
        """Set what the queue and the sweep go by: the next date owed, and each promise's next rung."""
        upcoming = self.ledger.next_obligation
        self.case.next_kind = upcoming.kind if upcoming else None
        self.case.next_due_on = upcoming.due_on if upcoming else None
        self.case.next_work_by = upcoming.work_by if upcoming else None
        owed = [self.rows[promise.number] for promise in self.ledger.open_obligations]
        rungs: dict[int, set[str]] = {row.id: set() for row in owed if row.id is not None}
        if rungs:
            told = select(Notice.obligation_id, Notice.rung, Notice.due_on).where(Notice.obligation_id.in_(rungs))
            due = {row.id: row.due_on for row in owed}
            for obligation_id, rung, due_on in self.session.execute(told):
                if due[obligation_id] == due_on:
                    rungs[obligation_id].add(rung)
        for row in owed:
            row.next_action_at = ladder.next_at(
                self.house.rules.ladder,
                self.house.calendar.as_known_on(brussels_day(self.now)),
                promise_of(row),
                situation_of(self.case),
                already=frozenset(rungs.get(row.id, ())),
            )


def drop_drafts(session: Session, case: Case, *, now: datetime) -> None:
    """Forget what was begun on a case that ends; what was begun on a duplicate goes on with the case that stays.

    Behind what the same author has begun there, if anything: no words of theirs are lost.
    """
    drafts = session.scalars(select(KeptDraft).where(KeptDraft.case_id == case.id)).all()
    if not drafts:
        return
    stays = select(KeptDraft).where(KeptDraft.case_id == case.merged_into_id)
    into = case.merged_into_id
    there = {(one.kind, one.author_id): one for one in session.scalars(stays)} if into is not None else {}
    for draft in drafts:
        own = there.get((draft.kind, draft.author_id))
        if own is not None:
            own.typed, own.kept_at = put_behind(own.typed, draft.typed), now
        if into is None or own is not None:
            session.delete(draft)
        else:
            draft.case_id = into


def since(session: Session, case_id: int, seen: int) -> list[History]:
    """Return what was done on a case after the version somebody was looking at."""
    query = select(History).where(History.case_id == case_id, History.seq > seen).order_by(History.seq)
    return list(session.scalars(query))
