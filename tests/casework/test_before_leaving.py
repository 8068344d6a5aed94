"""Just before a mail leaves: it goes where the requester is reached now, and promises nothing that is void."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.correspondence.post import SENDER, MailServer, running
from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import ending, follow, leaving, letters, nature
from tracker.casework.contact import correct_contact
from tracker.casework.drafting import Draft
from tracker.charter.words import Channel, MessageKind, Nature, ObligationKind, ObligationState, Role, WaiverGround
from tracker.correspondence.outbox import Delivered, deliver
from tracker.correspondence.tracking import tracking_code
from tracker.correspondence.transport import SmtpTransport
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Obligation

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")

HOUSE = make_house()
NOW = MONDAY + timedelta(days=1)
OLD, NEW = "claire.dubois@example.org", "claire.dubois@example.com"


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    with running(server) as server.url:  # type: ignore[attr-defined]
        yield server


def send(database: Database, server: Any, now: datetime = NOW) -> Delivered:
    return deliver(
        database,
        SmtpTransport(server.url),
        sender=SENDER,
        owner="test",
        now=lambda: now,
        before=lambda session, row, at: leaving.before_leaving(session, HOUSE, row, now=at),
        on_left=lambda session, row, at: leaving.on_left(session, HOUSE, row, now=at),
        on_failed=lambda session, row, at: leaving.on_failed(session, row),
    )


def begin(session: Session, **more: Any) -> tuple[Case, dict[str, Any]]:
    """Make a case, and return it with what every use case of its clerk is given."""
    settle(session)
    clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
    case = make_case(session, service="CONSULAR", **more)
    return case, {"reference": case.reference, "actor": clerk, "now": NOW, "seen": None}


def correct(session: Session, with_case: dict[str, Any], **right: Any) -> None:
    known = {"name": "Claire Dubois", "email": OLD, "phone": None, "fax": None, "address": None}
    correct_contact(session, HOUSE, reason="One letter was wrong.", **known | right, **with_case)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_what_waits_goes_to_the_corrected_address_with_a_code_that_works(
    database: Database, server: MailServer
) -> None:
    with database.writing() as session:
        case, with_case = begin(session)
        number = letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **with_case).number
        correct(session, with_case, email=NEW)
        case_id, version = case.id, case.code_version
        void, valid = (tracking_code(HOUSE.secret, case.reference, n) for n in (1, version))
        assert void != valid

    done = send(database, server)

    assert (done.failed, done.retried) == (0, 0)
    assert {to for _, recipients in server.envelopes for to in recipients} == {NEW}
    assert all(void not in text_of(mail) for mail in server.accepted)
    with database.reading() as session:
        sent = session.scalars(select(Message).where(Message.case_id == case_id, Message.left_on.is_not(None))).all()
        assert number in [message.number for message in sent]
        assert {(message.address, message.left_on) for message in sent} == {(NEW, NOW.date())}
        told = {message.kind: (valid in message.body, valid in (message.html or "")) for message in sent}
        assert told[MessageKind.ACKNOWLEDGEMENT] == told[MessageKind.TRACKING_CODE] == (True, True)
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def test_what_a_body_is_sent_goes_to_that_body(database: Database, server: MailServer) -> None:
    with database.writing() as session:
        _, with_case = begin(session)
        draft = Draft(text="Compétence.", to="EXT:FPS-JUSTICE", to_address="justice@example.be")
        address = letters.transmit(session, HOUSE, draft=draft, **with_case)[0].address
        correct(session, with_case, email=NEW)

    send(database, server)

    assert {to for _, recipients in server.envelopes for to in recipients} == {NEW, address}


def test_without_an_address_any_more_what_waits_is_given_up_in_plain_sight(
    database: Database, server: MailServer
) -> None:
    with database.writing() as session:
        case, with_case = begin(session)
        letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **with_case)
        correct(session, with_case, email=None, phone="+32 470 12 34 56")
        case_id = case.id

    assert (send(database, server).sent, server.accepted) == (0, [])

    with database.reading() as session:
        case = session.get_one(Case, case_id)
        assert case.not_sent
        assert case.next_due_on is not None


def test_a_letter_that_waits_to_be_posted_gets_the_right_address_at_once(database: Database) -> None:
    with database.writing() as session:
        _, with_case = begin(session, channel=Channel.POST, requester_address="Rue Haute 1\n1000 Bruxelles")
        letter = letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **with_case)
        correct(session, with_case, address="Rue Basse 2\n1000 Bruxelles")
        assert letter.address == "Rue Basse 2\n1000 Bruxelles"
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def _changed(session: Session, with_case: dict[str, Any]) -> None:
    nature.confirm_nature(session, HOUSE, nature=Nature.INFORMATION, **with_case)


def _waived(session: Session, with_case: dict[str, Any]) -> None:
    ending.waive(
        session, HOUSE, number=1, ground=WaiverGround.WITHDRAWN, evidence="She called.", **with_case
    )  # fmt: skip


def _answered(session: Session, with_case: dict[str, Any]) -> None:
    draft = Draft(text="Par téléphone.", channel=Channel.PHONE, channel_reason="asked", spoken_on=NOW.date())  # type: ignore[arg-type]
    letters.answer(session, HOUSE, draft=draft, **with_case)


def _merged(session: Session, with_case: dict[str, Any]) -> None:
    other = make_case(session, service="CONSULAR", nature=Nature.COMPLEX)
    ending.merge(session, HOUSE, into=other.reference, reason="Deux fois.", **with_case)


@pytest.mark.parametrize(
    ("meanwhile", "code", "at_risk"),
    [
        (_changed, "interim_not_allowed", True),
        (_waived, "nothing_to_put_off", True),
        (_answered, "nothing_to_put_off", False),
        (_merged, "merged", False),  # the case that took it in is the one to look at
    ],
)
def test_an_interim_letter_that_has_become_void_is_kept_back_and_the_queue_says_so(
    database: Database, server: MailServer, meanwhile: Any, code: str, at_risk: bool
) -> None:
    with database.writing() as session:
        case, with_case = begin(session, nature=Nature.COMPLEX, requester_phone="+32 470 12 34 56")
        draft = Draft(reason="Archive.", promised_on=MONDAY.date() + timedelta(days=60))
        letter = letters.send_interim(session, HOUSE, draft=draft, **with_case)
        meanwhile(session, with_case)
        case_id, letter_id = case.id, letter.id

    send(database, server)

    assert all("Archive." not in text_of(mail) for mail in server.accepted)
    with database.reading() as session:
        row = session.scalars(select(Outbox).where(Outbox.message_id == letter_id)).one()
        assert (row.state, row.last_error) == ("failed", f"withheld: {code}")
        assert session.get_one(Message, letter_id).left_on is None
        kinds = session.scalars(select(Obligation.kind).where(Obligation.case_id == case_id)).all()
        assert ObligationKind.PROMISED_REPLY not in kinds
        assert session.get_one(Case, case_id).not_sent is at_risk
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def test_an_interim_letter_that_still_holds_leaves_and_makes_its_promise(
    database: Database, server: MailServer
) -> None:
    with database.writing() as session:
        case, with_case = begin(session, nature=Nature.COMPLEX)
        draft = Draft(reason="Archive.", promised_on=MONDAY.date() + timedelta(days=60))
        letters.send_interim(session, HOUSE, draft=draft, **with_case)
        case_id = case.id

    send(database, server)

    with database.reading() as session:
        last = session.scalars(
            select(Obligation).where(Obligation.case_id == case_id).order_by(Obligation.number.desc())
        ).first()
        assert last is not None
        assert (last.kind, last.state) == (ObligationKind.PROMISED_REPLY, ObligationState.OPEN)


def test_a_code_that_was_asked_for_again_is_the_one_that_every_waiting_mail_brings(
    database: Database, server: MailServer
) -> None:
    with database.writing() as session:
        case, _ = begin(session)
        follow.send_code_again(session, HOUSE, reference=case.reference, email=OLD, now=NOW)
        void, valid = (tracking_code(HOUSE.secret, case.reference, n) for n in (1, case.code_version))

    send(database, server)

    with database.reading() as session:
        assert MessageKind.ACKNOWLEDGEMENT in session.scalars(select(Message.kind)).all()
    assert len(server.accepted) >= 2
    assert all(valid in text_of(mail) and void not in text_of(mail) for mail in server.accepted)
