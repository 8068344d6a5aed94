"""Files that have to do with one another: tied by hand, split in two, of one requester; shown to whoever may read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.insight.casebook import viewer_of
from tracker.access.permissions import Person
from tracker.casework import leaving, links
from tracker.casework.ending import close, merge, waive
from tracker.casework.erasing import erase
from tracker.casework.errors import CaseChanged, Erased, Missing, UnknownReference
from tracker.casework.links import CannotLink, NotLinked
from tracker.casework.register import Registered
from tracker.casework.splitting import CannotSplit, split
from tracker.charter.words import (
    CaseState,
    Channel,
    ErasureGround,
    Language,
    MessageKind,
    Nature,
    ObligationKind,
    Role,
    WaiverGround,
)
from tracker.cli.note import note_of
from tracker.insight.casepage import case_header
from tracker.insight.linked import MOST_SHOWN, linked
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Breach, Obligation
from tracker.models.paper import RegisterEntry
from tracker.models.staff import Staff

HOUSE = make_house()
LATER = MONDAY + timedelta(days=2)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def an(session: Session) -> Staff:
    return make_staff(session, "an@suivi.example", Role.CLERK, "ME6")


@pytest.fixture
def cy(session: Session) -> Staff:
    return make_staff(session, "cy@suivi.example", Role.CLERK, "M1")


def _with(case: Case, by: Staff, **more: Any) -> dict[str, Any]:
    return {"reference": case.reference, "actor": acting(by), "now": LATER, "seen": None} | more


def _shown(session: Session, case: Case, who: Staff) -> list[tuple[str, str]]:
    session.flush()
    header = case_header(session, case.reference)
    assert header is not None
    viewer = viewer_of(Person(who.id, who.role, who.service_code))
    return [(one.relation, "more" if one.more else one.reference) for one in linked(session, header, viewer)]


def _split(session: Session, case: Case, by: Staff, **more: Any) -> Registered:
    given: dict[str, Any] = {
        "subject": "Ma pension", "text": "Et ma pension ?", "nature": Nature.MISDIRECTED, "reason": "Not ours.",
        "service": "M1", "submission_key": "once",
    } | more  # fmt: skip
    return split(session, HOUSE, **given, **_with(case, by))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_files_are_tied_and_untied_and_both_say_so(session: Session, an: Staff, cy: Staff) -> None:
    first, second, hidden = (
        make_case(session, service=code, requester_email=f"{name}@example.org")
        for code, name in (("ME6", "a"), ("ME6", "b"), ("M1", "c"))
    )
    row = links.link(session, HOUSE, other=second.reference, word="One journey.", **_with(first, an))

    assert _shown(session, first, an) == [("same_matter", second.reference)] != _shown(session, second, an)
    assert _shown(session, second, an) == [("same_matter", first.reference)]
    told = [one.details["link"]["with"] for one in session.scalars(select(History)) if "link" in one.details]
    assert sorted(told) == sorted([first.reference, second.reference])
    for refused, other, word in (
        (CannotLink, first.reference, "x"), (CannotLink, second.reference, "x"), (Missing, hidden.reference, " "),
        (UnknownReference, hidden.reference, "x"),
    ):  # fmt: skip
        with pytest.raises(refused):
            links.link(session, HOUSE, other=other, word=word, **_with(first, an))
    with pytest.raises(NotLinked):
        links.unlink(session, HOUSE, number=row.id, **_with(hidden, cy))
    links.unlink(session, HOUSE, number=row.id, **_with(second, an))
    with pytest.raises(NotLinked):
        links.unlink(session, HOUSE, number=row.id, **_with(first, an))
    assert _shown(session, first, an) == []
    third = make_case(session, service="ME6", requester_email="d@example.org", requester_name="Jan Maes")
    links.link(session, HOUSE, other=third.reference, word="One journey.", **_with(first, an))
    merge(session, HOUSE, into=second.reference, reason="Twice.", same_person=True, **_with(first, an))
    assert _shown(session, second, an) == [("merged", first.reference), ("same_matter", third.reference)]
    first = third
    links.link(session, HOUSE, other=first.reference, word="After all.", **_with(second, an))  # tied anew


def test_a_link_to_a_file_that_was_merged_is_undone_and_only_the_history_that_goes_on_says_so(
    database: Database,
) -> None:
    with database.writing() as session:
        settle(session)
        an = make_staff(session, "an@suivi.example", Role.CLERK, "ME6")
        first, second, stays = (make_case(session, service="ME6") for _ in range(3))
        row = links.link(session, HOUSE, other=second.reference, word="One journey.", **_with(first, an))
        merge(session, HOUSE, into=stays.reference, reason="Twice.", **_with(second, an))
        version = second.version
        links.unlink(session, HOUSE, number=row.id, **_with(first, an))

        assert (row.unlinked_by, second.version) == (an.id, version)
        assert _shown(session, first, an)[0][0] == "person"
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def test_a_link_to_a_file_that_was_erased_is_undone_and_none_is_made(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        bo = make_staff(session, "bo@suivi.example", Role.HEAD, "ME6")
        first, second = (make_case(session, service="ME6") for _ in range(2))
        row = links.link(session, HOUSE, other=second.reference, word="One journey.", **_with(first, bo))
        waive(session, HOUSE, number=1, ground=WaiverGround.WITHDRAWN, evidence="He rang.", **_with(second, bo))
        close(session, HOUSE, **_with(second, bo))
        session.flush()
        for line in session.scalars(select(Outbox)):
            leaving.on_left(session, HOUSE, line, now=LATER)
            line.state, line.settled_at = "sent", LATER
        erase(session, HOUSE, ground=ErasureGround.REQUESTED, reason="Decision 1", confirmed=second.reference,
              **_with(second, bo))  # fmt: skip
        version = second.version
        links.unlink(session, HOUSE, number=row.id, **_with(first, bo))

        assert (row.unlinked_by, second.version) == (bo.id, version)
        with pytest.raises(Erased):
            links.link(session, HOUSE, other=second.reference, word="After all.", **_with(first, bo))
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def test_the_files_of_one_requester_are_those_that_the_reader_may_read_so_many_and_no_more(
    session: Session, an: Staff, cy: Staff
) -> None:
    case = make_case(session, service="ME6", requester_phone="+32 2 1", requester_address="Rue A 1")
    same = [
        make_case(session, service="ME6", requester_email="claire.dubois@example.org"),
        make_case(session, service="ME6", requester_email=None, requester_phone="+32 2 1"),
        make_case(session, service="ME6", requester_email=None, requester_address="Rue A 1"),
    ]
    make_case(session, service="ME6", requester_email=None, requester_name="Claire Dubois")  # a name is nobody yet
    make_case(session, service="M1")
    assert _shown(session, case, an) == [("person", one.reference) for one in reversed(same)]
    for _ in range(MOST_SHOWN):
        make_case(session, service="ME6")
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
    shown = _shown(session, case, an)

    assert (len(shown), shown[-1]) == (MOST_SHOWN + 1, ("person", "more"))
    assert len([one for one in statements if one.startswith("SELECT tied.")]) == 1


def test_a_part_gets_a_file_of_its_own_with_the_same_receipt(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        an = make_staff(session, "an@suivi.example", Role.CLERK, "ME6")
        make_staff(session, "cy@suivi.example", Role.CLERK, "M1")
        case = make_case(session, service="ME6", channel=Channel.POST, requester_address="Rue A 1")
        make_case(session, service="ME6", channel=Channel.POST)
        for refused, more in ((Missing, {"text": " "}), (Missing, {"reason": ""}),
                              (CannotSplit, {"nature": Nature.COMPLAINT})):  # fmt: skip
            with pytest.raises(refused):
                _split(session, case, an, **more)
        done = _split(session, case, an)
        seen = case.version
        again = split(session, HOUSE, subject="Ma pension", text="Et ma pension ?", nature=Nature.MISDIRECTED,
                      reason="Not ours.", submission_key="once", **_with(case, an, seen=1))  # fmt: skip
        assert (again.again, again.case.id, case.version) == (True, done.case.id, seen)
        with pytest.raises(CaseChanged):
            split(session, HOUSE, subject="x", text="x", nature=Nature.INFORMATION, reason="x", submission_key="2",
                  **_with(case, an, seen=1))  # fmt: skip

        new = session.get_one(Case, done.case.id)
        assert (new.received_at, new.channel, new.service_code, new.state) == (
            case.received_at, case.channel, "M1", CaseState.OPEN)  # fmt: skip
        promise = session.scalars(select(Obligation).where(Obligation.case_id == new.id)).one()
        assert (promise.kind, promise.counted_from) == (ObligationKind.TRANSMISSION, date(2026, 3, 2))
        kinds = session.scalars(select(Message.kind).where(Message.case_id == new.id).order_by(Message.number)).all()
        assert kinds == [MessageKind.REQUEST, MessageKind.ACKNOWLEDGEMENT]
        letter = session.scalars(select(Message).where(Message.case_id == new.id, Message.number == 2)).one()
        assert new.reference in letter.body
        assert session.scalars(select(RegisterEntry.case_id)).all() == [case.id, case.id + 1]  # it came in once
        assert ("split_off", new.reference) not in _shown(
            session, case, an
        )  # of a service whose files An cannot read
        el = make_staff(session, "el@suivi.example", Role.DIRECTION)
        assert ("split_off", new.reference) in _shown(session, case, el)
        assert ("split_from", case.reference) in _shown(session, new, el)
        told = note_of(session, HOUSE, new.reference, now=LATER, language=Language.EN)
        assert f"split off file {case.reference}" in told
        assert new.reference in note_of(session, HOUSE, case.reference, now=LATER, language=Language.EN)
        late = make_case(session, service="ME6", now=datetime(2026, 3, 20, 9, tzinfo=UTC), received_at=MONDAY)
        born = split(session, HOUSE, subject="x", text="x", nature=Nature.INFORMATION, reason="x",
                     **_with(late, an, now=datetime(2026, 3, 20, 10, tzinfo=UTC)))  # fmt: skip
        owed = session.scalars(select(Obligation).where(Obligation.case_id == born.case.id)).one()
        assert session.get_one(Breach, owed.id).born_late  # counted from the receipt of the whole: it is late already

    assert [one.what for one in verify(database, HOUSE.rules, HOUSE.calendar)] == []
    with database.writing() as session:
        session.execute(text("DELETE FROM case_links WHERE other_id = 1"))
    found = [one.what for one in verify(database, HOUSE.rules, HOUSE.calendar)]
    assert sum("link" in what and "missing" in what for what in found) == 2
