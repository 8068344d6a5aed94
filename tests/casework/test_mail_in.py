"""Mail in, whole: from its bytes to a case, a message or a row that says why not; on both databases."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.casework.mailing import (
    CLAIRE,
    HOUSE,
    SENDER,
    answer,
    bounce_of,
    case_of,
    encrypted,
    keyed,
    lay,
    make_room,
    messages_of,
    row_of,
    send,
    write,
)
from tests.factories import MONDAY, acting, make_staff, settle
from tracker.casework import ending
from tracker.casework.house import Actor
from tracker.casework.mail import taking_in
from tracker.casework.mail.brake import MOST_IN_A_DAY
from tracker.casework.mail.store import Mailroom, path_of
from tracker.casework.mail.table import MOST_ALIKE, MOST_IN_AN_HOUR
from tracker.casework.mail.taking_in import TakenIn, take_in, take_in_waiting
from tracker.charter.words import (
    CaseState,
    Channel,
    Language,
    MailOutcome,
    MailReason,
    MessageKind,
    Nature,
    ObligationKind,
    ObligationState,
    Role,
)
from tracker.insight.mailbox import Pile, counts
from tracker.insight.sight import Viewer
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.models.messages import ACKNOWLEDGED_TOO_OFTEN, Attachment, Message, Outbox
from tracker.models.obligations import Obligation

REGISTERED, ATTACHED, HELD, IGNORED = MailOutcome
TUESDAY = MONDAY + timedelta(days=1)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    return make_room(tmp_path)


@pytest.fixture
def clerk(database: Database) -> Actor:
    with database.writing() as session:
        settle(session)
        return acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))


@pytest.fixture(autouse=True)
def _consistent(database: Database, clerk: Actor) -> Iterator[None]:
    yield
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def cases(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Case)) or 0


def test_a_request_becomes_a_case_counted_from_its_arrival(database: Database, room: Mailroom) -> None:
    late = MONDAY + timedelta(days=3)

    taken = send(database, room, write(Date="Mon, 01 Jan 2024 10:00:00 +0000"), now=late)

    assert (taken.outcome, taken.reason) == (REGISTERED, MailReason.NEW_REQUEST)
    with database.reading() as session:
        case, mail = case_of(session, taken.reference), row_of(session, taken)
        assert case.received_at == mail.received_at == MONDAY
        assert (case.channel, case.nature, case.language) == (Channel.EMAIL, Nature.INFORMATION, Language.FR)
        assert (case.requester_name, case.requester_email) == ("Claire Dubois", CLAIRE)
        assert (case.next_kind, case.next_due_on) == (ObligationKind.REPLY, date(2026, 3, 17))
        assert case.routing is not None
        request, told = messages_of(session, taken.reference)
        assert "légaliser mon diplôme" in request.body
        assert mail.case_message_id == request.id
        assert told.kind is MessageKind.ACKNOWLEDGEMENT
        assert session.scalars(select(Outbox.message_id)).all() == [told.id]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Geachte, hoe kan ik mijn diploma laten legaliseren voor Egypte? Met vriendelijke groeten", Language.NL),
        ("Guten Tag, wie kann ich mein Diplom für Ägypten legalisieren lassen? Freundliche Grüße", Language.DE),
        ("Dear sir, how can I have my diploma legalised for use in Egypt? Kind regards", Language.EN),
        ("???", Language.FR),
    ],
)
def test_the_language_is_that_of_the_text(database: Database, room: Mailroom, text: str, language: Language) -> None:
    taken = send(database, room, write(text, subject="Diploma"))

    with database.reading() as session:
        assert case_of(session, taken.reference).language is language


def test_a_complaint_and_an_emergency_are_proposed_as_what_they_are(database: Database, room: Mailroom) -> None:
    lost = "Help! My daughter had an accident in Peru, she is in hospital and we cannot reach her, please help us."
    urgent = send(database, room, write(lost, subject="Accident in Peru", message_id="<u@example.org>"))
    angry = "Je souhaite introduire une plainte contre votre service : personne ne répond au guichet de l'ambassade."
    complaint = send(database, room, write(angry, subject="Plainte", message_id="<c@example.org>"))

    with database.reading() as session:
        assert case_of(session, complaint.reference).nature is Nature.COMPLAINT
        assert messages_of(session, complaint.reference)[1].kind is MessageKind.COMPLAINT_ACKNOWLEDGEMENT
        assert case_of(session, urgent.reference).urgent_since is not None
        assert messages_of(session, urgent.reference)[1].kind is MessageKind.EMERGENCY


def test_the_same_mail_taken_in_again_is_the_same(database: Database, room: Mailroom) -> None:
    first = send(database, room, write())
    again = send(database, room, write(), now=TUESDAY)

    assert again == first
    assert cases(database) == 1


def test_the_requesters_answer_to_the_keyed_address_joins_the_case(
    database: Database, room: Mailroom, clerk: Actor
) -> None:
    first = send(database, room, write())
    text = "Merci ! Voici la copie.\n\nLe 2 mars 2026 à 10:00, SPF a écrit :\n> Bien reçu."
    reply = write(text, to=keyed(first.reference or ""), message_id="<2@example.org>", received=TUESDAY)
    reply.add_attachment(PDF, maintype="application", subtype="pdf", filename="diplôme.pdf")
    reply.add_attachment(b"MZ\x90\x00", maintype="application", subtype="pdf", filename="vraiment.pdf")

    taken = send(database, room, reply, now=TUESDAY)

    assert (taken.outcome, taken.reference, taken.reason) == (ATTACHED, first.reference, MailReason.REPLY)
    with database.reading() as session:
        message, mail = messages_of(session, taken.reference)[-1], row_of(session, taken)
        assert (message.kind, message.number, message.written_at) == (MessageKind.FOLLOW_UP, 3, TUESDAY)
        assert message.body == "Merci ! Voici la copie."
        assert "Bien reçu." in (mail.quoted or "")
        assert mail.details is not None
        assert mail.details["left_out"] == [{"name": "vraiment.pdf", "why": "kind"}]
        (kept,) = session.scalars(select(Attachment))
        assert (kept.name, kept.message_id) == ("diplôme.pdf", message.id)
        assert (room.attachments / kept.stored_as).read_bytes() == PDF
    assert cases(database) == 1


def test_an_answer_to_a_mail_of_ours_joins_its_case(database: Database, room: Mailroom) -> None:
    first = send(database, room, write())
    with database.reading() as session:
        acknowledgement = SENDER.message_id(messages_of(session, first.reference)[1])
    for number, headers in enumerate(
        ({"In_Reply_To": acknowledgement}, {"References": f"<x@y.z> {acknowledgement}"})
    ):
        reply = write("Encore un mot.", message_id=f"<r{number}@example.org>", subject="Re: autre chose", **headers)

        taken = send(database, room, reply, now=TUESDAY)

        assert (taken.outcome, taken.reference) == (ATTACHED, first.reference)


def test_a_second_mail_that_answers_the_requesters_own_joins_its_case(database: Database, room: Mailroom) -> None:
    first = send(database, room, write())
    more = write("J'oubliais ceci.", message_id="<2@example.org>", In_Reply_To="<1@example.org>")

    assert send(database, room, more, now=TUESDAY).reference == first.reference


def test_an_answer_on_a_closed_case_opens_it_with_a_clock_of_its_own(
    database: Database, room: Mailroom, clerk: Actor
) -> None:
    first = send(database, room, write())
    assert first.reference is not None
    answer(database, first.reference, clerk, TUESDAY)
    with database.writing() as session:
        ending.close(session, HOUSE, reference=first.reference, actor=clerk, now=TUESDAY, seen=None)
    later = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    reply = write("Ce n'est pas clair.", to=keyed(first.reference), message_id="<2@example.org>", received=later)

    taken = send(database, room, reply, now=later + timedelta(days=2))

    assert taken.outcome is ATTACHED
    with database.reading() as session:
        case = case_of(session, first.reference)
        assert case.state in (CaseState.OPEN, CaseState.TRIAGE)
        assert case.next_due_on == date(2026, 5, 19)


@pytest.mark.parametrize("way", ["token", "chain"])
def test_a_stranger_with_the_key_is_held_and_nothing_is_attached(
    database: Database, room: Mailroom, way: str
) -> None:
    first = send(database, room, write())
    assert first.reference is not None
    stranger = write(
        "Envoyez-moi sa réponse.",
        sender="Eve <eve@example.net>",
        to=keyed(first.reference) if way == "token" else "suivi@suivi.example",
        message_id="<e@example.net>",
        **({} if way == "token" else {"In_Reply_To": "<1@example.org>"}),
    )

    taken = send(database, room, stranger)

    assert (taken.outcome, taken.reason, taken.reference) == (HELD, MailReason.OTHER_SENDER, first.reference)
    with database.reading() as session:
        mail = row_of(session, taken)
        assert mail.details is not None
        assert (mail.details["link"], mail.details["sender_fits"]) == (way, False)
        assert mail.due_on == date(2026, 3, 17)
        assert len(messages_of(session, first.reference)) == 2
    assert cases(database) == 1


@pytest.mark.parametrize("sender", [CLAIRE, "eve@example.net"])
def test_a_reference_is_a_hint_and_no_key(database: Database, room: Mailroom, sender: str) -> None:
    first = send(database, room, write())

    taken = send(database, room, write(subject=f"RE: {first.reference}", sender=sender, message_id="<e@example.net>"))

    assert (taken.outcome, taken.reason, taken.reference) == (HELD, MailReason.REFERENCE_ONLY, first.reference)
    with database.reading() as session:
        details = row_of(session, taken).details or {}
        assert (details["link"], details["sender_fits"]) == ("reference", sender == CLAIRE)
        assert len(messages_of(session, first.reference)) == 2


def test_a_mistyped_reference_is_offered_and_one_of_no_case_is_none(database: Database, room: Mailroom) -> None:
    first = send(database, room, write())
    assert first.reference is not None
    right = first.reference
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)

    slipped = send(database, room, write(f"Où en est {wrong} ?", message_id="<s@example.org>"))
    unknown = send(database, room, write("Où en est DOS-2026-0001234-14 ?", message_id="<u@example.org>"))

    assert (slipped.outcome, slipped.reason, slipped.reference) == (HELD, MailReason.MISTYPED_REFERENCE, None)
    assert unknown.outcome is REGISTERED
    with database.reading() as session:
        assert (row_of(session, slipped).details or {})["offered"] == [right]


def test_the_same_mail_by_two_ways_is_one_message(database: Database, room: Mailroom) -> None:
    first = send(database, room, write())
    other = send(database, room, write(X_Way="another mailbox", received=TUESDAY), now=TUESDAY)
    third = send(database, room, write("Un tout autre texte."), now=TUESDAY)

    assert (other.outcome, other.reason, other.reference) == (IGNORED, MailReason.SAME_MAIL, first.reference)
    assert third.outcome is REGISTERED  # whatever its sender's program numbers alike is not lost


@pytest.mark.parametrize(
    ("reason", "headers"),
    [
        (MailReason.AUTOMATIC_REPLY, {"Auto_Submitted": "auto-replied"}),
        (MailReason.MAILING_LIST, {"List_Id": "<news.example.org>"}),
        (MailReason.OWN_MAIL, {"sender": "Suivi <suivi@suivi.example>"}),
        (MailReason.OWN_MAIL, {"sender": "Suivi <suivi+dos-x@SUIVI.example>"}),
    ],
)
def test_what_no_person_wrote_is_linked_and_never_answered(
    database: Database, room: Mailroom, reason: MailReason, headers: dict[str, str]
) -> None:
    first = send(database, room, write())

    taken = send(database, room, write(to=keyed(first.reference or ""), message_id="<a@example.org>", **headers))

    assert (taken.outcome, taken.reason, taken.reference) == (IGNORED, reason, first.reference)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Outbox)) == 1
        assert len(messages_of(session, first.reference)) == 2


def test_a_bounce_opens_again_what_the_message_had_kept(database: Database, room: Mailroom, clerk: Actor) -> None:
    first = send(database, room, write())
    assert first.reference is not None
    sent = answer(database, first.reference, clerk, TUESDAY)

    taken = send(database, room, bounce_of(sent), now=MONDAY + timedelta(days=2))
    again = send(database, room, bounce_of(sent) + b"\r\n", now=MONDAY + timedelta(days=2))

    assert (taken.outcome, taken.reason, taken.reference) == (IGNORED, MailReason.BOUNCE, first.reference)
    assert again.outcome is IGNORED
    with database.reading() as session:
        (promise,) = session.scalars(select(Obligation))
        assert (promise.state, promise.due_on) == (ObligationState.OPEN, date(2026, 3, 17))
        message = session.get_one(Message, sent.id)
        assert message.voided_at == MONDAY + timedelta(days=2)
        assert "5.1.1" in (message.void_evidence or "")
        details = row_of(session, taken).details or {}
        assert details["bounced"] == [{"reference": first.reference, "message": sent.number, "voided": True}]


def test_what_was_kept_cannot_be_taken_back_by_a_report_long_after(
    database: Database, room: Mailroom, clerk: Actor
) -> None:
    first = send(database, room, write())
    assert first.reference is not None
    sent = answer(database, first.reference, clerk, TUESDAY)
    later = TUESDAY + timedelta(days=11)

    taken = send(database, room, bounce_of(sent, at=later), now=later)

    assert (taken.outcome, taken.reason, taken.reference) == (IGNORED, MailReason.BOUNCE, first.reference)
    with database.reading() as session:
        assert session.get_one(Message, sent.id).voided_at is None
        details = row_of(session, taken).details or {}
        assert details["bounced"] == [{"reference": first.reference, "message": sent.number, "voided": False}]


def test_a_bounce_of_nothing_of_ours_changes_nothing(database: Database, room: Mailroom, clerk: Actor) -> None:
    first = send(database, room, write())
    assert first.reference is not None
    sent = answer(database, first.reference, clerk, TUESDAY)
    ours = SENDER.message_id(sent).encode()
    forged = bounce_of(sent).replace(ours, ours.replace(b"@", b"0@"))

    taken = send(database, room, forged, now=TUESDAY)

    assert taken.outcome is IGNORED
    with database.reading() as session:
        assert "bounced" not in (row_of(session, taken).details or {})
        assert session.get_one(Message, sent.id).voided_at is None


def test_the_news_that_a_mail_is_late_is_linked_and_voids_nothing(
    database: Database, room: Mailroom, clerk: Actor
) -> None:
    first = send(database, room, write())
    assert first.reference is not None
    sent = answer(database, first.reference, clerk, TUESDAY)
    late = bounce_of(sent).replace(b"Action: failed\r\nStatus: 5.1.1", b"Action: delayed\r\nStatus: 4.4.1")

    taken = send(database, room, late, now=TUESDAY)

    assert (taken.outcome, taken.reason, taken.reference) == (IGNORED, MailReason.DELAYED, first.reference)
    with database.reading() as session:
        assert session.get_one(Message, sent.id).voided_at is None


def test_one_address_is_acknowledged_so_often_a_day_and_somebody_is_told_once(
    database: Database, room: Mailroom
) -> None:
    taken = [
        send(database, room, write(f"Question {'o' * n}", message_id=f"<{n}@example.org>"))
        for n in range(MOST_IN_A_DAY + 3)
    ]

    assert {one.outcome for one in taken} == {REGISTERED}
    *acknowledged, told, second, third = taken
    with database.reading() as session:
        for one in acknowledged:
            assert len(messages_of(session, one.reference)) == 2
            assert not case_of(session, one.reference).not_sent
        lines = Counter(tuple(row) for row in session.execute(select(Outbox.state, Outbox.last_error)))
        assert lines == {("waiting", None): MOST_IN_A_DAY, ("failed", ACKNOWLEDGED_TOO_OFTEN): 1}
        assert case_of(session, told.reference).not_sent
    for one in (second, third):
        with database.reading() as session:
            assert len(messages_of(session, one.reference)) == 1
            case = case_of(session, one.reference)
            assert (case.not_sent, case.next_due_on) == (False, date(2026, 3, 17))


def test_the_brake_is_off_for_others_for_an_emergency_and_the_next_day(database: Database, room: Mailroom) -> None:
    for n in range(MOST_IN_A_DAY):
        send(database, room, write(f"Question {'o' * n}", message_id=f"<{n}@example.org>"))
    lost = "Help! My daughter had an accident in Peru, she is in hospital and we cannot reach her, please help us."

    urgent = send(database, room, write(lost, subject="Accident in Peru", message_id="<u@example.org>"))
    other = send(database, room, write(sender="bob@example.net", message_id="<b@example.net>"))
    braked = send(database, room, write("Encore une.", message_id="<e@example.org>"))
    later = send(database, room, write("Une dernière.", message_id="<l@example.org>"), now=TUESDAY)

    with database.reading() as session:
        assert messages_of(session, urgent.reference)[1].kind is MessageKind.EMERGENCY
        for one, state in ((urgent, "waiting"), (other, "waiting"), (braked, "failed"), (later, "waiting")):
            message = messages_of(session, one.reference)[1]
            assert session.scalars(select(Outbox.state).where(Outbox.message_id == message.id)).one() == state


def test_a_machine_that_says_the_same_for_ever_makes_no_more_cases(database: Database, room: Mailroom) -> None:
    def machine(number: int, at: datetime, text: str = "Votre message est bien reçu sous le n° {}.") -> TakenIn:
        subject = f"Bien reçu [{number}]"
        mail = write(text.format(number), subject=subject, message_id=f"<m{number}@example.org>", received=at)
        return send(database, room, mail, now=at)

    hours = [machine(number, MONDAY + timedelta(hours=6 * number)) for number in range(12)]

    assert [one.outcome for one in hours] == [REGISTERED] * MOST_ALIKE + [HELD] * 9
    assert {(one.reason, one.reference) for one in hours[MOST_ALIKE:]} == {
        (MailReason.SAME_MAIL, hours[MOST_ALIKE - 1].reference)
    }
    assert machine(99, MONDAY + timedelta(hours=67), "Une vraie question sur ma pension.").outcome is REGISTERED
    assert machine(100, MONDAY + timedelta(days=9)).outcome is REGISTERED
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Mail.due_on.is_not(None))) == 9


def test_the_same_words_with_other_files_are_another_mail(database: Database, room: Mailroom) -> None:
    for number in range(MOST_ALIKE + 2):
        mail = write("Voir annexe.", message_id="<same@example.org>")
        content = PDF.replace(b"Catalog", b"Catalo%d" % number)
        mail.add_attachment(content, maintype="application", subtype="pdf", filename="scan.pdf")

        assert send(database, room, mail).outcome is REGISTERED
        assert send(database, room, mail.as_bytes() + b"\r\n").reason is MailReason.SAME_MAIL


def test_a_flood_is_slowed_down_and_nothing_of_it_is_lost(database: Database, room: Mailroom) -> None:
    flood = [write(f"Question {'o' * n}", message_id=f"<{n}@example.org>") for n in range(MOST_IN_AN_HOUR + 2)]

    outcomes = [send(database, room, mail).outcome for mail in flood]

    assert outcomes == [REGISTERED] * MOST_IN_AN_HOUR + [HELD] * 2
    assert send(database, room, write(sender="bob@example.org")).outcome is REGISTERED
    assert take_in_waiting(database, HOUSE, room, now=MONDAY + timedelta(minutes=59)) == 0
    assert take_in_waiting(database, HOUSE, room, now=MONDAY + timedelta(hours=1)) == 2
    with database.reading() as session:
        assert set(session.scalars(select(Mail.outcome))) == {REGISTERED}
        assert set(session.scalars(select(Mail.due_on))) == {None}
        assert set(session.scalars(select(Case.received_at))) == {MONDAY}


def test_what_a_machine_must_not_decide_is_held(database: Database, room: Mailroom, tmp_path: Path) -> None:
    many = ", ".join(f"p{n}@example.org" for n in range(101))
    failed = "mx1.suivi.example; dmarc=fail header.from=example.org"
    held = {
        MailReason.TOO_BIG: write("x\n" * 600_000, message_id="<a@e.org>"),
        MailReason.EMPTY: write("", message_id="<b@e.org>"),
        MailReason.NO_SENDER: write(sender=None, message_id="<c@e.org>"),
        MailReason.MANY_RECIPIENTS: write(to=many, message_id="<d@e.org>"),
        MailReason.SENDER_NOT_PROVEN: write(message_id="<e@e.org>", Authentication_Results=failed),
        MailReason.ENCRYPTED: encrypted(),
    }
    for reason, mail in held.items():
        taken = send(database, room, mail)

        assert (taken.outcome, taken.reason) == (HELD, reason)
        with database.reading() as session:
            assert row_of(session, taken).due_on == date(2026, 3, 17)
    assert cases(database) == 0


@pytest.mark.parametrize("raw", [b"", b"\x00\xff\xfe" * 100, b"From: \x00\r\n\r\n\x00", b"\r\n\r\n", b"%PDF-1.4"])
def test_any_bytes_have_an_outcome(database: Database, room: Mailroom, raw: bytes) -> None:
    taken = send(database, room, raw)

    assert taken.outcome is HELD
    with database.reading() as session:
        mail = row_of(session, taken)
        assert path_of(room.mail, mail.sha256).read_bytes() == raw


def test_a_mail_of_files_alone_is_a_request(database: Database, room: Mailroom) -> None:
    mail = write("")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="lettre.pdf")

    taken = send(database, room, mail)

    assert taken.outcome is REGISTERED
    with database.reading() as session:
        assert messages_of(session, taken.reference)[0].body == "lettre.pdf"
        assert session.scalars(select(Attachment.name)).all() == ["lettre.pdf"]


def test_files_of_what_is_held_are_not_left_behind(database: Database, room: Mailroom) -> None:
    first = send(database, room, write())
    mail = write(sender="eve@example.net", to=keyed(first.reference or ""), message_id="<e@example.net>")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="piège.pdf")

    assert send(database, room, mail).outcome is HELD

    assert [path for path in room.attachments.rglob("*") if path.is_file()] == []


def test_what_a_crash_left_undecided_is_taken_in_by_the_next_pass(database: Database, room: Mailroom) -> None:
    lay(database, room, write())

    assert take_in_waiting(database, HOUSE, room, now=TUESDAY) == 1
    assert take_in_waiting(database, HOUSE, room, now=TUESDAY) == 0
    assert cases(database) == 1


def test_one_mail_that_is_gone_from_the_disk_stops_no_other(database: Database, room: Mailroom) -> None:
    gone = lay(database, room, write())
    with database.reading() as session:
        path_of(room.mail, session.get_one(Mail, gone).sha256).unlink()
    lay(database, room, write(message_id="<2@example.org>"))
    with pytest.raises(FileNotFoundError):
        take_in(database, HOUSE, room, mail_id=gone, now=TUESDAY)

    assert take_in_waiting(database, HOUSE, room, now=TUESDAY) == 1


def test_mails_that_are_gone_from_the_disk_hold_up_none_are_shown_and_tried_again(
    database: Database, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_in, "BATCH", 5)
    gone = [lay(database, room, write(message_id=f"<g{n}@example.org>", received=None)) for n in range(5)]
    paths = []
    with database.reading() as session:
        for mail in session.scalars(select(Mail)):
            paths.append(path_of(room.mail, mail.sha256))
            paths[-1].rename(paths[-1].with_suffix(".gone"))
    lay(database, room, write("Une autre question.", message_id="<2@example.org>"))

    assert take_in_waiting(database, HOUSE, room, now=TUESDAY) == 0
    assert take_in_waiting(database, HOUSE, room, now=TUESDAY) == 1

    with database.reading() as session:
        for one in gone:
            mail = session.get_one(Mail, one)
            assert (mail.outcome, mail.reason, mail.due_on) == (HELD, MailReason.UNREADABLE, date(2026, 3, 17))
        assert counts(session, Viewer(1, None, frozenset({1}), False, frozenset({"all"})))[Pile.HELD] == 5
    later = TUESDAY + timedelta(hours=1)
    assert take_in_waiting(database, HOUSE, room, now=later) == 0
    for path in paths:
        path.with_suffix(".gone").rename(path)
    assert take_in_waiting(database, HOUSE, room, now=later) == 0
    assert take_in_waiting(database, HOUSE, room, now=later + timedelta(hours=1)) == 5
    with database.reading() as session:
        assert set(session.scalars(select(Case.received_at))) == {MONDAY}
        assert (
            session.scalar(select(func.count()).where(Mail.due_on.is_not(None))) == 2
        )  # the same words thrice before
