"""When a complex case nears its interim date, the letter stands ready: only the reason and the date are lacking."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import Tag
from sqlalchemy import event, select

from tests.factories import make_house
from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.ladder import first_reminder
from tracker.charter.words import Channel, Language, Nature
from tracker.insight.casepage import STATEMENTS
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.staff import Staff

File = Callable[..., str]
NOW = datetime.now(UTC)
NEAR, FAR = NOW - timedelta(days=12), NOW - timedelta(minutes=5)
PROMISED = brussels_day(NOW + timedelta(days=40))
REASON = "L'ambassade attend l'avis de l'état civil."


def _ahead(at: Desk, reference: str) -> Tag | None:
    return at.page(f"/staff/cases/{reference}").select_one(".staff-ahead")


def _marked(at: Desk, reference: str) -> bool:
    (row,) = [one for one in at.page("/staff/queue?view=all").select("tbody tr") if reference in one.get_text()]
    return "Letter ready" in row.get_text()


CHANNELS: dict[Channel, dict[str, Any]] = {
    Channel.EMAIL: {},
    Channel.WEB: {},
    Channel.POST: {"requester_address": "Rue Haute 1\n1000 Bruxelles"},
}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", Language)
def test_the_draft_is_the_letter_word_for_word_but_for_what_it_lacks(
    an: Desk, file: File, database: Database, language: Language, channel: Channel
) -> None:
    more = {"official_language": Language.NL} if language is Language.EN else {}
    reference = file(
        nature=Nature.COMPLEX, received_at=NEAR, language=language, channel=channel, **CHANNELS[channel], **more
    )
    shown = _ahead(an, reference)
    assert shown is not None
    text = shown.select_one(".suivi-written")
    assert text is not None
    reason, day = text.select("mark")
    pieces = [piece.get_text() if isinstance(piece, Tag) else str(piece) for piece in text.children]

    preview = _send(an, reference, "preview")
    paper = soup_of(preview).select_one(".staff-paper")
    assert paper is not None, errors_of(preview)
    sent = an.send_form(soup_of(preview), f"/staff/cases/{reference}/interim", "send")

    assert sent.status_code == 303, errors_of(sent)
    with database.reading() as session:
        message = session.scalars(select(Message).where(Message.kind == "interim")).one()
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
    assert (message.language, message.channel, message.promised_on, message.reason) == (
        language, case.reply_channel, PROMISED, REASON,
    )  # fmt: skip
    assert paper.get_text() == message.body
    rest = message.body
    for piece in pieces:
        if piece not in (reason.get_text(), day.get_text()):
            before, found, rest = rest.partition(piece)
            assert found, piece
            assert before in ("", REASON) or str(PROMISED.year) in before
    assert rest == ""


def _send(at: Desk, reference: str, step: str) -> Any:
    """Fill in the form beside the draft and send it."""
    form = at.page(f"/staff/cases/{reference}").select_one(".staff-ahead form")
    assert form is not None
    fields = fields_of(form) | {"reason": REASON, "promised_on": PROMISED.isoformat(), "step": step}
    return at.client.post(str(form["action"]), data=fields)


def test_it_is_ready_from_the_first_reminder_on_and_marked_in_the_queue(an: Desk, file: File) -> None:
    near, far = file(nature=Nature.COMPLEX, received_at=NEAR), file(nature=Nature.COMPLEX, received_at=FAR)
    plain = file(received_at=NEAR)

    assert [_ahead(an, one) is not None for one in (near, far, plain)] == [True, False, False]
    assert [_marked(an, one) for one in (near, far, plain)] == [True, False, False]


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.POST])
def test_the_first_reminder_is_the_rung_of_the_ladder(channel: Channel) -> None:
    house = make_house()
    due = datetime(2026, 3, 17, tzinfo=UTC).date()

    at = first_reminder(
        house.rules.ladder, house.calendar, due_on=due, work_by=due, channel=channel, nature=Nature.COMPLEX
    )

    # Tuesday 17 March less five working days, less two more for paper; 08:00 in Brussels
    day = 10 if channel is Channel.EMAIL else 6
    assert at == datetime(2026, 3, day, 7, 0, tzinfo=UTC)


def test_once_a_letter_is_on_its_way_there_is_no_draft(an: Desk, file: File) -> None:
    reference = file(nature=Nature.COMPLEX, received_at=NEAR)

    assert _send(an, reference, "send").status_code == 303

    assert _ahead(an, reference) is None
    assert not _marked(an, reference)


def test_what_is_typed_beside_the_draft_comes_back_when_it_is_refused(an: Desk, file: File) -> None:
    reference = file(nature=Nature.COMPLEX, received_at=NEAR)
    form = an.page(f"/staff/cases/{reference}").select_one(".staff-ahead form")
    assert form is not None

    answer = an.client.post(
        str(form["action"]), data=fields_of(form) | {"reason": "[? pays]", "promised_on": PROMISED.isoformat()}
    )

    assert answer.status_code == 409
    assert "[? pays]" in errors_of(answer)
    assert soup_of(answer).select_one(".govuk-error-summary a[href='#reason']") is not None
    kept = fields_of(form_of(soup_of(answer)))
    assert (kept["reason"], kept["promised_on"]) == ("[? pays]", PROMISED.isoformat())


@pytest.mark.parametrize("who", ["fa", "el"])
def test_whoever_may_only_read_gets_no_draft(desk: Callable[[str], Desk], file: File, who: str) -> None:
    assert _ahead(desk(who), file(nature=Nature.COMPLEX, received_at=NEAR)) is None


def test_what_would_keep_it_from_leaving_is_said_ahead_of_time(an: Desk, file: File, database: Database) -> None:
    reference = file(nature=Nature.COMPLEX, received_at=NEAR)
    with database.writing() as session:
        session.scalars(select(Staff).where(Staff.email.startswith("an."))).one().phone = ""

    shown = _ahead(an, reference)

    assert shown is not None
    assert "The handler's telephone number is missing." in shown.get_text()
    assert "Ask the administrator to complete “Telephone” in the profile." in shown.get_text()
    assert shown.select_one(".suivi-written") is None


def test_whoever_acts_signs_the_draft(desk: Callable[[str], Desk], file: File) -> None:
    shown = _ahead(desk("bo"), file(nature=Nature.COMPLEX, received_at=NEAR))

    assert shown is not None
    assert "Bo Peeters" in shown.get_text()


def test_the_draft_takes_few_statements_and_the_queue_none(an: Desk, file: File, database: Database) -> None:
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    def statements(path: str) -> int:
        said.clear()
        an.page(path)
        return len([one for one in said if one.startswith(("SELECT", "WITH"))])

    file(received_at=NEAR)
    without = statements("/staff/queue?view=all")
    reference = file(nature=Nature.COMPLEX, received_at=NEAR)

    # the case, who may, its promises and history, who signs, for which service, whether mail to them came back
    assert statements(f"/staff/cases/{reference}") <= STATEMENTS + 2 + 7
    assert statements("/staff/queue?view=all") == without
