"""Why a case is where it is, and the way through triage: one key confirms what is proposed, and the next follows."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import Tag

from tests.web.staff.conftest import Desk
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.web.staff.proposing import marked

File = Callable[..., str]

WAITING: dict[str, Any] = {
    "state": "triage",
    "service_code": None,
    "triage_since": datetime(2026, 11, 16, 9, tzinfo=UTC),
}
VISA = "Ma tante demande un visa Schengen au consulat de Kinshasa, quels documents ?"


def proposal(decision: str = "suggest", **more: Any) -> dict[str, Any]:
    """What is stored with a case: CONSULAR before the immigration office."""
    first = {
        "code": "CONSULAR", "name": "x", "score": 0.7, "lead": "CONSULAR", "associated": [],
        "reasons": [{"passage": "visa Schengen", "competence": "Visas"}],
    }  # fmt: skip
    second = first | {"code": "EXT:IMMIGRATION-OFFICE", "score": 0.2, "reasons": []}
    return {"lang": "fr", "decision": decision, "suggestions": [first, second], "model": "abc123", "changes": [
        {"if": "in_belgium", "passage": "", "code": "EXT:IMMIGRATION-OFFICE"},
    ]} | more  # fmt: skip


def words(at: Desk, reference: str, lang: str = "") -> str:
    return at.page(f"/staff/cases/{reference}").get_text(" ", strip=True)


def test_one_button_confirms_what_is_proposed_and_the_next_case_follows(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    first = file(service=None, text=VISA, changes=WAITING | {"routing": proposal()})
    second = file(service=None, text=VISA, changes=WAITING | {"routing": proposal()})
    at = desk("di")

    opened = at.get("/staff/triage")
    page = at.page(opened.headers["Location"])
    button = page.select_one(".staff-proposals button")
    assert first in opened.headers["Location"]
    assert isinstance(button, Tag)
    assert button.has_attr("autofocus")
    assert button["accesskey"] == ["1"]
    form = button.find_parent("form")
    assert isinstance(form, Tag)
    given = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    answer = at.client.post(str(form["action"]), data=given)

    assert answer.status_code == 303
    assert f"/{second}?" in answer.headers["Location"]
    with database.reading() as session:
        case = session.query(Case).filter_by(reference=first).one()
        assert (case.service_code, case.state) == ("CONSULAR", "open")


def test_a_case_can_be_left_for_now(desk: Callable[[str], Desk], file: File) -> None:
    file(service=None, changes=WAITING | {"routing": proposal()})
    second = file(service=None, changes=WAITING | {"routing": proposal()})
    at = desk("di")
    page = at.page(at.get("/staff/triage").headers["Location"])
    (onward,) = [one for one in page.select(".staff-proposals a") if "triage?after=" in str(one["href"])]
    assert second in at.get(str(onward["href"])).headers["Location"]


def test_what_is_for_another_body_is_never_confirmed_with_one_key(desk: Callable[[str], Desk], file: File) -> None:
    outside = proposal()
    outside["suggestions"].reverse()
    reference = file(service=None, changes=WAITING | {"routing": outside})
    page = desk("di").page(f"/staff/cases/{reference}")
    assert page.select(".staff-proposals button") == []
    assert "transmit" in str(page.select(".staff-proposals a")[0]["href"])


def test_the_page_says_why_and_what_would_change_it(desk: Callable[[str], Desk], file: File) -> None:
    reference = file(service=None, text=VISA, changes=WAITING | {"routing": proposal()})
    page = desk("di").page(f"/staff/cases/{reference}")
    said = page.select(".staff-proposals")[0].get_text(" ", strip=True)
    assert "please confirm" in said
    assert "If the person is in Belgium: " in said
    assert "runner-up" in said
    assert "abc123" in said
    assert [one.get_text() for one in page.select(".suivi-written mark")] == ["visa Schengen"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("The text holds no words.", "the text holds no words"),
        ("Nothing in the text points clearly enough to one service.", "nothing in the text points clearly to one"),
        ("What no version ever said.", "nothing in the text points clearly to one"),
    ],
)
def test_why_nobody_could_tell_is_said_in_words(
    desk: Callable[[str], Desk], file: File, reason: str, told: str
) -> None:
    reference = file(service=None, changes=WAITING | {"routing": proposal("abstain", reason=reason)})
    assert told in words(desk("di"), reference)


def test_the_handler_is_told_that_it_was_assigned_by_itself(an: Desk, file: File) -> None:
    reference = file(changes={"routing": proposal("auto")})
    assert "by itself" in words(an, reference)


def test_an_emergency_that_nobody_flagged_and_another_nature_are_told(an: Desk, file: File) -> None:
    nature = {
        "nature": "complaint", "score": 0.8, "passages": ["rude"], "urgent": True, "urgency": 0.9,
        "urgent_passages": ["arrested", "Lima"],
    }  # fmt: skip
    reference = file(changes={"routing": proposal("auto", nature=nature)})
    said = words(an, reference)
    assert "It may be an emergency, because of “arrested”, “Lima”." in said
    assert "Flag this file" in said
    assert "because of “rude”." in an.page(f"/staff/cases/{reference}/nature").get_text(" ", strip=True)


def test_an_older_case_without_the_new_keys_still_shows(desk: Callable[[str], Desk], file: File) -> None:
    old = {"lang": "fr", "decision": "abstain", "suggestions": [], "reason": "The text holds no words."}
    assert "the text holds no words" in words(desk("di"), file(service=None, changes=WAITING | {"routing": old}))


def test_what_a_citizen_wrote_is_escaped_beside_its_marks() -> None:
    assert marked("un visa Schengen ici", ["un visa", "visa Schengen"]) == "<mark>un visa Schengen</mark> ici"
    assert marked("visa visa", []) == "visa visa"
    told = marked("<script>visa</script> & visa, visage", ["visa", "visa Schengen", " "])
    assert told == "&lt;script&gt;<mark>visa</mark>&lt;/script&gt; &amp; <mark>visa</mark>, visage"
