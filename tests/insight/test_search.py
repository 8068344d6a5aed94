"""What search finds, on both databases: words, addresses, numbers in four languages; never what one may not see."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.insight.casebook import a_case, viewer_of
from tracker.access.permissions import Person
from tracker.casework import letters
from tracker.casework.contact import correct_contact
from tracker.casework.drafting import Draft
from tracker.casework.ending import merge
from tracker.casework.follow import follow_up
from tracker.casework.house import CITIZEN
from tracker.charter.words import CaseState, Channel, Language, Nature, Role
from tracker.insight import search as insight_search
from tracker.insight import searching
from tracker.insight.overview import Count
from tracker.insight.search import PAGE, named, search
from tracker.insight.searching import Asked
from tracker.insight.sight import Viewer
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Attachment
from tracker.models.search import CaseSearch, found_wrong, rewrite_all
from tracker.models.words import Term, terms_of

EVERYTHING = Viewer(999, None, frozenset({999}), False, frozenset({"all"}))

LETTERS: tuple[dict[str, Any], ...] = (
    {"subject": "Légalisation d'un diplôme", "text": "Comment légaliser mes diplômes pour l'Égypte ?",
     "requester_name": "Élise N'Diaye", "requester_email": "elise.ndiaye@example.org"},
    {"language": Language.NL, "subject": "Paspoort verloren", "text": "Ik verloor mijn paspoorten in Málaga.",
     "requester_name": "Piet Van den Broeck", "requester_phone": "+32 470 12 34 56"},
    {"language": Language.DE, "subject": "Überführung", "text": "Die Gemeinde Büllingen fragt nach Unterlagen.",
     "requester_name": "Jürgen Müller", "channel": Channel.POST,
     "requester_address": "Hauptstraße 7, 4760 Büllingen"},
    {"language": Language.EN, "official_language": Language.NL, "subject": "Marriage certificates",
     "text": "My fiancée was born in Kinshasa; her file is EK-2024/77 and her number 0032 2 555 10 20.",
     "requester_name": "Brian O'Brien", "nature": Nature.COMPLEX},
    {"subject": "Question de M. Mueller", "text": "Œuvre d'art volée à l'étranger. <script>alert(1)</script>"},
)  # fmt: skip

FINDS = {
    "légalisation": {1}, "LEGALISER": {1}, "diplome": {1}, "diplômes égypte": {1}, "egypte paspoort": set(),
    "elise.ndiaye@example.org": {1}, "ELISE.NDIAYE@EXAMPLE.ORG": {1}, "n'diaye": {1}, "ndiaye": {1},
    "paspoort": {2}, "paspoorten": {2}, "malaga": {2}, "van den broeck": {2}, "Broeck Piet": {2},
    "0470 12 34 56": {2}, "+32470123456": {2}, "0032 470/12.34.56": {2}, "470123456": {2}, "0470 12 34 57": set(),
    "uberfuhrung": {3}, "ueberfuehrung": {3}, "Überführungen": {3}, "bullingen": {3}, "hauptstrasse 4760": {3},
    "Müller": {3, 5}, "mueller": {3, 5}, "marriage certificate": {4}, "o'brien": {4}, "fiancee": {4},
    "ek-2024/77": {4}, "02 555 10 20": {4}, "oeuvre": {5}, "œuvre volee": {5}, "alert": {5},
    "diplo*": {1}, "paspo* verl*": {2}, "mull*": {3}, "diplo": set(),
    "example.org": {1, 3, 4, 5, 2}, "xyzzy": set(), "de la": set(), "' OR 1=1 --": set(), '"NEAR(a b) AND *': set(),
    "a:b|c&!d <-> \\ ::tsquery": set(), "\x00": set(),
}  # fmt: skip
"""What is typed, and the files it finds, by their number."""


@pytest.fixture
def session(database: Database) -> Any:
    """A database with the letters above, registered one after the other."""
    with database.writing() as session:
        settle(session)
        for letter in LETTERS:
            make_case(session, **{"requester_email": f"x@{'example.org'}", "service": "ME6"} | letter)
    with database.reading() as session:
        yield session


def found(session: Session, asked: str = "", viewer: Viewer = EVERYTHING, **more: Any) -> list[int]:
    """The numbers of what is found, newest first."""
    return [hit.id for hit in search(session, viewer, Asked(terms_of(asked), **more)).hits]


@pytest.mark.parametrize("at_once", [searching.AT_ONCE, -1], ids=["at once", "walked"])
def test_words_addresses_and_numbers_in_four_languages(
    session: Session, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(searching, "AT_ONCE", at_once)

    assert {asked: set(found(session, asked)) for asked in FINDS} == FINDS
    assert found(session, "example.org") == [5, 4, 3, 2, 1], "newest first"


@pytest.mark.parametrize(
    ("narrowed", "numbers"),
    [
        ({"service": "ME6"}, [5, 4, 3, 2, 1]),
        ({"service": "M0.0"}, []),
        ({"language": Language.FR}, [5, 1]),
        ({"channel": Channel.POST}, [3]),
        ({"nature": Nature.COMPLEX}, [4]),
        ({"state": CaseState.TRIAGE}, [5, 4, 3, 2, 1]),
        ({"state": CaseState.CLOSED}, []),
        ({"since": date(2026, 3, 2), "until": date(2026, 3, 2)}, [5, 4, 3, 2, 1]),
        ({"since": date(2026, 3, 3), "until": date(2026, 5, 3)}, []),
        ({"since": date(2026, 3, 3)}, []),
        ({"until": date(2026, 3, 1)}, []),
        ({"until": date(2026, 3, 2), "channel": Channel.POST}, [3]),
        ({}, []),
    ],
)
def test_what_it_is_narrowed_to(session: Session, narrowed: dict[str, Any], numbers: list[int]) -> None:
    assert found(session, **narrowed) == numbers
    if narrowed:
        assert found(session, "example.org", **narrowed) == numbers


def test_what_was_found_is_marked_and_the_rest_stays_text(session: Session) -> None:
    (hit,) = search(session, EVERYTHING, Asked(terms_of("alert oeuvre mueller"))).hits

    assert [piece.text for piece in hit.passage if piece.hit] == ["Œuvre", "alert"]
    assert "".join(piece.text for piece in hit.passage) == LETTERS[4]["text"]
    assert [piece.text for piece in hit.subject if piece.hit] == ["Mueller"]
    (hit,) = search(session, EVERYTHING, Asked(terms_of("0470123456"))).hits
    assert [piece.text for detail in hit.details for piece in detail if piece.hit] == ["+32 470 12 34 56"]


def test_every_change_is_found_in_its_commit_and_nothing_old(database: Database) -> None:
    house = make_house()
    with database.writing() as session:
        settle(session)
        an = make_staff(session, "an@example.org", Role.HEAD, "ME6")
        first, second = (make_case(session, service="ME6") for _ in range(2))
        found_before = found(session, "dubois")
        say = {"actor": CITIZEN, "now": MONDAY + timedelta(hours=2)}
        do = {"actor": acting(an), "now": MONDAY + timedelta(hours=3), "seen": None}
        scan = Attachment(
            submission_key="k", name="Naissance_Tienen 2.pdf", stored_as="x", media_type="application/pdf", size=9,
            sha256="0" * 64, added_at=MONDAY,
        )  # fmt: skip
        session.add(scan)
        session.flush()
        follow_up(session, house, reference=first.reference, text="J'ai oublié le certificat de Zaventem.",
                  channel=Channel.WEB, received_at=MONDAY, attachments=[scan.id], **say)  # fmt: skip
        contact = {"email": "c@example.org", "phone": None, "fax": None, "address": None, "reason": "typo"}
        correct_contact(session, house, reference=first.reference, name="Claire Duchêne", **contact, **do)
    with database.writing() as session:
        assert found_before == [2, 1]
        assert found(session, "certificats zaventem") == found(session, "tienen naissance") == [1]
        assert found(session, "pdf") == []
        (hit,) = search(session, EVERYTHING, Asked(terms_of("tienen"))).hits
        assert ["".join(piece.text for piece in detail) for detail in hit.details] == ["Naissance_Tienen 2.pdf"]
        assert (found(session, "dubois"), found(session, "duchene")) == ([2], [1])
        merge(session, house, reference=first.reference, into=second.reference, reason="x", same_person=True, **do)
    with database.reading() as session:
        assert found(session, "zaventem") == [2, 1], "what was joined stands in both"
        assert found(session, "tienen") == [2], "its files went along"
        assert found(session, "zaventem", state=CaseState.MERGED) == [1]
        assert list(found_wrong(database)) == []


def test_a_star_asks_for_what_begins_so_but_not_for_every_other_word() -> None:
    assert terms_of("les*") == (Term(frozenset(), frozenset({"les"})),), "Lesage, though les alone finds everything"
    assert terms_of("le* a*") == ()
    assert terms_of("ab*") == (Term(frozenset({"ab"})),)


def test_an_answer_is_found_by_what_was_typed_and_not_by_its_frame(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        an = make_staff(session, "an@example.org", Role.HEAD, "ME6")
        say = {"actor": acting(an), "now": MONDAY + timedelta(hours=1), "seen": None}
        for draft in (Draft(text="Le guichet Horta vous attend."), Draft(text="Une plainte au Petit Sablon.")):
            case = make_case(session, service="ME6")
            letters.answer(session, make_house(), reference=case.reference, draft=draft, **say)
    with database.reading() as session:
        sought = ("horta", "plainte petit", "carmes", "bruxelles", "mediateur", "agreer", an.name, "federalombudsman")
        assert [found(session, asked) for asked in sought] == [[1], [2], [], [], [], [], [], []]
        (hit,) = search(session, EVERYTHING, Asked(terms_of("horta"))).hits
        assert "".join(piece.text for piece in hit.passage).strip() == "Le guichet Horta vous attend."
        assert list(found_wrong(database)) == []


def test_all_of_it_can_be_worked_out_again(database: Database, session: Session) -> None:
    with database.writing() as writer:
        writer.execute(text("DELETE FROM case_search WHERE case_id = 1"))
        writer.execute(CaseSearch.__table__.update().where(CaseSearch.case_id == 2).values(words="xyz"))
    session.rollback()
    assert (found(session, "diplome"), found(session, "paspoort"), found(session, "xyz")) == ([], [], [2])
    assert list(found_wrong(database)) == [1, 2]

    session.rollback()
    assert [number for batch in rewrite_all(database) for number in batch] == [1, 2]

    session.rollback()
    assert (found(session, "diplome"), found(session, "paspoort"), found(session, "xyz")) == ([1], [2], [])


@pytest.mark.parametrize("at_once", [searching.AT_ONCE, -1], ids=["at once", "walked"])
def test_nobody_finds_or_counts_what_they_may_not_read(
    database: Database, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(searching, "AT_ONCE", at_once)
    with database.writing() as session:
        settle(session)
        people = {role: make_staff(session, f"{role}@example.org", role, service) for role, service in (
            (Role.CLERK, "ME6"), (Role.HEAD, "ME6"), (Role.DISPATCHER, None), (Role.COMPLAINTS, "COMPLAINTS"),
            (Role.DIRECTION, None), (Role.AUDITOR, None), (Role.ADMIN, None))}  # fmt: skip
        other = make_staff(session, "other@example.org", Role.CLERK, "M1").id
        clerk = people[Role.CLERK].id
        for number, more in enumerate(
            (
                {},
                {"service_code": "M1"},
                {"service_code": "M1", "associated": ("ME6",)},
                {"sensitive": True},
                {"state": CaseState.TRIAGE},
                {"service_code": "M1", "nature": Nature.COMPLAINT},
                {"about_staff_id": clerk, "nature": Nature.COMPLAINT},
                {"handler_id": clerk, "service_code": "M1", "sensitive": True},
                {"service_code": "M1", "urgent_since": MONDAY},
            ),
            1,
        ):
            a_case(session, number, more.pop("handler_id", other), subject="Passeport", **more)
    seen = {
        Role.CLERK: [8, 3, 1], Role.HEAD: [7, 4, 3, 1], Role.DISPATCHER: [9, 5], Role.COMPLAINTS: [7, 6],
        Role.DIRECTION: [9, 7, 6, 5, 3, 2, 1], Role.AUDITOR: [9, 7, 6, 5, 3, 2, 1], Role.ADMIN: [],
    }  # fmt: skip
    with database.reading() as session:
        for role, numbers in seen.items():
            staff = people[role]
            looks = viewer_of(Person(staff.id, role, staff.service_code))
            told = search(session, looks, Asked(terms_of("passeport")))
            assert [hit.id for hit in told.hits] == numbers, role
            assert told.count is not None
            assert told.count.number == len(numbers), role
            meant = named(session, looks, [], [(None, number) for number in range(1, 10)])
            assert [hit.id for hit in meant] == numbers, role


def test_pages_go_on_where_the_one_before_ended(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "AT_ONCE", -1)
    monkeypatch.setattr(insight_search, "MOST_COUNTED", 2 * PAGE)
    with database.writing() as session:
        settle(session)
        # Some long ago, after years without any; and a few long before those.
        old = [*range(1, 6), *range(121, 2 * PAGE + 121)]
        for number in range(1, 4 * PAGE + 21):
            subject = "Une quarantaine" if number in old else "Autre chose"
            a_case(session, number * 700, 1, subject=subject, service_code="ME6")
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    with database.reading() as session:
        first = search(session, EVERYTHING, Asked(terms_of("quarantaine")))
        statements = len(said)
        second = search(session, EVERYTHING, Asked(terms_of("quarantaine")), after=first.older)
        third = search(session, EVERYTHING, Asked(terms_of("quarantaine")), after=second.older)
    numbers = [hit.id for page in (first, second, third) for hit in page.hits]
    assert numbers == [number * 700 for number in reversed(old)]
    assert (first.count, second.count, third.older) == (Count(2 * PAGE, more=True), None, None)
    assert statements <= (5 if database.is_sqlite else 17), statements


def test_a_reference_with_a_slip_leads_to_the_file_it_means(session: Session) -> None:
    second = session.get_one(Case, 2).reference

    assert [hit.id for hit in named(session, EVERYTHING, [second], [(2025, 1), (None, 3), (2026, 4)])] == [4, 3, 2]
