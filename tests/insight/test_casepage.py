"""The page of a case tells all that was said and done on it, in order, in a bounded number of statements."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.insight.casebook import a_mail, not_sent, viewer_of
from tracker.access.permissions import Person
from tracker.casework.assignment import hand_over
from tracker.casework.drafting import Draft
from tracker.casework.ending import merge
from tracker.casework.follow import follow_up
from tracker.casework.house import CITIZEN
from tracker.casework.leaving import record_leaving, void_leaving
from tracker.casework.letters import answer
from tracker.casework.nature import confirm_nature
from tracker.casework.notes import note
from tracker.charter.reference import BadReference
from tracker.charter.words import (
    Channel,
    MailOutcome,
    MailReason,
    Nature,
    NoticeState,
    ObligationKind,
    ObligationState,
    Role,
    Verb,
)
from tracker.insight.casefacts import Broken, Came, CasePage, Done, Lost, Said, Told
from tracker.insight.casepage import STATEMENTS, case_header, case_page
from tracker.insight.sight import Viewer
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.obligations import Breach, Notice, Obligation
from tracker.models.staff import Staff

HOUSE = make_house()
LATER = MONDAY + timedelta(days=2)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def an(session: Session) -> Staff:
    return make_staff(session, "an.peeters@example.org", Role.CLERK, "ME6")


def _viewer(staff: Staff) -> Viewer:
    return viewer_of(Person(staff.id, staff.role, staff.service_code))


def _read(session: Session, reference: str, staff: Staff) -> CasePage:
    session.flush()
    header = case_header(session, reference)
    assert header is not None
    return case_page(session, header, _viewer(staff))


def test_everything_said_and_done_stands_in_order(session: Session, an: Staff) -> None:
    case = make_case(session, service="ME6")
    common = {"reference": case.reference, "actor": acting(an), "seen": None}
    confirm_nature(session, HOUSE, nature=Nature.COMPLEX, ground="visa", now=MONDAY + timedelta(hours=1), **common)
    note(session, HOUSE, text="Ask the embassy.", now=MONDAY + timedelta(hours=2), **common)
    follow_up(
        session, HOUSE, reference=case.reference, text="Encore ceci.", channel=Channel.WEB, actor=CITIZEN,
        received_at=MONDAY + timedelta(hours=3), now=MONDAY + timedelta(hours=3),
    )  # fmt: skip
    answer(session, HOUSE, draft=Draft(text="Voici la réponse."), now=MONDAY + timedelta(hours=4), **common)

    page = _read(session, case.reference, an)

    kinds = [
        item.verb if isinstance(item, Done) else item.kind for item in page.line if isinstance(item, Done | Said)
    ]
    assert kinds == [
        "request", "register", "acknowledgement", "confirm_nature", "write", "note", "follow_up", "follow_up",
        "answer", "answer",
    ]  # fmt: skip
    assert [item.at for item in page.line] == sorted(item.at for item in page.line)
    assert [(p.kind, p.state) for p in page.promises][:2] == [
        (ObligationKind.REPLY, ObligationState.REPLACED),
        (ObligationKind.INTERIM, page.promises[1].state),
    ]
    assert page.header.handler.name == "An Peeters"
    assert page.header.requester.email == "claire.dubois@example.org"


def test_a_breach_and_its_notices_stand_in_the_same_line(session: Session, an: Staff) -> None:
    case = make_case(session, service="ME6")
    promise = session.query(Obligation).filter_by(case_id=case.id).one()
    broken_at = MONDAY + timedelta(days=16)
    session.add(
        Breach(obligation_id=promise.id, due_on=promise.due_on, became_true_at=broken_at, recorded_at=broken_at)
    )
    session.add(
        Notice(
            obligation_id=promise.id, rung="breach", due_on=promise.due_on, state=NoticeState.SENT, moment=broken_at,
            recorded_at=broken_at, escalation=True, recipients=[an.id],
        )
    )  # fmt: skip

    broken, told = _read(session, case.reference, an).line[-2:]

    assert isinstance(broken, Broken)
    assert broken.due_on == date(2026, 3, 17)
    assert isinstance(told, Told)
    assert told.names == ("An Peeters",)
    assert told.number == 1


def test_a_message_that_could_not_be_sent_is_shown_stuck(session: Session, an: Staff) -> None:
    case = make_case(session, service="ME6", requester_email=None)
    not_sent(session, case)

    (stuck,) = _read(session, case.reference, an).stuck

    assert stuck.failed
    assert stuck.discharges


def test_a_letter_that_came_back_keeps_its_evidence(session: Session, an: Staff) -> None:
    case = make_case(session, service="ME6", channel=Channel.POST, requester_address="Rue Haute 1\n1000 Bruxelles")
    common = {"reference": case.reference, "actor": acting(an), "seen": None, "now": LATER}
    sent = answer(session, HOUSE, draft=Draft(text="Oui."), **common)
    record_leaving(session, HOUSE, message_number=sent.number, left_on=LATER.date(), **common)
    void_leaving(session, HOUSE, message_number=sent.number, evidence="gone away", **common)

    said = next(item for item in _read(session, case.reference, an).messages if item.number == sent.number)

    assert said.void_evidence == "gone away"


def test_the_old_reference_of_a_merged_case_leads_to_the_survivor(session: Session, an: Staff) -> None:
    case, twin = make_case(session, service="ME6"), make_case(session, service="ME6", subject="The same again")
    merge(
        session, HOUSE, reference=twin.reference, into=case.reference, reason="twice", actor=acting(an), now=LATER,
        seen=None,
    )  # fmt: skip

    page = _read(session, twin.reference.lower().replace("-", " "), an)

    assert page.header.reference == case.reference
    assert page.header.asked_for == twin.reference
    assert [(link.relation, link.reference) for link in page.links] == [("merged", twin.reference)]


def test_linked_cases_that_one_may_not_see_are_not_named(session: Session, an: Staff) -> None:
    case = make_case(session, service="ME6")
    make_case(
        session, nature=Nature.COMPLAINT, about_reference=case.reference, about_staff_id=an.id, subject="Secret"
    )
    make_case(session, continues_reference=case.reference, service="ME6", subject="More")

    page = _read(session, case.reference, an)

    assert [(link.relation, link.subject) for link in page.links] == [("continued_by", "More")]


def test_the_history_names_whom_it_only_numbers(session: Session, an: Staff) -> None:
    case = make_case(session, service="ME6")
    bo = make_staff(session, "bo.maes@example.org", Role.CLERK, "ME6")
    hand_over(
        session,
        HOUSE,
        reference=case.reference,
        handler_id=bo.id,
        reason="leave",
        actor=acting(an),
        now=LATER,
        seen=None,
    )

    page = _read(session, case.reference, an)

    entry = next(item for item in page.line if isinstance(item, Done) and item.verb is Verb.HAND_OVER)
    assert page.names[entry.details["to"]] == "Bo Maes"


def test_a_reference_that_cannot_be_one_is_refused_and_an_unknown_one_is_none(session: Session) -> None:
    with pytest.raises(BadReference):
        case_header(session, "DOS-2026-0000001-00")
    assert case_header(session, "DOS-2026-0001234-14") is None


def test_a_page_takes_a_bounded_number_of_statements(session: Session, an: Staff, database: Database) -> None:
    case = make_case(session, service="ME6")
    for day in range(12):
        note(
            session, HOUSE, reference=case.reference, text="Again.", actor=acting(an),
            now=MONDAY + timedelta(days=day),
            seen=None,
        )  # fmt: skip
    session.flush()
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    _read(session, case.reference, an)

    assert len(said) <= STATEMENTS


def test_a_message_that_came_as_a_mail_has_its_history_and_what_was_lost_beside_it(
    session: Session, an: Staff
) -> None:
    case = make_case(session, service="ME6")
    session.flush()
    first = session.scalars(select(Message).where(Message.case_id == case.id, Message.number == 1)).one()
    a_mail(
        session, 1, case_id=case.id, case_message_id=first.id, outcome=MailOutcome.REGISTERED,
        reason=MailReason.NEW_REQUEST, due_on=None, quoted="> Bonjour", details={
            "left_out": [{"name": "virus.exe", "why": "kind"}], "damaged": ["charset"],
        },
    )  # fmt: skip

    said = _read(session, case.reference, an).messages[0]

    assert (said.mail_id, said.quoted) == (1, "> Bonjour")
    assert said.lost == Lost(damaged=("charset",), left_out=(("virus.exe", "kind"),))


def test_mail_that_is_held_or_was_set_aside_stands_in_the_line(session: Session, an: Staff) -> None:
    case, other = make_case(session, service="ME6"), make_case(session, service="ME6")
    a_mail(session, 1, case_id=case.id, received_at=LATER, reason=MailReason.OTHER_SENDER)
    a_mail(session, 2, case_id=case.id, received_at=LATER, outcome=MailOutcome.IGNORED, reason=MailReason.BOUNCE)
    a_mail(session, 3, case_id=other.id, received_at=LATER)
    a_mail(session, 4, case_id=case.id, received_at=LATER, settled_at=LATER, settled_by=an.id)
    a_mail(session, 5, received_at=LATER)

    page = _read(session, case.reference, an)

    assert [(item.mail_id, item.open) for item in page.line if isinstance(item, Came)] == [
        (1, True), (2, True), (4, False),
    ]  # fmt: skip
    assert [item.mail_id for item in page.waiting] == [1]

    merge(
        session,
        HOUSE,
        reference=other.reference,
        into=case.reference,
        actor=acting(an),
        now=LATER,
        seen=None,
        reason="the same question twice",
    )
    assert [item.mail_id for item in _read(session, case.reference, an).waiting] == [1, 3]


def test_a_message_that_came_back_is_told_until_another_has_left_to_the_same_reader(
    session: Session, an: Staff
) -> None:
    case = make_case(session, service="ME6", channel=Channel.EMAIL)
    lost = not_sent(session, case, state="left", number=7, act=None, left_on=LATER.date(), left_at=LATER)
    session.expire_all()
    assert _read(session, case.reference, an).came_back == ()
    void_leaving(session, HOUSE, reference=case.reference, message_number=lost.number, evidence="550 no such user",
                 actor=acting(an), now=LATER, seen=None)  # fmt: skip

    assert [said.number for said in _read(session, case.reference, an).came_back] == [7]

    not_sent(session, case, state="waiting", number=8, channel="post", address="Rue Haute 1")
    not_sent(session, case, state="left", number=9, left_on=LATER.date(), left_at=LATER, service_code="EXT:OTHER")
    session.flush()
    session.expire_all()
    assert [said.number for said in _read(session, case.reference, an).came_back] == [7], "nothing has reached them"

    not_sent(session, case, state="left", number=10, channel="post", left_on=LATER.date(), left_at=LATER)
    session.flush()
    session.expire_all()
    assert _read(session, case.reference, an).came_back == ()
