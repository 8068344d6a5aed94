"""Text modules are kept in versions by those who may, with placeholders that a file can fill."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_staff, settle
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.house import CITIZEN, SYSTEM, Actor
from tracker.casework.people import UnknownService
from tracker.casework.texts import NoSuchText, TextChanged, UnknownPlaceholder, retire_text, save_text
from tracker.charter.words import Language, Role
from tracker.insight.texts import passage, passages
from tracker.models.database import Database
from tracker.models.texts import TextModule

LATER = MONDAY + timedelta(hours=1)
TEXT: dict[str, Any] = {
    "number": None,
    "service_code": "ME6",
    "language": Language.FR,
    "title": "Légaliser un diplôme",
    "body": "Votre dossier [référence] : [? pièce].",
}


def head(session: Session) -> Actor:
    settle(session)
    return acting(make_staff(session, "bo.peeters@suivi.example", Role.HEAD, "ME6"))


def test_each_saving_is_a_version_and_says_whose(database: Database) -> None:
    with database.writing() as session:
        actor = head(session)
        number = save_text(session, **TEXT, actor=actor, now=MONDAY).id
        save_text(session, **TEXT | {"number": number, "body": "Plus court."}, actor=actor, now=LATER, seen=1)
        retire_text(session, number=number, actor=actor, now=LATER, seen=2)

    with database.reading() as session:
        kept = passage(session, number)
        assert kept is not None
        assert (kept.body, kept.version, kept.changed_at, kept.changed_by, kept.retired) == (
            "Plus court.", 3, LATER, actor.name, True,
        )  # fmt: skip
        assert passages(session) == []
        assert passages(session, retired=True) == [kept]


def test_a_form_that_is_sent_twice_at_once_makes_one_text(database: Database) -> None:
    together = Barrier(2)
    with database.writing() as session:
        actor = head(session)

    def save(_: int) -> int:
        with database.writing() as session:
            passages(session)
            if not database.is_sqlite:
                together.wait()
            return save_text(session, **TEXT, actor=actor, now=MONDAY).id

    with ThreadPoolExecutor(2) as both:
        assert len(set(both.map(save, range(2)))) == 1
    with database.writing() as session:
        again = save_text(session, **TEXT | {"body": "Plus court."}, actor=actor, now=LATER)
        assert len(passages(session)) == 2
        retire_text(session, number=again.id, actor=actor, now=LATER)
        save_text(session, **TEXT | {"body": "Plus court."}, actor=actor, now=LATER)
        assert len(passages(session)) == 2


def test_they_are_found_by_words_service_and_language(database: Database) -> None:
    with database.writing() as session:
        actor = head(session)
        admin = acting(make_staff(session, "gi.peeters@suivi.example", Role.ADMIN))
        for more in (
            {},
            {"title": "Écrire à l'état civil", "body": "Straße, ÉTÉ."},
            {"title": "Diploma", "language": Language.NL},
        ):
            save_text(session, **TEXT | more, actor=actor, now=MONDAY)
        for service in ("M1", None):
            save_text(session, **TEXT | {"service_code": service, "title": f"De {service}"}, actor=admin, now=MONDAY)

    def titles(**by: Any) -> list[str]:
        with database.reading() as session:
            return [one.title for one in passages(session, **by)]

    assert len(titles()) == 5
    assert titles(services={"ME6"}) == ["De None", "Diploma", "Écrire à l'état civil", "Légaliser un diplôme"]
    assert titles(services=set()) == ["De None"]
    assert titles(services={"ME6"}, language=Language.NL) == ["Diploma"]
    assert titles(words="LEGALISER diplome") == ["Légaliser un diplôme"]
    assert titles(words="strasse été") == ["Écrire à l'état civil"]
    assert titles(words="diplome % _ '") == []


@pytest.mark.parametrize(
    ("role", "service", "writes"),
    [
        (Role.CLERK, "ME6", set()),
        (Role.HEAD, "ME6", {"ME6"}),
        (Role.HEAD, None, set()),
        (Role.DISPATCHER, None, set()),
        (Role.COMPLAINTS, "COMPLAINTS", {"COMPLAINTS"}),
        (Role.DIRECTION, None, {None}),
        (Role.AUDITOR, None, set()),
        (Role.ADMIN, None, {"ME6", "M1", "COMPLAINTS", None}),
    ],
)
def test_who_may_write_what(database: Database, role: Role, service: str | None, writes: set[str | None]) -> None:
    with database.writing() as session:
        settle(session)
        actor = acting(make_staff(session, "x.peeters@suivi.example", role, service))
        for code in ("ME6", "M1", "COMPLAINTS", None):
            if code in writes:
                save_text(session, **TEXT | {"service_code": code}, actor=actor, now=MONDAY)
            else:
                with pytest.raises(NotPermitted):
                    save_text(session, **TEXT | {"service_code": code}, actor=actor, now=MONDAY)


def test_a_head_can_neither_take_nor_give_away_another_services_text(database: Database) -> None:
    with database.writing() as session:
        bo = head(session)
        cy = acting(make_staff(session, "cy.peeters@suivi.example", Role.HEAD, "M1"))
        number = save_text(session, **TEXT, actor=bo, now=MONDAY).id
        for given in ({"service_code": "M1"}, {}):
            with pytest.raises(NotPermitted):
                save_text(session, **TEXT | {"number": number} | given, actor=cy, now=LATER)
        with pytest.raises(NotPermitted):
            save_text(session, **TEXT | {"number": number, "service_code": "M1"}, actor=bo, now=LATER)
        with pytest.raises(NotPermitted):
            retire_text(session, number=number, actor=cy, now=LATER)
        assert session.get_one(TextModule, number).version == 1


@pytest.mark.parametrize("nobody", [CITIZEN, SYSTEM])
def test_only_staff_write_texts(database: Database, nobody: Actor) -> None:
    with database.writing() as session, pytest.raises(NotPermitted):
        save_text(session, **TEXT, actor=nobody, now=MONDAY)


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"title": " "}, Missing),
        ({"body": "\n"}, Missing),
        ({"body": "Voir [dossier]."}, UnknownPlaceholder),
        ({"number": 99}, NoSuchText),
    ],
)
def test_what_cannot_be_kept_is_refused(database: Database, given: dict[str, Any], refused: type[Exception]) -> None:
    with database.writing() as session:
        actor = head(session)
        with pytest.raises(refused):
            save_text(session, **TEXT | given, actor=actor, now=MONDAY)


def test_a_service_that_is_not_there_has_no_texts(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        admin = acting(make_staff(session, "gi.peeters@suivi.example", Role.ADMIN))
        with pytest.raises(UnknownService):
            save_text(session, **TEXT | {"service_code": "NOWHERE"}, actor=admin, now=MONDAY)


def test_whoever_saw_an_older_version_is_told_who_changed_it(database: Database) -> None:
    with database.writing() as session:
        actor = head(session)
        number = save_text(session, **TEXT, actor=actor, now=MONDAY).id
        save_text(session, **TEXT | {"number": number}, actor=actor, now=LATER)
        for change in (
            lambda: save_text(session, **TEXT | {"number": number}, actor=actor, now=LATER, seen=1),
            lambda: retire_text(session, number=number, actor=actor, now=LATER, seen=1),
        ):
            with pytest.raises(TextChanged) as refused:
                change()
            assert actor.name in str(refused.value)
