"""What staff write is shown exactly as it will go before it goes; the text stays whatever happens."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typst
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Language, Nature
from tracker.correspondence.letter import _compiled
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.messages import Message, Outbox
from tracker.models.staff import Staff

File = Callable[..., str]
Row = Callable[[str], Case]
TODAY = brussels_day(datetime.now(UTC))
TEXT = "Madame,\n\nVotre diplôme doit d'abord passer par la Communauté : <1 000 €>.\n  Retrait conservé."


def _messages(database: Database, kind: str) -> list[Message]:
    with database.reading() as session:
        return list(session.scalars(select(Message).where(Message.kind == kind).order_by(Message.number)))


def _banner(at: Desk, answer: TestResponse) -> str:
    """Return what stands in the banner of the page that an answer leads to."""
    shown = soup_of(at.get(answer.headers["Location"])).select_one(".govuk-notification-banner--success")
    assert shown is not None
    return " ".join(shown.get_text().split()).replace("\u202f", " ").replace("\xa0", " ")


def test_an_answer_goes_exactly_as_it_was_previewed(an: Desk, file: File, database: Database) -> None:
    reference = file(channel=Channel.EMAIL)
    path = f"/staff/cases/{reference}/answer"

    preview = an.send(path, "preview", text=TEXT)
    shown = soup_of(preview).select_one(".staff-paper")
    assert shown is not None
    assert _messages(database, "answer") == []
    sent = an.send_form(soup_of(preview), path, "send")

    assert sent.status_code == 303
    (message,) = _messages(database, "answer")
    assert shown.get_text() == message.body
    assert "An Peeters" in message.body
    assert "Votre diplôme doit d'abord" in message.body
    assert message.left_on is None  # written, not gone: the promise is still open
    with database.reading() as session:
        assert session.scalars(select(Outbox.state).where(Outbox.message_id == message.id)).one() == "waiting"


def test_from_the_preview_one_can_go_back_and_change_the_text(an: Desk, file: File) -> None:
    path = f"/staff/cases/{file()}/answer"

    back = an.send_form(soup_of(an.send(path, "preview", text=TEXT)), path, "edit")

    assert fields_of(form_of(soup_of(back)))["text"].replace("\r\n", "\n") == TEXT


def test_an_interim_letter_makes_a_new_promise(an: Desk, file: File, database: Database) -> None:
    reference = file(
        nature=Nature.COMPLEX, channel=Channel.PHONE, requester_phone="+32 470 12 34 56", answer_by=Channel.PHONE
    )
    until = TODAY + timedelta(days=40)
    path = f"/staff/cases/{reference}/interim"

    preview = an.send(
        path, "preview", promised_on=until.isoformat(), reason="L'ambassade enquête.", spoken_on=TODAY.isoformat()
    )
    assert preview.status_code == 200, errors_of(preview)
    sent = an.send_form(soup_of(preview), path, "send")

    assert sent.status_code == 303, errors_of(sent)
    with database.reading() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
    assert (case.next_kind, case.next_due_on) == ("promised_reply", until)


@pytest.mark.parametrize(
    ("days", "reason"),
    [(None, "L'ambassade enquête."), (0, "L'ambassade enquête."), (400, "L'ambassade enquête."), (30, " ")],
)
def test_an_interim_letter_without_reason_or_with_an_impossible_date_is_refused(
    an: Desk, file: File, database: Database, days: int | None, reason: str
) -> None:
    promised = "" if days is None else (TODAY + timedelta(days=days)).isoformat()

    answer = an.send(
        f"/staff/cases/{file(nature=Nature.COMPLEX)}/interim", "send", promised_on=promised, reason=reason
    )

    assert answer.status_code in (400, 409)
    assert errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["reason"].strip() == reason.strip()
    assert _messages(database, "interim") == []


def test_a_case_is_transmitted_to_the_body_and_the_requester_both(an: Desk, file: File, database: Database) -> None:
    reference = file(nature=Nature.MISDIRECTED, channel=Channel.EMAIL)
    path = f"/staff/cases/{reference}/transmit"

    preview = an.send(path, "preview", to="EXT:FPS-ECONOMY", text="C'est une question de commerce.")
    assert len(soup_of(preview).select(".staff-paper")) == 2
    sent = an.send_form(soup_of(preview), path, "send")

    assert sent.status_code == 303
    assert len(_messages(database, "transmission")) == len(_messages(database, "transmission_notice")) == 1


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "Competent body – The letter is ready: post it, then record the day on which it left."
               " Requester – The e-mail is on its way. The promise is kept once both have left."),
        ("fr", "Organisme compétent – La lettre est prête : postez-la, puis notez le jour de son départ."
               " Demandeur – Le courrier électronique est en route."
               " L'engagement sera tenu quand les deux seront partis."),
    ],
)  # fmt: skip
def test_whoever_transmits_is_told_how_each_half_goes_and_to_post_what_is_on_paper(
    an: Desk, file: File, database: Database, lang: str, told: str
) -> None:
    with database.writing() as session:
        session.get_one(Service, "EXT:FPS-ECONOMY").email = None
        session.scalars(select(Staff).where(Staff.email.startswith("an."))).one().language = Language(lang)
    reference = file(nature=Nature.MISDIRECTED, channel=Channel.EMAIL)

    sent = an.send(
        f"/staff/cases/{reference}/transmit",
        "send",
        to="EXT:FPS-ECONOMY",
        to_address="Rue du Progrès 50\n1210 Bruxelles",
    )

    assert [one.channel for one in _messages(database, "transmission")] == [Channel.POST]
    assert told in _banner(an, sent)
    page = an.page(f"/staff/cases/{reference}")
    assert page.select_one("a[href$='/left']") is not None


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ({"channel": "post"}, "The letter is ready: post it, then record the day on which it left."
                              " The promise is kept once it has left."),
        ({"channel": "fax"}, "The fax is ready: send it, then record the day on which it left."
                             " The promise is kept once it has left."),
        ({"channel": "email"}, "The e-mail is on its way. The promise is kept once it has left."),
        ({"channel": "phone", "spoken_on": TODAY.isoformat()}, "The conversation is recorded."),
    ],
)  # fmt: skip
def test_whoever_answers_is_told_how_it_goes_and_what_is_left_to_do(
    an: Desk, file: File, way: dict[str, str], told: str
) -> None:
    contact = {"requester_address": "Rue Haute 1, 1000 Bruxelles", "requester_fax": "+32 2 501 00 00"}
    reference = file(channel=Channel.EMAIL, requester_phone="+32 470 12 34 56", changes=contact)

    sent = an.send(f"/staff/cases/{reference}/answer", "send", text=TEXT, channel_reason="asked", **way)

    assert sent.status_code == 303, errors_of(sent)
    assert _banner(an, sent).endswith(told)


def test_a_question_is_said_to_keep_no_promise(an: Desk, file: File) -> None:
    sent = an.send(f"/staff/cases/{file(channel=Channel.EMAIL)}/ask", "send", text="Which diploma?")

    assert _banner(an, sent).endswith("The e-mail is on its way.")


def test_to_a_foreign_body_nothing_is_forwarded_without_consent(an: Desk, file: File, database: Database) -> None:
    reference = file(nature=Nature.MISDIRECTED, channel=Channel.EMAIL)
    path = f"/staff/cases/{reference}/transmit"

    told_only = an.send(path, "preview", to="FR-SSI", text="")
    with_consent = an.send(path, "preview", to="FR-SSI", text="", consent="Her mail of Monday.")
    assert errors_of(with_consent) == ""

    assert len(soup_of(told_only).select(".staff-paper")) == 1
    assert len(soup_of(with_consent).select(".staff-paper")) == 2


def test_a_message_without_signature_does_not_leave_and_all_that_is_missing_is_named(
    an: Desk, file: File, database: Database
) -> None:
    with database.writing() as session:
        staff = session.scalars(select(Staff).where(Staff.email.startswith("an."))).one()
        staff.titles, staff.phone = dict.fromkeys(Language, " "), ""

    answer = an.send(f"/staff/cases/{file()}/answer", "send", text=TEXT)

    assert answer.status_code == 409
    assert "title" in errors_of(answer)
    assert "phone" in errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["text"].replace("\r\n", "\n") == TEXT
    assert _messages(database, "answer") == []


def test_another_way_back_needs_a_reason(an: Desk, file: File, database: Database) -> None:
    reference = file(channel=Channel.EMAIL, requester_address="Rue Haute 1, 1000 Bruxelles")
    path = f"/staff/cases/{reference}/answer"

    refused = an.send(path, "send", text=TEXT, channel="post")
    assert refused.status_code == 409
    assert errors_of(refused)
    sent = an.send_form(soup_of(refused), path, "send", channel_reason="asked")

    assert sent.status_code == 303, errors_of(sent)
    assert _messages(database, "answer")[0].channel is Channel.POST


def test_a_letter_keeps_its_promise_on_the_day_it_is_posted_and_no_longer_when_it_comes_back(
    an: Desk, file: File, row: Row
) -> None:
    reference = file(channel=Channel.POST, requester_address="Rue Haute 1, 1000 Bruxelles", requester_email=None)
    due = row(reference).next_due_on
    an.send(f"/staff/cases/{reference}/answer", "send", text=TEXT)
    assert row(reference).next_due_on == due
    wrong = an.send(f"/staff/cases/{reference}/left", left_on=(TODAY + timedelta(days=1)).isoformat())
    assert wrong.status_code == 409

    an.send(f"/staff/cases/{reference}/left", left_on=TODAY.isoformat())
    assert row(reference).next_due_on is None
    an.send(f"/staff/cases/{reference}/returned", evidence="Unknown at this address.")

    assert row(reference).next_due_on == due


def test_a_question_and_a_note_keep_no_promise(an: Desk, file: File, row: Row, database: Database) -> None:
    reference = file()
    due = row(reference).next_due_on

    an.send(f"/staff/cases/{reference}/ask", "send", text="Quel pays ?")
    an.send(f"/staff/cases/{reference}/note", text="Ask Cairo.")

    assert row(reference).next_due_on == due
    assert len(_messages(database, "question")) == len(_messages(database, "note")) == 1


@pytest.mark.parametrize("slug", ["answer", "ask"])
@pytest.mark.parametrize(
    "text",
    ["", " \n\t ", "\0\0", "\x07\x1b", "x" * 20_001, "é" * 300_000],
    ids=["empty", "blank", "nul", "bell", "long", "huge"],
)
def test_a_text_that_cannot_be_sent_is_refused(
    an: Desk, file: File, database: Database, slug: str, text: str
) -> None:
    answer = an.send(f"/staff/cases/{file()}/{slug}", "send", text=text)

    assert answer.status_code == 400
    assert errors_of(answer)
    assert _messages(database, "answer") == _messages(database, "question") == []


WAYS = ["channel", "channel_reason", "registered_ground", "spoken_on"]
FIELDS = [(slug, field) for slug in ("answer", "interim", "transmit") for field in WAYS]


@pytest.mark.parametrize(("slug", "field"), [*FIELDS, ("interim", "promised_on"), ("transmit", "to")])
@pytest.mark.parametrize("value", ["pigeon", "x" * 5000, "-1", "2026-99-99"])
def test_a_choice_made_up_by_somebody_is_refused(
    an: Desk, file: File, row: Row, slug: str, field: str, value: str
) -> None:
    reference = file(nature=Nature.COMPLEX)
    path = f"/staff/cases/{reference}/{slug}"
    right = {"interim": {"promised_on": (TODAY + timedelta(days=30)).isoformat(), "reason": "R."},
             "transmit": {"to": "EXT:FPS-ECONOMY", "text": ""}}.get(slug, {"text": TEXT})  # fmt: skip
    answer = an.send(path, "send", **right | {field: value})

    assert answer.status_code in (400, 409), answer.status_code
    assert errors_of(answer)
    assert row(reference).version == 1


def test_two_clerks_at_once_the_letter_is_not_sent_and_not_lost(
    an: Desk, desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/answer"
    preview = soup_of(an.send(path, "preview", text=TEXT))
    desk("bo").send(f"/staff/cases/{reference}/nature", nature="information")

    answer = an.send_form(preview, path, "send")

    assert answer.status_code == 409
    assert "Bo Peeters" in answer.text
    assert fields_of(form_of(soup_of(answer)))["text"].replace("\r\n", "\n") == TEXT
    assert _messages(database, "answer") == []


ON_PAPER = {"channel": Channel.POST, "requester_address": "Rue Neuve 1\n1000 Bruxelles", "requester_email": None}


@pytest.mark.parametrize("channel", [Channel.POST, Channel.FAX])
def test_the_letter_is_seen_as_it_will_be_printed_before_it_is_stored(
    an: Desk, file: File, database: Database, channel: Channel
) -> None:
    reference = file(**ON_PAPER | {"channel": channel, "requester_fax": "+32 2 501 81 70"})
    path = f"/staff/cases/{reference}/answer"
    preview = soup_of(an.send(path, "preview", text=TEXT))

    seen = an.send_form(preview, path, print="0")

    assert _messages(database, "answer") == []
    assert (seen.status_code, seen.mimetype) == (200, "application/pdf")
    assert seen.headers["Content-Disposition"] == f"inline; filename=preview-{reference}.pdf"
    assert seen.headers["Cache-Control"] == "no-store"
    assert preview.select_one("button[name=print][form][formtarget=_blank]") is not None
    assert an.send_form(preview, path, print="1").status_code == 404
    an.send_form(preview, path, "send")
    (message,) = _messages(database, "answer")
    printed = an.get(f"/staff/cases/{reference}/letters/{message.number}.pdf")
    assert printed.data == seen.data  # nothing on it says that it is not final


def test_others_write_while_a_letter_that_is_sent_is_set(
    an: Desk, file: File, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/staff/cases/{file(channel=Channel.POST, requester_address='Rue Haute 1, 1000 Bruxelles')}/answer"
    page, set_by_typst, alone = an.page(path), typst.compile, []
    _compiled.cache_clear()

    def compile_it(*given: Any, **more: Any) -> Any:
        with database.writing() as session:  # SQLite has one writer at a time
            session.execute(text("UPDATE job_runs SET job = job"))
        alone.append(1)
        return set_by_typst(*given, **more)

    monkeypatch.setattr(typst, "compile", compile_it)
    assert an.send_form(page, path, "send", text=TEXT).status_code == 303
    assert (len(alone), len(_messages(database, "answer"))) == (1, 1)


def test_what_goes_by_mail_has_no_letter_to_see(an: Desk, file: File) -> None:
    path = f"/staff/cases/{file(channel=Channel.EMAIL)}/answer"
    preview = soup_of(an.send(path, "preview", text=TEXT))

    assert preview.select_one("button[name=print]") is None
    assert an.send_form(preview, path, print="0").status_code == 404


@pytest.mark.parametrize("step", ["preview", "send"])
def test_what_cannot_be_printed_is_named_to_its_writer_who_keeps_the_text(
    an: Desk, file: File, database: Database, step: str
) -> None:
    text = "Voir 北京 et ก, dans 北京. 🙂"
    path = f"/staff/cases/{file(**ON_PAPER)}/answer"

    refused = an.send(path, step, text=text)

    assert refused.status_code == 409
    assert "holds “北 京 ก”, which cannot be printed" in errors_of(refused)
    assert fields_of(form_of(soup_of(refused)))["text"] == text
    assert _messages(database, "answer") == []


def test_the_same_words_may_go_by_mail(an: Desk, file: File, database: Database) -> None:
    path = f"/staff/cases/{file(channel=Channel.EMAIL)}/answer"

    assert an.send(path, "send", text="Voir 北京.").status_code == 303
    assert len(_messages(database, "answer")) == 1


LACKING: dict[str, tuple[str, dict[str, Any], list[str], list[str]]] = {
    "nothing typed": ("answer", {}, ["Write the text."], []),
    "an interim letter": (
        "interim", {"nature": Nature.COMPLEX},
        ["Write why more time is needed.", "Write the date by which the answer will be there."], [],
    ),
    "no body chosen": ("transmit", {}, ["Choose the body."], []),
    "an address is missing": (
        "answer", {"changes": {"reply_channel": Channel.POST}}, ["Write the text."],
        ["The recipient's postal address is missing."],
    ),
    "something is owed": ("closing", {}, [], ["while a promise is open"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LACKING)
def test_a_letter_says_what_it_lacks_before_anybody_asks_to_see_it(an: Desk, file: File, name: str) -> None:
    slug, case, to_write, to_mend = LACKING[name]

    page = an.page(f"/staff/cases/{file(**case)}/{slug}")

    hint, alarm = page.select_one("#unwritten"), page.select_one(".suivi-alarm")
    for parts, found in ((to_write, hint), (to_mend, alarm)):
        assert (found is not None) is bool(parts)
        assert all(part in found.get_text(" ", strip=True) for part in parts if found)
    assert page.select_one(".govuk-error-message, .govuk-error-summary, [aria-invalid]") is None


def test_a_draft_says_what_it_lacks_as_it_was_kept_and_when_nothing_is_lacking(an: Desk, file: File) -> None:
    path = f"/staff/cases/{file()}/answer"
    an.send(path, "keep", text="Voici [? le montant].")
    assert "[? le montant]" in an.page(path).select_one(".suivi-alarm").get_text()  # type: ignore[union-attr]

    an.send(path, "keep", text="Voici.")
    shown = an.page(path)
    assert shown.select_one(".suivi-alarm, #unwritten") is None
    assert "Nothing is lacking: it can leave as it stands." in shown.get_text(" ", strip=True)

    odd = an.send(path, "texts", text="Voici.", channel="pigeon")
    assert "Choose how it goes." in soup_of(odd).select_one("#unwritten").get_text()  # type: ignore[union-attr]
