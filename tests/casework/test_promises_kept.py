"""What keeps a promise, what moves it, and what does not: told on stored cases, on both databases."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, attachments, ending, follow, leaving, letters, nature, notes
from tracker.casework.attachments import KeptFile
from tracker.casework.casefile import CaseFile
from tracker.casework.drafting import Draft
from tracker.casework.errors import CaseChanged, NotPermitted
from tracker.casework.house import Actor
from tracker.charter.errors import CharterError
from tracker.charter.ledger import PromisesOpen
from tracker.charter.words import (
    CaseState,
    Channel,
    ChannelReason,
    MessageKind,
    Nature,
    ObligationKind,
    ObligationState,
    Role,
    Verb,
    WaiverGround,
)
from tracker.correspondence.gate import SendRefused
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Breach, Discharge, Obligation
from tracker.models.staff import Staff

HOUSE = make_house()
TUESDAY = MONDAY + timedelta(days=1)
DUE = date(2026, 3, 17)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session on a settled database, committed at the end."""
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def clerk(session: Session) -> Actor:
    return acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))


@pytest.fixture
def head(session: Session) -> Actor:
    return acting(make_staff(session, "head@suivi.example", Role.HEAD, "CONSULAR"))


@pytest.fixture
def case(session: Session, clerk: Actor) -> Case:
    return make_case(session, service="CONSULAR")


def promises(session: Session, case: Case) -> list[tuple[ObligationKind, ObligationState, date]]:
    session.flush()
    rows = session.scalars(select(Obligation).where(Obligation.case_id == case.id).order_by(Obligation.number))
    return [(row.kind, row.state, row.due_on) for row in rows]


def leave(session: Session, message: Message, now: datetime) -> None:
    """Let the mail server accept a message."""
    outbox = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
    leaving.on_left(session, HOUSE, outbox, now=now)
    session.flush()


def test_an_answer_keeps_the_promise_by_leaving_not_by_being_written(
    session: Session, case: Case, clerk: Actor
) -> None:
    message = letters.answer(
        session, HOUSE, reference=case.reference, draft=Draft(text="Voici."), actor=clerk, now=TUESDAY, seen=None
    )

    assert promises(session, case) == [(ObligationKind.REPLY, ObligationState.OPEN, DUE)]
    leave(session, message, TUESDAY + timedelta(minutes=1))
    assert promises(session, case) == [(ObligationKind.REPLY, ObligationState.DISCHARGED, DUE)]
    discharge = session.scalars(select(Discharge)).one()
    assert (discharge.message_id, discharge.left_on) == (message.id, date(2026, 3, 3))
    assert case.next_due_on is None


def test_a_mail_accepted_twice_changes_nothing_the_second_time(session: Session, case: Case, clerk: Actor) -> None:
    message = letters.answer(
        session, HOUSE, reference=case.reference, draft=Draft(text="Voici."), actor=clerk, now=TUESDAY, seen=None
    )
    leave(session, message, TUESDAY)
    version = case.version

    leave(session, message, TUESDAY + timedelta(days=3))

    assert case.version == version
    assert message.left_on == date(2026, 3, 3)


def test_an_answer_that_leaves_late_keeps_its_breach(session: Session, case: Case, clerk: Actor) -> None:
    late = datetime(2026, 3, 18, 8, 0, tzinfo=UTC)
    message = letters.answer(
        session, HOUSE, reference=case.reference, draft=Draft(text="Voici."), actor=clerk, now=late, seen=None
    )
    leave(session, message, late)

    breach = session.scalars(select(Breach)).one()
    assert breach.became_true_at == datetime(2026, 3, 17, 23, 0, tzinfo=UTC)  # 00:00 in Brussels after the 17th


def test_a_letter_keeps_the_promise_on_the_day_it_was_posted(session: Session, clerk: Actor) -> None:
    case = make_case(
        session,
        service="CONSULAR",
        channel=Channel.POST,
        requester_email=None,
        requester_address="Rue Haute 1\n1000 Bruxelles",
    )
    nature.confirm_nature(
        session, HOUSE, reference=case.reference, nature=Nature.INFORMATION, actor=clerk, now=TUESDAY, seen=None
    )
    message = letters.answer(
        session, HOUSE, reference=case.reference, draft=Draft(text="Voici."), actor=clerk, now=TUESDAY, seen=None
    )
    recorded = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)

    leaving.record_leaving(
        session,
        HOUSE,
        reference=case.reference,
        message_number=message.number,
        left_on=date(2026, 4, 1),
        actor=clerk,
        now=recorded,
        seen=None,
    )

    assert promises(session, case)[-1] == (ObligationKind.REPLY, ObligationState.DISCHARGED, date(2026, 4, 1))
    assert session.scalars(select(Breach)).all() == []


def test_a_bounce_opens_the_promise_again_with_the_same_date_and_the_evidence(
    session: Session, case: Case, clerk: Actor
) -> None:
    message = letters.answer(
        session, HOUSE, reference=case.reference, draft=Draft(text="Voici."), actor=clerk, now=TUESDAY, seen=None
    )
    leave(session, message, TUESDAY)
    ending.close(session, HOUSE, reference=case.reference, actor=clerk, now=TUESDAY, seen=None)

    leaving.void_leaving(
        session,
        HOUSE,
        reference=case.reference,
        message_number=message.number,
        evidence="550 no such user",
        actor=clerk,
        now=TUESDAY + timedelta(hours=2),
        seen=None,
    )

    assert promises(session, case) == [(ObligationKind.REPLY, ObligationState.OPEN, DUE)]
    assert case.state is CaseState.OPEN
    assert session.scalars(select(Discharge)).one().void_evidence == "550 no such user"


def test_an_interim_letter_moves_the_promise_to_the_date_it_states(
    session: Session, case: Case, clerk: Actor
) -> None:
    nature.confirm_nature(
        session,
        HOUSE,
        reference=case.reference,
        nature=Nature.COMPLEX,
        ground="legalisation",
        actor=clerk,
        now=TUESDAY,
        seen=None,
    )
    draft = Draft(reason="Nous attendons l'ambassade.", promised_on=date(2026, 4, 15))
    message = letters.send_interim(
        session, HOUSE, reference=case.reference, draft=draft, actor=clerk, now=TUESDAY, seen=None
    )
    leave(session, message, TUESDAY)

    assert promises(session, case) == [
        (ObligationKind.REPLY, ObligationState.REPLACED, DUE),
        (ObligationKind.INTERIM, ObligationState.DISCHARGED, DUE),
        (ObligationKind.PROMISED_REPLY, ObligationState.OPEN, date(2026, 4, 15)),
    ]
    assert "15 avril 2026" in message.body


def test_only_the_head_renews_a_promised_date(session: Session, case: Case, clerk: Actor, head: Actor) -> None:
    test_an_interim_letter_moves_the_promise_to_the_date_it_states(session, case, clerk)
    again = Draft(reason="Encore.", promised_on=date(2026, 5, 15))

    with pytest.raises(CharterError, match="head of service"):
        letters.send_interim(
            session, HOUSE, reference=case.reference, draft=again, actor=clerk, now=TUESDAY, seen=None
        )
    message = letters.send_interim(
        session, HOUSE, reference=case.reference, draft=again, actor=head, now=TUESDAY, seen=None
    )
    leave(session, message, TUESDAY)

    assert promises(session, case)[-2:] == [
        (ObligationKind.PROMISED_REPLY, ObligationState.REPLACED, date(2026, 4, 15)),
        (ObligationKind.PROMISED_REPLY, ObligationState.OPEN, date(2026, 5, 15)),
    ]


def test_a_transmission_is_kept_when_the_body_has_it_and_the_requester_knows(
    session: Session, case: Case, clerk: Actor
) -> None:
    nature.confirm_nature(
        session, HOUSE, reference=case.reference, nature=Nature.MISDIRECTED, actor=clerk, now=TUESDAY, seen=None
    )
    messages = letters.transmit(
        session, HOUSE, reference=case.reference, draft=Draft(to="EXT:PENSIONS"), actor=clerk, now=TUESDAY, seen=None
    )
    assert [m.kind for m in messages] == [MessageKind.TRANSMISSION, MessageKind.TRANSMISSION_NOTICE]

    leave(session, messages[1], TUESDAY)
    assert promises(session, case)[-1][1] is ObligationState.OPEN
    leave(session, messages[0], TUESDAY + timedelta(days=1))

    kept = session.scalars(select(Obligation).where(Obligation.kind == ObligationKind.TRANSMISSION)).one()
    assert (kept.state, kept.settled_on) == (ObligationState.DISCHARGED, date(2026, 3, 4))


def test_a_body_without_a_known_address_gets_the_file_at_the_one_that_is_typed(
    session: Session, case: Case, clerk: Actor
) -> None:
    with pytest.raises(SendRefused):
        letters.transmit(
            session, HOUSE, reference=case.reference, draft=Draft(to="EXT:MUNICIPALITY"), actor=clerk, now=TUESDAY,
            seen=None,
        )  # fmt: skip
    draft = Draft(to="EXT:MUNICIPALITY", to_address="Grand-Place 1\n1000 Bruxelles")
    messages = letters.transmit(
        session, HOUSE, reference=case.reference, draft=draft, actor=clerk, now=TUESDAY, seen=None
    )

    assert (messages[0].channel, messages[0].address) == (Channel.POST, "Grand-Place 1\n1000 Bruxelles")
    assert case.nature is Nature.MISDIRECTED


def test_a_foreign_body_gets_nothing_without_consent(session: Session, case: Case, clerk: Actor) -> None:
    nature.confirm_nature(
        session, HOUSE, reference=case.reference, nature=Nature.MISDIRECTED, actor=clerk, now=TUESDAY, seen=None
    )

    messages = letters.transmit(
        session, HOUSE, reference=case.reference, draft=Draft(to="NATO-IS"), actor=clerk, now=TUESDAY, seen=None
    )
    assert [m.kind for m in messages] == [MessageKind.TRANSMISSION_NOTICE]
    leave(session, messages[0], TUESDAY)

    assert promises(session, case)[-1][1] is ObligationState.DISCHARGED


def test_what_was_added_goes_along_with_the_request_that_is_forwarded(
    session: Session, case: Case, clerk: Actor
) -> None:
    def upload(name: str) -> int:
        file = KeptFile(name, f"aa/{name}", "application/pdf", 7, "0" * 64)
        return attachments.keep(session, submission_key="form", file=file, now=MONDAY).id

    def add(text: str, name: str, at: datetime) -> None:
        follow.follow_up(
            session, HOUSE, reference=case.reference, text=text, channel=Channel.WEB, received_at=at,
            attachments=[upload(name)], actor=clerk, now=at,
        )  # fmt: skip

    add("Je suis né en 1958.", "acte.pdf", MONDAY)
    file, _notice = letters.transmit(
        session, HOUSE, reference=case.reference, draft=Draft(to="EXT:PENSIONS"), actor=clerk, now=TUESDAY, seen=None
    )
    add("Et encore ceci.", "later.pdf", TUESDAY)
    session.flush()

    assert "diplôme belge" in file.body
    assert "2 mars 2026\n\nJe suis né en 1958." in file.body
    assert "acte.pdf" in file.body
    row = session.scalars(select(Outbox).where(Outbox.message_id == file.id)).one()
    sender = Sender(
        mail_from="suivi@suivi.example", base_url="https://suivi.example", attachments=Path(), secret=bytes(32)
    )
    assert [enclosed.name for enclosed in parcel_of(session, row, sender).enclosures] == ["acte.pdf"]


def test_waiting_for_the_citizen_does_not_stop_the_clock(session: Session, case: Case, clerk: Actor) -> None:
    message = letters.ask(
        session, HOUSE, reference=case.reference, draft=Draft(text="Quel pays ?"), actor=clerk, now=TUESDAY, seen=None
    )
    leave(session, message, TUESDAY)

    assert promises(session, case) == [(ObligationKind.REPLY, ObligationState.OPEN, DUE)]


def test_a_follow_up_on_a_closed_case_starts_its_own_clock(session: Session, case: Case, clerk: Actor) -> None:
    message = letters.answer(
        session, HOUSE, reference=case.reference, draft=Draft(text="Voici."), actor=clerk, now=TUESDAY, seen=None
    )
    leave(session, message, TUESDAY)
    ending.close(session, HOUSE, reference=case.reference, actor=clerk, now=TUESDAY, seen=None)
    april = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)

    follow.follow_up(
        session,
        HOUSE,
        reference=case.reference,
        text="Et pour mon frère ?",
        channel=Channel.WEB,
        received_at=april,
        actor=clerk,
        now=april,
    )

    assert case.state is CaseState.OPEN
    assert promises(session, case)[-1] == (ObligationKind.REPLY, ObligationState.OPEN, date(2026, 4, 16))


def test_a_promise_that_only_the_history_holds_is_stored_by_whatever_is_done_next(
    session: Session, case: Case, clerk: Actor
) -> None:
    session.execute(text("DELETE FROM obligations WHERE case_id = :id"), {"id": case.id})

    notes.note(session, HOUSE, reference=case.reference, text="Vu.", actor=clerk, now=TUESDAY, seen=None)

    assert promises(session, case) == [(ObligationKind.REPLY, ObligationState.OPEN, DUE)]


def test_a_case_with_an_open_promise_does_not_close(session: Session, case: Case, clerk: Actor) -> None:
    with pytest.raises(PromisesOpen):
        ending.close(session, HOUSE, reference=case.reference, actor=clerk, now=TUESDAY, seen=None)
    session.flush()
    with pytest.raises(DBAPIError, match="open obligation"), session.begin_nested():
        session.execute(
            text("UPDATE cases SET state='closed', closed_at='2026-03-03', triage_since=NULL, next_due_on=NULL,"
                 " next_kind=NULL WHERE id=:id"), {"id": case.id},
        )  # fmt: skip


def test_a_waiver_needs_evidence_and_is_not_an_answer(session: Session, case: Case, clerk: Actor) -> None:
    with pytest.raises(CharterError):
        ending.waive(
            session, HOUSE, reference=case.reference, number=1, ground=WaiverGround.WITHDRAWN, evidence=" ",
            actor=clerk, now=TUESDAY, seen=None,
        )  # fmt: skip
    ending.waive(
        session, HOUSE, reference=case.reference, number=1, ground=WaiverGround.WITHDRAWN, evidence="mail du 3 mars",
        actor=clerk, now=TUESDAY, seen=None,
    )  # fmt: skip

    assert promises(session, case) == [(ObligationKind.REPLY, ObligationState.WAIVED, DUE)]
    assert session.scalars(select(Discharge)).all() == []


def test_merging_keeps_the_earliest_receipt_and_leads_to_the_survivor(
    session: Session, case: Case, clerk: Actor
) -> None:
    later = make_case(session, service="CONSULAR", received_at=MONDAY + timedelta(days=4))
    survivor = ending.merge(
        session, HOUSE, reference=case.reference, into=later.reference, reason="même demande",
        actor=clerk, now=MONDAY + timedelta(days=5), seen=None,
    )  # fmt: skip

    assert survivor.id == later.id
    assert case.state is CaseState.MERGED
    assert survivor.received_at == MONDAY
    assert promises(session, survivor)[-1] == (ObligationKind.REPLY, ObligationState.OPEN, DUE)
    assert promises(session, case)[0][1] is ObligationState.WAIVED
    found = CaseFile.take(
        session, HOUSE, reference=case.reference, verb=Verb.WRITE, actor=clerk, now=TUESDAY
    )  # fmt: skip
    assert found.case.id == survivor.id


def test_the_second_of_two_clerks_is_told_what_changed_and_overwrites_nothing(
    session: Session, case: Case, clerk: Actor, head: Actor
) -> None:
    seen = case.version
    assignment.take(session, HOUSE, reference=case.reference, actor=head, now=TUESDAY, seen=seen)

    with pytest.raises(CaseChanged) as refused:
        assignment.take(session, HOUSE, reference=case.reference, actor=clerk, now=TUESDAY, seen=seen)

    assert [entry.verb for entry in refused.value.since] == ["take"]
    assert case.handler_id == head.staff_id


def test_a_clerk_of_another_service_may_not_act(session: Session, case: Case) -> None:
    stranger = acting(make_staff(session, "other@suivi.example", Role.CLERK, "M5"))

    with pytest.raises(NotPermitted):
        assignment.take(session, HOUSE, reference=case.reference, actor=stranger, now=TUESDAY, seen=None)


def test_no_message_leaves_without_the_phone_of_whoever_signs_it(session: Session, case: Case, clerk: Actor) -> None:
    session.get_one(Staff, clerk.staff_id).phone = ""
    session.flush()

    with pytest.raises(SendRefused) as refused:
        letters.answer(
            session, HOUSE, reference=case.reference, draft=Draft(text="Voici."), actor=clerk, now=TUESDAY, seen=None
        )

    assert [missing.item for missing in refused.value.missing] == ["handler_phone"]


def test_another_way_back_needs_a_reason(session: Session, case: Case, clerk: Actor) -> None:
    case.requester_address = "Rue Haute 1\n1000 Bruxelles"
    draft = Draft(text="Voici.", channel=Channel.POST)

    with pytest.raises(SendRefused):
        letters.answer(session, HOUSE, reference=case.reference, draft=draft, actor=clerk, now=TUESDAY, seen=None)
    message = letters.answer(
        session, HOUSE, reference=case.reference,
        draft=Draft(text="Voici.", channel=Channel.POST, channel_reason=ChannelReason.ASKED),
        actor=clerk, now=TUESDAY, seen=None,
    )  # fmt: skip
    assert message.channel_reason is ChannelReason.ASKED


def test_the_history_is_never_changed_nor_deleted(session: Session, case: Case) -> None:
    session.flush()
    for statement in ("UPDATE history SET actor = 'nobody'", "DELETE FROM history"):
        with pytest.raises(DBAPIError, match="history is never"), session.begin_nested():
            session.execute(text(statement))


def test_a_corrected_receipt_counts_the_open_promise_again(session: Session, case: Case, clerk: Actor) -> None:
    nature.correct_receipt(
        session, HOUSE, reference=case.reference, received_at=MONDAY - timedelta(days=4), reason="arrivé au poste",
        actor=clerk, now=TUESDAY, seen=None,
    )  # fmt: skip

    assert promises(session, case) == [
        (ObligationKind.REPLY, ObligationState.REPLACED, DUE),
        (ObligationKind.REPLY, ObligationState.OPEN, date(2026, 3, 13)),
    ]
    told = session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq.desc())).first()
    assert told is not None
    assert told.details["reason"] == "arrivé au poste"


def test_an_interim_letter_that_was_posted_is_recorded_though_it_puts_nothing_off_any_more(
    session: Session, clerk: Actor
) -> None:
    case = make_case(
        session, service="CONSULAR", channel=Channel.POST, requester_email=None, requester_address="Rue Haute 1"
    )

    def confirm(kind: Nature, ground: str | None = None) -> None:
        nature.confirm_nature(
            session, HOUSE, reference=case.reference, nature=kind, ground=ground, actor=clerk, now=TUESDAY, seen=None
        )

    confirm(Nature.COMPLEX, "legalisation")
    draft = Draft(reason="Nous attendons l'ambassade.", promised_on=date(2026, 4, 15))
    letter = letters.send_interim(
        session, HOUSE, reference=case.reference, draft=draft, actor=clerk, now=TUESDAY, seen=None
    )
    confirm(Nature.INFORMATION)

    leaving.record_leaving(
        session, HOUSE, reference=case.reference, message_number=letter.number, left_on=date(2026, 3, 4), actor=clerk,
        now=TUESDAY + timedelta(days=2), seen=None,
    )  # fmt: skip

    assert (letter.left_on, letter.act) == (date(2026, 3, 4), None)
    assert promises(session, case)[-1] == (ObligationKind.REPLY, ObligationState.OPEN, date(2026, 4, 1))
    told = session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq.desc())).first()
    assert told is not None
    assert told.details["refused"] == "interim_not_allowed"


def test_consent_to_one_forwarding_is_none_to_another(session: Session, case: Case, clerk: Actor) -> None:
    def transmit(to: str, consent: str | None) -> list[MessageKind]:
        messages = letters.transmit(
            session, HOUSE, reference=case.reference, draft=Draft(to=to, consent=consent), actor=clerk, now=TUESDAY,
            seen=None,
        )  # fmt: skip
        return [message.kind for message in messages]

    assert transmit("FR-SSI", "mail du 2 mars") == [MessageKind.TRANSMISSION, MessageKind.TRANSMISSION_NOTICE]
    assert transmit("NATO-IS", None) == [MessageKind.TRANSMISSION_NOTICE]


def test_only_a_conversation_has_a_day_of_its_own(session: Session, case: Case, clerk: Actor) -> None:
    case.requester_email, case.reply_channel = None, Channel.WEB
    draft = Draft(text="Voici.", spoken_on=date(2026, 3, 2))

    message = letters.answer(
        session, HOUSE, reference=case.reference, draft=draft, actor=clerk, now=TUESDAY, seen=None
    )

    assert message.left_on == date(2026, 3, 3)
