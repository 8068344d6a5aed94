"""The daily book is read by day and by year, tells its gaps, and shows what it is about only to who may see that."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, make_case, make_house, make_staff, settle
from tests.insight.casebook import viewer_of
from tracker.access.permissions import Person
from tracker.casework import ending
from tracker.casework.daybook import came_in
from tracker.casework.house import CITIZEN, Actor
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Direction, Language, MessageKind, Nature, Role
from tracker.insight.register import PAGE, Pages, Part, around, lines, numbers_of, years
from tracker.insight.sight import Viewer
from tracker.insight.taken_out import Gap, gaps, without_a_line
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message
from tracker.models.paper import RegisterEntry

DAY = brussels_day(MONDAY)
ALL = viewer_of(Person(99, Role.AUDITOR, None))
IN = Part(Direction.IN, 2026)
DIRECTION = Actor("An", Person(2, Role.HEAD, "ME6"))


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session over the directory and a clerk of ME6."""
    with database.writing() as session:
        settle(session)
        make_staff(session, "an@example.org", Role.CLERK, "ME6")
        yield session


def _letter(session: Session, days: int = 0, **more: Any) -> str:
    at = MONDAY + timedelta(days=days)
    given: dict[str, Any] = {"channel": Channel.POST, "service": "ME6", "received_at": at, "requester_email": None}
    return make_case(session, now=at, **given | more).reference


def _many(session: Session, count: int) -> None:
    """Enter as many letters and faxes on the first case, on the next day."""
    messages = [
        Message(
            case_id=1, number=100 + n, direction=Direction.IN, kind=MessageKind.FOLLOW_UP, language=Language.FR,
            channel=Channel.POST if n % 2 else Channel.FAX, subject="Objet", body="x", written_at=MONDAY,
        )
        for n in range(count)
    ]  # fmt: skip
    session.add_all(messages)
    session.flush()
    case = session.get_one(Case, 1)
    for message in messages:
        came_in(session, case, message, actor=CITIZEN, now=MONDAY + timedelta(days=1))


def _numbers(session: Session, part: Part, start: int | None = None) -> list[int]:
    return [line.number for line in lines(session, ALL, part, start=start)[0]]


def test_a_line_says_what_came_in_and_brings_its_scan(session: Session) -> None:
    reference = _letter(session)
    session.add(
        Attachment(
            case_id=1, message_id=1, name="scan.pdf", stored_as="aa/scan.pdf", media_type="application/pdf", size=9,
            sha256="0" * 64, added_at=MONDAY,
        )
    )  # fmt: skip
    session.flush()

    ((line,), pages) = lines(session, ALL, IN)

    assert (line.number, line.day_number, line.day, line.on_day) == (1, 1, DAY, DAY)
    assert (line.reference, line.correspondent, line.subject) == (
        reference, "Claire Dubois", "Légalisation d'un diplôme",
    )  # fmt: skip
    assert [file.name for file in line.files] == ["scan.pdf"]
    assert (pages.before, pages.after, line.came_back) == (None, None, False)
    assert [(n.direction, n.number, n.day_number) for n in numbers_of(session, reference)] == [(Direction.IN, 1, 1)]


def test_a_day_a_channel_and_a_side_are_read_apart(session: Session) -> None:
    _letter(session)
    _letter(session, requester_fax="+32 2 123 45 67", channel=Channel.FAX)
    _letter(session, days=1)

    assert _numbers(session, Part(Direction.IN, 2026, DAY)) == [1, 2]
    assert _numbers(session, Part(Direction.IN, 2026, DAY, Channel.FAX)) == [2]
    assert _numbers(session, Part(Direction.IN, 2026, DAY + timedelta(days=1))) == [3]
    assert _numbers(session, Part(Direction.IN, 2026, channel=Channel.POST)) == [1, 3]
    assert _numbers(session, Part(Direction.OUT, 2026)) == []
    assert _numbers(session, Part(Direction.IN, 2025)) == []


def test_a_year_opens_at_its_end_and_is_turned_page_by_page(session: Session) -> None:
    _letter(session)
    _many(session, 2 * PAGE + 20)

    found, pages = lines(session, ALL, IN)
    assert ([line.number for line in found], pages.after) == (list(range(122, 222)), None)
    found, pages = lines(session, ALL, IN, start=pages.before)
    assert ([line.number for line in found], pages.after) == (list(range(22, 122)), 122)
    found, pages = lines(session, ALL, IN, start=pages.before)
    assert ([line.number for line in found], pages.before, pages.after) == (list(range(1, 101)), None, 101)
    found, pages = lines(session, ALL, Part(Direction.IN, 2026, channel=Channel.FAX))
    assert ([line.number for line in found], pages.before) == (list(range(22, 221, 2)), 2)
    found, pages = lines(session, ALL, Part(Direction.IN, 2026, DAY + timedelta(days=1)))
    assert ([line.number for line in found], pages.before, pages.after) == (list(range(2, 102)), None, 102)


def test_missing_numbers_are_told(session: Session) -> None:
    _letter(session)
    _many(session, 19)
    assert gaps(session, Direction.IN, 2026) == []

    session.execute(delete(RegisterEntry).where(RegisterEntry.number.in_([1, 5, 6, 7, 12])))

    assert gaps(session, Direction.IN, 2026) == [Gap(1, 1), Gap(5, 7), Gap(12, 12)]
    assert gaps(session, Direction.OUT, 2026) == []
    assert gaps(session, Direction.IN, 2025) == []


def test_a_line_taken_off_the_end_is_missed_by_its_message(session: Session) -> None:
    _letter(session)
    first, last = _letter(session, days=1), _letter(session, days=1)
    assert without_a_line(session, Direction.IN) == []

    session.execute(delete(RegisterEntry).where(RegisterEntry.number == 3))
    gone = session.scalars(select(Message.id).join(Case).where(Case.reference == last)).one()
    assert gaps(session, Direction.IN, 2026) == [Gap(3, 3)]
    assert without_a_line(session, Direction.IN) == [(gone, last)]
    assert without_a_line(session, Direction.IN, latest=2) == [(gone, last)]
    assert without_a_line(session, Direction.OUT) == []
    again = _letter(session, days=2)
    assert _found(session, "3") == [], "its number is not given again"
    assert (_found(session, again), _found(session, first)) == ([4], [2])
    assert gaps(session, Direction.IN, 2026) == [Gap(3, 3)]
    assert without_a_line(session, Direction.IN) == [(gone, last)]


def test_what_is_older_than_the_book_and_what_was_brought_along_by_a_merger_need_no_line(session: Session) -> None:
    _letter(session)
    session.execute(delete(RegisterEntry))
    assert without_a_line(session, Direction.IN) == []
    twice = [_letter(session, days=1), _letter(session, days=1)]
    ending.merge(
        session, make_house(), reference=twice[1], into=twice[0], reason="Deux fois", actor=DIRECTION,
        now=MONDAY + timedelta(days=2), seen=None,
    )  # fmt: skip

    assert session.scalar(select(func.count()).select_from(Message)) == 4
    assert without_a_line(session, Direction.IN) == []


def test_what_one_may_not_see_is_a_number_only(session: Session) -> None:
    about = make_staff(session, "bo@example.org", Role.HEAD, "ME6")
    _letter(session, sensitive=True)
    _letter(session, nature=Nature.COMPLAINT, about_staff_id=about.id)
    _letter(session, service="M1")
    _letter(session)

    head = viewer_of(Person(about.id, Role.HEAD, "ME6"))
    found, _ = lines(session, head, IN)

    assert [line.is_visible for line in found] == [True, False, False, True]
    hidden = found[1]
    assert (hidden.number, hidden.channel, hidden.correspondent, hidden.subject, hidden.files) == (
        2, Channel.POST, None, None, (),
    )  # fmt: skip
    nobody = viewer_of(Person(77, Role.ADMIN, None))
    assert not any(line.is_visible for line in lines(session, nobody, IN)[0])


def _found(session: Session, words: str, part: Part = IN, viewer: Viewer = ALL) -> list[int]:
    return [line.number for line in lines(session, viewer, replace(part, words=words))[0]]


def test_a_line_is_found_by_its_number_its_reference_its_name_and_its_subject(session: Session) -> None:
    _letter(session, requester_name="Zoë Straßmann", subject="Légalisation d'un diplôme")
    second = _letter(session, requester_name="Jan Peeters", subject="Pensioen uit Canada")
    _letter(session, requester_name="Γιώργος Ελευθερίου", subject="护照遗失 (2)")

    assert [_found(session, words) for words in ("2", "2026/2", "002", "2025/2", "9")] == [[2, 3], [2], [2], [], []]
    assert _found(session, second.lower().replace("-", " ")) == [2]
    assert _found(session, second, Part(Direction.OUT, 2026)) == []
    for words, found in (
        ("zoe", [1]), ("STRASSMANN", [1]), ("straßmann", [1]), ("legalisation DIPLOME", [1]), ("peeters canada", [2]),
        ("peeters légalisation", []), ("ελευθεριου", [3]), ("遗失", [3]), ("an", [1, 2]), (".*", []), ("(2)", [3]),
        ("[", []), ("\\", []), ("%", []),
    ):  # fmt: skip
        assert _found(session, words) == found, words
    assert _found(session, "jan", Part(Direction.IN, 2026, DAY)) == [2]
    assert _found(session, "jan", Part(Direction.IN, 2026, DAY + timedelta(days=1))) == []
    assert _found(session, "jan", Part(Direction.IN, 2026, channel=Channel.FAX)) == []


def test_what_one_may_not_see_is_not_found_by_its_words(session: Session) -> None:
    hidden = _letter(session, service="M1", requester_name="Somebody Secret")
    _letter(session, requester_name="Somebody Known")
    clerk = viewer_of(Person(77, Role.CLERK, "ME6"))

    assert _found(session, "somebody", viewer=clerk) == [2]
    assert _found(session, hidden, viewer=clerk) == []
    assert _found(session, "1", viewer=clerk) == [1], "its number is nobody's secret"
    assert _found(session, "somebody") == [1, 2]


def test_what_is_found_is_turned_page_by_page_from_the_newest(session: Session) -> None:
    _letter(session)
    _many(session, 2 * PAGE + 20)
    part = replace(IN, words="dubois")

    found, pages = lines(session, ALL, part)
    assert ([line.number for line in found], pages) == (list(range(122, 222)), Pages(121, None))
    found, pages = lines(session, ALL, part, start=pages.before)
    assert ([line.number for line in found], pages) == (list(range(22, 122)), Pages(21, 221))
    found, pages = lines(session, ALL, part, start=pages.before)
    assert ([line.number for line in found], pages) == (list(range(1, 22)), Pages(None, 121))


def test_the_days_around_and_the_years_are_found(session: Session) -> None:
    for days in (0, 3, 3, 7):
        _letter(session, days=days)

    found = around(session, DAY + timedelta(days=3))
    assert (found.before, found.after, found.came_in, found.went_out) == (DAY, DAY + timedelta(days=7), 2, 0)
    found = around(session, DAY - timedelta(days=30))
    assert (found.before, found.after, found.came_in) == (None, DAY, 0)
    assert years(session) == {2026: (4, 0)}


def test_a_page_of_the_book_takes_three_statements(session: Session, database: Database) -> None:
    _letter(session)
    _many(session, 150)
    session.commit()
    said: list[str] = []
    with database.reading() as reader:
        event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        lines(reader, ALL, Part(Direction.IN, 2026, date(2026, 3, 3)))
    assert len([one for one in said if one.lstrip().startswith("SELECT")]) == 3
