"""A complaint that has lived through all that one can, with the same few marks in every text about its requester."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house
from tracker.casework import complaints, contact, corrective, ending, follow, leaving, letters, links, nature
from tracker.casework import tasks as asking
from tracker.casework.casefile import CaseFile
from tracker.casework.complaints import Found
from tracker.casework.drafting import Draft
from tracker.casework.erasing import Folders
from tracker.casework.house import SYSTEM
from tracker.casework.notes import note
from tracker.casework.what_goes import GOES, rows_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import (
    PAPER,
    Channel,
    Language,
    MailOutcome,
    MailReason,
    Nature,
    Opinion,
    Outcome,
    WaiverGround,
)
from tracker.models.cases import Case
from tracker.models.links import CaseLink
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.paper import Letter
from tracker.models.routing import RoutingExample
from tracker.models.set_aside import SetAside
from tracker.models.staff import Staff
from tracker.models.survey import SurveyAsked, SurveyReply

HOUSE = make_house()
NOW = MONDAY + timedelta(days=5)
NAME, MAIL, PHONE, STREET, TYPED = (
    "Zephyrine Quillfeather", "zephyrine@quillfeather.example", "+32 470 99 88 77",
    "Rue des Xylophages 7\n1000 Bruxelles", "a most xylophagous matter",
)  # fmt: skip
MARKS = ("zephyrine", "quillfeather", "99887", "99 88 77", "xylophag")
"""What every text about the person holds one of, however it is written or cut to its stem."""


def live_through(session: Session, staff: dict[str, Staff]) -> str:
    """Let it live, in the hands of a coordinator (co), beside a head (bo) and a clerk (an); give its reference."""
    made = make_case(
        session, nature=Nature.COMPLAINT, channel=Channel.POST, subject=TYPED, text=TYPED, requester_name=NAME,
        requester_email=MAIL, requester_phone=PHONE, requester_address=STREET, country="PE", language=Language.EN,
    )  # fmt: skip
    twin = make_case(session, nature=Nature.COMPLAINT, subject=TYPED, text=TYPED, requester_name=NAME)
    other = make_case(session, nature=Nature.COMPLAINT, subject="Autre", text="Autre chose.")
    by = acting(staff["co"])
    at: dict[str, Any] = {"actor": by, "now": MONDAY + timedelta(days=1), "seen": None}
    on = {"reference": made.reference} | at
    ending.merge(session, HOUSE, reference=twin.reference, into=made.reference, reason=TYPED, same_person=True, **at)
    nature.confirm_nature(session, HOUSE, nature=Nature.COMPLAINT, ground=TYPED, **on)
    contact.correct_contact(session, HOUSE, name=NAME, email=MAIL, phone=PHONE, fax=PHONE, address=STREET,
                            reason=TYPED, **on)  # fmt: skip
    nature.correct_receipt(session, HOUSE, received_at=MONDAY - timedelta(days=1), reason=TYPED, **on)
    note(session, HOUSE, text=f"{TYPED} @{staff['bo'].name}", **on)
    links.link(session, HOUSE, other=other.reference, word="Same visit.", **on)
    task = asking.ask(session, HOUSE, what=TYPED, asked_id=staff["an"].id, due_on=date(2026, 3, 5), **on)
    asking.settle(session, HOUSE, number=task.id, done=True, word=TYPED, actor=acting(staff["an"]), now=at["now"])
    later = MONDAY + timedelta(days=20)
    draft = Draft(promised_on=later.date(), reason=TYPED)
    for written in (letters.send_interim(session, HOUSE, draft=draft, **on),
                    letters.answer(session, HOUSE, draft=Draft(text=TYPED), **on)):  # fmt: skip
        _let_go(session, made, written, by)
    leaving.void_leaving(session, HOUSE, message_number=written.number, evidence=TYPED, **on | {"now": NOW})
    on |= {"now": NOW}
    follow.follow_up(session, HOUSE, text=TYPED, channel=Channel.PHONE, received_at=NOW, **on)
    while (owed := next((p for p in _ledger(session, made).open_obligations), None)) is not None:
        ending.waive(session, HOUSE, number=owed.number, ground=WaiverGround.WITHDRAWN, evidence=TYPED, **on)
    for message in session.scalars(select(Message).where(Message.case_id.in_((made.id, twin.id)))):
        if message.channel in PAPER and message.direction == "out" and message.left_on is None:
            _let_go(session, session.get_one(Case, message.case_id), message, by)
    found = Found(outcome=Outcome.FOUNDED, note=TYPED, reasons=TYPED, theme="phone", cause="workload")
    complaints.record_finding(session, HOUSE, found=found, **on)
    action = corrective.add_action(session, HOUSE, what=TYPED, owner_id=staff["co"].id, due_on=date(2026, 4, 1), **on)
    session.flush()
    corrective.action_done(session, HOUSE, number=action.id, done_on=NOW.date(), **on)
    ending.close(session, HOUSE, **on)
    ending.reopen(session, HOUSE, reason=TYPED, **on)
    ending.close(session, HOUSE, **on)
    for line in session.scalars(select(Outbox).where(Outbox.message_id.is_not(None))):
        message = session.get_one(Message, line.message_id)
        if message.left_on is None:
            leaving.on_left(session, HOUSE, line, now=NOW)
        line.state, line.last_error, line.settled_at = "sent", TYPED if message.case_id != other.id else None, NOW
    return made.reference


def _ledger(session: Session, case: Case) -> Any:
    return CaseFile.hold(session, HOUSE, case, actor=SYSTEM, now=NOW).ledger


def _let_go(session: Session, case: Case, message: Message, by: Any) -> None:
    if message.channel not in PAPER:
        session.flush()
        line = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        leaving.on_left(session, HOUSE, line, now=NOW)
        return
    day = brussels_day(NOW)
    leaving.record_leaving(session, HOUSE, reference=case.reference, message_number=message.number, left_on=day,
                           actor=by, now=NOW, seen=None)  # fmt: skip


def plant(session: Session, reference: str, mail_id: int, folders: Folders) -> None:
    """Add what this case had no use for, and write the marks into every column that goes and is still empty."""
    case = session.scalars(select(Case).where(Case.reference == reference)).one()
    mail = session.get_one(Mail, mail_id)
    mail.case_id, mail.case_message_id = case.id, None
    mail.sender, mail.sender_name, mail.subject, mail.quoted, mail.message_id = MAIL, NAME, TYPED, TYPED, f"<{MAIL}>"
    mail.details, mail.received_at, mail.decided_at = {"status": TYPED}, NOW, NOW
    mail.outcome, mail.reason, mail.settled_at, mail.settled_by = MailOutcome.IGNORED, MailReason.BOUNCE, NOW, 1
    first = session.scalars(select(Message).where(Message.case_id == case.id).order_by(Message.number)).first()
    assert first is not None
    files = {"size": 9, "sha256": "1" * 64}
    session.add(Attachment(case_id=case.id, message_id=first.id, name=f"{NAME}.pdf", stored_as="aa/1.pdf",
                           media_type="application/pdf", added_at=NOW, **files))  # fmt: skip
    session.add(Letter(message_id=first.id, stored_as="bb/2.pdf", pages=1, made_at=NOW,
                       enclosed=[{"name": NAME, "pages": 1}], **files))  # fmt: skip
    for path in (folders.attachments / "aa/1.pdf", folders.letters / "bb/2.pdf"):
        path.parent.mkdir(parents=True)
        path.write_bytes(TYPED.encode())
    session.add(RoutingExample(case_id=case.id, text=TYPED, language=Language.EN, urgent=False,
                               service_code="ME6", noted_at=NOW))  # fmt: skip
    session.add(SetAside(staff_id=1, case_id=case.id, until=NOW.date(), reason=TYPED, made_at=NOW, ended_at=NOW))
    asked = SurveyAsked(case_id=case.id, number=1, channel=Channel.PHONE, language=Language.EN, whom=TYPED[:32],
                        asked_on=NOW.date(), until=NOW.date() + timedelta(days=60))  # fmt: skip
    session.add(asked)
    session.flush()
    session.add(SurveyReply(asked_id=asked.id, answered=Opinion.NO, clear=Opinion.NO, in_time=Opinion.YES,
                            remark=TYPED, channel=Channel.PHONE, replied_at=NOW))  # fmt: skip
    for model, columns in GOES.items():
        for row in session.scalars(select(model).where(rows_of(model, [case.id]))):
            for name in columns:
                kind = model.__table__.c[name].type
                if getattr(row, name) is None and isinstance(kind, String) and name not in _BOUND:
                    setattr(row, name, TYPED[: kind.length] if kind.length else TYPED)
                    if name == "submission_key":
                        row.submission_key = f"{row.id} {TYPED}"
    for row in session.scalars(select(CaseLink)):
        row.word = TYPED  # what the history of the other file says of it is that file's
    case.routing = {"reasons": [TYPED]}


_BOUND = {"waiver_evidence", "consent_evidence", "void_evidence", "country", "word", "note", "looked_at"}
"""What may not stand alone: the history says the same, or another column belongs to it."""
