"""Why a case is where it is, and the way through triage: one key confirms what is proposed, and the next follows."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import Tag

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of
from tracker.charter.reference import Reference
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
    form = button.find_parent("form")
    assert isinstance(form, Tag)
    assert [one.get("accesskey") for one in form.select("button")] == [None, ["1"]]
    given = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    answer = at.client.post(str(form["action"]), data=given)

    assert answer.status_code == 303
    assert f"/{second}?" in at.get(answer.headers["Location"]).headers["Location"]
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


def test_the_request_stands_before_the_proposals_and_is_shown_once(desk: Callable[[str], Desk], file: File) -> None:
    page = desk("di").page(f"/staff/cases/{file(service=None, text=VISA, changes=WAITING | {'routing': proposal()})}")
    html = str(page)
    assert html.count("quels documents ?") == 1
    assert html.index("quels documents ?") < html.index("Proposed services") < html.index("What is promised")


@pytest.mark.parametrize("way", ["elsewhere", "chosen", "the page of the act"])
def test_another_service_than_the_first_leads_on_just_the_same(
    desk: Callable[[str], Desk], file: File, row: Callable[[str], Case], way: str
) -> None:
    three = proposal()
    three["suggestions"].append(three["suggestions"][0] | {"code": "M1", "score": 0.1})
    first, second = (file(service=None, text=VISA, changes=WAITING | {"routing": three}) for _ in range(2))
    at = desk("di")
    here = at.get("/staff/triage").headers["Location"]
    page = at.page(here)
    if way == "the page of the act":
        (link,) = [str(one["href"]) for one in page.select(".staff-acts a[href*='/route']")]
        answer = at.send(link, service="M1")
    else:
        button = page.select_one(".staff-elsewhere button" if way == "elsewhere" else 'button[form="give"]')
        assert isinstance(button, Tag)
        form = page.select_one("form#give") if way == "chosen" else button.find_parent("form")
        assert isinstance(form, Tag)
        service = str(button["value"]) if way == "chosen" else "M1"
        assert way == "chosen" or form.select_one('option[value="M1"]')
        given = {str(field["name"]): str(field["value"]) for field in form.select("input")}
        answer = at.client.post(str(form["action"]), data=given | {"service": service})

    assert answer.status_code == 303, errors_of(answer)
    assert row(first).service_code == "M1"
    onward = at.get(answer.headers["Location"])
    assert f"/{second}?triage=" in onward.headers["Location"]
    assert f"{first}: Security Policy" in at.page(onward.headers["Location"]).get_text()


def test_what_is_done_to_a_case_that_goes_on_waiting_leads_back_to_it(
    desk: Callable[[str], Desk], file: File
) -> None:
    reference = file(service=None, changes=WAITING | {"routing": proposal()})
    at = desk("di")
    here = at.get("/staff/triage").headers["Location"]
    (link,) = [str(one["href"]) for one in at.page(here).select(".staff-acts a[href*='/nature']")]
    assert at.send(link).headers["Location"] == here
    assert f"/{reference}?" in here


def test_the_way_ends_at_the_queue_with_a_sentence(desk: Callable[[str], Desk], file: File) -> None:
    at = desk("di")
    left = file(service=None, changes=WAITING | {"routing": proposal()})
    other = file(service=None, changes=WAITING | {"routing": proposal()})
    here = at.get("/staff/triage").headers["Location"]
    leave = next(str(a["href"]) for a in at.page(here).select("a") if "triage?after" in str(a["href"]))
    here = at.get(leave).headers["Location"]
    assert f"/{other}?" in here
    done = at.send(f"/staff/cases/{other}/confirm-proposal?{here.partition('?')[2]}").headers["Location"]

    again = at.get(done).headers["Location"]
    assert f"/{left}?" in again
    assert "From here on come those that you left" in at.page(again).get_text()
    assert at.get(leave).headers["Location"] == "/staff/queue"
    assert f"Only file {left}" in at.page("/staff/queue").get_text()
    done = at.send(f"/staff/cases/{left}/confirm-proposal?{again.partition('?')[2]}").headers["Location"]
    assert at.get(done).headers["Location"] == "/staff/queue"
    assert "No file waits for a service any more." in at.page("/staff/queue").get_text()


def test_an_urgent_case_comes_first_and_none_is_passed_over_after_it(desk: Callable[[str], Desk], file: File) -> None:
    soon = file(service=None, changes=WAITING | {"routing": proposal()})
    urgent = file(service=None, urgent=True, received_at=datetime.now(UTC), changes=WAITING | {"routing": proposal()})
    at = desk("di")
    here = at.get("/staff/triage").headers["Location"]
    assert f"/{urgent}?" in here
    leave = next(str(a["href"]) for a in at.page(here).select("a") if "triage?after" in str(a["href"]))
    assert f"/{soon}?" in at.get(leave).headers["Location"]
    done = at.send(f"/staff/cases/{urgent}/confirm-proposal?triage=")
    assert f"/{soon}?" in at.get(done.headers["Location"]).headers["Location"]


@pytest.mark.parametrize("reference", ["gone", Reference("DOS", 2026, 9999).format()])
def test_what_a_colleague_was_quicker_with_is_told_and_the_way_goes_on(
    desk: Callable[[str], Desk], file: File, reference: str
) -> None:
    gone = file()
    second = file(service=None, changes=WAITING | {"routing": proposal()})
    at = desk("di")
    given = gone if reference == "gone" else reference
    typed = fields_of(form_of(at.page(f"/staff/cases/{second}")))
    answer = at.client.post(f"/staff/cases/{given}/confirm-proposal?triage=2026-01-01.1", data=typed)
    answer = at.get(answer.headers["Location"])
    assert f"/{second}?" in answer.headers["Location"]
    assert "no longer waits for you" in at.page(answer.headers["Location"]).get_text()


def test_what_is_for_another_body_is_never_confirmed_with_one_key(desk: Callable[[str], Desk], file: File) -> None:
    outside = proposal()
    outside["suggestions"].reverse()
    reference = file(service=None, changes=WAITING | {"routing": outside})
    page = desk("di").page(f"/staff/cases/{reference}")
    assert page.select("[accesskey]") == []
    assert "transmit" in str(page.select(".staff-proposals a")[0]["href"])
    answer = desk("di").send(f"/staff/cases/{reference}/confirm-proposal?triage=")
    assert answer.headers["Location"] == f"/staff/cases/{reference}/route?triage="


def test_what_is_too_unlikely_to_be_shown_is_not_confirmed_with_one_key_either(
    desk: Callable[[str], Desk], file: File
) -> None:
    unlikely = proposal("abstain", reason="Nothing in the text points clearly enough to one service.")
    for one in unlikely["suggestions"]:
        one["score"] = 0.02
    at, reference = desk("di"), file(service=None, changes=WAITING | {"routing": unlikely})

    page = at.page(f"/staff/cases/{reference}")
    assert page.select("[accesskey]") == []
    assert page.select_one(".staff-proposals #elsewhere") is not None
    answer = at.send(f"/staff/cases/{reference}/confirm-proposal?triage=")
    assert answer.headers["Location"] == f"/staff/cases/{reference}/route?triage="


def test_the_page_says_why_and_what_would_change_it(desk: Callable[[str], Desk], file: File) -> None:
    reference = file(service=None, text=VISA, changes=WAITING | {"routing": proposal()})
    page = desk("di").page(f"/staff/cases/{reference}")
    said = page.select(".staff-proposals")[0].get_text(" ", strip=True)
    assert "please confirm" in said
    assert "If the person is in Belgium: " in said
    assert "runner-up" in said
    assert "abc123" not in said  # the number of the model tells nobody anything
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
