"""What is said of a body beside its competence: changed by administrators, with its source, and the past kept."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from tests.casework.test_directory import TODAY, boss, renamed, save, shipped
from tests.factories import MONDAY, acting, make_staff
from tracker.casework import directory as use
from tracker.casework.directory import directory_in_force, edited, outdated
from tracker.casework.directory_facts import UnknownFact, end_fact, save_fact
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.house import Actor
from tracker.casework.people import UnknownService
from tracker.charter.errors import CharterError
from tracker.charter.words import Language, Role
from tracker.correspondence.explanation import refusal
from tracker.models.database import Database
from tracker.models.routing import RoutingChange
from tracker.routing.directory import Certainty, Directory, Fact, Source
from tracker.routing.directory import load_directory as read_directory
from tracker.routing.directory_record import fact_from_json, fact_to_json

__all__ = ["boss"]

BODY = "NATO-IS"
SAID = read_directory().facts_of(BODY)
MORE = Fact(
    BODY, dict.fromkeys(("fr", "nl", "de", "en"), "Evere"), Certainty.STATED,
    Source("A page", "https://example.org", date(2026, 2, 1)), None,
)  # fmt: skip


def say(database: Database, actor: Actor, fact: Fact = MORE, **more: Any) -> int:
    given: dict[str, Any] = {"why": "page lue", "now": MONDAY} | more
    with database.writing() as session:
        return save_fact(session, fact, actor=actor, **given).number


def said(database: Database) -> tuple[Fact, ...]:
    with database.reading() as session:
        return directory_in_force(session).facts_of(BODY)


def test_every_shipped_fact_comes_back_as_it_was_written_down() -> None:
    facts = read_directory().facts
    assert [fact_from_json(fact_to_json(fact)) for fact in facts] == list(facts)


def test_a_fact_is_added_changed_and_ended_and_all_of_it_stays_in_the_history(
    database: Database, boss: Actor
) -> None:
    number = say(database, boss)
    assert said(database) == (*SAID, MORE)
    other = replace(MORE, certainty=Certainty.UNVERIFIED, source=None)
    number = say(database, boss, other, instead_of=MORE, seen=number)
    assert said(database) == (*SAID, other)
    with database.writing() as session:
        end_fact(session, SAID[0], why="périmé", actor=boss, now=MONDAY, seen=number)
    assert said(database) == (*SAID[1:], other)

    with database.reading() as session:
        changes = [row.details or {} for row in session.scalars(select(RoutingChange).order_by(RoutingChange.number))]
        others = [fact for fact in directory_in_force(session).facts if fact.code != BODY]
    assert [one["act"] for one in changes] == ["fact_added", "fact_changed", "fact_ended"]
    assert (changes[2]["before"], changes[2]["why"]) == (dict(SAID[0].texts), "périmé")
    assert others == [fact for fact in read_directory().facts if fact.code != BODY]


def test_a_fact_and_an_entry_are_changed_one_after_the_other_and_neither_is_lost(
    database: Database, boss: Actor
) -> None:
    number = say(database, boss)
    number = save(database, renamed(shipped(BODY)), boss, seen=number)
    number = say(database, boss, replace(MORE, said_on=date(2025, 1, 1)), instead_of=MORE, seen=number)

    with database.reading() as session:
        directory = directory_in_force(session)
    assert directory.versions(BODY)[-1].names["fr"].endswith("(nouveau)")
    assert directory.facts_of(BODY)[-1].said_on == date(2025, 1, 1)
    with database.writing() as session:
        use.use_shipped(session, BODY, why="vu", actor=boss, now=MONDAY, seen=number)
        after = directory_in_force(session)
    assert (after.versions(BODY), after.facts_of(BODY)) == (read_directory().versions(BODY), SAID)


def test_what_the_product_brings_anew_is_named_and_overwrites_nothing(
    database: Database, boss: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(database, boss)
    newer = Directory(read_directory().entries, read_directory().facts[:-1]).with_facts(BODY, SAID[1:])
    monkeypatch.setattr(use, "_shipped", lambda: newer)
    with database.reading() as session:
        assert outdated(session) == [BODY]
        assert directory_in_force(session).facts_of(BODY) == (*SAID, MORE)


@pytest.mark.parametrize(
    ("fact", "given", "raises"),
    [
        (MORE, {"why": " "}, Missing),
        (MORE, {"seen": 7}, use.EntryChanged),
        (MORE, {"instead_of": replace(MORE, said_on=TODAY)}, UnknownFact),
        (replace(MORE, code="NOBODY"), {}, UnknownService),
        (replace(MORE, source=None), {}, use.DirectoryUnsound),
        (replace(MORE, texts={"fr": "Evere"}), {}, use.DirectoryUnsound),
    ],
)
def test_what_cannot_be_said_is_refused_in_four_languages(
    database: Database, boss: Actor, fact: Fact, given: dict[str, Any], raises: type[CharterError]
) -> None:
    with pytest.raises(raises) as told:
        say(database, boss, fact, **given)
    sentences = {refusal(told.value, language) for language in Language}
    assert len(sentences) == 4
    assert not any("a fact " in sentence for sentence in sentences), "the check's own words are English"
    with database.reading() as session:
        assert edited(session) == {}


def test_only_an_administrator_says_it(database: Database, boss: Actor) -> None:
    with database.writing() as session:
        head = acting(make_staff(session, "head@example.org", Role.HEAD))
    with pytest.raises(NotPermitted):
        say(database, head)
    assert said(database) == SAID
