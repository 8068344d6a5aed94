"""`tracker explain`: the note on a case whose nature changed, with an interim letter and a breach."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.cli.conftest import Told, assert_one_sentence
from tests.factories import MONDAY, acting, make_house, make_staff, settle
from tracker.casework import leaving, letters, nature
from tracker.casework.drafting import Draft
from tracker.casework.house import CITIZEN
from tracker.casework.register import Intake, register
from tracker.casework.sweep import sweep
from tracker.charter.words import Channel, Language, Nature, Role
from tracker.cli.note_on_complaints import complaint_told
from tracker.correspondence.tables import fill, text_of
from tracker.models.database import Database
from tracker.models.messages import Outbox


def leave(database: Database, now: datetime) -> None:
    """Let the mail server accept every message that waits."""
    with database.writing() as session:
        for row in session.scalars(select(Outbox).where(Outbox.message_id.is_not(None), Outbox.state == "waiting")):
            leaving.on_left(session, make_house(), row, now=now)
            row.state, row.settled_at = "sent", now


def live_through(database: Database) -> str:
    """A complex request, an interim letter in time, an answer a day late; return the reference."""
    house, day = make_house(), timedelta(days=1)
    with database.writing() as session:
        settle(session)
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
        make_staff(session, "bea.claes@suivi.example", Role.HEAD, "CONSULAR")
        intake = Intake(
            channel=Channel.EMAIL, received_at=MONDAY, nature=Nature.INFORMATION, language=Language.NL,
            subject="Legalisatie van een diploma", text="Hoe laat ik mijn diploma legaliseren?",
            requester_name="Jan Janssens", requester_email="jan@example.org", service="CONSULAR",
        )  # fmt: skip
        reference = register(session, house, intake=intake, actor=CITIZEN, now=MONDAY).case.reference
    leave(database, MONDAY)
    with database.writing() as session:
        nature.confirm_nature(
            session, house, reference=reference, nature=Nature.COMPLEX, ground="A foreign diploma", actor=clerk,
            now=MONDAY + 2 * day, seen=None,
        )  # fmt: skip
    sweep(database, house, now=MONDAY + 13 * day)
    with database.writing() as session:
        promise = Draft(promised_on=(MONDAY + 30 * day).date(), reason="De ambassade kijkt het diploma na.")
        letters.send_interim(
            session, house, reference=reference, draft=promise, actor=clerk, now=MONDAY + 14 * day, seen=None
        )
    leave(database, MONDAY + 14 * day)
    sweep(database, house, now=MONDAY + 31 * day)
    with database.writing() as session:
        letters.answer(
            session, house, reference=reference, draft=Draft(text="Zo doet u dat."), actor=clerk,
            now=MONDAY + 31 * day, seen=None,
        )  # fmt: skip
    leave(database, MONDAY + 31 * day)
    return reference


def test_the_note_tells_what_was_promised_why_and_what_changed(
    database: Database, tracker: Callable[..., Told]
) -> None:
    reference = live_through(database)

    told = tracker("explain", reference.lower().replace("-", " "))

    assert (told.returncode, told.stderr) == (0, "")
    lines = [line.strip() for line in told.stdout.splitlines()]
    in_order = [
        f"{reference}: Legalisatie van een diploma",
        "Nothing is owed any more.",
        "Mon 02.03.2026 10:00  The request was registered. (the citizen)",
        "Promise 1: reply, due on Tuesday 17 March 2026.",
        "Promise 1 (reply, due on Tuesday 17 March 2026): replaced by promise 2.",
        "Promise 2: interim letter, due on Tuesday 17 March 2026.",
        "Sun 15.03.2026 10:00  Notice on promise 2 (An Peeters)",
        "Reason: De ambassade kijkt het diploma na.",
        "Promise 2 (interim letter, due on Tuesday 17 March 2026): kept by message 3, which left on 16 March 2026.",
        "Promise 3: reply by the date announced, due on Wednesday 1 April 2026.",
        "Thu 02.04.2026 00:00  Promise 3 was broken: at the end of Wednesday 1 April 2026 it had not been kept",
        "Thu 02.04.2026 11:00  Notice on promise 3 (An Peeters, Bea Claes)",
    ]
    places = [lines.index(line) for line in in_order]
    assert places == sorted(places)
    assert "answered too late, by message 4, which left on 2 April 2026." in told.stdout


@pytest.mark.parametrize(
    ("language", "in_order"),
    [
        ("fr", [
            "Plus rien n'est dû.",
            "Engagement 1\u00a0: réponse, pour le mardi 17 mars 2026.",
            "jeu. 02.04.2026 00:00  L'engagement 3 a été rompu\u00a0: "
            "à la fin du mercredi 1er avril 2026, il n'était pas tenu",
        ]),
        ("nl", [
            "Er is niets meer verschuldigd.",
            "Belofte 1: antwoord, uiterlijk op dinsdag 17 maart 2026.",
            "do 02.04.2026 00:00  Belofte 3 is gebroken: "
            "op het einde van woensdag 1 april 2026 nog niet nagekomen",
        ]),
        ("de", [
            "Es ist nichts mehr geschuldet.",
            "Zusage 1: Antwort, fällig am Dienstag, 17. März 2026.",
            "Do. 02.04.2026 00:00  Die Zusage 3 wurde gebrochen: "
            "Am Ende von Mittwoch, 1. April 2026 war sie nicht eingehalten",
        ]),
    ],
)  # fmt: skip
def test_the_note_is_told_in_each_language(
    database: Database, tracker: Callable[..., Told], language: str, in_order: list[str]
) -> None:
    reference = live_through(database)

    english, told = tracker("explain", reference), tracker("explain", reference, "--lang", language)

    assert (told.returncode, told.stderr) == (0, "")
    lines = [line.strip() for line in told.stdout.splitlines()]
    places = [lines.index(line) for line in in_order]
    assert places == sorted(places)
    assert len(lines) == len(english.stdout.splitlines())
    assert not re.search(r"\b(the|was|which|promise|kept)\b", told.stdout)


def test_a_reference_that_leads_nowhere_is_refused(tracker: Callable[..., Told]) -> None:
    assert_one_sentence(tracker("explain", "DOS-2026-0000001-99"), 1)


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ({"complaint": "finding", "finding": {"admissible": True, "outcome": "founded", "reasons": "Nobody called."}},
         "Finding on the complaint: Founded. Nobody called."),
        ({"complaint": "finding", "finding": {"admissible": False, "ground": "anonymous"}},
         "Finding on the complaint: Anonymous complaint."),
        ({"complaint": "action", "owner": "An", "action": {"what": "Call back.", "due_on": "2026-06-10"}},
         "Corrective action added, to be done by An by 10 June 2026: Call back."),
        ({"complaint": "action_changed", "owner": "Bo", "action": {"what": "Call back.", "due_on": "2026-06-12"}},
         "Corrective action changed, to be done by Bo by 12 June 2026: Call back."),
        ({"complaint": "action_done", "action": {"what": "Call back.", "done_on": "2026-06-11"}},
         "Corrective action done on 11 June 2026: Call back."),
        ({"complaint": "effect", "action": {"effect": "worked", "effect_on": "2026-07-30", "looked_at": "Calls."}},
         "Effect of the corrective action, seen on 30 July 2026: It had the effect wanted. Calls."),
    ],
)  # fmt: skip
def test_what_became_of_a_complaint_is_told(details: dict[str, Any], told: str) -> None:
    def say(entry: str, **values: object) -> str:
        return fill(text_of("note", "line", entry, Language.EN), values, Language.EN)

    assert complaint_told(details, say, Language.EN) == told
