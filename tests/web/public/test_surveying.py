"""The survey of a closed file: opened by its link or code alone, taken once, and what an unhappy reply leads to."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import func, select

from tests.closing import closed
from tests.factories import acting
from tests.web.axe import faults
from tests.web.public.conftest import LANGUAGES, errors, hidden, soup
from tests.web.windows import NARROW, next_page, open_window, too_wide
from tracker.casework import surveys
from tracker.casework.house import House
from tracker.casework.people import add_staff
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Channel, Language, Nature, Role
from tracker.correspondence.tracking import tracking_code
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.survey import SurveyReply

HAPPY = {"answered": "yes", "clear": "yes", "in_time": "yes"}


@pytest.fixture
def asked(database: Database, house: House) -> Callable[..., tuple[str, str]]:
    """Close a case that was answered yesterday; gives its reference and the path of the questions, no language."""

    def close(**more: Any) -> tuple[str, str]:
        now = datetime.now(UTC) - timedelta(days=1)
        with database.writing() as session:
            clerk = add_staff(session, email="clerk@example.be", role=Role.CLERK, service_code="CONSULAR", now=now)
            case, _ = closed(session, house, acting(clerk), now=now, **more)
            return case.reference, f"/survey/{case.reference}/{surveys.code_of(house, case, 1)}"

    return close


@pytest.fixture
def stored(database: Database) -> Callable[[], Any]:
    """Read the only reply."""
    return lambda: _one(database)


def _one(database: Database) -> SurveyReply | None:
    with database.reading() as session:
        return session.scalars(select(SurveyReply)).one_or_none()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_three_questions_are_taken_changed_and_refused_in_each_language(
    client: FlaskClient, asked: Callable[..., tuple[str, str]], stored: Callable[[], Any], lang: str
) -> None:
    reference, path = asked()
    page = client.get(f"/{lang}{path}")
    said = soup(page).get_text(" ", strip=True)
    assert page.status_code == 200
    assert reference in said
    assert "Claire" not in said
    assert "diplôme" not in said

    nothing = client.post(f"/{lang}{path}", data=hidden(client, f"/{lang}{path}") | {"remark": "Mot à mot."})
    odd = client.post(f"/{lang}{path}", data=hidden(client, f"/{lang}{path}") | HAPPY | {"clear": "perhaps"})
    assert (nothing.status_code, odd.status_code, stored()) == (400, 400, None)
    assert len(errors(nothing)) == 3
    assert len(errors(odd)) == 1
    assert "Mot à mot." in nothing.text

    for given in (HAPPY, HAPPY, HAPPY | {"answered": "partly", "remark": "Et le Maroc ?"}):
        sent = client.post(f"/{lang}{path}", data=hidden(client, f"/{lang}{path}") | given)
        assert (sent.status_code, sent.location) == (303, f"/{lang}{path}/thanks")
        unhappy = "wish" in client.get(sent.location).text
        assert unhappy is (given["answered"] != "yes")
    assert (stored().answered, stored().remark, stored().entered_by) == ("partly", "Et le Maroc ?", None)
    assert "Et le Maroc ?" in client.get(f"/{lang}{path}").text
    if lang != "en":
        assert "Are you satisfied" not in page.text + nothing.text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_only_the_right_reference_and_code_open_it_and_only_until_the_last_day(
    client: FlaskClient, asked: Callable[..., tuple[str, str]], lang: str
) -> None:
    reference, path = asked()
    code = path.rpartition("/")[2]
    door = f"/{lang}/survey"
    letter = {"reference": reference.lower(), "code": code.lower().replace("-", " ")}

    right = client.post(door, data=hidden(client, door) | letter)
    assert (right.status_code, right.location) == (303, f"/{lang}{path}")
    for wrong, status in (
        ({"code": "00000-00000"}, 404), ({"code": ""}, 400), ({"reference": "DOS-2026-0001234-99"}, 400),
        ({"reference": "what?"}, 400), ({"code": "\x00é/../" * 20}, 400), ({"code": "a/b"}, 404),
    ):  # fmt: skip
        refused = client.post(door, data=hidden(client, door) | letter | wrong)
        assert (refused.status_code, len(errors(refused))) == (status, 1), wrong
    assert client.get(f"/{lang}/survey/{reference}/00000-00000").status_code == 404
    assert client.get(f"/{lang}{path}/thanks").location == f"/{lang}{path}"
    with time_machine.travel(datetime.now(UTC) + timedelta(days=61), tick=False):
        late = client.get(f"/{lang}{path}")
    assert late.status_code == 410
    assert f"/{lang}/request" in late.text


def test_without_a_token_nothing_is_stored_or_opened_again(
    client: FlaskClient, asked: Callable[..., tuple[str, str]], stored: Callable[[], Any]
) -> None:
    _reference, path = asked()
    assert client.post(f"/fr{path}", data=HAPPY).status_code == 400
    assert stored() is None

    client.post(f"/fr{path}", data=hidden(client, f"/fr{path}") | HAPPY | {"in_time": "no"})
    assert client.post(f"/fr{path}/thanks", data={"wish": "reopen"}).status_code == 400
    assert 'value="reopen"' in client.get(f"/fr{path}/thanks").text


@pytest.mark.parametrize("has_address", [True, False])
def test_the_tracking_page_holds_the_code_only_where_nothing_else_brought_it(
    client: FlaskClient, asked: Callable[..., tuple[str, str]], house: House, has_address: bool
) -> None:
    reference, path = asked(**({} if has_address else {"requester_email": None}))
    door = hidden(client, "/fr/follow") | {"reference": reference, "code": tracking_code(house.secret, reference, 1)}
    client.post("/fr/follow", data=door)

    page = client.get("/fr/follow/case").text
    assert (path in page) is not has_address
    assert (path.rpartition("/")[2] in page) is not has_address


def test_a_programme_that_looks_at_the_links_of_a_mail_finds_them_in_order(
    client: FlaskClient, asked: Callable[..., tuple[str, str]]
) -> None:
    _reference, path = asked()
    assert [client.head(f"/fr{page}").status_code for page in ("/survey", path, f"{path}/thanks")] == [200, 200, 303]


def test_wrong_codes_are_slowed_down(client: FlaskClient, asked: Callable[..., tuple[str, str]]) -> None:
    reference, path = asked()
    for _ in range(30):
        client.get(f"/fr/survey/{reference}/00000-00000")

    assert client.get(f"/fr{path}").status_code == 429


def test_a_complaint_is_made_without_writing_it_again(
    client: FlaskClient, asked: Callable[..., tuple[str, str]], database: Database
) -> None:
    reference, path = asked()
    client.post(f"/fr{path}", data=hidden(client, f"/fr{path}") | HAPPY | {"in_time": "no", "remark": "Trop tard."})
    for _ in range(2):
        done = client.post(f"/fr{path}/thanks", data=hidden(client, f"/fr{path}/thanks") | {"wish": "complain"})
        assert done.status_code == 303
    bad = client.post(f"/fr{path}/thanks", data=hidden(client, f"/fr{path}/thanks") | {"wish": "money"})
    assert bad.status_code == 400

    with database.reading() as session:
        complaint = session.scalars(select(Case).where(Case.nature == Nature.COMPLAINT)).one()
        assert session.scalar(select(Case.reference).where(Case.id == complaint.about_case_id)) == reference
    shown = client.get(f"/fr{path}/thanks").text
    assert complaint.reference in shown
    assert 'value="complain"' not in shown
    assert 'value="reopen"' in shown


@pytest.fixture(params=[("de", True), ("fr", False)], ids=["de", "fr-without-scripts"])
def window(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[tuple[str, bool, Any]]:
    """A window with scripts in German, and one without in French."""
    lang, scripts = request.param
    with open_window(browser, address, scripts=scripts) as page:
        yield lang, scripts, page


def test_a_reply_by_keyboard_opens_the_file_again(
    window: tuple[str, bool, Any], asked: Callable[..., tuple[str, str]], database: Database
) -> None:
    """From the page on which a letter's code is typed to a file that owes a reply again."""
    lang, scripts, page = window
    reference, path = asked(
        language=Language(lang), channel=Channel.POST, requester_address="Rue de la Loi 1\n1000 Bruxelles"
    )
    page.goto(f"/{lang}/survey?reference={reference}")
    _check(page, scripts)
    page.locator("#reference").focus()
    page.keyboard.press("Tab")
    page.keyboard.type(path.rpartition("/")[2])
    with next_page(page):
        page.keyboard.press("Enter")
    _check(page, scripts)
    page.locator("#answered").focus()
    for key in ("ArrowDown", "ArrowDown", "Tab", "Space", "Tab", "Space", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("Und für Marokko?")
    page.keyboard.press("Tab")
    with next_page(page):
        page.keyboard.press("Enter")
    _check(page, scripts)
    button = page.locator('button[value="reopen"]')
    button.focus()
    with next_page(page):
        page.keyboard.press("Enter")

    expect(page.locator(".govuk-notification-banner--success")).to_be_visible()
    expect(button).to_have_count(0)
    with database.reading() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        reply = session.scalars(select(SurveyReply)).one()
        assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert (case.state, case.next_due_on) == (
        CaseState.OPEN, brussels_day(datetime.now(UTC)) + timedelta(days=15)
    )  # fmt: skip
    assert (reply.answered, reply.clear, reply.in_time) == ("no", "yes", "yes")


def _check(page: Any, scripts: bool) -> None:
    if not scripts:  # axe itself is a script
        return
    assert faults(page) == []
    page.set_viewport_size(NARROW)
    assert not too_wide(page), page.url
    page.set_viewport_size({"width": 1280, "height": 800})
