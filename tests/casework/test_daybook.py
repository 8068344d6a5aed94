"""The daily book: each letter, fax and conversation has a line, in the commit of its message, and a number alone."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.factories import INTAKE, MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import follow, leaving, letters
from tracker.casework.daybook import Arrival, UnusualDay
from tracker.casework.drafting import Draft
from tracker.casework.errors import Missing
from tracker.casework.house import Actor
from tracker.casework.register import register
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Direction, Language, Role
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.history import History
from tracker.models.messages import Attachment, Message
from tracker.models.paper import RegisterEntry

LETTER: dict[str, Any] = {
    "channel": Channel.POST,
    "service": "ME6",
    "requester_email": None,
    "requester_address": "Rue Haute 1\n1000 Bruxelles",
}
LATER = MONDAY + timedelta(days=1)


@pytest.fixture
def an(database: Database) -> Actor:
    """A clerk of ME6, in a house with its directory."""
    with database.writing() as session:
        settle(session)
        return acting(make_staff(session, "an@example.org", Role.CLERK, "ME6"))


def _book(database: Database, direction: Direction | None = None) -> list[RegisterEntry]:
    with database.reading() as session:
        lines = session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)).all()
        return [line for line in lines if direction in (None, line.direction)]


def _case(database: Database, **more: Any) -> str:
    with database.writing() as session:
        return make_case(session, **LETTER | more).reference


def _answer(database: Database, an: Actor, reference: str, now: datetime, **how: Any) -> int:
    with database.writing() as session:
        draft = Draft(text="Voici.", **how)
        return letters.answer(
            session, make_house(), reference=reference, draft=draft, actor=an, now=now, seen=None
        ).number


def _post(database: Database, an: Actor, reference: str, number: int, now: datetime) -> None:
    with database.writing() as session:
        leaving.record_leaving(
            session, make_house(), reference=reference, message_number=number, left_on=brussels_day(now), actor=an,
            now=now, seen=None,
        )  # fmt: skip


def test_a_letter_gets_its_line_with_its_number_of_the_day_and_of_the_year(an: Actor, database: Database) -> None:
    with database.writing() as session:
        done = register(session, make_house(), intake=_letter(), actor=an, now=LATER)

    (line,) = _book(database)
    assert (line.direction, line.year, line.number, line.day_number) == (Direction.IN, 2026, 1, 1)
    assert (line.day, line.on_day, line.channel) == (date(2026, 3, 3), date(2026, 3, 2), Channel.POST)
    assert (line.correspondent, line.subject, line.case_id) == ("Claire Dubois", "Légalisation d'un diplôme", 1)
    assert (line.entered_at, line.entered_by, line.reason) == (LATER, an.staff_id, None)
    with database.reading() as session:
        message = session.get_one(Message, line.message_id)
    assert (message.case_id, message.number) == (done.case.id, 1)


def _letter(**more: Any) -> Any:
    return replace(INTAKE, **LETTER | more)


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.EMAIL])
def test_what_comes_through_a_wire_has_no_line(an: Actor, database: Database, channel: Channel) -> None:
    _case(database, channel=channel, requester_email="claire.dubois@example.org")

    assert _book(database) == []


def test_numbers_begin_again_with_the_day_and_with_the_year(an: Actor, database: Database) -> None:
    for at in (
        datetime(2026, 12, 30, 12, tzinfo=UTC), datetime(2026, 12, 30, 13, tzinfo=UTC),
        datetime(2026, 12, 31, 22, 30, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),  # the new year in Brussels
    ):  # fmt: skip
        with database.writing() as session:
            make_case(session, now=at, **LETTER | {"received_at": at})

    assert [(line.year, line.number, line.day_number) for line in _book(database)] == [
        (2026, 1, 1), (2026, 2, 2), (2026, 3, 1), (2027, 1, 1),
    ]  # fmt: skip


def test_the_same_form_twice_is_one_line(an: Actor, database: Database) -> None:
    for _ in range(2):
        with database.writing() as session:
            register(session, make_house(), intake=_letter(submission_key="k" * 24), actor=an, now=LATER)

    assert [line.number for line in _book(database)] == [1]


def test_a_registration_that_fails_takes_no_number(an: Actor, database: Database) -> None:
    with suppress(ZeroDivisionError), database.writing() as session:
        make_case(session, **LETTER)
        raise ZeroDivisionError
    _case(database)

    assert [line.number for line in _book(database)] == [1]


def test_a_follow_up_on_paper_a_posted_answer_and_its_return_each_have_a_line(an: Actor, database: Database) -> None:
    reference = _case(database)
    with database.writing() as session:
        follow.follow_up(
            session, make_house(), reference=reference, text="Encore moi.", channel=Channel.FAX, received_at=LATER,
            actor=an, now=LATER,
        )  # fmt: skip
    number = _answer(database, an, reference, LATER)
    assert _book(database, Direction.OUT) == [], "it lies on the desk"
    posted = LATER + timedelta(days=1)
    _post(database, an, reference, number, posted)
    back = posted + timedelta(days=8)
    with database.writing() as session:
        leaving.void_leaving(
            session, make_house(), reference=reference, message_number=number, evidence="Inconnu à l'adresse",
            actor=an, now=back, seen=None,
        )  # fmt: skip

    lines = [(line.direction, line.number, line.channel, line.on_day) for line in _book(database)]
    assert lines == [
        (Direction.IN, 1, Channel.POST, brussels_day(MONDAY)),
        (Direction.IN, 2, Channel.FAX, brussels_day(LATER)),
        (Direction.OUT, 1, Channel.POST, brussels_day(posted)),
        (Direction.IN, 3, Channel.POST, brussels_day(back)),
    ]
    returned, sent = _book(database)[3], _book(database)[2]
    assert returned.message_id == sent.message_id
    assert sent.correspondent == "Claire Dubois"


def test_a_bounce_is_no_paper(an: Actor, database: Database) -> None:
    reference = _case(database, channel=Channel.EMAIL, requester_email="claire.dubois@example.org")
    number = _answer(database, an, reference, LATER)
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.number == number)).one()
        message.left_on, message.left_at, message.act = brussels_day(LATER), LATER, None
    with database.writing() as session:
        leaving.void_leaving(
            session, make_house(), reference=reference, message_number=number, evidence="550", actor=an, now=LATER,
            seen=None,
        )  # fmt: skip

    assert _book(database) == []


def test_a_conversation_that_answers_has_a_line_on_the_day_on_which_it_was_held(
    an: Actor, database: Database
) -> None:
    reference = _case(database, channel=Channel.PHONE, requester_phone="+32 470 12 34 56", answer_by=Channel.PHONE)
    _answer(database, an, reference, LATER, spoken_on=brussels_day(MONDAY))

    (line,) = _book(database, Direction.OUT)
    assert (line.channel, line.on_day, line.day) == (Channel.PHONE, brussels_day(MONDAY), brussels_day(LATER))


def test_a_transmission_on_paper_is_entered_by_the_name_of_the_body(an: Actor, database: Database) -> None:
    reference = _case(database)
    with database.writing() as session:
        draft = Draft(to="EXT:FPS-FINANCE", to_address="Bd du Roi Albert II 33\n1030 Bruxelles")
        sent = letters.transmit(
            session, make_house(), reference=reference, draft=draft, actor=an, now=LATER, seen=None
        )
        on_paper = [m.number for m in sent if m.channel is Channel.POST and m.service_code]
        names = session.scalars(select(Service.names).where(Service.code == "EXT:FPS-FINANCE")).one()
    if not on_paper:
        pytest.fail("the directory sends to this body by another way: choose another for this test")
    _post(database, an, reference, on_paper[0], LATER)

    assert _book(database, Direction.OUT)[0].correspondent == names["fr"]


@pytest.mark.parametrize("channel", [Channel.POST, Channel.FAX, Channel.COUNTER, Channel.EMAIL])
def test_a_case_that_the_other_body_sends_back_on_paper_is_entered(
    an: Actor, database: Database, channel: Channel
) -> None:
    reference, day = _case(database), timedelta(days=1)
    with database.reading() as session:
        names = session.scalars(select(Service.names).where(Service.code == "EXT:FPS-FINANCE")).one()
    for turn in range(1):
        at = MONDAY + (1 + 3 * turn) * day
        with database.writing() as session:
            draft = Draft(to="EXT:FPS-FINANCE", to_address="Bd du Roi Albert II 33\n1030 Bruxelles")
            sent = letters.transmit(
                session, make_house(), reference=reference, draft=draft, actor=an, now=at, seen=None
            )
            numbers = [message.number for message in sent if message.channel is Channel.POST]
        for number in numbers:
            _post(database, an, reference, number, at)
        with database.writing() as session:
            follow.come_back(
                session, make_house(), reference=reference, channel=channel, received_at=at + day, reason="Pas nous",
                actor=an, now=at + 2 * day, seen=None,
            )  # fmt: skip

    _request, *back = _book(database, Direction.IN)
    if channel is Channel.EMAIL:
        assert back == []
        return
    assert [(line.number, line.channel, line.on_day, line.day, line.correspondent) for line in back] == [
        (2 + turn, channel, brussels_day(MONDAY + (2 + 3 * turn) * day), brussels_day(MONDAY + (3 + 3 * turn) * day),
         names["fr"])
        for turn in range(1)
    ]  # fmt: skip
    assert list(verify(database, make_house().rules, make_house().calendar)) == []


@pytest.mark.parametrize("days", [-6, -40, 1, 30])
def test_an_unusual_day_of_receipt_needs_a_reason_that_is_kept(an: Actor, database: Database, days: int) -> None:
    stamped = brussels_day(LATER) + timedelta(days=days)
    received_at = min(LATER, LATER + timedelta(days=days))
    given: dict[str, Any] = {"received_at": received_at}
    intake = _letter(**given, arrival=Arrival(stamped, " "))
    with pytest.raises(UnusualDay), database.writing() as session:
        register(session, make_house(), intake=intake, actor=an, now=LATER)
    assert _book(database) == []

    with database.writing() as session:
        intake = _letter(**given, arrival=Arrival(stamped, " Il était dans le mauvais casier. "))
        done = register(session, make_house(), intake=intake, actor=an, now=LATER)
        assert done.owed[0].due_on == brussels_day(received_at) + timedelta(days=30)

    (line,) = _book(database)
    assert (line.on_day, line.reason) == (stamped, "Il était dans le mauvais casier.")
    with database.reading() as session:
        first = session.scalars(select(History)).one()
    assert first.details["reason"] == "Il était dans le mauvais casier."


@pytest.mark.parametrize("days", [0, -1, -5])
def test_a_usual_day_of_receipt_needs_none(an: Actor, database: Database, days: int) -> None:
    at = LATER + timedelta(days=days)
    with database.writing() as session:
        intake = _letter(received_at=at, arrival=Arrival(brussels_day(at)))
        register(session, make_house(), intake=intake, actor=an, now=LATER)

    assert _book(database)[0].reason is None


def test_a_follow_up_on_an_unusual_day_needs_a_reason_too(an: Actor, database: Database) -> None:
    reference = _case(database)
    late = MONDAY + timedelta(days=20)
    came: dict[str, Any] = {"text": "Encore", "channel": Channel.POST, "received_at": LATER, "actor": an, "now": late}
    arrival = Arrival(brussels_day(LATER))
    with pytest.raises(UnusualDay), database.writing() as session:
        follow.follow_up(session, make_house(), reference=reference, arrival=arrival, **came)
    with database.writing() as session:
        arrival = Arrival(arrival.day, "Trouvée dans une farde")
        follow.follow_up(session, make_house(), reference=reference, arrival=arrival, **came)

    assert _book(database)[1].reason == "Trouvée dans une farde"


def test_a_scanned_letter_needs_no_text_and_a_letter_without_either_is_refused(an: Actor, database: Database) -> None:
    with pytest.raises(Missing), database.writing() as session:
        register(session, make_house(), intake=_letter(text=" "), actor=an, now=LATER)
    with database.writing() as session:
        scan = Attachment(
            submission_key="s" * 24, name="scan.pdf", stored_as="aa/scan.pdf", media_type="application/pdf", size=9,
            sha256="0" * 64, added_at=LATER,
        )  # fmt: skip
        session.add(scan)
        session.flush()
        register(session, make_house(), intake=_letter(text="", attachments=(scan.id,)), actor=an, now=LATER)

    with database.reading() as session:
        assert session.scalars(select(Attachment.message_id)).one() == _book(database)[0].message_id


def test_many_at_once_never_get_the_same_number_and_leave_no_gap(an: Actor, database: Database) -> None:
    """Eight clerks enter letters and post answers at the same moment; some of what they begin fails."""
    to_post = [(reference := _case(database), _answer(database, an, reference, MONDAY)) for _ in range(16)]
    start = Barrier(8)

    def work(clerk: int) -> None:
        start.wait()
        for turn in range(4):
            with database.writing() as session:
                make_case(session, now=LATER, **LETTER | {"received_at": LATER})
            with suppress(ZeroDivisionError), database.writing() as session:
                make_case(session, now=LATER, **LETTER | {"received_at": LATER})
                raise ZeroDivisionError
            if turn % 2:
                reference, number = to_post[clerk * 2 + turn // 2]
                _post(database, an, reference, number, LATER)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    for direction, count in ((Direction.IN, 16 + 32), (Direction.OUT, 16)):
        lines = _book(database, direction)
        assert sorted(line.number for line in lines) == list(range(1, count + 1))
        of_the_day = [line.day_number for line in lines if line.day == brussels_day(LATER)]
        assert sorted(of_the_day) == list(range(1, len(of_the_day) + 1))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 16 + 32


def test_a_line_is_in_the_commit_of_its_message(an: Actor, database: Database) -> None:
    with database.writing() as session:
        make_case(session, **LETTER)
        with database.reading() as other:
            assert other.scalar(select(func.count()).select_from(RegisterEntry)) == 0
            assert other.scalar(select(func.count()).select_from(Message)) == 0
    assert len(_book(database)) == 1


def test_whoever_wrote_in_another_language_is_entered_as_they_write(an: Actor, database: Database) -> None:
    _case(database, language=Language.NL, requester_name="محمد العربي", subject="护照遗失")

    (line,) = _book(database)
    assert (line.correspondent, line.subject, line.entered_by) == ("محمد العربي", "护照遗失", None)
