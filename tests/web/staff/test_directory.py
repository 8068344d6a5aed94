"""The directory's pages: everybody reads and finds, an administrator changes from a day on, and the past stays."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from tests.web.staff.conftest import PEOPLE, Desk, fields_of, form_of, soup_of
from tracker.access.permissions import Person, Room, may_enter
from tracker.casework.directory import directory_in_force
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language, PostKind
from tracker.models.database import Database
from tracker.models.directory import Post, Service
from tracker.models.routing import RoutingChange
from tracker.routing.directory import load_directory
from tracker.routing.source_titles import title_in

WHY = "Arrêté royal du 1er mars"
IN_A_WEEK = brussels_day(datetime.now(UTC)) + timedelta(days=7)


def _found(page: BeautifulSoup) -> list[str]:
    return [str(link["href"]).removeprefix("/staff/directory/") for link in page.select(".staff-entries > li > a")]


def _text(page: BeautifulSoup) -> str:
    return page.select_one("main").get_text(" ", strip=True)  # type: ignore[union-attr]


@pytest.mark.parametrize("who", PEOPLE)
def test_all_staff_read_it_and_only_an_administrator_finds_the_way_to_change_it(
    desk: Callable[[str], Desk], who: str
) -> None:
    at = desk(who)
    page = at.page("/staff/directory")
    assert len(_found(page)) == len(load_directory().codes)
    may = may_enter(_person(at), Room.WRITE_DIRECTORY)
    assert (page.select_one("a[href='/staff/directory/new']") is not None) == may
    entry = at.page("/staff/directory/EXT:PENSIONS")
    assert (entry.select_one("a[href$='/change']") is not None) == may
    for path in ("new", "M1/change", "M1/end", "M1/shipped"):
        assert at.get(f"/staff/directory/{path}").status_code == (200 if may else 403)


def _person(at: Desk) -> Person:
    assert at.staff is not None
    return Person(at.staff.id, at.staff.role, at.staff.service_code)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("EXT:ECHR", ["EXT:ECHR"]),
        ("desarmement", ["M5"]),
        ("Ontwapening non-proliferatie", ["M5"]),
        ("relations exterieures dre", ["COE-DRE"]),
        ("nothing at all like this", []),
    ],
)
def test_it_is_found_by_words_of_any_language_and_by_former_names(an: Desk, words: str, codes: list[str]) -> None:
    found = _found(an.page(f"/staff/directory?words={words}"))
    assert found[:1] == codes[:1]
    assert set(codes) <= set(found)
    assert (found == []) == (codes == [])


def test_a_kind_is_chosen(an: Desk) -> None:
    assert set(_found(an.page("/staff/directory?kind=foreign_body"))) == {
        "COE-DRE", "FR-SSI", "NATO-IS", "EXT:ECHR", "EXT:FOREIGN-EMBASSY",
    }  # fmt: skip


@pytest.mark.parametrize("lang", Language)
def test_an_entry_says_what_is_known_whence_and_how_sure(an: Desk, lang: Language) -> None:
    page = an.page(f"/staff/directory/NATO-IS?lang={lang.value}") if lang is Language.EN else _in(an, lang)
    entry = load_directory().versions("NATO-IS")[0]
    facts = load_directory().facts_of("NATO-IS")
    told = _text(page).replace("\u00a0", " ")
    assert entry.competence[lang.value] in told
    assert all(part.names[lang.value] in told for part in entry.parts)
    assert all(fact.texts[lang.value] in told for fact in facts)
    assert "02/11/2011" in told or "2 Nov" in told or "2011" in told
    source = next(fact.source for fact in facts if fact.source and fact.source.address)
    link = page.select_one(f'main a[href="{source.address}"]')
    assert link is not None
    assert link.get_text(strip=True) == title_in(source.title, lang.value)
    assert all(name in told for name in entry.names.values())


def _in(an: Desk, lang: Language) -> BeautifulSoup:
    an.send("/staff/profile", language=lang.value)
    return an.page("/staff/directory/NATO-IS")


@pytest.mark.parametrize("path", ["/staff/directory/NOBODY", "/staff/directory/m1"])
def test_an_unknown_code_is_not_there(an: Desk, path: str) -> None:
    assert an.get(path).status_code == 404


def test_a_change_counts_from_its_day_and_stands_in_the_history(
    desk: Callable[[str], Desk], database: Database
) -> None:
    at = desk("gi")
    sent = at.send(
        "/staff/directory/M1/change", name_fr="Sécurité internationale (M1)", renamed="y", why=WHY,
        from_day=IN_A_WEEK.isoformat(),
    )  # fmt: skip
    assert sent.status_code == 303, _text(soup_of(sent))

    with database.reading() as session:
        directory, row = directory_in_force(session), session.get_one(Service, "M1")
    assert row.names["fr"] == "Politique de Sécurité (M1)"
    after = directory.get("M1", on=IN_A_WEEK)
    assert after is not None
    assert after.names["fr"] == "Sécurité internationale (M1)"
    assert after.former_names == (load_directory().versions("M1")[0].names,)
    told = _text(at.page("/staff/directory/M1"))
    assert all(words in told for words in (WHY, "(Name, Former name)", "Changes made here"))


def test_a_change_of_today_is_what_colleagues_choose_from(desk: Callable[[str], Desk]) -> None:
    sent = desk("gi").send("/staff/directory/EXT:PENSIONS/change", name_en="Pensions Service", why=WHY)
    assert sent.status_code == 303, _text(soup_of(sent))
    assert "Pensions Service" in _text(desk("an").page("/staff/directory"))


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(desk: Callable[[str], Desk]) -> None:
    at = desk("gi")
    sent = at.send(
        "/staff/directory/M1/change", name_de=" ", phone="", email="nobody", website="example.org", channel="web",
        why="", competence_fr="Tapé à la main", associated="NOBODY",
    )  # fmt: skip
    page = soup_of(sent)
    assert sent.status_code == 400
    wrong = {str(link["href"])[1:] for link in page.select(".govuk-error-summary a")}
    assert {"name_de", "phone", "email", "website", "why", "associated"} <= wrong
    assert fields_of(form_of(page))["competence_fr"] == "Tapé à la main"


def test_a_body_is_added_only_with_a_source(desk: Callable[[str], Desk], database: Database) -> None:
    at = desk("gi")
    given = {
        **{f"{what}_{lang}": f"Office {lang}" for what in ("name", "competence", "not_competent")
           for lang in ("fr", "nl", "de", "en")},
        "code": "EXT:NEW", "kind": "public_service", "channel": "post", "postal_address": "Rue X 1, 1000 Bruxelles",
        "why": WHY,
    }  # fmt: skip
    refused = at.send("/staff/directory/new", **given)
    assert refused.status_code == 400
    assert [str(link["href"]) for link in soup_of(refused).select(".govuk-error-summary a")] == ["#source"]
    assert at.send("/staff/directory/new", **given, source="Moniteur belge").status_code == 303
    assert at.send("/staff/directory/new", **given, source="Moniteur belge").status_code == 409
    with database.reading() as session:
        assert session.get_one(Service, "EXT:NEW").names["nl"] == "Office nl"


def test_an_end_names_who_follows_and_shows_what_it_touches(
    desk: Callable[[str], Desk], file: Callable[..., str], database: Database
) -> None:
    reference, at = file(service="M1"), desk("gi")
    page = at.page("/staff/directory/M1/end")
    assert reference in page.select_one("#touched").get_text()  # type: ignore[union-attr]
    assert (
        at.send("/staff/directory/M1/end", on=brussels_day(datetime.now(UTC)).isoformat(), why=WHY).status_code == 400
    )

    sent = at.send("/staff/directory/M1/end", on=IN_A_WEEK.isoformat(), successor="M5", why=WHY)

    assert sent.status_code == 303
    with database.reading() as session:
        directory = directory_in_force(session)
        assert session.get_one(Service, "M1").valid_to == IN_A_WEEK
    follower = directory.standing_for("M1", on=IN_A_WEEK)
    assert follower is not None
    assert follower.code == "M5"


def test_whoever_writes_meanwhile_is_named_and_what_was_typed_stays(desk: Callable[[str], Desk]) -> None:
    at = desk("gi")
    page = at.page("/staff/directory/M1/change")
    assert at.send("/staff/directory/M1/change", name_en="First", why=WHY).status_code == 303
    late = at.send_form(page, "/staff/directory/M1/change", name_en="Second", why=WHY)
    assert late.status_code == 409
    assert fields_of(form_of(soup_of(late)))["name_en"] == "Second"
    assert at.send_form(soup_of(late), "/staff/directory/M1/change").status_code == 303


def test_what_is_shipped_can_be_gone_back_to(desk: Callable[[str], Desk], database: Database) -> None:
    at = desk("gi")
    at.send("/staff/directory/M1/change", name_en="Changed", why=WHY)
    (row,) = at.page("/staff/directory/M1/shipped").select("main tbody tr")
    assert [cell.get_text(strip=True) for cell in row] == ["Name (English)", "Changed", "Security Policy (M1)"]
    assert at.send("/staff/directory/M1/shipped", why="Back").status_code == 303
    with database.reading() as session:
        assert directory_in_force(session).versions("M1") == load_directory().versions("M1")
        assert [session.get_one(RoutingChange, number).actor_id for number in (1, 2)] == [_person(at).id] * 2
    assert at.get("/staff/directory/EXT:NOBODY/shipped").status_code == 404


def _bangkok() -> Post:
    names = {language: f"Bangkok {language}" for language in ("fr", "nl", "de", "en")}
    return Post(
        country="TH", city="Bangkok", kind=PostKind.EMBASSY, names=names, phone="+66 2", covers=["LA"],
        source="List of posts", read_on=date(2026, 1, 1), loaded_at=datetime.now(UTC),
    )  # fmt: skip


def test_the_posts_abroad_stand_with_the_entry_of_the_embassies(
    desk: Callable[[str], Desk], database: Database
) -> None:
    at = desk("an")
    assert "None is loaded yet" in _text(at.page("/staff/directory/EMBASSY"))
    with database.writing() as session:
        session.add(_bangkok())
    told = _text(at.page("/staff/directory/EMBASSY"))
    assert all(words in told for words in ("Bangkok en", "Thailand", "Covers: Laos", "+66 2", "List of posts"))
    assert "Bangkok en" not in _text(at.page("/staff/directory/CONSULAR"))


@pytest.mark.parametrize(("country", "says"), [("LA", "Bangkok en"), ("FR", "any other member state"), ("BE", "")])
def test_a_file_names_the_post_for_its_country(
    an: Desk, file: Callable[..., str], database: Database, country: str, says: str
) -> None:
    with database.writing() as session:
        session.add(_bangkok())
    told = _text(an.page(f"/staff/cases/{file(country=country)}"))
    assert says in told
    assert ("Bangkok en" in told) == (says == "Bangkok en")
    assert ("any other member state" in told) == (says == "any other member state")
