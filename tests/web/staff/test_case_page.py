"""The page of a case shows all there is, and offers what this person may do now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from config import Settings
from tests.factories import acting, make_house
from tests.web.staff.conftest import PEOPLE, Desk, email_of, soup_of
from tracker.casework import assignment, ending, leaving, letters
from tracker.casework.alarms import set_alarms_now
from tracker.casework.drafting import Draft
from tracker.casework.errors import NotPermitted
from tracker.casework.follow import follow_up
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.people import person_of
from tracker.casework.to_and_fro import HeadDecides
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import CaseState, Channel, Language, Nature, NoticeState, WaiverGround
from tracker.correspondence.tables import date_in_words
from tracker.insight.casepage import STATEMENTS
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import LACKING, WITHHELD, Attachment, Message, Outbox
from tracker.models.obligations import Notice, Obligation
from tracker.models.staff import Staff

File = Callable[..., str]
Row = Callable[[str], Case]
WAITING = {"state": CaseState.TRIAGE, "triage_since": datetime.now(UTC)}


def _offered(at: Desk, reference: str) -> set[str]:
    links = at.page(f"/staff/cases/{reference}").select(".staff-acts a[href^='/']")
    return {str(link["href"]).rsplit("/", 1)[1] for link in links}


def test_it_shows_what_was_asked_what_is_promised_and_why(an: Desk, file: File) -> None:
    reference = file(text="Bonjour <script>alert(1)</script>", country="EG")

    page = an.page(f"/staff/cases/{reference}")
    words = page.get_text(" ", strip=True)

    assert page.select_one("main script") is None
    for part in ("Bonjour <script>", "in 12 days", "Why this date", "15 calendar days", "Claire Dubois", "Egypt"):
        assert part in words, part


def test_it_offers_what_makes_sense(an: Desk, file: File) -> None:
    offered = _offered(an, file())

    assert {"answer", "transmit", "ask", "note", "nature", "receipt", "hand-over", "waive", "flag"} <= offered
    assert not offered & {"interim", "keep-short", "extend", "close", "reopen", "left", "come-back", "take", "assign"}


def test_the_way_leads_on_from_a_file_to_what_comes_next(an: Desk, file: File) -> None:
    late, later = file(received_at=datetime.now(UTC) - timedelta(days=20)), file()

    def led_on(reference: str) -> str:
        link = an.page(f"/staff/cases/{reference}").select_one("#next-step")
        assert link is not None
        return str(an.get(str(link["href"])).headers["Location"])

    assert led_on(later) == f"/staff/cases/{late}"
    assert led_on(late) == f"/staff/cases/{late}"
    assert "still comes first" in an.page(f"/staff/cases/{late}").get_text()
    an.send(f"/staff/cases/{late}/answer", step="send", text="Yes.")
    first = an.page(f"/staff/cases/{late}").select(".staff-acts--first .govuk-button")
    assert [str(one["href"]).rsplit("/", 1)[1] for one in first] == ["nature"], "the answer waits to leave"
    assert led_on(late) == f"/staff/cases/{later}"


def test_what_is_offered_is_what_is_not_refused_to_whoever_looks(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    """For every role, in every state: what moves a case is offered to nobody whom the use case would refuse."""
    now = datetime.now(UTC)
    cases = [file(), file(changes=WAITING), file(nature=Nature.COMPLAINT), file(changes={"sensitive": True})]
    cases += [file(changes={"urgent_since": now}), wandering(database, file())]
    acts: dict[str, Callable[..., object]] = {
        "route": partial(assignment.route, service_code="M1", reason="Theirs."),
        "take": assignment.take,
        "assign": assignment.assign,
        "hand-over": partial(assignment.hand_over, reason="Away."),
        "transmit": partial(letters.transmit, draft=Draft(to="EXT:PENSIONS")),
        "flag": partial(assignment.flag, reason="Urgent."),
        "waive": partial(ending.waive, number=1, ground=WaiverGround.WITHDRAWN, evidence="She rang."),
    }
    differs = []
    for who in PEOPLE:
        at = desk(who)
        for reference in cases:
            page = at.get(f"/staff/cases/{reference}")
            offered = _offered(at, reference) & acts.keys() if page.status_code == 200 else set()
            with database.writing() as session:
                staff = session.scalars(select(Staff).where(Staff.email == email_of(who))).one()
                person = replace(person_of(staff), heads_dispatchers=who == "hu")
                an = session.scalars(select(Staff.id).where(Staff.email == email_of("an"))).one()
                for slug, act in acts.items():
                    told = {"handler_id": an} if slug in ("assign", "hand-over") else {}
                    refused = _refused(session, partial(act, **told), reference, Actor(staff.name, person))
                    whole = slug in ("route", "transmit", "flag", "waive")  # the others are offered where they help
                    if (slug in offered and refused) or (whole and slug not in offered and not refused):
                        differs.append((who, slug, cases.index(reference), refused))
    assert differs == []


def _refused(session: Session, act: Callable[..., object], reference: str, actor: Actor) -> bool:
    """Say whether somebody is refused an act, whatever else would be lacking; nothing is done."""
    done = session.begin_nested()
    try:
        act(session, make_house(), reference=reference, actor=actor, now=datetime.now(UTC), seen=None)
    except (NotPermitted, HeadDecides):
        return True
    except CharterError:
        return False
    finally:
        done.rollback()
    return False


def wandering(database: Database, reference: str) -> str:
    """Send a case from service to service until the dispatchers' head is asked where it goes."""
    for to in ("M1", "M2", "ME6"):
        with database.writing() as session:
            assignment.route(
                session, make_house(), reference=reference, service_code=to, reason="Not ours.", actor=SYSTEM,
                now=datetime.now(UTC), seen=None,
            )  # fmt: skip
    return reference


def test_a_complex_case_offers_an_interim_letter(an: Desk, file: File) -> None:
    assert {"interim", "keep-short"} <= _offered(an, file(nature=Nature.COMPLEX))


def test_a_request_for_a_document_offers_an_extension(an: Desk, file: File) -> None:
    assert "extend" in _offered(an, file(nature=Nature.DOCUMENT_ACCESS))


def test_whoever_may_only_read_is_offered_nothing(desk: Callable[[str], Desk], file: File) -> None:
    reference = file()

    assert _offered(desk("fa"), reference) == set()


def test_a_case_in_triage_shows_what_the_router_proposes(desk: Callable[[str], Desk], file: File) -> None:
    text = "Le climat, l'environnement, la biodiversité ; et ma pension, et un visa."
    reference = file(service=None, subject="Bonjour", text=text, changes=WAITING)

    at = desk("di")
    page = at.page(f"/staff/cases/{reference}")
    found = page.select(".staff-proposals ol > li")
    outside = [one for one in found if "Federal Pensions Service" in one.get_text()]

    titles = [one["id"] for one in page.select("main h2[id]")]
    assert titles[:4] == ["asked-title", "proposed-title", "owed-title", "line-title"], "as it is read on a phone"
    assert not page.select(".staff-acts .govuk-button"), "what is asked for is to give it to a service"
    assert "Environment and Climate (MD8)" in found[0].get_text()  # in the clerk's language, not the requester's
    assert "%" in found[0].get_text()
    assert "climat" in found[0].get_text()
    confirm = page.select_one(".staff-proposals form button")
    assert confirm is not None
    assert "Environment and Climate (MD8)" in confirm.get_text()
    ours = [one for one in found[1:] if one not in outside]
    for proposed, field in (*((one, "service") for one in ours), *((one, "to") for one in outside)):
        (button,) = proposed.select("a")
        code = str(button["href"]).rsplit("=", 1)[1]
        chosen = at.page(str(button["href"])).select_one(f"select[name={field}] option[selected]")
        assert chosen is not None
        assert str(chosen["value"]) == unquote(code)


def test_a_message_that_could_not_be_sent_is_at_the_top(an: Desk, file: File, database: Database) -> None:
    reference = file()
    an.send(f"/staff/cases/{reference}/answer", "send", text="Voilà.")
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == "answer")).one()
        waiting = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        waiting.state, waiting.settled_at, waiting.last_error = "failed", datetime.now(UTC), "550 no such user"
        session.flush()
        set_alarms_now(session, message.case_id)

    words = an.page(f"/staff/cases/{reference}").get_text(" ", strip=True)

    assert "could not be sent" in words
    assert "550 no such user" in words
    assert "Messages that could not be sent, or came back: 1" in an.page("/staff/queue").get_text(" ", strip=True)


def test_a_letter_that_was_kept_back_is_at_the_top_with_what_to_do(an: Desk, file: File, database: Database) -> None:
    reference = file()
    an.send(f"/staff/cases/{reference}/answer", "send", text="Voilà.")
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == "answer")).one()
        kept = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        kept.state, kept.settled_at, kept.last_error = "failed", datetime.now(UTC), f"{WITHHELD}: nothing_to_put_off"
        session.flush()
        set_alarms_now(session, message.case_id)

    words = an.page(f"/staff/cases/{reference}").get_text(" ", strip=True)

    assert "was kept back" in words
    assert "could not be sent" not in words
    assert "nothing_to_put_off" not in words
    assert "Messages that could not be sent, or came back: 1" in an.page("/staff/queue").get_text(" ", strip=True)


def test_a_message_that_the_gate_kept_back_names_what_it_lacks_and_where_that_is_mended(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference = file()
    desk("an").send(f"/staff/cases/{reference}/answer", "send", text="Voilà.")
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == "answer")).one()
        kept = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        kept.state, kept.settled_at = "failed", datetime.now(UTC)
        kept.last_error = f"{LACKING}: handler_phone, postal_address"

    words = desk("an").page(f"/staff/cases/{reference}").get_text(" ", strip=True)

    assert "was kept back, because something in it was missing" in words
    assert "The handler's telephone number is missing." in words
    assert "Ask the administrator to complete the service's entry in the directory." in words
    assert "could not be sent" not in words
    assert "handler_phone" not in words


def test_a_file_is_given_to_be_saved_and_only_with_its_case(
    an: Desk, file: File, database: Database, settings: Settings
) -> None:
    reference, other = file(), file()
    folder = Path(settings.attachments_dir)
    folder.mkdir(parents=True)
    (folder / "ab.txt").write_bytes(b"<script>alert(1)</script>")
    with database.writing() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        message = session.scalars(select(Message).where(Message.case_id == case.id, Message.number == 1)).one()
        session.add(
            Attachment(
                case_id=case.id, message_id=message.id, name="../déclaration.txt", stored_as="ab.txt", size=25,
                media_type="text/plain", sha256="0" * 64, added_at=datetime.now(UTC),
            )
        )  # fmt: skip

    link = an.page(f"/staff/cases/{reference}").select_one(".suivi-files a")
    assert link is not None
    given = an.get(str(link["href"]))

    assert given.data == b"<script>alert(1)</script>"
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["Cache-Control"] == "no-store"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    given.close()
    assert an.get(str(link["href"]).replace(reference, other)).status_code == 404


def test_a_merged_reference_leads_to_the_file_that_stays(an: Desk, file: File) -> None:
    stays, goes = file(), file()
    an.send(f"/staff/cases/{goes}/merge", into=stays, reason="The same letter, twice.")

    answer = an.client.get(f"/staff/cases/{goes}", follow_redirects=True)

    assert answer.request.path == f"/staff/cases/{stays}"
    assert f"File {goes} was joined to this one." in soup_of(answer).get_text()


def test_two_promises_of_one_kind_say_what_each_is_about(an: Desk, file: File, database: Database) -> None:
    reference = file(channel=Channel.EMAIL)
    house, now = make_house(), datetime.now(UTC)
    with database.writing() as session:
        clerk = acting(session.scalars(select(Staff).where(Staff.email == email_of("an"))).one())
        given: dict[str, Any] = {"reference": reference, "actor": clerk, "now": now, "seen": None}
        answer = letters.answer(session, house, draft=Draft(text="Voici."), **given)
        session.flush()
        line = session.scalars(select(Outbox).where(Outbox.message_id == answer.id)).one()
        leaving.on_left(session, house, line, now=now)
        line.state, line.settled_at = "sent", now
        follow_up(session, house, text="Et encore ?", channel=Channel.EMAIL, received_at=now, **given)
        leaving.void_leaving(session, house, message_number=answer.number, evidence="550", **given)

    boxes = [one.get_text(" ", strip=True) for one in an.page(f"/staff/cases/{reference}").select(".staff-promise")]

    assert len(boxes) == 2
    days = [
        date_in_words(brussels_day(at), Language.EN).replace(" ", "\u00a0")  # a day goes to the next line whole
        for at in (now - timedelta(days=3), now)
    ]
    assert f"For the request of {days[0]}" in boxes[0]
    assert f"For what was added on {days[1]}" in boxes[1]


def test_the_deputy_of_somebody_away_has_their_files(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference = file(sensitive=True)
    assert desk("cy").get(f"/staff/cases/{reference}").status_code == 404
    with database.writing() as session:
        people = {row.email: row for row in session.scalars(select(Staff))}
        away = people[email_of("an")]
        away.away_from, away.deputy_id = (
            brussels_day(datetime.now(UTC)) - timedelta(days=2),
            people[email_of("cy")].id,
        )

    assert desk("cy").get(f"/staff/cases/{reference}").status_code == 200
    assert reference in desk("cy").get("/staff/queue").text
    assert "answer" in _offered(desk("cy"), reference)


def test_notices_that_repeat_while_nobody_takes_what_is_urgent_do_not_bury_the_request(
    an: Desk, file: File, database: Database
) -> None:
    reference = file(urgent=True, text="Mon père est à l'hôpital.")
    with database.writing() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        promise = session.scalars(select(Obligation).where(Obligation.case_id == case.id)).first()
        assert promise is not None
        session.add_all(
            Notice(obligation_id=promise.id, rung=f"urgent-{n}", due_on=promise.due_on, state=NoticeState.SKIPPED,
                   moment=case.registered_at + timedelta(minutes=30 * n), recorded_at=case.registered_at,
                   escalation=False, recipients=[])
            for n in range(1, 101)
        )  # fmt: skip

    page = an.page(f"/staff/cases/{reference}")
    words = page.get_text(" ", strip=True)
    assert "Mon père est à l'hôpital." in words
    assert "not taken up after 30 minutes" in words
    assert "98 more notices in between" in words
    assert "not taken up after 50 hours" in words
    assert "Show what is older too" not in words

    whole = an.page(f"/staff/cases/{reference}?whole=1").get_text(" ", strip=True)
    assert "not taken up after 60 minutes" in whole


def test_the_page_of_a_case_takes_a_bounded_number_of_statements_and_folds_what_is_old(
    an: Desk, file: File, database: Database
) -> None:
    reference = file(channel=Channel.POST, requester_address="Rue Haute 1")
    an.send(f"/staff/cases/{reference}/note", text="The first note.")
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    def asked_for(address: str) -> tuple[int, str]:
        said.clear()
        words = an.page(address).get_text(" ", strip=True)
        return len([one for one in said if one.startswith("SELECT")]), words

    few, words = asked_for(f"/staff/cases/{reference}")
    assert few <= STATEMENTS + 3  # and who looks, for whom, and whether the directory has changed
    assert "Show what is older too" not in words

    with database.writing() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        begins, first = case.registered_at, 1 + max(m.number for m in session.scalars(
            select(Message).where(Message.case_id == case.id)))  # fmt: skip
        session.add_all(
            Message(case_id=case.id, number=first + n, direction="in", kind="request", channel="post", language="fr",
                    subject="Encore", body=f"Lettre {n}.", written_at=begins + timedelta(minutes=1 + n))
            for n in range(200)
        )  # fmt: skip

    many, words = asked_for(f"/staff/cases/{reference}")
    assert many <= few
    assert "Lettre 199." in words
    assert "Lettre 100." not in words
    assert "Show what is older too: " in words

    whole = an.page(f"/staff/cases/{reference}?whole=1").get_text(" ", strip=True)
    assert "Lettre 0." in whole
    assert whole.index("Lettre 0.") < whole.index("Lettre 100.") < whole.index("Lettre 199.")

    assert "The first note." in asked_for(f"/staff/cases/{reference}?show=notes")[1]


def test_a_promise_is_drawn_and_each_day_of_the_drawing_is_said_beside_it(an: Desk, file: File) -> None:
    reference = file(received_at=datetime.now(UTC) - timedelta(days=20))

    box = an.page(f"/staff/cases/{reference}").select_one(".staff-promise .suivi-bar")

    assert box is not None
    drawn = box.select(".suivi-bar__drawn > svg")
    said = [one.get_text(strip=True) for one in box.select("li")]
    today = brussels_day(datetime.now(UTC))
    days = {
        "For the request of ": today - timedelta(days=20), "due on ": today - timedelta(days=5),
        "late since ": today - timedelta(days=4), "today, ": today,
    }  # fmt: skip
    assert len(drawn) == len(said)
    written = {words: date_in_words(day, Language.EN).replace(" ", "\u00a0") for words, day in days.items()}
    assert [f"{words}{day}" for words, day in written.items()] == [
        one for one in said if not one.startswith("last working day")
    ]
    assert not box.select("[style]")
    assert all(one["aria-hidden"] == "true" for one in box.select(".suivi-bar__drawn, .suivi-bar__sign"))


def test_the_whole_file_has_every_text_open_in_order_for_whoever_may_read_the_case(
    desk: Callable[[str], Desk], an: Desk, file: File
) -> None:
    reference = file(text="Bonjour à vous.", sensitive=False)
    an.send(f"/staff/cases/{reference}/note", text="Ask the embassy.")
    an.send(f"/staff/cases/{reference}/answer", "send", text="Voilà la réponse.")
    link = an.page(f"/staff/cases/{reference}").find("a", string="The whole file, to be printed")
    address = str(link["href"])  # type: ignore[index]

    for who in ("an", "bo", "fa"):
        page = desk(who).page(address)
        words = page.get_text(" ", strip=True)
        places = [words.find(part) for part in ("Bonjour à vous.", "Ask the embassy.", "Voilà la réponse.")]
        assert -1 < places[0] < places[1] < places[2], who
        assert all(one.has_attr("open") for one in page.select("main details"))
        assert not page.select("main form, main button")
    assert desk("cy").get(address).status_code == 404


def test_the_line_is_narrowed_to_messages_notes_or_dates_by_links(an: Desk, file: File) -> None:
    reference = file(text="Bonjour à vous.")
    an.send(f"/staff/cases/{reference}/note", text="Ask the embassy.")
    an.send(f"/staff/cases/{reference}/nature", nature="complex", ground="visa")

    def line(show: str) -> str:
        page = an.page(f"/staff/cases/{reference}")
        (link,) = [one for one in page.select(".staff-line__nav a") if one.get_text() == show]
        shown = an.page(str(link["href"]))
        assert shown.select_one(".staff-line__nav [aria-current]").get_text() == show  # type: ignore[union-attr]
        assert shown.select_one("#newest") is not None
        return " ".join(one.get_text(" ", strip=True) for one in shown.select(".suivi-line__step"))

    wanted = {
        "Everything": (
            "Incoming",
            "Bonjour",
            "Outgoing",
            "Internal",
            "Ask the embassy.",
            "was registered",
            "nature of the request was settled",
        ),
        "Messages": ("Incoming", "Bonjour", "Outgoing"),
        "Notes": ("Internal", "Ask the embassy."),
        "Dates": ("was registered", "nature of the request was settled"),
    }
    every = {part for parts in wanted.values() for part in parts}
    for show, parts in wanted.items():
        found = line(show)
        assert {part for part in every if part in found} == set(parts), show


def test_the_handler_of_a_case_that_rings_can_take_it(an: Desk, file: File, row: Row) -> None:
    reference = file(urgent=True)
    assert row(reference).handler_id == an.staff.id  # type: ignore[union-attr]
    assert "take" in _offered(an, reference)

    assert an.send(f"/staff/cases/{reference}/take").status_code == 303

    assert row(reference).urgent_taken_at is not None
    assert "take" not in _offered(an, reference)
