"""What a person decides about held and ignored mail, and who is told of what nobody has looked at."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.casework.mailing import CLAIRE, HOUSE, case_of, keyed, lay, messages_of, row_of, send, write
from tests.casework.mailing import make_room as make_mailroom
from tests.factories import MONDAY, acting, make_case, make_staff, settle
from tracker.casework import register as registering
from tracker.casework.errors import Missing, NotPermitted, UnknownReference
from tracker.casework.house import CITIZEN, SYSTEM, Actor
from tracker.casework.mail import message
from tracker.casework.mail.holding import MailSettled, UnknownMail, opened, release, seen, set_aside
from tracker.casework.mail.ringing import Rung, ring
from tracker.casework.mail.store import Mailroom, path_of
from tracker.casework.mail.taking_in import TakenIn, take_in, take_in_waiting
from tracker.casework.people import set_absence
from tracker.charter.words import Channel, MailOutcome, MailReason, MessageKind, Role
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Attachment, Outbox
from tracker.models.staff import Staff

REGISTERED, ATTACHED, HELD, IGNORED = MailOutcome
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    return make_mailroom(tmp_path)


@pytest.fixture
def staff(database: Database) -> dict[str, Actor]:
    """A clerk who handles the case, a clerk of another service, a dispatcher and the dispatchers' head."""
    with database.writing() as session:
        settle(session)
        people = {
            "clerk": make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"),
            "other": make_staff(session, "jan.maes@suivi.example", Role.CLERK, "M1"),
            "dispatcher": make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER, "PROTOCOL"),
            "head": make_staff(session, "head@suivi.example", Role.HEAD, "PROTOCOL"),
        }
        return {name: acting(person) for name, person in people.items()}


@pytest.fixture
def reference(database: Database, staff: dict[str, Actor]) -> str:
    with database.writing() as session:
        return make_case(session, service="CONSULAR", channel=Channel.EMAIL).reference


@pytest.fixture(autouse=True)
def _consistent(database: Database) -> Iterator[None]:
    yield
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def stranger(database: Database, room: Mailroom, reference: str, text: str = "Voici la pièce.") -> TakenIn:
    """Let somebody else than the requester answer a mail of ours, with a file."""
    mail = write(text, sender="Eve <eve@example.net>", to=keyed(reference), message_id=f"<{text}@example.net>")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="pièce.pdf")
    taken = send(database, room, mail)
    assert (taken.outcome, taken.reference) == (HELD, reference)
    return taken


def let_go(
    database: Database, room: Mailroom, mail_id: int, *, into: str | None, actor: Actor, now: datetime
) -> TakenIn:
    """Release a mail, as the page does."""
    with (
        opened(database, HOUSE, room, mail_id=mail_id, into=into, now=now) as mail,
        database.writing() as session,
    ):
        return release(session, HOUSE, mail, actor=actor, now=now)


def test_the_guess_is_confirmed_and_counts_from_the_first_arrival(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    held = stranger(database, room, reference)

    told = let_go(database, room, held.mail_id, into=reference, actor=staff["clerk"], now=WEDNESDAY)

    assert told == TakenIn(held.mail_id, ATTACHED, reference, MailReason.BY_HAND)
    with database.reading() as session:
        message, mail = messages_of(session, reference)[-1], row_of(session, held)
        assert (message.kind, message.body, message.written_at) == (MessageKind.FOLLOW_UP, "Voici la pièce.", MONDAY)
        assert (mail.case_message_id, mail.due_on, mail.settled_at) == (message.id, None, WEDNESDAY)
        assert mail.settled_by == staff["clerk"].staff_id
        assert (mail.details or {})["was"] == {"outcome": "held", "reason": "other_sender"}
        assert session.scalars(select(Attachment.message_id)).all() == [message.id]


def test_a_held_mail_registered_as_new_is_promised_from_its_first_arrival(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    held = stranger(database, room, reference)

    told = let_go(database, room, held.mail_id, into=None, actor=staff["clerk"], now=WEDNESDAY)

    assert told.outcome is REGISTERED
    assert told.reference != reference
    with database.reading() as session:
        case = case_of(session, told.reference)
        assert (case.received_at, case.next_due_on) == (MONDAY, date(2026, 3, 17))
        assert case.requester_email == "eve@example.net"
        assert len(messages_of(session, reference)) == 2


def test_a_mail_without_a_sender_can_be_registered_all_the_same(
    database: Database, room: Mailroom, staff: dict[str, Actor]
) -> None:
    held = send(database, room, write(sender=None))

    told = let_go(database, room, held.mail_id, into=None, actor=staff["dispatcher"], now=TUESDAY)

    with database.reading() as session:
        assert case_of(session, told.reference).requester_email is None


def test_a_mail_that_is_too_big_is_read_whole_by_whoever_releases_it(
    database: Database, room: Mailroom, staff: dict[str, Actor]
) -> None:
    mail = write("Voici mes photos.")
    for number in range(30):
        content = PDF + bytes([number]) * 100_000
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=f"{number}.pdf")
    held = send(database, room, mail)
    assert held.reason is MailReason.TOO_BIG

    let_go(database, room, held.mail_id, into=None, actor=staff["dispatcher"], now=TUESDAY)

    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attachment)) == 30


@pytest.mark.parametrize("way", ["taken in", "into a case", "as a new one"])
def test_nothing_is_read_while_others_wait_for_the_transaction(
    database: Database,
    room: Mailroom,
    staff: dict[str, Actor],
    reference: str,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    inside: list[str] = []
    begun = False

    @contextmanager
    def writing() -> Iterator[Session]:
        nonlocal begun
        with really_writing() as session:
            begun = True
            try:
                yield session
            finally:
                begun = False

    def noted(what: object, name: str) -> None:
        really = getattr(what, name)

        def called(*args: object, **more: object) -> object:
            inside.extend([name] if begun else [])
            return really(*args, **more)

        monkeypatch.setattr(what, name, called)

    held = stranger(database, room, reference)
    really_writing = database.writing
    monkeypatch.setattr(database, "writing", writing)
    for name in ("read", "guess_language", "keep_file", "routed"):
        noted(message, name)
    noted(registering, "routed")

    if way == "taken in":
        assert send(database, room, write()).outcome is REGISTERED
    else:
        into = reference if way == "into a case" else None
        let_go(database, room, held.mail_id, into=into, actor=staff["clerk"], now=TUESDAY)

    assert inside == []


def test_a_mail_that_could_not_be_read_at_first_is_released_once_it_can_be(
    database: Database, room: Mailroom, staff: dict[str, Actor]
) -> None:
    mail_id = lay(database, room, write(received=None))
    with database.reading() as session:
        path = path_of(room.mail, session.get_one(Mail, mail_id).sha256)
    path.rename(tmp := path.with_suffix(".gone"))
    take_in_waiting(database, HOUSE, room, now=TUESDAY)
    with pytest.raises(FileNotFoundError):
        let_go(database, room, mail_id, into=None, actor=staff["dispatcher"], now=TUESDAY)
    tmp.rename(path)

    told = let_go(database, room, mail_id, into=None, actor=staff["dispatcher"], now=TUESDAY)

    assert told.outcome is REGISTERED
    with database.reading() as session:
        case, mail = case_of(session, told.reference), session.get_one(Mail, mail_id)
        assert (case.received_at, case.requester_email) == (MONDAY, CLAIRE)
        assert (mail.sender, mail.subject) == (CLAIRE, "Légalisation d'un diplôme")


def test_what_was_set_aside_says_why_and_stays(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    held = stranger(database, room, reference)
    with pytest.raises(Missing), database.writing() as session:
        set_aside(session, mail_id=held.mail_id, reason=" ", actor=staff["clerk"], now=TUESDAY)

    with database.writing() as session:
        set_aside(session, mail_id=held.mail_id, reason="Publicité", actor=staff["clerk"], now=TUESDAY)

    with database.reading() as session:
        mail = row_of(session, held)
        assert (mail.outcome, mail.reason, mail.due_on) == (IGNORED, MailReason.BY_HAND, None)
        assert (mail.details or {})["set_aside"] == "Publicité"
    with pytest.raises(MailSettled):
        let_go(database, room, held.mail_id, into=None, actor=staff["clerk"], now=TUESDAY)
    assert take_in(database, HOUSE, room, mail_id=held.mail_id, now=WEDNESDAY).outcome is IGNORED


def test_ignored_mail_is_seen_and_held_mail_is_not_settled_by_a_glance(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    away = write(to=keyed(reference), message_id="<a@e.org>", Auto_Submitted="auto-replied")
    ignored, held = send(database, room, away), stranger(database, room, reference)
    both = [ignored.mail_id, held.mail_id, held.mail_id]

    with database.writing() as session:
        assert seen(session, mail_ids=both, actor=staff["clerk"], now=TUESDAY) == 1
    with database.writing() as session:
        assert seen(session, mail_ids=both, actor=staff["clerk"], now=WEDNESDAY) == 0

    with database.reading() as session:
        assert row_of(session, ignored).settled_at == TUESDAY
        assert row_of(session, held).settled_at is None


def test_ignored_mail_can_still_become_a_case(database: Database, room: Mailroom, staff: dict[str, Actor]) -> None:
    ignored = send(database, room, write(Auto_Submitted="auto-generated"))

    told = let_go(database, room, ignored.mail_id, into=None, actor=staff["dispatcher"], now=TUESDAY)

    assert told.outcome is REGISTERED


def test_two_at_once_decide_once(database: Database, room: Mailroom, staff: dict[str, Actor], reference: str) -> None:
    held = stranger(database, room, reference)

    def confirm(number: int) -> bool:
        try:
            let_go(database, room, held.mail_id, into=reference, actor=staff["clerk"], now=TUESDAY)
        except MailSettled:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(confirm, range(4))) == 1
    with database.reading() as session:
        assert len(messages_of(session, reference)) == 3
        kept = [str(path.relative_to(room.attachments)) for path in room.attachments.rglob("*.pdf")]
        assert kept == session.scalars(select(Attachment.stored_as)).all()


@pytest.mark.parametrize("who", ["other", "dispatcher", "citizen"])
def test_only_whoever_works_on_the_presumed_case_decides(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str, who: str
) -> None:
    held = stranger(database, room, reference)
    actor = staff.get(who, CITIZEN)

    with pytest.raises(NotPermitted):
        let_go(database, room, held.mail_id, into=None, actor=actor, now=TUESDAY)
    for act in (
        lambda s: set_aside(s, mail_id=held.mail_id, reason="Non", actor=actor, now=TUESDAY),
        lambda s: seen(s, mail_ids=[held.mail_id], actor=actor, now=TUESDAY),
    ):
        with pytest.raises(NotPermitted), database.writing() as session:
            act(session)


def test_nothing_is_lost_by_a_reference_or_a_number_that_does_not_exist(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    held = stranger(database, room, reference)

    with pytest.raises(UnknownReference):
        let_go(database, room, held.mail_id, into="DOS-1", actor=staff["clerk"], now=TUESDAY)
    with pytest.raises(UnknownMail):
        let_go(database, room, 999, into=None, actor=staff["clerk"], now=TUESDAY)

    with database.reading() as session:
        assert row_of(session, held).outcome is HELD
    assert list(room.attachments.rglob("*.pdf")) == []


def rung(database: Database) -> dict[str, list[list[int]]]:
    """Return what each person was told, notice by notice; each notice has its line in the outbox."""
    with database.reading() as session:
        found = session.execute(
            select(Staff.email, MailNotice.mails, MailNotice.id)
            .join(Staff, Staff.id == MailNotice.staff_id)
            .order_by(MailNotice.id)
        ).all()
        lines = session.scalars(
            select(Outbox.mail_notice_id).where(Outbox.mail_notice_id.is_not(None)).order_by(Outbox.mail_notice_id)
        ).all()
        assert lines == [row.id for row in found]
    told: dict[str, list[list[int]]] = {}
    for row in found:
        told.setdefault(row.email.partition("@")[0], []).append(row.mails)
    return told


def test_held_mail_rings_after_a_working_day_with_whoever_handles_the_case(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    first = stranger(database, room, reference).mail_id
    nobodys = send(database, room, write(message_id="<l@e.org>", List_Id="<news.e.org>")).mail_id
    later = send(database, room, write("", message_id="<e@e.org>"), now=MONDAY + timedelta(hours=5)).mail_id

    assert ring(database, HOUSE, now=TUESDAY - timedelta(minutes=1)) == Rung()
    assert ring(database, HOUSE, now=TUESDAY) == Rung(2, 0)
    assert ring(database, HOUSE, now=TUESDAY + timedelta(hours=6)) == Rung()
    assert rung(database) == {"an.peeters": [[first]], "dispatcher": [[nobodys, later]]}

    assert ring(database, HOUSE, now=WEDNESDAY - timedelta(hours=2, minutes=1)) == Rung(
        0, 0
    )  # before 08:00 in Brussels
    assert ring(database, HOUSE, now=WEDNESDAY) == Rung(3, 0)
    assert rung(database)["head"] == [[first, later]]
    assert len(rung(database)["an.peeters"]) == 2


def test_what_was_set_aside_rings_once_a_day_with_one_person_and_never_with_the_head(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    lists = [
        send(database, room, write(message_id=f"<l{n}@e.org>", List_Id="<news.e.org>")).mail_id for n in range(3)
    ]
    away = write("Absent.", to=keyed(reference), message_id="<a@e.org>", Auto_Submitted="auto-replied")
    absent = send(database, room, away).mail_id

    for days in (1, 2, 3, 4):
        for hours in (0, 3, 6):
            ring(database, HOUSE, now=MONDAY + timedelta(days=days, hours=hours))

    assert rung(database) == {"an.peeters": [[absent]] * 4, "dispatcher": [lists] * 4}
    with database.writing() as session:
        seen(session, mail_ids=lists, actor=staff["dispatcher"], now=WEDNESDAY)
        seen(session, mail_ids=[absent], actor=staff["clerk"], now=WEDNESDAY)
    assert ring(database, HOUSE, now=MONDAY + timedelta(days=7)) == Rung()


def test_the_head_is_told_of_what_was_set_aside_where_nobody_else_is_there(
    database: Database, room: Mailroom, staff: dict[str, Actor]
) -> None:
    ignored = send(database, room, write(List_Id="<news.e.org>")).mail_id
    with database.writing() as session:
        number = staff["dispatcher"].staff_id
        assert number is not None
        set_absence(
            session,
            staff_id=number,
            away_from=date(2026, 3, 2),
            away_until=None,
            deputy_id=None,
            actor=SYSTEM,
            now=MONDAY,
        )

    ring(database, HOUSE, now=TUESDAY)
    ring(database, HOUSE, now=WEDNESDAY)

    assert rung(database)["head"][-1] == [ignored]


def test_it_rings_on_open_days_only_and_not_once_it_is_settled(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    friday = datetime(2026, 3, 6, 14, 0, tzinfo=UTC)
    held = stranger(database, room, reference, "un")
    other = send(database, room, write("", message_id="<e@e.org>"), now=friday)
    with database.writing() as session:
        set_aside(session, mail_id=held.mail_id, reason="Rien", actor=staff["clerk"], now=friday)

    for hours in range(0, 72, 4):
        assert ring(database, HOUSE, now=friday + timedelta(hours=hours)).notices == 0
    assert ring(database, HOUSE, now=friday + timedelta(days=3)) == Rung(1, 0)
    assert rung(database) == {"dispatcher": [[other.mail_id]]}


def test_whoever_stands_in_is_told_and_where_nobody_is_there_the_mail_says_so(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    held = stranger(database, room, reference)
    with database.writing() as session:
        for name in ("clerk", "dispatcher", "head"):
            number = staff[name].staff_id
            assert number is not None
            set_absence(
                session,
                staff_id=number,
                away_from=date(2026, 3, 2),
                away_until=None,
                deputy_id=None,
                actor=SYSTEM,
                now=MONDAY,
            )

    assert ring(database, HOUSE, now=TUESDAY) == Rung(0, 1)
    with database.reading() as session:
        assert (row_of(session, held).details or {})["unattended"] is True

    with database.writing() as session:
        number, deputy = staff["clerk"].staff_id, staff["other"].staff_id
        assert number is not None
        set_absence(
            session,
            staff_id=number,
            away_from=date(2026, 3, 2),
            away_until=None,
            deputy_id=deputy,
            actor=SYSTEM,
            now=MONDAY,
        )
    assert ring(database, HOUSE, now=TUESDAY) == Rung(1, 0)
    assert rung(database) == {"jan.maes": [[held.mail_id]]}
    with database.reading() as session:
        assert "unattended" not in (row_of(session, held).details or {})


def test_many_rings_at_once_tell_each_person_once(
    database: Database, room: Mailroom, staff: dict[str, Actor], reference: str
) -> None:
    for number in range(5):
        stranger(database, room, reference, f"lettre {number}")
        send(database, room, write("", message_id=f"<{number}@e.org>"))

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: ring(database, HOUSE, now=WEDNESDAY), range(12)))

    assert sum(one.notices for one in told) == 3
    assert {name: len(notices) for name, notices in rung(database).items()} == {
        "an.peeters": 1,
        "dispatcher": 1,
        "head": 1,
    }
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 10
        assert session.scalar(select(func.count()).select_from(Case)) == 1
