"""The page on which personal data are erased, and every page on which the file is seen afterwards."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from tests.casework.lived import MARKS, NAME, TYPED, live_through, plant
from tests.casework.mailing import lay, write
from tests.closing import answered
from tests.factories import acting, make_house
from tests.web.staff.conftest import Desk, email_of, errors_of, fields_of, soup_of
from tracker.casework import ending, leaving
from tracker.casework.erasing import Folders
from tracker.casework.house import Actor
from tracker.casework.register import code_of
from tracker.casework.what_goes import TAKEN_OUT
from tracker.charter.counting import brussels_day
from tracker.charter.erasing import ERASED
from tracker.charter.words import Channel, Language
from tracker.cli.note import note_of
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.staff import Staff
from tracker.opening import open_mailroom

DeskOf = Callable[[str], Desk]
PAPER = {"channel": Channel.POST, "requester_address": "Rue des Xylophages 7\n1000 Bruxelles"}


@pytest.fixture
def ended(database: Database) -> str:
    """A letter that was answered by post, with a file; gives its reference."""
    now = datetime.now(UTC) - timedelta(days=1)
    with database.writing() as session:
        an = acting(session.scalars(select(Staff).where(Staff.email == email_of("an"))).one())
        case = answered(session, make_house(), an, now=now, service="ME6", subject=TYPED, text=TYPED,
                        requester_name=NAME, language=Language.FR, **PAPER)  # fmt: skip
        session.add(Attachment(case_id=case.id, name=f"{NAME}.pdf", stored_as="aa/1.pdf", size=9, added_at=now,
                               media_type="application/pdf", sha256="1" * 64))  # fmt: skip
        for line in session.scalars(select(Outbox)):
            line.state = "sent"
        _let_letters_go(session, case, an, now)
        ending.close(session, make_house(), reference=case.reference, actor=an, now=now, seen=None)
        return case.reference


def _let_letters_go(session: Session, case: Case, an: Actor, now: datetime) -> None:
    waiting = select(Message).where(Message.case_id == case.id, Message.left_on.is_(None), Message.direction == "out")
    for message in session.scalars(waiting).all():
        leaving.record_leaving(
            session, make_house(), reference=case.reference, message_number=message.number,
            left_on=brussels_day(now), actor=an, now=now, seen=None,
        )  # fmt: skip


def test_a_file_that_the_disk_does_not_let_go_now_is_left_to_the_tidying_up(
    settings: Settings, desk: DeskOf, ended: str
) -> None:
    bo, path = desk("bo"), f"/staff/cases/{ended}/erase"
    (settings.attachments_dir / "aa/1.pdf").mkdir(parents=True)  # refuses to be removed as a file

    assert bo.send(path, ground="requested", reason="Decision 12", confirmed=ended).status_code == 303
    assert NAME not in bo.get(f"/staff/cases/{ended}").text


def test_the_head_erases_after_typing_the_reference_and_every_page_holds_afterwards(
    app: Flask, database: Database, settings: Settings, desk: DeskOf, ended: str
) -> None:
    bo, path = desk("bo"), f"/staff/cases/{ended}/erase"
    laid = settings.attachments_dir / "aa/1.pdf"
    laid.parent.mkdir(parents=True, exist_ok=True)
    laid.write_bytes(b"%PDF")
    assert f'href="{path}"' in bo.get(f"/staff/cases/{ended}").text
    assert path not in desk("an").get(f"/staff/cases/{ended}").text

    said = errors_of(bo.send(path, ground="requested", reason="Decision 12", confirmed="DOS-2026-0001234-14"))
    assert ended in said
    assert NAME in bo.get(f"/staff/cases/{ended}").text
    given = {"ground": "requested", "reason": "Decision 12", "confirmed": ended.lower()}
    page = bo.page(path)
    assert bo.send_form(page, path, **given).status_code == 303
    assert bo.send_form(page, path, **given).status_code == 303, "a double click"

    assert not laid.exists()
    shown = soup_of(bo.get(f"/staff/cases/{ended}"))
    told = shown.get_text(" ", strip=True)
    assert "The personal data were erased on" in told
    assert "The person asked for it (GDPR, article 17)" in told
    assert "Decision 12" in told
    links = {re.split("[?#]", str(link["href"]))[0] for link in shown.select("main a[href^='/staff/cases/']")}
    assert links <= {f"/staff/cases/{ended}", f"/staff/cases/{ended}/whole"}, "there is nothing left to do"
    _look_at_everything(app, bo, ended)


def test_a_complaint_that_lived_through_everything_is_shown_for_what_is_left_of_it(
    app: Flask, database: Database, settings: Settings, desk: DeskOf
) -> None:
    with database.writing() as session:
        staff = {who: session.scalars(select(Staff).where(Staff.email == email_of(who))).one()
                 for who in ("an", "bo", "co")}  # fmt: skip
        reference = live_through(session, staff)
    room = open_mailroom(settings)
    folders = Folders(attachments=room.attachments, letters=settings.letters_dir, mail=room.mail)
    mail = lay(database, room, write(TYPED, sender=f"{NAME} <z@quillfeather.example>"))
    with database.writing() as session:
        plant(session, reference, mail, folders)
    before = soup_of(desk("co").get(f"/staff/cases/{reference}/whole")).get_text().casefold()
    assert all(mark in before for mark in MARKS if mark != "99887")

    given = {"ground": "keeping_over", "reason": "List 3", "confirmed": reference}
    assert desk("co").send(f"/staff/cases/{reference}/erase", **given).status_code == 303

    assert not [
        path for folder in (folders.attachments, folders.letters, folders.mail) for path in folder.rglob("*.*")
    ]
    for who in ("co", "el"):
        _look_at_everything(app, desk(who), reference)
    with database.reading() as session:
        assert not any(session.scalar(select(model).limit(1)) for model in TAKEN_OUT)
        for language in Language:
            told = note_of(session, make_house(), reference, now=datetime.now(UTC), language=language).casefold()
            assert not [mark for mark in MARKS if mark in told]


def _look_at_everything(app: Flask, at: Desk, reference: str) -> None:
    """Open every address of the product that needs nothing but a file, and what finds and lists it."""
    paths = ["/staff/register?side=in", "/staff/register?side=out", "/staff/complaints?show=closed"]
    paths += [f"/staff/search?q={reference}", f"/staff/search?q={reference[4:]}"]
    assert reference not in at.get("/staff/search?q=xylophagous").text
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint.startswith("staff.") and "<code" not in rule.rule:
            for number in ("1", "3", "6") if "<int:number>" in rule.rule else ("",):
                path = rule.rule.replace("<reference>", reference).replace("<int:number>", number)
                paths += [path] if "<" not in path else []
    for path in paths:
        answer = at.get(path)
        assert answer.status_code < 500, path
        if answer.mimetype.startswith(("text/", "application/json")):
            seen = answer.text.casefold()
            assert not [mark for mark in MARKS if mark in seen], path
            assert ERASED not in seen or "the reason given: [—]" in seen, path
        answer.close()


def test_the_requester_reads_that_it_was_erased_and_a_stranger_learns_no_more_than_before(
    app: Flask, database: Database, desk: DeskOf, ended: str
) -> None:
    with database.reading() as session:
        code = code_of(make_house(), session.scalars(select(Case).where(Case.reference == ended)).one())
    answer = desk("bo").send(f"/staff/cases/{ended}/erase", ground="by_mistake", reason="12", confirmed=ended)
    assert answer.status_code == 303
    client = app.test_client()

    def enter(given: str) -> str:
        form = soup_of(client.get("/en/follow")).select_one("main form")
        assert form is not None
        typed = fields_of(form) | {"reference": ended, "code": given}
        return client.post("/en/follow", data=typed, follow_redirects=True).text

    stranger = enter("AAAA-BBBB-CCCC")
    assert "erased" not in stranger
    assert "We find no file with this reference and this code" in stranger
    mine = enter(code)
    assert "The content of this file was erased" in mine
    assert "textarea" not in mine
    assert ERASED not in mine
