"""The figures are those that the history gives, replayed and counted promise by promise in plain Python."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.factories import acting, make_case, make_house, make_staff, settle
from tracker.access.permissions import Person
from tracker.casework import ending, follow, leaving, letters, nature
from tracker.casework.casefile import entries_of
from tracker.casework.drafting import Draft
from tracker.casework.erasing import NotFinished, erase
from tracker.casework.errors import NotPermitted
from tracker.casework.figures import count_figures, days_ahead, days_back, months_until
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.seeding.population import seed
from tracker.charter.counting import brussels_day
from tracker.charter.ledger import Ledger, Obligation, replay
from tracker.charter.words import (
    Act,
    CaseState,
    Channel,
    ErasureGround,
    Nature,
    ObligationKind,
    Role,
    SurveyQuestion,
    WaiverGround,
)
from tracker.insight.figures import Answers, Load, Scope, Tally, figures, load
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.complaints import Finding
from tracker.models.database import Database
from tracker.models.figures import Figure
from tracker.models.messages import Message, Outbox
from tracker.models.staff import Staff
from tracker.models.survey import SurveyAsked, SurveyReply

HOUSE = make_house()
NOW = datetime(2026, 6, 17, 9, 30, tzinfo=UTC)
TODAY = date(2026, 6, 17)
START = datetime(2026, 4, 1, 22, 30, tzinfo=UTC)
"""2 April in Brussels: a web request is due on the 17th."""


EMAILS = ("an.told@suivi.example", "bo.told@suivi.example")


def _after(days: float) -> datetime:
    return START + timedelta(days=days)


class Story:
    """One case, and what is done to it on the days after its receipt."""

    def __init__(self, session: Session, clerk: Actor, head: Actor, **more: Any) -> None:
        self.session, self.clerk, self.head = session, clerk, head
        given: dict[str, Any] = {"service": "CONSULAR", "received_at": START, "now": START}
        self.case = make_case(session, **given | more)

    def _on(self, day: float) -> dict[str, Any]:
        return {"reference": self.case.reference, "actor": self.clerk, "now": _after(day), "seen": None}

    def _leaves(self, message: Message, day: float) -> Message:
        row = self.session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        leaving.on_left(self.session, HOUSE, row, now=_after(day))
        self.session.flush()
        return message

    def answer(self, day: float) -> Message:
        return self._leaves(letters.answer(self.session, HOUSE, draft=Draft(text="Voici."), **self._on(day)), day)

    def interim(self, day: float, promised: int, *, by_head: bool = False) -> Message:
        draft = Draft(reason="Le dossier est long.", promised_on=brussels_day(_after(promised)))
        given = self._on(day) | ({"actor": self.head} if by_head else {})
        return self._leaves(letters.send_interim(self.session, HOUSE, draft=draft, **given), day)

    def nature(self, day: float, chosen: Nature) -> None:
        nature.confirm_nature(
            self.session, HOUSE, nature=chosen, ground="Procédure.", reason="Relu.", **self._on(day)
        )

    def void(self, day: float, message: Message) -> None:
        leaving.void_leaving(self.session, HOUSE, message_number=message.number, evidence="Rebond.", **self._on(day))

    def receipt(self, day: float, to: float) -> None:
        nature.correct_receipt(self.session, HOUSE, received_at=_after(to), reason="Cachet.", **self._on(day))

    def waive(self, day: float, number: int) -> None:
        ending.waive(
            self.session, HOUSE, number=number, ground=WaiverGround.WITHDRAWN, evidence="Appel.", **self._on(day)
        )

    def void_waiver(self, day: float, number: int) -> None:
        ending.void_waiver(self.session, HOUSE, number=number, reason="Erreur.", **self._on(day))

    def follow(self, day: float) -> None:
        given = {key: value for key, value in self._on(day).items() if key != "seen"}
        follow.follow_up(
            self.session, HOUSE, text="Et encore ?", channel=Channel.EMAIL, received_at=_after(day), **given
        )


def tell_stories(session: Session) -> None:
    """Live through what is hard to count, by the use cases themselves."""
    clerk = acting(make_staff(session, EMAILS[0], Role.CLERK, "CONSULAR"))
    head = acting(make_staff(session, EMAILS[1], Role.HEAD, "CONSULAR"))

    def story(**more: Any) -> Story:
        return Story(session, clerk, head, **more)

    story().answer(3)  # kept
    story().answer(20)  # late
    story()  # overdue
    story().waive(3, 1)  # waived in time
    story().waive(20, 1)  # waived after the date: the breach stays
    one = story()  # the waiver was taken back: overdue
    one.waive(3, 1)
    one.void_waiver(9, 1)
    one = story()  # an answer that bounced after the date: overdue; then answered again: late
    lost = one.answer(3)
    one.void(20, lost)
    one = story()
    lost = one.answer(3)
    one.void(18, lost)
    one.answer(30)
    one = story()  # complex in time, an interim letter, renewed by the head, kept
    one.nature(2, Nature.COMPLEX)
    one.interim(10, 40)
    one.interim(30, 60, by_head=True)
    one.answer(50)
    one = story(nature=Nature.COMPLAINT)  # complaint: the letter moves the reply, whose date is then missed
    one.interim(10, 40)
    one = story()  # the letter never arrived: its promise was never made
    one.nature(2, Nature.COMPLEX)
    lost = one.interim(10, 40)
    one.void(12, lost)
    one = story(nature=Nature.COMPLAINT)  # the letter left late: late, and a promise kept
    one.interim(18, 40)
    one.answer(35)
    one = story(channel=Channel.POST)  # 30 days; on the 20th it proves misdirected: late from the start
    one.nature(20, Nature.MISDIRECTED)
    story().receipt(17, -10)  # broken, then counted again from an earlier day: one breach, not two
    one = story()  # not broken as it was written down; as it stands, late from the start
    one.receipt(3, -20)
    one.answer(4)
    one = story()  # the receipt was later than written down: kept after all
    one.receipt(3, 2)
    one.answer(16)
    one = story()  # a second question after the answer: a promise of its own
    one.answer(3)
    one.follow(20)
    one.answer(25)


def merge_two(database: Database) -> None:
    """Join a case to another, a few days after both were due, and answer it."""
    with database.writing() as session:
        told = select(Staff).where(Staff.email.in_(EMAILS)).order_by(Staff.id)
        clerk, head = (acting(one) for one in session.scalars(told))
        gone, into = (Story(session, clerk, head).case.reference for _ in range(2))
    with database.writing() as session:
        ending.merge(
            session, HOUSE, reference=gone, into=into, reason="Deux fois.", actor=SYSTEM, now=_after(20), seen=None
        )


@pytest.fixture
def told(database: Database) -> Database:
    """A house with a population in every state and the stories above, counted."""
    with database.writing() as session:
        settle(session, now=START)
    seed(database, HOUSE, cases=300, open_share=0.3, now=NOW, number=7)
    with database.writing() as session:
        tell_stories(session)
    merge_two(database)
    count_figures(database, HOUSE.calendar, now=NOW)
    return database


def _ledgers(session: Session) -> Iterator[tuple[Case, Ledger]]:
    for case in session.scalars(select(Case)):
        yield case, replay(entries_of(session, case.id), rules=HOUSE.rules, calendar=HOUSE.calendar)


def _outcome(ledger: Ledger, promise: Obligation) -> str | None:
    """Say how a promise counts, told in plain words and not in those of the database."""
    heir = ledger.obligations[promise.replaced_by - 1] if promise.replaced_by else None
    broken = promise.was_breached(NOW)
    if promise.is_open:
        return "overdue" if broken else "due"
    if heir is None:
        if broken:
            return "born_late" if promise.born_late else "late"
        return "waived" if promise.waiver_ground else "kept"
    if promise.kind is ObligationKind.PROMISED_REPLY and heir.number < promise.number:
        return None
    if broken:
        if heir.born_late:
            return None
        return "born_late" if promise.born_late else "late"
    if heir.kind is not ObligationKind.PROMISED_REPLY:
        return None
    return "renewed" if promise.kind is ObligationKind.PROMISED_REPLY else "put_off"


def _expected(session: Session) -> Counter[tuple[Any, ...]]:
    """Count what the rows of the figures ought to say, from the history alone."""
    first, numbers = months_until(TODAY)[0], Counter[tuple[Any, ...]]()
    ahead, back = days_ahead(HOUSE.calendar, TODAY), days_back(HOUSE.calendar, TODAY)
    for case, ledger in _ledgers(session):
        of = (case.service_code or "", case.nature is Nature.COMPLAINT)
        handler = str(case.handler_id)
        for promise in ledger.obligations:
            month, how = promise.due_on.replace(day=1), _outcome(ledger, promise)
            if how is not None and first <= month <= TODAY:
                for cut in ("channel", "language", "nature"):
                    numbers[*of, month, cut, getattr(case, cut).value, how] += 1
                numbers[*of, month, "kind", promise.kind.value, how] += 1
            lost = promise.replaced_by is not None and promise.replaced_by < promise.number
            if promise.kind is ObligationKind.PROMISED_REPLY and promise.counted_from >= first and not lost:
                numbers[*of, promise.counted_from.replace(day=1), "letters", "interim", "letters"] += 1
            if promise.is_open and promise.work_by <= ahead[-1]:
                behind = promise.work_by < ahead[0]
                day = ahead[0] if behind else promise.work_by
                numbers[*of, day, "load", handler, "behind" if behind else "due"] += 1
            if promise.state.value == "discharged" and promise.settled_on:
                day = HOUSE.calendar.open_day_after(promise.settled_on, 0)
                if day in back and promise.settled_on <= back[-1]:
                    numbers[*of, day, "load", handler, "done"] += 1
        for message in ledger.leavings:
            kept = [p for p in ledger.obligations if message in ledger.discharging(p)]
            if message.act is Act.ANSWER and kept and message.left_on >= first:
                since = min(
                    ledger.received_on if p.kind is ObligationKind.PROMISED_REPLY else p.counted_from for p in kept
                )
                numbers[
                    *of, message.left_on.replace(day=1), "days", str((message.left_on - since).days), "answers"
                ] += 1
        month = brussels_day(case.received_at).replace(day=1)
        if case.nature is Nature.COMPLAINT and case.state is not CaseState.MERGED and month >= first:
            found = session.get(Finding, case.id)
            how = "open" if found is None or not found.decided else found.outcome or "inadmissible"
            numbers[*of, month, "theme", (found and found.theme) or "", str(how)] += 1
    for asked in session.scalars(select(SurveyAsked).where(SurveyAsked.asked_on >= first)):
        of_month = (asked.service_code, False, asked.asked_on.replace(day=1), "survey")
        numbers[*of_month, "asked", "asked"] += 1  # none of a message that is still to leave
        if (reply := session.get(SurveyReply, asked.id)) is not None:
            numbers[*of_month, "replied", "replied"] += 1
            numbers.update((*of_month, one.value, str(getattr(reply, one.value))) for one in SurveyQuestion)
    return numbers


def _stored(session: Session) -> Counter[tuple[Any, ...]]:
    return Counter(
        {
            (row.service_code, row.complaint, row.period, row.cut, row.value, row.counted): row.number
            for row in session.scalars(select(Figure))
        }
    )


def test_every_figure_is_what_the_history_gives_and_dashboards_add_them_up(told: Database) -> None:
    with told.reading() as session:
        expected, stored = _expected(session), _stored(session)
    assert {key: (expected[key], stored[key]) for key in expected | stored if expected[key] != stored[key]} == {}
    assert {"founded", "partly", "unfounded", "inadmissible", "open"} == {
        key[5] for key in stored if key[3] == "theme"
    }
    assert {key[5] for key in stored if key[3] not in ("theme", "survey")} == {
        "kept", "late", "born_late", "overdue", "due", "waived", "renewed", "put_off",
        "answers", "letters", "done", "behind",
    }, "the population holds every kind of outcome"  # fmt: skip
    with ThreadPoolExecutor(2) as two:  # each replaces all; whoever comes second replaces what the first wrote
        list(two.map(lambda _: count_figures(told, HOUSE.calendar, now=NOW), range(2)))
    with told.reading() as session:
        assert _stored(session) == stored
    _assert_added_up(told, expected)
    _erase_some(told)
    count_figures(told, HOUSE.calendar, now=NOW)
    with told.reading() as session:
        assert _stored(session) == stored, "who they are and what they wrote is gone, and every figure stands"
        assert _expected(session) == expected, "and so does what the history gives"


def _erase_some(told: Database) -> None:
    """Erase the personal data of closed cases on which nothing is still to be done; the records stay sound."""
    erased = 0
    with told.writing() as session:
        head = session.scalars(select(Staff.id).where(Staff.role == Role.HEAD)).first()
        assert head is not None
        closed = select(Case).where(Case.state == CaseState.CLOSED, Case.id % 3 == 1)  # a third, to be quick
        for case in session.scalars(closed.order_by(Case.id)).all():
            by = Actor("Head", Person(head, Role.HEAD, case.service_code))
            with suppress(NotFinished, NotPermitted):
                erase(session, HOUSE, reference=case.reference, ground=ErasureGround.KEEPING_OVER, reason="List 3",
                      confirmed=case.reference, actor=by, now=NOW, seen=None)  # fmt: skip
                erased += 1
    assert erased > 30
    assert list(verify(told, HOUSE.rules, HOUSE.calendar)) == []


def _assert_added_up(told: Database, expected: Counter[tuple[Any, ...]]) -> None:
    months = months_until(TODAY)
    with told.reading() as session:
        statements: list[str] = []
        event.listen(told.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
        whole = figures(session, Scope(), months, months[:12])
        all_of_it, each = load(
            session, Scope(), ahead=days_ahead(HOUSE.calendar, TODAY), back=days_back(HOUSE.calendar, TODAY)
        )
        assert len([one for one in statements if one.startswith("SELECT")]) == 3
        own = figures(session, Scope(frozenset({"CONSULAR"})), months, months[:12])
        about = figures(session, Scope(complaints=True), months, months[:12])

    def total(how: str, **of: Any) -> int:
        return sum(
            n for (service, complaint, month, cut, _, counted), n in expected.items()
            if cut == "kind" and counted == how and month in months[:12]
            and of.get("service", service) == service and of.get("complaint", complaint) == complaint
        )  # fmt: skip

    for how in ("kept", "late", "born_late", "overdue", "waived", "renewed", "put_off"):
        assert whole.whole.kept[how] == total(how)
        assert own.whole.kept[how] == total(how, service="CONSULAR") == own.by["service"]["CONSULAR"][how]
        assert about.whole.kept[how] == total(how, complaint=True)
        for cut in ("kind", "channel", "nature", "language", "service"):
            assert sum(tally[how] for tally in whole.by[cut].values()) == total(how)
    judged = total("kept") + total("late") + total("born_late") + total("overdue")
    assert whole.whole.kept.share == total("kept") / judged
    assert all_of_it.behind == sum(one.behind for one in each) > 0
    done = sum(number for key, number in expected.items() if key[5] == "done")
    assert all_of_it.pace == Fraction(done, 20) == sum(one.pace for one in each) > 0
    assert sum(all_of_it.due) == sum(sum(one.due) for one in each) > 0


def test_shares_percentiles_and_shortage_are_what_their_definitions_say() -> None:
    assert Tally({}).share is None
    assert Tally({"kept": 6, "late": 1, "born_late": 1, "overdue": 2, "waived": 90, "renewed": 9}).share == 0.6
    answers = Answers({1: 4, 5: 5, 30: 1})
    assert (answers.within(0.5), answers.within(0.9), Answers({}).within(0.5)) == (5, 5, None)
    assert Answers({1: 8, 7: 1, 30: 1}).within(0.9) == 7
    load = Load("An", 1, "ME6", behind=1, due=(0, 5, 0, 0), pace=Fraction(2))
    assert load.left_over() == (0, 2, 0, 0)
    assert load.short_by == 2
