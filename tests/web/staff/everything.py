"""Something of everything, as long and as odd as it comes: what every page is looked at with."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from tests.casework.mailing import CLAIRE, keyed, send, write
from tests.closing import closed
from tests.factories import acting, make_house
from tests.web.staff.browsing import LANGUAGES
from tests.web.staff.conftest import Desk, errors_of
from tracker.casework import surveys
from tracker.casework.figures import count_figures
from tracker.casework.follow import send_code_again
from tracker.casework.house import CITIZEN
from tracker.casework.leaving import on_left
from tracker.casework.surveys import Given
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Language, Nature, Opinion, PostKind, SurveyQuestion
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.database import Database
from tracker.models.directory import Post
from tracker.models.messages import Message, Outbox
from tracker.models.operations import JobRun
from tracker.models.routing import RoutingModel
from tracker.models.staff import Staff
from tracker.models.survey import SurveyAsked
from tracker.models.texts import TextModule
from tracker.opening import open_mailroom
from tracker.routing.model import shipped_model

File = Callable[..., str]
DeskOf = Callable[[str], Desk]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwe " * 2
ARABIC = "محمد العربي "
PAPER = {"channel": Channel.POST, "requester_address": "Rue Haute 1\n1000 Bruxelles"}
NOW = datetime.now(UTC)
TODAY = brussels_day(NOW)


def furnish(database: Database, file: File, desk: DeskOf, settings: Settings) -> dict[str, list[str]]:
    """Put it there; gives what may stand in the variable parts of addresses, and more references."""
    with database.writing() as session:
        of = {one.email.partition(".")[0]: one for one in session.scalars(select(Staff))}
        done, code = _answered(session, of["an"])
        _routing_and_texts(session, of["bo"])
    lived = file(**PAPER, nature=Nature.COMPLEX, urgent=True, subject=LONG, requester_name=LONG,
                 text=LONG * 3 + "\n\n" + "mot " * 200 + "x" * 300, received_at=NOW - timedelta(days=17))  # fmt: skip
    complaint = file(nature=Nature.COMPLAINT, subject="A" * 140, requester_name=ARABIC)
    astray = file(nature=Nature.MISDIRECTED)
    near = file(nature=Nature.COMPLEX, received_at=NOW - timedelta(days=12))
    for more in ({"service": "M1"}, {"service": None, "text": "zzz zzz"}, {"sensitive": True}):
        file(**{"received_at": NOW - timedelta(days=60)} | more)
    triage = {"service": None, "changes": {"state": "triage", "triage_since": NOW}}
    waits = [file(subject=text[:20], text=text, **triage) for text in (
        "Ma tante de Kinshasa demande un visa Schengen, et l'ambassade ne répond pas : on m'a raccroché au nez.",
        "Le climat, la biodiversité ; et ma pension.", "Mon frère a été arrêté à Lima, au secours.")]  # fmt: skip
    an, co, gi = desk("an"), desk("co"), desk("gi")

    _do(an, f"cases/{lived}/answer", "send", text=LONG * 4)
    _do(an, f"cases/{astray}/transmit", "send", to="EXT:PENSIONS", text=LONG)
    _do(an, f"cases/{lived}/ask-colleague", colleague=str(of["cy"].id), what=LONG)
    _do(co, f"cases/{complaint}/finding", ground="", outcome="founded", reasons=LONG, theme="phone", cause="workload")
    for owner in ("an", "cy"):
        _do(co, f"cases/{complaint}/corrective-action", what=LONG, owner=str(of[owner].id),
            due_on=(TODAY + timedelta(days=9)).isoformat())  # fmt: skip
    _do(co, f"cases/{complaint}/action-done", action="1", done_on=TODAY.isoformat())
    _do(an, f"cases/{file()}/link", other=lived, reason=LONG)
    lost = _lost_and_waived(database, file(requester_email=CLAIRE), an)
    _do(an, "queue/views?view=service&nature=complex", name=LONG[:40])
    _do(gi, "rules/new", name=LONG[:60], service="M5", words_de="trawler*", words_fr="visa", place="TH", note=LONG)
    _do(gi, "texts/new", title=LONG[:60], body=LONG, language="de", service="ME6")
    _do(gi, "directory/M3/parts/new", why=LONG, **{f"name_{lang}": LONG[:60] for lang in LANGUAGES})
    _do(gi, "directory/M3/facts/new", why=LONG, read_on=TODAY.isoformat(), source="https://example.org",
        **{f"text_{lang}": LONG for lang in LANGUAGES})  # fmt: skip
    details = str(gi.page("/staff/directory/M3"))
    printed = file(**PAPER, requester_email=CLAIRE)
    _do(an, "letters")
    with database.writing() as session:
        session.scalars(select(CorrectiveAction).where(CorrectiveAction.done_on.is_(None))).one().due_on = (
            TODAY - timedelta(days=1)
        )
        send_code_again(session, make_house(), reference=printed, email=CLAIRE, now=NOW)
    file(**PAPER, requester_name=ARABIC + "x" * 60)
    mails = _mails(database, settings, file)
    count_figures(database, make_house().calendar, now=NOW)
    return {
        "reference": [done, lived, complaint, astray, lost,
                      *(file(nature=nature) for nature in (Nature.DOCUMENT_ACCESS, Nature.COMPLEX))],
        "number": [*mails, *map(str, range(1, 12))],
        "code": [code, "M3"],
        "mark": re.findall(r"/facts/([^/]+)/change", details),
        "key": re.findall(r"/parts/([^/]+)/change", details),
        "waits": waits,
        "near": [near],
    }  # fmt: skip


def _lost_and_waived(database: Database, reference: str, clerk: Desk) -> str:
    """Let the acknowledgement of a file leave and never arrive, and its promise be waived; gives the file."""
    of_it = select(Message.id).join(Case, Case.id == Message.case_id).where(Case.reference == reference)
    with database.writing() as session:
        line = session.scalars(select(Outbox).where(Outbox.message_id.in_(of_it))).one()
        on_left(session, make_house(), line, now=NOW)
        line.state, line.settled_at = "sent", NOW
    _do(clerk, f"cases/{reference}/returned", evidence=LONG)
    _do(clerk, f"cases/{reference}/waive", ground="withdrawn", evidence=LONG)
    return reference


def _do(at: Desk, path: str, button: str | None = None, **typed: str) -> None:
    answer = at.send(f"/staff/{path}", button, **typed)
    assert answer.status_code == 303, (path, errors_of(answer))


def _answered(session: Session, clerk: Staff) -> tuple[str, str]:
    """Close cases that were answered, five of which were praised; gives another that is asked, and its code."""
    house, before = make_house(), NOW - timedelta(days=1)
    for number in range(5):
        email = f"one{number}@example.org"
        case, message = closed(session, house, acting(clerk), now=before, service="ME6", requester_email=email)
        asked = session.scalars(select(SurveyAsked).where(SurveyAsked.case_id == case.id)).one()
        message.left_on, message.left_at = brussels_day(before), before
        said = Given(dict.fromkeys(SurveyQuestion, Opinion.YES), LONG)
        surveys.reply(session, asked, said, channel=Channel.WEB, actor=CITIZEN, now=NOW)
    session.add(JobRun(job="figures", succeeded_at=NOW))
    case, _ = closed(session, house, acting(clerk), now=before, service="ME6")
    return case.reference, surveys.code_of(house, case, 1)


def _routing_and_texts(session: Session, head: Staff) -> None:
    """Put there a model that waits, a post abroad with a long name, and two text modules."""
    model = replace(shipped_model(), about={**shipped_model().about, "version": "abcdef012345"})
    figures = {"first": 0.8, "compared": {"texts": 60, "before": 50, "after": 52, "gained": 3, "lost": 1}}
    session.add(RoutingModel(version="abcdef012345", content=model.to_bytes(), figures=figures, trained_at=NOW))
    names, phone = dict.fromkeys(LANGUAGES, "Belgische-Botschaft-in-Bangkok " * 3), "+66 2 000 00 00"
    session.add(
        Post(
            country="TH", city="Bangkok", kind=PostKind.EMBASSY, phone=phone, covers=["LA", "KH"], names=names,
            source="https://example.org/" + "long" * 20, read_on=date(2026, 1, 1), loaded_at=NOW,
        )
    )  # fmt: skip
    texts: dict[str, Any] = {"language": Language.FR, "version": 1, "changed_at": NOW, "changed_by": head.id}
    for title, body, service in (
        ("Légaliser un diplôme", "Votre demande [référence] : [? laquelle]." + " mot" * 300, "ME6"),
        ("Délais " + "long" * 25, "Nous répondons avant le [date limite].", None),
    ):
        session.add(TextModule(title=title, body=body, service_code=service, **texts))


def _mails(database: Database, settings: Settings, file: File) -> list[str]:
    """Let two mails of strangers and an automatic one reach us; gives the numbers of the first two."""
    mails = [
        write(LONG, sender=f"x <{'y' * 60}@example.net>", to=keyed(file(requester_email=CLAIRE))),
        write(
            "Bonjour,\n\n" + "x" * 300 + "\n\nLe lun. 2 mars 2026 à 10:00, Suivi <s@s.example> a écrit :\n> Quoi ?",
            sender=f"{ARABIC}<a.very.long.address.indeed@a-very-long-domain-name.example.net>",
            to=keyed(file(requester_email=CLAIRE)), subject="S" * 200, message_id="<2@example.org>",
        ),
        write(to=keyed(file(requester_email=CLAIRE)), message_id="<a@e.org>", Auto_Submitted="auto-replied"),
    ]  # fmt: skip
    mails[1].add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="f" * 100 + ".pdf")
    room = open_mailroom(settings)
    return [str(send(database, room, mail, now=NOW).mail_id) for mail in mails][:2]
