"""Held mail is read safely, decided about in one click or a small form, and never decided about twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from config import Settings
from tests.casework.mailing import CLAIRE, answer, bounce_of, encrypted, keyed, send, write
from tests.factories import acting, make_house
from tests.web.staff.conftest import Desk, email_of, errors_of, fields_of, form_of, soup_of
from tracker.casework import leaving
from tracker.casework.mail import brake
from tracker.casework.mail.store import Mailroom, path_of
from tracker.casework.mail.taking_in import TakenIn
from tracker.charter.words import MailOutcome, MailReason, MessageKind
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.models.messages import Message, Outbox
from tracker.models.staff import Staff
from tracker.opening import open_mailroom

File = Callable[..., str]
Take = Callable[..., TakenIn]
NOW = datetime.now(UTC)


@pytest.fixture
def room(settings: Settings) -> Mailroom:
    return open_mailroom(settings)


@pytest.fixture
def take(app: Flask, database: Database, room: Mailroom) -> Take:
    """Let a mail reach us, in the room of the app."""
    return lambda mail: send(database, room, mail, now=datetime.now(UTC))


@pytest.fixture
def quoted(take: Take, file: File) -> tuple[TakenIn, str]:
    """A mail of a stranger that quotes the reference of a case of An's."""
    reference = file(requester_email=CLAIRE)
    mail = write(f"Où en est {reference} ?", sender="Eve <eve@example.net>", subject="Mon <b>dossier</b>")
    done = take(mail)
    assert done.outcome is MailOutcome.HELD
    return done, reference


def _mail(database: Database, done: TakenIn) -> Mail:
    with database.reading() as session:
        return session.get_one(Mail, done.mail_id)


def _messages(database: Database, reference: str) -> list[Message]:
    with database.reading() as session:
        query = select(Message).join(Case, Case.id == Message.case_id).where(Case.reference == reference)
        return list(session.scalars(query.order_by(Message.number)))


def test_the_list_says_what_waits_until_when_and_why(an: Desk, quoted: tuple[TakenIn, str]) -> None:
    _done, reference = quoted

    row = an.page("/staff/mail").select_one("main tbody tr")

    assert row is not None
    words = row.get_text(" ", strip=True)
    for part in (reference, "Mon <b>dossier</b>", "Eve", "quotes a reference", "An Peeters", "in 15 days"):
        assert part in words
    assert row.select_one("b") is None


def test_a_mail_is_shown_as_plain_text_with_what_speaks_for_its_case(an: Desk, take: Take, file: File) -> None:
    reference = file(requester_email=CLAIRE)
    mail = write("<script>alert(1)</script>\nBonjour", sender="Eve <eve@example.net>", to=keyed(reference))
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="<img>.exe")

    page = an.page(f"/staff/mail/{take(mail).mail_id}")

    main = page.select_one("main")
    assert main is not None
    words = main.get_text(" ", strip=True)
    for part in ("<script>alert(1)</script>", "<img>.exe", "It was sent to the address for replies about this file.",
                 "Its sender's address is not the requester's.", reference):  # fmt: skip
        assert part in words
    assert main.select_one("script, img") is None
    assert main.select_one(f"a[href='/staff/cases/{reference}']") is not None


def test_earlier_mails_that_it_repeats_are_folded_away(an: Desk, take: Take, file: File) -> None:
    reference = file(requester_email=CLAIRE)
    text = "Voici le numéro.\n\nLe lun. 2 mars 2026 à 10:00, Suivi <suivi@suivi.example> a écrit :\n> Quel numéro ?"

    held = an.page(f"/staff/mail/{take(write(text, sender='eve@example.net', to=keyed(reference))).mail_id}")
    folded = held.select_one("main details")
    assert folded is not None
    assert "Quel numéro ?" in folded.get_text()
    assert not folded.has_attr("open")

    joined = take(write(text, to=keyed(reference), message_id="<2@example.org>"))
    assert joined.outcome is MailOutcome.ATTACHED
    case = an.page(f"/staff/cases/{reference}")
    said = next(one for one in case.select(".suivi-line__step") if "Voici le numéro." in one.get_text())
    details = said.select_one("details")
    assert details is not None
    assert "Quel numéro ?" in details.get_text()
    card = said.select_one(".suivi-card")
    assert card is not None
    assert "Quel numéro ?" not in card.get_text()
    assert said.select_one(f"a[href='/staff/mail/{joined.mail_id}/original']") is not None


def test_an_html_that_says_something_else_is_told_and_folded_below(an: Desk, take: Take, file: File) -> None:
    reference = file(requester_email=CLAIRE)

    def alternative(message_id: str, html: str, sender: str = CLAIRE) -> EmailMessage:
        mail = write("J'ai payé 20 €.", sender=sender, to=keyed(reference), message_id=message_id)
        mail.add_alternative(html, subtype="html")
        return mail

    other = "<p>J'ai payé <b>250 €</b>.<script>alert(1)</script></p>"
    held = an.page(f"/staff/mail/{take(alternative('<1@e.org>', other, 'eve@example.net')).mail_id}")
    take(alternative("<2@e.org>", other))
    take(alternative("<3@e.org>", "<p>J'ai pay&eacute; <i>20 &euro;</i>.</p>"))
    steps = [
        one for one in an.page(f"/staff/cases/{reference}").select(".suivi-line__step") if "payé" in one.get_text()
    ]

    assert len(steps) == 2
    for shown in (held, steps[0]):
        folded = next(one for one in shown.select("main details, details") if "250 €" in one.get_text())
        assert not folded.has_attr("open")
        assert folded.select_one("script") is None
        assert "two versions of its text, which differ" in shown.get_text()
    assert "two versions" not in steps[1].get_text()


def test_of_many_files_that_were_not_kept_how_many_and_the_first_are_told(an: Desk, take: Take, file: File) -> None:
    reference = file(requester_email=CLAIRE)

    def enclosing(message_id: str, *names: str) -> EmailMessage:
        mail = write("Voici.", to=keyed(reference), message_id=message_id)
        for name in names:
            mail.add_attachment(b"MZ\x90\x00", maintype="application", subtype="pdf", filename=name)
        return mail

    take(enclosing("<1@e.org>", "", *(f"{number}.exe" for number in range(60))))
    take(enclosing("<2@e.org>", "", "one.exe"))

    text = an.page(f"/staff/cases/{reference}").get_text(" ", strip=True)
    assert "61 files were not kept (of a kind that we do not accept, there are too many files), among" in text
    assert "), among them a file without a name, “0.exe”, “1.exe”." in text
    assert "2.exe" not in text
    assert "A file without a name was not kept: " in text
    assert "“one.exe” was not kept: " in text


def test_the_original_is_given_to_be_saved_byte_by_byte(
    an: Desk, quoted: tuple[TakenIn, str], database: Database, room: Mailroom
) -> None:
    done, _ = quoted
    given = an.get(f"/staff/mail/{done.mail_id}/original")

    assert given.data == path_of(room.mail, _mail(database, done).sha256).read_bytes()
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["Cache-Control"] == "no-store"
    assert given.mimetype == "application/octet-stream"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    given.close()


def test_one_click_puts_the_mail_in_the_file_it_is_presumed_to_be_about(
    an: Desk, quoted: tuple[TakenIn, str], database: Database
) -> None:
    done, reference = quoted
    page = an.page(f"/staff/mail/{done.mail_id}")
    form = page.select_one(f"main form[action='/staff/mail/{done.mail_id}/join']")
    assert form is not None

    answered = an.client.post(str(form["action"]), data=fields_of(form), follow_redirects=True)

    assert answered.request.path == f"/staff/cases/{reference}"
    assert f"The mail is in file {reference}." in soup_of(answered).get_text()
    mail, said = _mail(database, done), _messages(database, reference)
    assert (mail.outcome, mail.reason) == (MailOutcome.ATTACHED, MailReason.BY_HAND)
    assert [one.kind for one in said].count(MessageKind.FOLLOW_UP) == 1
    assert mail.settled_by is not None

    again = an.client.post(str(form["action"]), data=fields_of(form), follow_redirects=True)
    assert f"The mail is in file {reference}." in soup_of(again).get_text()  # sent twice, and done once
    other = an.client.post(f"/staff/mail/{done.mail_id}/register", data=fields_of(form), follow_redirects=True)
    assert "Somebody has decided about this mail already." in other.text
    assert len(_messages(database, reference)) == len(said)


def test_another_file_can_be_chosen_and_a_wrong_reference_says_why(
    an: Desk, quoted: tuple[TakenIn, str], file: File, database: Database
) -> None:
    done, other = quoted[0], file(requester_email="other@example.org")
    path = f"/staff/mail/{done.mail_id}/join"

    assert "Write the reference of the file." in errors_of(an.send(path, reference=""))
    refused = an.send(path, reference=other[:-1] + str((int(other[-1]) + 1) % 10))
    assert refused.status_code == 409
    assert "digit" in errors_of(refused)
    assert fields_of(soup_of(refused).select("main form")[0])["reference"].startswith("DOS-")
    assert an.send(path, reference="DOS-2026-0999999-" + "00").status_code == 409
    assert _mail(database, done).outcome is MailOutcome.HELD

    assert an.send(path, reference=other.lower()).status_code == 303
    assert any(one.kind is MessageKind.FOLLOW_UP for one in _messages(database, other))


def test_it_can_be_registered_as_a_request_of_its_own_from_its_first_arrival(
    an: Desk, quoted: tuple[TakenIn, str], database: Database
) -> None:
    done, reference = quoted
    received_at = _mail(database, done).received_at

    answered = an.send(f"/staff/mail/{done.mail_id}/register")

    assert answered.status_code == 303
    mail = _mail(database, done)
    with database.reading() as session:
        case = session.get_one(Case, mail.case_id)
    assert case.reference != reference
    assert case.received_at == received_at
    assert case.requester_email == "eve@example.net"
    assert _messages(database, case.reference)[0].kind is MessageKind.REQUEST


def test_it_can_be_set_aside_with_a_reason_and_stays_on_record(
    an: Desk, quoted: tuple[TakenIn, str], database: Database
) -> None:
    done, _ = quoted
    path = f"/staff/mail/{done.mail_id}/aside"

    assert "Write why nobody is answered." in errors_of(an.send(path, reason=" "))
    assert an.send(path, reason="Advertising").headers["Location"] == "/staff/mail"

    assert _mail(database, done).outcome is MailOutcome.IGNORED
    assert "Advertising" not in an.page("/staff/mail").get_text()
    settled = an.page("/staff/mail?pile=settled").get_text(" ", strip=True)
    assert "Advertising" in settled
    assert "An Peeters" in settled


@pytest.mark.parametrize(("sender", "told"), [(None, True), ("Eve <eve@example.net>", False)])
def test_whoever_registers_a_mail_without_an_address_reads_that_nobody_is_answered(
    desk: Callable[[str], Desk], take: Take, sender: str | None, told: bool
) -> None:
    di = desk("di")
    done = take(write("Bonjour, mon passeport ?" if told else "", sender=sender))
    assert done.outcome is MailOutcome.HELD

    said = di.page(f"/staff/mail/{done.mail_id}/register").get_text()

    assert ("no address that can be answered" in said) is told


def test_sizes_are_written_in_the_readers_language(desk: Callable[[str], Desk], take: Take) -> None:
    di = desk("di")
    done = take(write("Bonjour, mon passeport ?", sender=None))

    assert " kB" in di.page(f"/staff/mail/{done.mail_id}?lang=nl").get_text()
    assert " ko" in di.page(f"/staff/mail/{done.mail_id}?lang=fr").get_text()


def test_several_that_were_set_aside_are_marked_as_seen_at_once(an: Desk, take: Take, file: File) -> None:
    reference = file(requester_email=CLAIRE)
    for number in range(3):
        done = take(
            write("Absent.", to=keyed(reference), message_id=f"<{number}@e.org>", Auto_Submitted="auto-replied")
        )
        assert done.reason is MailReason.AUTOMATIC_REPLY
    page = an.page("/staff/mail?pile=ignored")
    form = page.select_one("main form")
    assert form is not None
    boxes = [str(one["value"]) for one in form.select("input[type=checkbox]")]
    assert len(boxes) == 3
    token = {"csrf_token": fields_of(form)["csrf_token"]}

    none = an.client.post("/staff/mail?pile=ignored", data=token | {"step": "chosen"}, follow_redirects=True)
    assert "Choose the mails that you have looked at." in none.text
    two = an.client.post("/staff/mail?pile=ignored", data=token | {"mail": boxes[:2]}, follow_redirects=True)
    assert "Marked as seen: 2." in two.text
    an.client.post("/staff/mail?pile=ignored", data=token | {"on_page": boxes, "step": "all"})
    assert an.page("/staff/mail?pile=ignored").select_one("main tbody tr") is None
    assert len(an.page("/staff/mail?pile=settled").select("main tbody tr")) == 3


@pytest.mark.parametrize("chosen", [["x"], ["-1"], ["9" * 40], ["99999"], ["١"]])
def test_a_made_up_choice_changes_nothing(an: Desk, quoted: tuple[TakenIn, str], chosen: list[str]) -> None:
    token = fields_of(an.page("/staff/mail/" + str(quoted[0].mail_id)).select("main form")[0])["csrf_token"]

    answered = an.client.post("/staff/mail", data={"csrf_token": token, "mail": chosen}, follow_redirects=True)

    assert answered.status_code == 200
    assert "Not done" in answered.text


def test_a_dispatcher_puts_a_mail_with_a_mistyped_reference_where_it_belongs(
    desk: Callable[[str], Desk], take: Take, file: File, database: Database
) -> None:
    reference = file(requester_email=CLAIRE, subject="A secret subject")
    slip = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    done = take(write(f"Mon dossier {slip}"))
    assert done.reason is MailReason.MISTYPED_REFERENCE
    di = desk("di")

    page = di.page(f"/staff/mail/{done.mail_id}")
    words = page.get_text(" ", strip=True)
    assert "The sender's address is its requester's." in words
    assert "A secret subject" not in words, "a dispatcher does not see the files of a service"
    form = next(one for one in page.select("main form") if fields_of(one).get("reference") == reference)
    answered = di.client.post(str(form["action"]), data=fields_of(form), follow_redirects=True)

    assert f"The mail is in file {reference}." in soup_of(answered).get_text()
    assert any(one.kind is MessageKind.FOLLOW_UP for one in _messages(database, reference))
    assert desk("an").get(f"/staff/mail/{done.mail_id}").status_code == 200


def test_a_mail_that_cannot_be_read_is_still_listed_and_saved(desk: Callable[[str], Desk], take: Take) -> None:
    di = desk("di")
    done = take(encrypted())

    assert "encrypted" in di.page("/staff/mail").get_text()
    given = di.get(f"/staff/mail/{done.mail_id}/original")
    assert given.status_code == 200
    given.close()
    assert "encrypted: we cannot read it" in di.page(f"/staff/mail/{done.mail_id}").get_text()


def test_a_mail_whose_original_is_gone_says_so_and_nothing_is_lost(
    an: Desk, quoted: tuple[TakenIn, str], database: Database, room: Mailroom
) -> None:
    done, reference = quoted
    Path(path_of(room.mail, _mail(database, done).sha256)).unlink()

    assert "cannot be read from the disk" in an.page(f"/staff/mail/{done.mail_id}").get_text()
    assert an.get(f"/staff/mail/{done.mail_id}/original").status_code == 404
    refused = an.send(f"/staff/mail/{done.mail_id}/join", reference=reference)
    assert refused.status_code == 503
    assert "cannot be read from the disk" in errors_of(refused)
    assert _mail(database, done).outcome is MailOutcome.HELD


def test_the_queue_and_the_case_say_that_a_mail_waits(an: Desk, quoted: tuple[TakenIn, str]) -> None:
    done, reference = quoted

    queue = an.page("/staff/queue")
    alarm = next(
        one for one in queue.select(".staff-alarm") if "Mail that waits for your decision: 1" in one.get_text()
    )
    assert alarm.select_one("a[href='/staff/mail']") is not None
    case = an.page(f"/staff/cases/{reference}")
    alarm = next(one for one in case.select(".staff-alarm") if "A mail waits for a decision" in one.get_text())
    assert alarm.select_one(f"a[href='/staff/mail/{done.mail_id}']") is not None


def test_a_bounce_is_shown_and_the_same_words_go_by_post(
    an: Desk, take: Take, file: File, database: Database
) -> None:
    reference = file(requester_email=CLAIRE, requester_address="Rue Haute 1\n1000 Bruxelles")
    with database.reading() as session:
        clerk = acting(session.scalars(select(Staff).where(Staff.email == email_of("an"))).one())
    message = answer(database, reference, clerk, datetime.now(UTC))
    assert "Not arrived" not in an.page("/staff/queue").get_text()

    done = take(bounce_of(message))
    assert (done.outcome, done.reason) == (MailOutcome.IGNORED, MailReason.BOUNCE)

    queue = an.page("/staff/queue?show=failed")
    assert reference in queue.get_text()
    assert "Messages that could not be sent, or came back: 1" in queue.get_text()
    case = an.page(f"/staff/cases/{reference}")
    link = next(one for one in case.select(".staff-alarm a") if "by post" in one.get_text())
    letter = an.page(str(link["href"]))
    typed = fields_of(letter.select("main form")[0])
    assert typed["text"] == "Voici."
    assert (typed["channel"], typed["channel_reason"]) == ("post", "no_address")
    form = letter.select("main form")[0]
    sent = an.client.post(str(link["href"]), data=fields_of(form) | {"step": "send"})
    assert sent.status_code == 303, errors_of(sent)
    last = _messages(database, reference)[-1]
    assert (last.channel.value, last.address) == ("post", "Rue Haute 1\n1000 Bruxelles")
    assert "Voici." in last.body


@pytest.mark.parametrize(
    "path", ["/staff/mail/99999", "/staff/mail/99999999999999999999999", "/staff/mail/0/original"]
)
def test_there_is_no_such_mail(an: Desk, path: str) -> None:
    assert an.get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["?pile=none", "?after=x", "?after=2026-01-01_5", "?after=2026-01-01T00:00:00%2B00:00_x", "?after=_",
              "?after=%00", "?after=9999-12-31T23:59:59-23:59_1", "?pile=settled&after=0001-01-01T00:00:00%2B23:00_1",
              "?after=2026-01-01T00:00:00%2B00:00_7"],
)  # fmt: skip
def test_an_address_made_up_by_somebody_shows_the_list(an: Desk, query: str) -> None:
    assert an.get(f"/staff/mail{query}").status_code == 200


def test_what_is_due_first_stands_first(an: Desk, take: Take, file: File, database: Database) -> None:
    reference = file(requester_email=CLAIRE)
    done = [take(write(f"{reference} {n}", message_id=f"<{n}@e.org>", sender="eve@e.net", subject=f"No {n}"))
            for n in range(2)]  # fmt: skip
    with database.writing() as session:
        late = session.get_one(Mail, done[1].mail_id)
        late.received_at, late.due_on = NOW - timedelta(days=20), (NOW - timedelta(days=5)).date()

    rows = an.page("/staff/mail").select("main tbody tr")

    assert "No 1" in rows[0].get_text()
    assert "suivi-queue__late" in rows[0]["class"]
    assert "late" in rows[0].get_text()


@pytest.mark.parametrize("who", ["el", "fa"])
def test_direction_and_auditor_read_and_decide_nothing(
    desk: Callable[[str], Desk], quoted: tuple[TakenIn, str], take: Take, file: File, who: str
) -> None:
    to = keyed(file(requester_email=CLAIRE))
    away = write("Absent.", to=to, message_id="<a@e.org>", Auto_Submitted="auto-replied")
    ignored, at = take(away), desk(who)

    for path in (f"/staff/mail/{quoted[0].mail_id}", "/staff/mail?pile=ignored", f"/staff/mail/{ignored.mail_id}"):
        assert at.page(path).select("main form") == []
    assert "Mail that waits for your decision" not in at.page("/staff/queue").get_text()
    token = {"csrf_token": fields_of(at.page("/staff/profile").select("main form")[0])["csrf_token"]}
    refused = at.client.post("/staff/mail", data=token | {"mail": str(ignored.mail_id)}, follow_redirects=True)
    assert "Not done" in refused.text
    assert "Marked as seen" not in refused.text


def test_mail_that_nobody_could_be_told_about_is_everybodys_alarm(an: Desk, take: Take, database: Database) -> None:
    done = take(encrypted())
    assert "nobody could be told about" not in an.page("/staff/queue").get_text()
    with database.writing() as session:
        mail = session.get_one(Mail, done.mail_id)
        mail.details = {**(mail.details or {}), "unattended": True}

    assert "Mail that nobody could be told about: 1." in an.page("/staff/queue").get_text()


def _bounced(database: Database, take: Take, reference: str) -> None:
    with database.reading() as session:
        clerk = acting(session.scalars(select(Staff).where(Staff.email == email_of("an"))).one())
    take(bounce_of(answer(database, reference, clerk, datetime.now(UTC))))


def test_without_a_postal_address_the_way_to_one_is_offered(
    an: Desk, desk: Callable[[str], Desk], take: Take, file: File, database: Database
) -> None:
    reference = file(requester_email=CLAIRE)
    _bounced(database, take, reference)

    links = [link.get_text() for link in an.page(f"/staff/cases/{reference}").select(".staff-alarm a")]
    assert links == ["Correct the address, or add a postal one to write to"]
    assert desk("fa").page(f"/staff/cases/{reference}").select(".staff-alarm a") == []


@pytest.mark.parametrize("again", ["1", "99", "x", "-3", "9" * 30, "١"])
def test_only_the_words_of_a_message_that_came_back_are_filled_in(
    an: Desk, take: Take, file: File, database: Database, again: str
) -> None:
    reference = file(requester_email=CLAIRE, requester_address="Rue Haute 1\n1000 Bruxelles")
    _bounced(database, take, reference)

    typed = fields_of(an.page(f"/staff/cases/{reference}/answer?again={again}").select("main form")[0])

    assert typed["text"] == ""
    assert typed["channel"] == "email"


def test_an_acknowledgement_that_came_back_is_sent_again_by_post(
    an: Desk, desk: Callable[[str], Desk], take: Take, file: File, database: Database
) -> None:
    reference = file(requester_email=CLAIRE, requester_address="Rue Haute 1\n1000 Bruxelles")
    now = datetime.now(UTC)
    with database.writing() as session:
        line = session.scalars(select(Outbox)).one()
        leaving.on_left(session, make_house(), line, now=now)
        line.state, line.settled_at = "sent", now
    take(bounce_of(_messages(database, reference)[1], at=now))
    path = f"/staff/cases/{reference}"
    (link,) = an.page(path).select(".staff-alarm a[href*='send-again']")
    assert desk("fa").page(path).select("a[href*='send-again']") == []

    without = an.send(str(link["href"]), channel="post", reason="")
    done = an.send(str(link["href"]), channel="post", reason="The address is dead.")

    assert without.status_code == 400
    assert "Write why." in errors_of(without)
    assert done.status_code == 303
    again = _messages(database, reference)[-1]
    assert (again.kind, again.channel.value) == (MessageKind.ACKNOWLEDGEMENT, "post")
    told = an.page(path).get_text(" ", strip=True)
    assert "message 2 sent again · Reason: The address is dead." in told
    assert an.page(path).select("a[href*='send-again']") == []


def test_the_case_says_that_no_acknowledgement_was_sent_and_why(
    an: Desk, take: Take, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake, "MOST_IN_A_DAY", 1)
    cases = [take(write(f"Question {'o' * n}", message_id=f"<{n}@e.org>")).reference for n in range(3)]
    with database.writing() as session:
        session.execute(update(Case).values(service_code="ME6"))

    told, silent = (an.page(f"/staff/cases/{one}") for one in cases[1:])

    (alarm,) = told.select(".staff-alarm")
    assert "so many acknowledgements within a day that a machine may be writing" in alarm.get_text()
    assert silent.select(".staff-alarm") == []
    for page in (told, silent):
        assert "No acknowledgement was sent: this address had been sent too many" in page.get_text()


def test_a_transmission_that_came_back_goes_to_the_address_that_is_given(
    an: Desk, take: Take, file: File, database: Database
) -> None:
    reference = file(requester_email=CLAIRE)
    path, now = f"/staff/cases/{reference}", datetime.now(UTC)
    an.send(f"{path}/transmit", "send", to="EXT:PENSIONS", text="")
    with database.writing() as session:
        for line in session.scalars(select(Outbox)):
            leaving.on_left(session, make_house(), line, now=now)
            line.state, line.settled_at = "sent", now
    lost = next(one for one in _messages(database, reference) if one.kind is MessageKind.TRANSMISSION)
    take(bounce_of(lost, at=now))
    (link,) = an.page(path).select(".staff-alarm a")
    assert link.get_text() == f"Send it again ({lost.number})"

    refused = an.send(str(link["href"]), address="nobody", reason="It came back.")
    done = an.send(str(link["href"]), address="dossiers@pensions.example", reason="It came back.")

    assert refused.status_code == 409
    assert "The body's address is missing or not valid. Fill in the field for its address." in errors_of(refused)
    assert fields_of(form_of(soup_of(refused)))["address"] == "nobody"
    assert done.status_code == 303
    again = _messages(database, reference)[-1]
    assert (again.kind, again.address, again.body) == (lost.kind, "dossiers@pensions.example", lost.body)
