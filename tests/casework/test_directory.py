"""The directory in force: changed by administrators from a day on, with the past kept, and never overwritten."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment
from tracker.casework import directory as use
from tracker.casework.directory import bring_up_to_date, close_entry, directory_in_force, edited, outdated, save_entry
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.house import Actor
from tracker.casework.people import UnknownService, load_directory
from tracker.casework.routing_in_force import RoutingInForce
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Language, Role, RoutingSubject, ServiceKind
from tracker.correspondence.explanation import refusal
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.routing import RoutingChange
from tracker.routing.directory import Directory, Entry
from tracker.routing.directory import load_directory as read_directory
from tracker.routing.directory_record import fingerprint, from_json, to_json

TODAY = brussels_day(MONDAY)
NEXT_WEEK = TODAY + timedelta(days=7)


def shipped(code: str) -> Entry:
    found = read_directory().get(code, on=TODAY)
    assert found is not None
    return found


def renamed(entry: Entry, suffix: str = " (nouveau)") -> Entry:
    return replace(entry, names={language: name + suffix for language, name in entry.names.items()})


def admin(session: Session) -> Actor:
    return acting(make_staff(session, "gi@example.org", Role.ADMIN, name="Gi Admin"))


@pytest.fixture
def boss(database: Database) -> Actor:
    with database.writing() as session:
        settle(session)
        return admin(session)


def name_of(database: Database, code: str) -> str:
    with database.reading() as session:
        return str(session.get_one(Service, code).names["fr"])


def save(database: Database, entry: Entry, boss: Actor, *, from_day: date = TODAY, **more: Any) -> int:
    with database.writing() as session:
        given: dict[str, Any] = {"why": "arrêté royal", "now": MONDAY} | more
        return save_entry(session, entry, from_day=from_day, actor=boss, **given).number


def test_every_shipped_entry_comes_back_as_it_was_written_down() -> None:
    assert [from_json(to_json(entry)) for entry in read_directory().entries] == list(read_directory().entries)
    one, other = shipped("M1"), renamed(shipped("M1"))
    assert fingerprint((one,)) == fingerprint((from_json(to_json(one)),)) != fingerprint((other,))


def test_untouched_it_is_the_shipped_one(database: Database) -> None:
    with database.reading() as session:
        assert directory_in_force(session) is read_directory()
        assert outdated(session) == []


def test_a_change_counts_from_its_day_and_the_past_stays(database: Database, boss: Actor) -> None:
    save(database, renamed(shipped("M1")), boss, from_day=NEXT_WEEK)

    with database.reading() as session:
        directory = directory_in_force(session)
        (change,) = session.scalars(select(RoutingChange))
    assert directory.get("M1", on=NEXT_WEEK - timedelta(days=1)) == replace(shipped("M1"), valid_to=NEXT_WEEK)
    after = directory.get("M1", on=NEXT_WEEK)
    assert after is not None
    assert after.names["de"] == "Sicherheitspolitik (M1) (nouveau)"
    assert (change.subject, change.what, change.actor) == (RoutingSubject.DIRECTORY, "M1", "Gi Admin")
    assert change.details is not None
    assert (change.details["act"], change.details["why"]) == ("change", "arrêté royal")
    assert change.details["fields"] == ["names"]
    assert directory.codes == read_directory().codes


def test_the_services_of_the_database_follow_on_the_day(database: Database, boss: Actor) -> None:
    before = name_of(database, "M1")
    save(database, renamed(shipped("M1")), boss, from_day=NEXT_WEEK)
    bring_up_to_date(database, now=MONDAY + timedelta(days=6))
    assert name_of(database, "M1") == before

    bring_up_to_date(database, now=MONDAY + timedelta(days=7))

    assert name_of(database, "M1") == f"{before} (nouveau)"


def test_a_change_of_today_counts_at_once_for_the_router_of_every_process(database: Database, boss: Actor) -> None:
    web = RoutingInForce(database, make_house().router)
    text = "Quelle est la position belge à l'OTAN sur les menaces hybrides et la désinformation ?"
    assert web().route(text, lang="fr", on=TODAY).suggestions[0].name == shipped("M1").names["fr"]

    save(database, renamed(shipped("M1")), boss)

    found = web().route(text, lang="fr", on=TODAY).suggestions[0]
    assert (found.code, found.name) == ("M1", "Politique de Sécurité (M1) (nouveau)")
    assert name_of(database, "M1") == "Politique de Sécurité (M1) (nouveau)"


def test_what_is_closed_leads_to_its_successor(database: Database, boss: Actor) -> None:
    with database.writing() as session:
        close_entry(session, "M5", on=NEXT_WEEK, successor="M1", why="fusion", actor=boss, now=MONDAY)

    with database.reading() as session:
        directory, row = directory_in_force(session), session.get_one(Service, "M5")
    assert directory.get("M5", on=NEXT_WEEK) is None
    assert directory.standing_for("M5", on=NEXT_WEEK) == shipped("M1")
    assert row.valid_to == NEXT_WEEK
    text = "Où en est le traité sur l'interdiction des mines antipersonnel et des armes à sous-munitions ?"
    router = RoutingInForce(database, make_house().router)()
    assert router.route(text, lang="fr", on=TODAY).suggestions[0].code == "M5"
    assert router.route(text, lang="fr", on=NEXT_WEEK).suggestions[0].code == "M1"


def test_a_new_body_is_added_and_the_router_knows_it(database: Database, boss: Actor) -> None:
    new = replace(shipped("DGB"), code="DGX", names=dict.fromkeys(("fr", "nl", "de", "en"), "DG Espace (DGX)"))
    with pytest.raises(UnknownService):
        save(database, new, boss)

    save(database, new, boss, new=True)

    with pytest.raises(use.CodeTaken):
        save(database, new, boss, new=True)
    assert name_of(database, "DGX") == "DG Espace (DGX)"
    assert "DGX" in RoutingInForce(database, make_house().router)().directory.codes


def test_init_never_overwrites_what_was_changed_here_and_names_what_the_product_brings_anew(
    database: Database, boss: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(database, renamed(shipped("M1")), boss)
    newer = Directory(tuple(renamed(e, " 2") if e.code in ("M1", "M2") else e for e in read_directory().entries))
    monkeypatch.setattr(use, "_shipped", lambda: newer)

    with database.writing() as session:
        load_directory(session, directory_in_force(session, newer), day=TODAY)
        assert outdated(session) == ["M1"]
    assert name_of(database, "M1") == "Politique de Sécurité (M1) (nouveau)"
    assert name_of(database, "M2") == "Nations Unies et OIF (M2) 2"

    with database.writing() as session:
        seen = edited(session)["M1"].number
        use.use_shipped(session, "M1", why="vu", actor=boss, now=MONDAY, seen=seen)
        assert outdated(session) == []
    assert name_of(database, "M1") == "Politique de Sécurité (M1) 2"


def test_whoever_saves_says_what_they_saw(database: Database, boss: Actor) -> None:
    number = save(database, renamed(shipped("M1")), boss)
    with pytest.raises(use.EntryChanged) as told:
        save(database, renamed(shipped("M1"), " autre"), boss)
    assert "Gi Admin" in str(told.value)
    save(database, renamed(shipped("M1"), " autre"), boss, seen=number)
    assert name_of(database, "M1") == "Politique de Sécurité (M1) autre"


def test_a_second_change_of_one_day_replaces_the_first_and_both_stay_in_the_history(
    database: Database, boss: Actor
) -> None:
    number = save(database, renamed(shipped("M1")), boss)
    save(database, renamed(shipped("M1"), " bis"), boss, seen=number)
    with database.reading() as session:
        versions = directory_in_force(session).versions("M1")
        assert len(list(session.scalars(select(RoutingChange)))) == 2
    assert [(one.valid_from, one.valid_to) for one in versions] == [(None, TODAY), (TODAY, None)]


def test_what_was_decided_for_a_later_day_stays_when_something_is_changed_before(
    database: Database, boss: Actor
) -> None:
    later, tomorrow = NEXT_WEEK + timedelta(days=7), TODAY + timedelta(days=1)
    number = save(database, renamed(shipped("M1")), boss, from_day=NEXT_WEEK)
    with database.writing() as session:
        end: dict[str, Any] = {"successor": "M5", "why": "fusion", "actor": boss, "now": MONDAY}
        number = close_entry(session, "M1", on=later, seen=number, **end).number

    number = save(database, replace(shipped("M1"), phone="+32 2 501 00 00"), boss, from_day=tomorrow, seen=number)

    with database.reading() as session:
        versions = directory_in_force(session).versions("M1")
    assert [one.valid_to for one in versions] == [tomorrow, NEXT_WEEK, later]
    assert [one.phone for one in versions[1:]] == ["+32 2 501 00 00"] * 2, "and goes on after the later change"
    assert [one.names == shipped("M1").names for one in versions] == [True, True, False]
    assert versions[-1].successor == "M5"
    with database.writing() as session:
        close_entry(session, "M1", on=later + timedelta(days=7), seen=number, **end)  # it is put off
        assert directory_in_force(session).versions("M1")[-1].valid_to == later + timedelta(days=7)


def test_a_service_with_open_files_stays_ours(database: Database, boss: Actor) -> None:
    outside = replace(shipped("M1"), kind=ServiceKind.PUBLIC_SERVICE, associated=())
    with database.writing() as session:
        case = make_case(session)
        clerk = acting(make_staff(session, "di@example.org", Role.DISPATCHER))
        given: dict[str, Any] = {"reference": case.reference, "actor": clerk, "now": MONDAY, "seen": None}
        assignment.route(session, make_house(), service_code="M1", **given)
    for day in (TODAY, NEXT_WEEK):
        with pytest.raises(use.ServiceHoldsFiles) as told:
            save(database, outside, boss, from_day=day)
    assert len({refusal(told.value, language) for language in Language}) == 4
    number = save(database, renamed(shipped("M1")), boss)

    with database.writing() as session:
        assignment.route(session, make_house(), service_code="M5", reason="x", **given)
    save(database, outside, boss, seen=number)
    with database.reading() as session:
        assert session.get_one(Service, "M1").kind is ServiceKind.PUBLIC_SERVICE


def test_no_file_is_given_to_a_service_that_has_ended(database: Database, boss: Actor) -> None:
    with database.writing() as session:
        case = make_case(session)
        close_entry(session, "M5", on=TODAY, successor="M1", why="x", actor=boss, now=MONDAY)
        clerk = acting(make_staff(session, "di@example.org", Role.DISPATCHER))
        given: dict[str, Any] = {"reference": case.reference, "actor": clerk, "now": MONDAY, "seen": None}
        with pytest.raises(assignment.ServiceClosed) as told:
            assignment.route(session, make_house(), service_code="M5", **given)
    assert len({refusal(told.value, language) for language in Language}) == 4


def test_only_an_administrator_changes_it(database: Database, boss: Actor) -> None:
    with database.writing() as session:
        others = [acting(make_staff(session, f"{role}@example.org", role)) for role in Role if role is not Role.ADMIN]
    for actor in (*others, Actor("system")):
        with pytest.raises(NotPermitted):
            save(database, renamed(shipped("M1")), actor)


@pytest.mark.parametrize(
    ("given", "raises"),
    [
        ({"why": " "}, Missing),
        ({"from_day": TODAY - timedelta(days=1)}, use.EntryInThePast),
        ({"entry": replace(shipped("M1"), phone="")}, use.DirectoryUnsound),
        ({"entry": replace(shipped("M1"), associated=("NOBODY",))}, use.DirectoryUnsound),
        ({"entry": replace(shipped("M1"), sources=())}, use.DirectoryUnsound),
    ],
)
def test_what_cannot_be_is_refused_in_four_languages(
    database: Database, boss: Actor, given: dict[str, Any], raises: type[CharterError]
) -> None:
    given = {"entry": renamed(shipped("M1")), **given}
    with pytest.raises(raises) as told:
        save(database, boss=boss, **given)
    assert len({refusal(told.value, language) for language in Language}) == 4
    with database.reading() as session:
        assert directory_in_force(session) is read_directory()


@pytest.mark.parametrize(
    ("code", "on", "successor", "raises"),
    [
        ("NOBODY", TODAY, "M1", UnknownService),
        ("M5", TODAY - timedelta(days=1), "M1", use.EntryInThePast),
        ("M5", TODAY, "NOBODY", use.SuccessorClosed),
        ("M5", TODAY, "M5", use.SuccessorClosed),
    ],
)
def test_an_end_needs_a_day_to_come_and_somebody_who_follows(
    database: Database, boss: Actor, code: str, on: date, successor: str, raises: type[CharterError]
) -> None:
    with database.writing() as session, pytest.raises(raises) as told:
        close_entry(session, code, on=on, successor=successor, why="x", actor=boss, now=MONDAY)
    assert len({refusal(told.value, language) for language in Language}) == 4


def test_a_day_is_counted_in_brussels(database: Database, boss: Actor) -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # already the 3rd there
    with pytest.raises(use.EntryInThePast):
        save(database, renamed(shipped("M1")), boss, from_day=date(2026, 3, 2), now=late)
    save(database, renamed(shipped("M1")), boss, from_day=date(2026, 3, 3), now=late)
