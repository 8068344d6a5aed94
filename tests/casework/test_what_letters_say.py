"""What a letter says by itself follows the case: the date that is owed, a date that is past, a complaint."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import letters
from tracker.casework.drafting import Draft
from tracker.charter.words import Language, Nature, Role
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox

HOUSE = make_house()
DUE = {
    Language.FR: "17 mars 2026",
    Language.NL: "17 maart 2026",
    Language.DE: "17. März 2026",
    Language.EN: "17 March 2026",
}
SORRY = {Language.FR: "excuser", Language.NL: "excuses", Language.DE: "Entschuldigung", Language.EN: "apologise"}


def begin(session: Session, **more: Any) -> dict[str, Any]:
    settle(session)
    clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
    official = {"official_language": Language.NL} if more.get("language") is Language.EN else {}
    case = make_case(session, service="CONSULAR", **more | official)
    return {"reference": case.reference, "actor": clerk, "seen": None}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("days", [2, 20])
def test_a_question_says_by_when_the_answer_is_due_or_owns_up_to_being_late(
    database: Database, days: int, language: Language
) -> None:
    with database.writing() as session:
        given = begin(session, language=language)
        asked = letters.ask(
            session, HOUSE, draft=Draft(text="[référence] ?"), now=MONDAY + timedelta(days=days), **given
        )

        assert DUE[language] in asked.body
        assert (SORRY[language] in asked.body) == (days == 20)
        assert f"{given['reference']} ?" in asked.body


def test_a_placeholder_stands_filled_in_the_reason_that_is_kept(database: Database) -> None:
    now = MONDAY + timedelta(days=2)
    with database.writing() as session:
        given = begin(session, nature=Nature.COMPLEX)
        draft = Draft(reason="Le dossier [référence] attend.", promised_on=(now + timedelta(days=30)).date())
        sent = letters.send_interim(session, HOUSE, draft=draft, now=now, **given)

        assert sent.reason == f"Le dossier {given['reference']} attend."
        assert sent.reason in sent.body


@pytest.mark.parametrize("nature", [Nature.INFORMATION, Nature.COMPLAINT])
def test_the_answer_to_a_complaint_calls_it_one(database: Database, nature: Nature) -> None:
    with database.writing() as session:
        given = begin(session, nature=nature)
        if nature is Nature.COMPLAINT:
            coordinator = make_staff(session, "co.peeters@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
            given["actor"] = acting(coordinator)
        sent: Message = letters.answer(
            session, HOUSE, draft=Draft(text="Voilà."), now=MONDAY + timedelta(days=2), **given
        )

        assert ("votre plainte" in sent.body) == (nature is Nature.COMPLAINT)
        assert ("introduire une plainte" in sent.body) == (nature is Nature.INFORMATION)
        assert "Médiateur fédéral" in sent.body


@pytest.mark.parametrize(
    ("language", "title"),
    [
        (Language.FR, "Attachée"),
        (Language.NL, "Attaché"),
        (Language.DE, "Sachbearbeitung"),
        (Language.EN, "Case handler"),
    ],
)
def test_whoever_signs_has_the_title_of_the_letter_s_language(
    database: Database, language: Language, title: str
) -> None:
    with database.writing() as session:
        given = begin(session, language=language)
        given["actor"] = acting(
            make_staff(
                session, "bo@suivi.example", Role.CLERK, "CONSULAR", titles={"fr": "Attachée", "nl": "Attaché"}
            )
        )
        sent = letters.answer(session, HOUSE, draft=Draft(text="…"), now=MONDAY + timedelta(days=2), **given)

        assert (sent.signature or {})["title"] == title
        assert f"\n{title}\n" in sent.body


@pytest.mark.parametrize(
    ("language", "sender"),
    [
        (Language.FR, "Service de répartition – SPF Affaires étrangères"),
        (Language.NL, "Verdeeldienst – FOD Buitenlandse Zaken"),
        (Language.DE, "Verteilstelle – FÖD Auswärtige Angelegenheiten"),
        (Language.EN, "Dispatching service – FPS Foreign Affairs"),
    ],
)
def test_a_mail_of_the_duty_desk_comes_from_one_name_in_the_requester_s_language(
    database: Database, tmp_path: Path, language: Language, sender: str
) -> None:
    official = {"official_language": Language.NL} if language is Language.EN else {}
    with database.writing() as session:
        settle(session)
        case = make_case(session, language=language, service=None, **official)
        house = Sender(mail_from="suivi@suivi.example", base_url="", attachments=tmp_path, secret=b"x" * 32)
        waiting = select(Outbox).join(Message, Message.id == Outbox.message_id).where(Message.case_id == case.id)
        mail = parcel_of(session, session.scalars(waiting).one(), house).mail

    assert mail["From"].addresses[0].display_name == sender
