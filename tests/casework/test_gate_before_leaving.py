"""The gate looks again right before a message leaves: in the outbox, on the printer, on the tracking page."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.correspondence.post import SENDER, MailServer, running
from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, leaving, letters
from tracker.casework.drafting import Draft
from tracker.casework.house import SYSTEM
from tracker.casework.paper import Cabinet, letter_of
from tracker.casework.printing import make_run
from tracker.charter.words import Channel, ChannelReason, Language, MessageKind, Role
from tracker.correspondence.gate import Item, SendRefused
from tracker.correspondence.outbox import Delivered, deliver
from tracker.correspondence.transport import SmtpTransport
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.messages import LACKING, Message, Outbox
from tracker.models.paper import Letter
from tracker.models.staff import Staff

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")

HOUSE = make_house()
NOW = MONDAY + timedelta(days=1)
SIGNED = {
    "name": Item.HANDLER_NAME,
    "title": Item.HANDLER_TITLE,
    "phone": Item.HANDLER_PHONE,
    "email": Item.HANDLER_EMAIL,
    "service": Item.SERVICE_NAME,
    "postal_address": Item.POSTAL_ADDRESS,
    "reference": Item.REFERENCE,
}
ON_FILE: dict[Channel, dict[str, Any]] = {
    Channel.EMAIL: {},
    Channel.POST: {"requester_address": "Rue Haute 1\n1000 Bruxelles", "requester_email": None},
    Channel.FAX: {"requester_fax": "+32 2 000 00 00", "requester_email": None},
    Channel.WEB: {"requester_email": None},
}


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    with running(server) as server.url:  # type: ignore[attr-defined]
        yield server


def send(database: Database, server: Any) -> Delivered:
    return deliver(
        database,
        SmtpTransport(server.url),
        sender=SENDER,
        owner="test",
        now=lambda: NOW,
        before=lambda session, row, at: leaving.before_leaving(session, HOUSE, row, now=at),
        on_left=lambda session, row, at: leaving.on_left(session, HOUSE, row, now=at),
        on_failed=lambda session, row, at: None,
    )


def written(database: Database, channel: Channel, language: Language, *, times: int = 1, **more: Any) -> list[int]:
    """Answer a request that came by a channel, so many times; return the ids of the messages."""
    with database.writing() as session:
        settle(session)
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
        official = {"official_language": Language.FR} if language is Language.EN else {}
        given = {"channel": channel, "language": language, "service": "CONSULAR"} | ON_FILE[channel] | official
        case = make_case(session, **given | more)
        with_case = {"reference": case.reference, "actor": clerk, "now": NOW, "seen": None}
        answers = [letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **with_case) for _ in range(times)]
        return [message.id for message in answers]


def each_lacks_one(database: Database, channel: Channel, language: Language) -> dict[int, Item]:
    """Write a message for each item and take that item out of it behind Suivi's back; gives what each lacks."""
    ids = written(database, channel, language, times=len(SIGNED))
    with database.writing() as session:
        for message_id, part in zip(ids, SIGNED, strict=True):
            record = dict(session.get_one(Message, message_id).signature or {}) | {part: ""}
            session.execute(update(Message).where(Message.id == message_id).values(signature=record))
        # What went out by itself is not what this is about.
        session.execute(update(Outbox).where(Outbox.message_id.not_in(ids)).values(next_try_at=NOW + timedelta(9)))
    return dict(zip(ids, SIGNED.values(), strict=True))


def problem(database: Database, message_id: int) -> str:
    with database.reading() as session:
        row = session.scalars(select(Outbox).where(Outbox.message_id == message_id)).one()
        assert row.state == "failed"
        assert session.get_one(Message, message_id).left_on is None
        return row.last_error or ""


@pytest.mark.parametrize("language", Language)
def test_no_mail_leaves_with_an_item_missing(database: Database, server: MailServer, language: Language) -> None:
    lacking = each_lacks_one(database, Channel.EMAIL, language)

    done = send(database, server)

    assert (done.sent, done.failed) == (0, len(lacking))
    assert server.accepted == []
    assert {number: problem(database, number) for number in lacking} == {
        number: f"{LACKING}: {item}" for number, item in lacking.items()
    }


@pytest.mark.parametrize("reason", [None, ChannelReason.ASKED])
def test_what_became_sensitive_meanwhile_goes_by_e_mail_only_for_a_reason(
    database: Database, server: MailServer, reason: ChannelReason | None
) -> None:
    (message_id,) = written(database, Channel.EMAIL, Language.FR, requester_address="Rue Haute 1\n1000 Bruxelles")
    with database.writing() as session:
        message = session.get_one(Message, message_id)
        message.channel_reason = reason
        clerk = acting(session.scalars(select(Staff).where(Staff.email.startswith("an."))).one())
        case = session.get_one(Case, message.case_id)
        assignment.flag(
            session,
            HOUSE,
            reference=case.reference,
            sensitive=True,
            reason="Health.",
            actor=clerk,
            now=NOW,
            seen=None,
        )
        assert case.reply_channel is Channel.POST

    send(database, server)

    with database.reading() as session:
        left = session.get_one(Message, message_id).left_on is not None
    assert left == (reason is not None)
    if reason is None:
        assert problem(database, message_id) == f"{LACKING}: {Item.CHANNEL_REASON}"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("channel", [Channel.POST, Channel.FAX])
def test_no_letter_is_printed_with_an_item_missing(
    database: Database, tmp_path: Path, channel: Channel, language: Language
) -> None:
    for message_id, item in each_lacks_one(database, channel, language).items():
        with pytest.raises(SendRefused) as refused, database.writing() as session:
            letter_of(session, HOUSE, Cabinet(tmp_path / "letters", tmp_path), message_id=message_id, now=NOW)

        assert [missing.item for missing in refused.value.missing] == [item]
    assert not (tmp_path / "letters").exists()


def test_a_print_run_keeps_back_what_lacks_something_and_names_it(database: Database, tmp_path: Path) -> None:
    lacking = each_lacks_one(database, Channel.POST, Language.DE)

    _, kept_back = make_run(database, HOUSE, Cabinet(tmp_path / "letters", tmp_path), now=NOW, actor=SYSTEM)

    refused = [one.refusal for one in kept_back if isinstance(one.refusal, SendRefused)]
    assert [missing.item for one in refused for missing in one.missing] == list(lacking.values())
    with database.reading() as session:
        assert set(lacking).isdisjoint(session.scalars(select(Letter.message_id)))


@pytest.mark.parametrize("language", Language)
def test_nothing_is_published_with_items_missing(database: Database, language: Language) -> None:
    official = {"official_language": Language.FR} if language is Language.EN else {}
    with database.writing() as session:
        settle(session)
        staff = make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR")
        case = make_case(session, service="CONSULAR", language=language, **ON_FILE[Channel.WEB] | official)
        assert case.reply_channel is Channel.WEB
        staff.name, staff.phone, staff.email = " ", "", "an"
        staff.titles = dict.fromkeys(Language, " ")
        session.execute(update(Service).values(postal_address=" "))
        session.flush()
        reference, clerk = case.reference, acting(staff)

    with pytest.raises(SendRefused) as refused, database.writing() as session:
        letters.answer(
            session, HOUSE, reference=reference, draft=Draft(text="Bonjour."), actor=clerk, now=NOW, seen=None
        )

    assert [missing.item for missing in refused.value.missing] == [
        Item.HANDLER_NAME, Item.HANDLER_TITLE, Item.HANDLER_PHONE, Item.POSTAL_ADDRESS, Item.HANDLER_EMAIL,
    ]  # fmt: skip
    with database.reading() as session:
        assert session.scalars(select(Message).where(Message.kind == MessageKind.ANSWER)).all() == []
