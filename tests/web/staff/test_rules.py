"""The pages of the rules of routing, as the dispatchers' head and administrators go through them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from tests.factories import INTAKE, make_house
from tests.web.staff.conftest import Desk, errors_of, soup_of
from tracker.charter.words import RuleState
from tracker.models.database import Database
from tracker.models.routing import RoutingRule

TEXT = "Bonjour, mon oncle a deux bateaux de pêche et demande qui s'en occupe. Merci."
RULE = {"name": "Fishing boats", "service": "M5", "words_fr": "chalutier\nbateau* de pêche", "note": "Every spring."}


@pytest.fixture
def hu(desk: Callable[[str], Desk]) -> Desk:
    """The desk of Hu, the head of the dispatchers."""
    return desk("hu")


def state_of(database: Database, number: int = 1) -> RuleState:
    with database.reading() as session:
        return session.scalars(select(RoutingRule.state).where(RoutingRule.id == number)).one()


def decided(at: Desk, step: str, number: int = 1, **typed: Any) -> Any:
    page = at.page(f"/staff/rules/{number}")
    form = next(f for f in page.select("main form") if f.select_one(f'button[value="{step}"]'))
    fields = {str(i["name"]): str(i.get("value", "")) for i in form.select("input[name]")}
    return at.client.post(f"/staff/rules/{number}", data=fields | {"step": step} | typed)


@pytest.mark.parametrize("field", ["service", "place", "nature", "channel", "language", "valid_from"])
@pytest.mark.parametrize(("step", "status"), [("test", 200), ("save", 400)])
def test_what_no_list_offers_is_no_fault_of_ours(hu: Desk, field: str, step: str, status: int) -> None:
    answer = hu.send("/staff/rules/new", button=step, **RULE | {field: "NO\x00SUCH", "sample": TEXT})
    assert answer.status_code == status
    assert "Every spring." in answer.text


def test_a_rule_is_written_tried_put_in_force_and_switched_off(
    hu: Desk, file: Callable[..., str], database: Database
) -> None:
    reference = file(subject="Question", text=TEXT, changes={"handler_id": hu.staff.id if hu.staff else 0})
    file(subject="Question", text=TEXT)
    file()

    answer = hu.send("/staff/rules/new", **RULE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/rules/1")
    assert state_of(database) is RuleState.DRAFT
    assert hu.page("/staff/rules/1").select_one('button[value="put"]') is None, "it is tried first"

    tried = soup_of(decided(hu, "try", days="30"))
    said = " ".join(tried.get_text(" ").split())
    assert "Of 3 files of the past 30 days, 2 meet this rule, and 2 of them would have gone elsewhere." in said
    assert tried.select_one(f'a[href="/staff/cases/{reference}"]')
    assert len(tried.select('main a[href^="/staff/cases/"]')) == 1, "the other file is not theirs to read"

    assert decided(hu, "put").status_code == 303
    assert state_of(database) is RuleState.IN_FORCE
    assert errors_of(decided(hu, "off", reason="")) != ""
    assert decided(hu, "off", reason="Spring is over.").status_code == 303
    assert state_of(database) is RuleState.OFF
    history = hu.page("/staff/rules/1").select(".suivi-line__what")
    assert [one.get_text() for one in history] == ["It was switched off", "It was put in force", "Written"]


def test_the_history_of_a_rule_speaks_the_readers_language(hu: Desk) -> None:
    more = {"place": "abroad", "nature": "complaint", "channel": "fax", "language": "fr", "valid_from": "2027-03-01"}
    hu.send("/staff/rules/new", **RULE, **more)
    page = hu.page("/staff/rules/1?lang=de")
    said = page.select(".suivi-line__step")[0].get_text(" ")
    for words in ("Im Ausland", "Beschwerde", "Fax", "Français", "1. März 2027", "Abrüstung"):
        assert words in said, words


def test_a_long_history_of_a_rule_takes_no_more_statements(hu: Desk, database: Database) -> None:
    hu.send("/staff/rules/new", **RULE)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    taken = []
    for _ in range(2):
        statements.clear()
        steps = hu.page("/staff/rules/1").select(".suivi-line__step")
        taken.append(len(statements))
        for name in ("Boats", "Trawlers", "Cutters"):
            hu.send("/staff/rules/1/change", name=name)
    assert (len(steps), taken[0]) == (4, taken[1])


def test_words_are_tried_on_a_text_and_nothing_is_kept(hu: Desk, database: Database) -> None:
    page = soup_of(hu.send("/staff/rules/new", "test", **RULE, words_en="trawler", sample=TEXT))
    said = page.get_text(" ")
    assert "the rule finds “bateaux de pêche”" in said
    assert "English: the rule finds nothing in this text." in said
    sample = page.select_one("#sample")
    assert sample is not None
    assert TEXT in sample.get_text(), "what was typed is still there"
    with database.reading() as session:
        assert session.scalars(select(RoutingRule)).all() == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"words_fr": "*"}, "“*” would stand in nearly every text"),
        ({"words_nl": "?!"}, "“?!” cannot be read as words"),
        ({"words_fr": ""}, "This rule would meet every file"),
        ({"name": ""}, "Give the rule a name"),
        ({"note": ""}, "Write why there is this rule."),
        ({"service": ""}, "Choose where the files go."),
        ({"valid_from": "2026-03-02", "valid_to": "2026-03-01"}, "is before the first"),
        ({"valid_from": "soon"}, "Write the date"),
    ],
)
def test_a_rule_that_makes_no_sense_comes_back_with_one_sentence_and_what_was_typed(
    hu: Desk, typed: dict[str, str], sentence: str
) -> None:
    answer = hu.send("/staff/rules/new", **(RULE | typed))
    assert answer.status_code in (400, 409)
    assert errors_of(answer).count(sentence) == 1
    kept = soup_of(answer).select_one("#words_de")
    assert kept is not None


def test_somebody_elses_change_is_shown_before_ones_own_is_saved(hu: Desk, desk: Callable[[str], Desk]) -> None:
    hu.send("/staff/rules/new", **RULE)
    page = hu.page("/staff/rules/1/change")
    desk("gi").send("/staff/rules/1/change", name="Trawlers")

    answer = hu.send_form(page, "/staff/rules/1/change", name="Boats")

    assert answer.status_code == 409
    name = soup_of(answer).select_one("#name")
    assert name is not None
    assert name["value"] == "Boats"
    assert hu.send_form(soup_of(answer), "/staff/rules/1/change").status_code == 303


def test_the_administrator_reads_no_files_in_a_trial(desk: Callable[[str], Desk], file: Callable[..., str]) -> None:
    file(subject="Question", text=TEXT)
    gi = desk("gi")
    gi.send("/staff/rules/new", **RULE)
    tried = soup_of(decided(gi, "try"))
    assert tried.select('main a[href^="/staff/cases/"]') == []
    assert "You may read none of these files" in tried.get_text(" ")


def test_a_rule_that_lost_its_target_is_told_of_on_the_rules_and_where_those_land_who_keep_them(
    hu: Desk, desk: Callable[[str], Desk], app: Any, database: Database
) -> None:
    from tracker.casework.routing_in_force import RoutingInForce
    from tracker.routing.directory import load_directory

    hu.send("/staff/rules/new", **RULE)
    decided(hu, "try")
    decided(hu, "put")
    day = INTAKE.received_at.date()
    entry = load_directory().versions("M5")[-1]
    closed = load_directory().with_versions("M5", (replace(entry, valid_to=day, successor=None),))
    usual = make_house().router()
    at = app.extensions["suivi"]
    gone = RoutingInForce(database, lambda: usual.with_directory(closed))
    app.extensions["suivi"] = replace(at, house=replace(at.house, router=gone))

    told = "Fishing boats” no longer counts"
    for page in ("/staff/rules", "/staff/queue", "/staff/rules/1"):
        assert told in hu.page(page).get_text(" "), page
    gi = desk("gi")
    lands = gi.client.get("/staff/", follow_redirects=True)
    assert told in soup_of(lands).get_text(" ")
    assert soup_of(lands).select_one('.staff-alarm a[href="/staff/rules/1/change"]')
    di = desk("di").page("/staff/queue")
    assert told in di.get_text(" ")
    assert di.select_one(".staff-alarm a") is None, "a dispatcher is told, and changes no rules"
    assert told not in desk("an").page("/staff/queue").get_text(" ")


def test_the_menu_leads_to_the_rules_only_those_who_keep_them(desk: Callable[[str], Desk]) -> None:
    for who, leads in (("hu", True), ("gi", True), ("bo", False), ("an", False), ("di", False)):
        assert bool(desk(who).page("/staff/profile").select_one('a[href="/staff/rules"]')) is leads, who
