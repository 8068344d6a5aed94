"""Two cases become one: nothing written, flagged or promised on the duplicate is lost; a complaint stays one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, make_case, make_house, settle
from tracker.casework import ending
from tracker.casework.attachments import KeptFile, keep
from tracker.casework.ending import CannotMerge, OtherRequester, PromisedEarlier
from tracker.casework.errors import CaseChanged
from tracker.casework.house import SYSTEM
from tracker.charter.errors import CharterError
from tracker.charter.words import CaseState, Channel, Direction, Nature
from tracker.insight.verify import verify
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Attachment, Message
from tracker.models.obligations import Breach, Obligation

HOUSE = make_house()
NOW = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session on a settled database, committed at the end."""
    with database.writing() as session:
        settle(session)
        yield session


def merge(session: Session, gone: Case, into: Case, *, same_person: bool = False, now: datetime = NOW) -> Case:
    return ending.merge(
        session, HOUSE, reference=gone.reference, into=into.reference, reason="La même demande, deux fois.",
        same_person=same_person, actor=SYSTEM, now=now, seen=None,
    )  # fmt: skip


def test_a_case_past_its_date_is_merged_too_and_its_breach_stays(session: Session) -> None:
    gone, into = make_case(session, service="ME6"), make_case(session, service="M3")

    merge(session, gone, into, now=MONDAY + timedelta(days=30))  # no sweep has written the breach down

    assert (gone.state, gone.next_due_on, gone.next_kind) == (CaseState.MERGED, None, None)
    broken = select(Obligation.case_id).join(Breach, Breach.obligation_id == Obligation.id)
    assert gone.id in session.scalars(broken).all()
    beside = select(Association.next_due_on).where(Association.case_id == gone.id)
    assert session.scalars(beside).all() == [None]


def test_what_the_requester_wrote_on_the_duplicate_stands_on_the_case_that_stays(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        file = keep(
            session, submission_key="form", now=MONDAY,
            file=KeptFile("acte.pdf", "aa/acte.pdf", "application/pdf", 7, "0" * 64),
        )  # fmt: skip
        survivor = make_case(session, service="M3")
        text = "Voici aussi l'acte de naissance."
        gone = make_case(
            session, service="M3", text=text, received_at=MONDAY + timedelta(days=1), attachments=(file.id,)
        )

        merge(session, gone, survivor)

        said = session.scalars(
            select(Message).where(Message.case_id == survivor.id, Message.direction == Direction.IN)
        ).all()
        assert [message.body for message in said][-1] == text
        moved = session.scalars(select(Attachment)).one()
        assert (moved.case_id, moved.message_id) == (survivor.id, said[-1].id)
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


@pytest.mark.parametrize(
    ("first", "second"), [(Channel.WEB, Channel.POST), (Channel.POST, Channel.WEB), (Channel.WEB, Channel.WEB)]
)
def test_the_earlier_receipt_counts_and_no_promised_date_moves_later(
    database: Database, first: Channel, second: Channel
) -> None:
    with database.writing() as session:
        settle(session)
        gone = make_case(session, service="M3", channel=first, requester_address="Rue Haute 1")
        later = MONDAY + timedelta(days=4)
        survivor = make_case(
            session, service="M3", channel=second, received_at=later, requester_address="Rue Haute 1"
        )

        merge(session, gone, survivor)

        assert (survivor.received_at, survivor.next_due_on) == (MONDAY, date(2026, 3, 17))
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


POST, WEB = Channel.POST, Channel.WEB


@pytest.mark.parametrize(
    ("stays", "goes", "due"),
    [
        # Day of March on which each came, by which channel; 15 days for the web form, 30 for a letter.
        ((2, WEB), (4, WEB), date(2026, 3, 17)),
        ((4, WEB), (2, WEB), date(2026, 3, 17)),
        ((2, WEB), (4, POST), date(2026, 3, 17)),
        ((4, POST), (2, WEB), date(2026, 3, 17)),
        ((2, POST), (4, POST), date(2026, 4, 1)),
        ((2, POST), (4, WEB), date(2026, 3, 17)),  # the 19th was promised: the first receipt, by the quicker channel
        ((4, WEB), (2, POST), date(2026, 3, 17)),
        ((2, POST), (20, WEB), date(2026, 4, 1)),  # the letter was due before the form that repeats it
        ((20, WEB), (2, POST), date(2026, 4, 1)),
    ],
)
def test_the_earliest_receipt_governs_and_nothing_is_due_later_than_promised_on_either(
    database: Database, stays: tuple[int, Channel], goes: tuple[int, Channel], due: date
) -> None:
    with database.writing() as session:
        settle(session)
        survivor, gone = (
            make_case(
                session, service="M3", channel=channel, received_at=MONDAY.replace(day=day),
                requester_address="Rue Haute 1",
            )
            for day, channel in (stays, goes)
        )  # fmt: skip
        promised = [case.next_due_on for case in (survivor, gone)]
        assert all(date is not None and date >= due for date in promised)

        merge(session, gone, survivor, now=max(survivor.received_at, gone.received_at) + timedelta(days=1))

        assert (survivor.received_at, survivor.next_due_on) == (MONDAY, due)
        assert session.scalars(select(Breach)).all() == []
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def test_a_case_whose_promise_comes_first_is_the_one_that_stays(session: Session) -> None:
    earlier = make_case(session, service="M3")
    later = make_case(session, service="M3", nature=Nature.DOCUMENT_ACCESS)
    assert (earlier.next_due_on, later.next_due_on) == (date(2026, 3, 17), date(2026, 4, 1))

    with pytest.raises(PromisedEarlier, match=r"merge .* into this case instead"):
        merge(session, earlier, later)
    assert earlier.merged_into_id is None

    assert merge(session, later, earlier).next_due_on == date(2026, 3, 17)


@pytest.mark.parametrize("complaint_goes", [True, False])
def test_a_complaint_does_not_vanish_in_another_case(session: Session, complaint_goes: bool) -> None:
    question = make_case(session, service="M3")
    complaint = make_case(session, nature=Nature.COMPLAINT, subject="Accueil")
    gone, survivor = (complaint, question) if complaint_goes else (question, complaint)

    with pytest.raises(CannotMerge):
        merge(session, gone, survivor)


def test_a_complaint_that_came_twice_is_one(session: Session) -> None:
    twice = [make_case(session, nature=Nature.COMPLAINT, subject="Accueil") for _ in range(2)]

    assert merge(session, *twice).id == twice[1].id


def test_what_was_sensitive_stays_so_and_what_nobody_took_goes_on_ringing(session: Session) -> None:
    survivor = make_case(session, service="M3")
    gone = make_case(session, service="M3", urgent=True, sensitive=True)

    merge(session, gone, survivor)

    session.flush()
    promise = session.scalars(select(Obligation).where(Obligation.case_id == survivor.id)).one()
    assert (survivor.sensitive, survivor.urgent_since, survivor.urgent_taken_at) == (True, MONDAY, None)
    assert promise.next_action_at == MONDAY
    assert promise.due_on == date(2026, 3, 17)


@pytest.mark.parametrize(
    "other", [{"requester_name": "Jan Claes"}, {"requester_email": "jan@example.org"}, {"requester_email": None}]
)
def test_nobody_sees_the_messages_of_somebody_else_unasked(session: Session, other: dict[str, str | None]) -> None:
    survivor, gone = make_case(session, service="M3"), make_case(session, service="M3", **other)

    with pytest.raises(OtherRequester):
        merge(session, gone, survivor)
    assert gone.merged_into_id is None

    assert merge(session, gone, survivor, same_person=True).id == survivor.id
    entry = session.scalars(select(History).where(History.case_id == gone.id, History.verb == "merge")).one()
    assert entry.details["same_person"] is True


def test_capitals_and_spaces_make_no_other_person(session: Session) -> None:
    survivor = make_case(session, service="M3")
    gone = make_case(
        session, service="M3", requester_name="claire  DUBOIS", requester_email="Claire.Dubois@example.org"
    )

    assert merge(session, gone, survivor).id == survivor.id


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
@pytest.mark.parametrize("crosswise", [False, True])
def test_of_two_who_merge_the_same_cases_at_once_one_does_and_the_other_is_told(
    database: Database, crosswise: bool
) -> None:
    with database.writing() as session:
        settle(session)
        pairs = [(make_case(session, service="M3"), make_case(session, service="M3")) for _ in range(6)]
    start = Barrier(2, timeout=30)  # one that fails does not leave the other waiting

    def one(turned: bool) -> list[CharterError | None]:
        met: list[CharterError | None] = []
        for pair in pairs:
            gone, into = reversed(pair) if turned else pair
            start.wait()
            try:
                with database.writing() as session:
                    ending.merge(
                        session, HOUSE, reference=gone.reference, into=into.reference, reason="Deux fois.",
                        actor=SYSTEM, now=NOW, seen=1,
                    )  # fmt: skip
                met.append(None)
            except CharterError as error:
                met.append(error)
        return met

    with ThreadPoolExecutor(2) as pool:
        ended = list(zip(*pool.map(one, [False, crosswise]), strict=True))

    assert len(ended) == len(pairs)
    for first, second in ended:
        (told,) = [error for error in (first, second) if error is not None]  # so the other one went through
        assert isinstance(told, CannotMerge | CaseChanged), told
    with database.reading() as session:
        for pair in pairs:
            rows = [session.get_one(Case, case.id) for case in pair]
            (survivor,) = [row for row in rows if row.merged_into_id is None]
            assert {row.merged_into_id for row in rows} == {None, survivor.id}
            came_in = select(Message).where(Message.case_id == survivor.id, Message.direction == Direction.IN)
            assert len(session.scalars(came_in).all()) == 2  # once each, not twice
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []
