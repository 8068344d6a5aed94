"""What was printed and has since become wrong is printed again: nobody holds a tracking code that is dead, untold."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework.contact import correct_contact
from tracker.casework.follow import send_code_again
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.leaving import record_leaving
from tracker.casework.paper import Cabinet
from tracker.casework.printing import print_run
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, MessageKind, Role, VoidPrintGround
from tracker.correspondence.tracking import tracking_code
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.paper import Letter, VoidPrint

HOUSE = make_house()
EMAIL = "claire.dubois@example.org"
ADDRESS = "Rue Neuve 1\n1000 Bruxelles"


class Office:
    """A clerk with one letter on paper: the acknowledgement of a request by post."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        with database.writing() as session:
            settle(session)
            self.clerk: Actor = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
            case = make_case(
                session, channel=Channel.POST, service="CONSULAR", requester_address=ADDRESS, requester_email=EMAIL
            )
            self.reference = case.reference

    def code(self, version: int) -> str:
        return tracking_code(HOUSE.secret, self.reference, version)

    def print(self) -> list[str]:
        """Print what waits, and return what each letter says."""
        cabinet = Cabinet(self.folder / "letters", self.folder / "attachments")
        printed = print_run(self.database, HOUSE, cabinet, self.folder / "out", now=MONDAY, actor=SYSTEM)
        assert printed.kept_back == ()
        files = (file for run in printed.runs for file in sorted(run.folder.glob("[0-9]*.pdf")))
        return [" ".join(page.extract_text() for page in PdfReader(BytesIO(f.read_bytes())).pages) for f in files]

    def lost_code(self) -> None:
        with self.database.writing() as session:
            send_code_again(session, HOUSE, reference=self.reference, email=EMAIL, now=MONDAY)

    def correct(self, **more: Any) -> None:
        known = {"name": "Claire Dubois", "email": EMAIL, "phone": None, "fax": None, "address": ADDRESS}
        with self.database.writing() as session:
            correct_contact(
                session, HOUSE, reference=self.reference, **known | more, reason="!", actor=self.clerk, now=MONDAY,
                seen=None,
            )  # fmt: skip

    def void(self) -> list[tuple[int, int, VoidPrintGround]]:
        with self.database.reading() as session:
            return [(row.run_id, row.position, row.ground) for row in session.scalars(select(VoidPrint))]


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def test_a_letter_that_waits_is_printed_again_with_the_code_that_is_valid(office: Office) -> None:
    (first,) = office.print()
    assert office.code(1) in first

    office.lost_code()

    assert office.void() == [(1, 1, VoidPrintGround.CODE)]
    (again,) = office.print()
    assert office.code(2) in again
    assert office.code(1) not in again
    assert office.print() == []


def test_what_has_been_posted_stays_as_it_went_and_the_new_code_is_told(office: Office) -> None:
    office.print()
    with office.database.writing() as session:
        record_leaving(
            session, HOUSE, reference=office.reference, message_number=2, left_on=brussels_day(MONDAY),
            actor=office.clerk, now=MONDAY, seen=None,
        )  # fmt: skip

    office.lost_code()

    assert (office.void(), office.print()) == ([], [])
    with office.database.reading() as session:
        told = session.scalars(select(Message).where(Message.kind == MessageKind.TRACKING_CODE)).one()
        assert session.scalars(select(Letter.run_id)).one() == 1
    assert office.code(2) in told.body


def test_what_was_made_and_never_printed_leaves_no_print_to_take_back(office: Office) -> None:
    office.lost_code()

    assert office.void() == []
    assert office.code(2) in office.print()[0]


def test_whoever_is_reached_on_paper_only_is_told_the_new_code_on_paper(office: Office) -> None:
    office.print()

    office.correct(email=None)

    assert office.void() == [(1, 1, VoidPrintGround.CONTACT)]
    acknowledged, told = office.print()
    assert office.code(2) in acknowledged
    assert office.code(2) in told
    with office.database.reading() as session:
        message = session.scalars(select(Message).where(Message.kind == MessageKind.TRACKING_CODE)).one()
    assert (message.channel, message.address) == (Channel.POST, ADDRESS)


def test_a_run_of_which_all_was_taken_back_before_it_was_handed_out_stops_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr("tracker.casework.printing.lay_out", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.print()
    office.lost_code()

    assert len(office.print()) == 1
    assert office.print() == []
