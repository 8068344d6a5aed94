"""What citizens are told before they send: on the page without a script, in place with one; never in the way."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import func, select

from config import Settings
from tests.web.axe import faults
from tests.web.public.conftest import LANGUAGES, cases, errors, filled, hidden, hidden_in, post, send, soup
from tests.web.public.test_browser import check
from tests.web.windows import next_page, open_window
from tracker.models.database import Database
from tracker.models.messages import Attachment
from tracker.models.operations import Throttle
from tracker.routing import beforehand as made
from tracker.routing.answers import shipped_answers
from tracker.web.filters import typeset
from tracker.web.networks import network_of
from tracker.web.public import beforehand

TAX = {
    "fr": "Ma déclaration fiscale est refusée, à qui demander une correction de mon impôt et de ma TVA ?",
    "nl": "Mijn belastingaangifte klopt niet. Wie verbetert mijn aanslag in de personenbelasting?",
    "de": "Meine Steuererklärung ist falsch. Wer berichtigt meinen Steuerbescheid der Einkommensteuer?",
    "en": "My tax return is wrong. Who corrects my assessment for personal income tax and VAT?",
}
NATO = "Which vacancies are open at NATO headquarters, and how do I apply to the International Staff?"


@pytest.fixture(autouse=True)
def _nobody_looked_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beforehand, "_turns", beforehand.Turns())


def looked(client: FlaskClient, lang: str = "nl", **changes: Any) -> Any:
    """Press the button that looks, on a form filled in so."""
    path = f"/{lang}/request"
    return post(client, path, {**hidden(client, path), **filled(country="", subject="", **changes), "look": "yes"})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_another_body_is_named_with_what_it_does_and_how_to_reach_it(client: FlaskClient, lang: str) -> None:
    response = looked(client, lang, text=TAX[lang], name="", email="")

    page = soup(response)
    notice = page.select_one("#notice")
    assert response.status_code == 200
    assert errors(response) == []
    assert notice is not None
    assert "Finan" in notice.select_one("h2").get_text()  # type: ignore[union-attr]
    assert notice.select('a[href="https://finance.belgium.be"]')
    assert notice.select('a[href="tel:+3225725757"]')
    assert notice.find_next("button").get("name") is None, "the button that sends is right below"  # type: ignore[union-attr]


def test_everything_typed_and_the_files_are_kept_and_the_form_can_be_sent(
    client: FlaskClient, database: Database
) -> None:
    page = looked(client, text=TAX["nl"], phone="12", files=(b"nota", "nota.txt"))
    assert "nota.txt" in page.get_data(as_text=True)
    assert soup(page).select_one("#phone")["value"] == "12"  # type: ignore[index]
    assert cases(database) == 0

    sent = post(client, "/nl/request", {**hidden_in(page), **filled(text=TAX["nl"])})

    assert sent.status_code == 303
    assert cases(database) == 1
    with database.reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(Attachment).where(Attachment.case_id.is_not(None))) == 1
        )


def test_what_is_no_belgian_public_service_gets_other_words(client: FlaskClient) -> None:
    notice = soup(looked(client, "en", text=NATO)).select_one("#notice")

    assert notice is not None
    assert "NATO" in notice.get_text()
    assert "only if you agree" in notice.get_text()


def test_a_short_answer_comes_with_its_source(client: FlaskClient) -> None:
    notice = soup(looked(client, "fr", text="J'ai perdu mon passeport en vacances en Espagne.")).select_one("#notice")

    assert notice is not None
    assert "00800 2123 2123" in notice.get_text()
    assert notice.select('a[href*="perte-et-vol"]')


def test_in_an_emergency_the_telephones_come_first(client: FlaskClient) -> None:
    for changes in ({"kind": "question"}, {"kind": "emergency"}):
        text = "Mon fils a été arrêté hier au Pérou et frappé par la police, aidez-nous, au secours"
        page = soup(looked(client, "fr", text=text, **changes))
        main = page.select_one("main")
        assert main is not None
        assert "+32 2 501 81 11" in main.get_text()
        assert "Envoyez-nous ensuite votre message" in page.select_one("#notice").get_text()  # type: ignore[union-attr]
        assert len(page.select("main .suivi-phones")) == (2 if changes["kind"] == "question" else 1)
    assert page.select("main > div .suivi-phones"), "and before the form"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Schrijf uw vraag"),
        ("\x00\x00", "Schrijf uw vraag"),
        ("woord " * 100_000, "tekens"),
        ("\x01\xfe\ud7ff ￾ ??? 😀", "Een mens leest"),
        ("Graag een antwoord", "Een mens leest"),
    ],
)
def test_any_text_gets_a_sentence(client: FlaskClient, text: str, said: str) -> None:
    response = looked(client, text=text)

    assert response.status_code in (200, 400)
    assert said in " ".join([*errors(response), *(part.get_text(" ") for part in soup(response).select("#notice"))])


def test_a_page_that_was_open_too_long_says_so_and_keeps_the_text(client: FlaskClient) -> None:
    fields = {**hidden(client, "/nl/request"), **filled(text=TAX["nl"]), "look": "yes", "csrf_token": "old"}

    response = post(client, "/nl/request", fields)

    assert response.status_code == 400
    assert TAX["nl"] in response.get_data(as_text=True)
    assert not soup(response).select("#notice")


def test_a_script_gets_the_same_notice_and_nothing_where_there_is_nothing_to_tell(
    client: FlaskClient, database: Database
) -> None:
    token = hidden(client, "/nl/request")["csrf_token"]
    asked = {"csrf_token": token, "kind": "question", "country": "", "subject": ""}

    told = client.post("/nl/request/look", data={**asked, "text": TAX["nl"]})
    nothing = client.post("/nl/request/look", data={**asked, "text": "Graag een antwoord"})
    pressed = client.post("/nl/request/look", data={**asked, "text": "Graag een antwoord", "look": "yes"})

    assert "FOD Financiën" in told.get_data(as_text=True)
    assert told.headers["Cache-Control"] == "no-store"
    assert (nothing.status_code, nothing.get_data()) == (200, b"")
    assert "Een mens leest" in pressed.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Throttle)) == 0, "of a look nothing is stored"
    assert cases(database) == 0


def kept(database: Database, settings: Settings, words: bytes) -> list[Path]:
    """Return the files of the installation, the database first, in which words stand."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [Path(str(database.url.database)), *(one for one in settings.var_dir.rglob("*") if one.is_file())]
    return [one for one in files if words in one.read_bytes()]


def test_of_a_text_that_is_looked_at_nothing_is_logged_or_stored(
    client: FlaskClient, settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    text = f"{TAX['nl']} Zeldzaamwoordje"
    asked = {"csrf_token": hidden(client, "/nl/request")["csrf_token"], "text": text, "subject": "Zeldzaamwoordje"}

    assert "FOD Financi" in client.post("/nl/request/look", data=asked).get_data(as_text=True)
    assert "FOD Financi" in looked(client, text=text).get_data(as_text=True)
    assert client.get("/nl/before-you-write?text=Zeldzaamwoordje").status_code == 200

    assert "Zeldzaamwoordje" not in caplog.text
    assert kept(database, settings, b"Zeldzaamwoordje") == []
    assert send(client, text=text).status_code == 303
    assert kept(database, settings, b"Zeldzaamwoordje") != []


@pytest.mark.parametrize("wrong", [{"csrf_token": ""}, {"text": ""}, {"text": "x" * 20_001}])
def test_a_look_from_elsewhere_or_at_nothing_is_refused(client: FlaskClient, wrong: dict[str, str]) -> None:
    token = hidden(client, "/nl/request")["csrf_token"]

    assert client.post("/nl/request/look", data={"csrf_token": token, "text": "x", **wrong}).status_code == 400
    assert client.get("/nl/request/look").status_code == 405


def test_who_looks_too_often_is_told_to_send(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beforehand, "LOOKS", 1)
    token = hidden(client, "/nl/request")["csrf_token"]
    asked = {"csrf_token": token, "text": "Graag een antwoord"}

    assert [client.post("/nl/request/look", data=asked).status_code for _ in range(2)] == [200, 429]
    assert "zodra u hem hebt verstuurd" in soup(looked(client, text=TAX["nl"])).select_one("#notice").get_text()  # type: ignore[union-attr]
    assert send(client).status_code == 303


def test_turns_come_back_and_old_addresses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beforehand, "MOST_ADDRESSES", 2)
    turns = beforehand.Turns()

    assert all(turns.one_more("a", now=0.0) for _ in range(beforehand.LOOKS))
    assert not turns.one_more("a", now=beforehand.WITHIN - 1)
    assert turns.one_more("a", now=beforehand.WITHIN)
    assert all(turns.one_more(who, now=1.0) for who in "bcde")
    assert len(turns._seen) == 2


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::4", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
        (None, ""),
    ],
)
def test_whoever_has_a_network_counts_once(address: str | None, counted: str) -> None:
    assert network_of(address) == counted


def test_the_limit_is_one_for_a_network(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beforehand, "LOOKS", 1)
    asked = {"csrf_token": hidden(client, "/nl/request")["csrf_token"], "text": "Graag een antwoord"}

    told = [
        client.post("/nl/request/look", data=asked, environ_overrides={"REMOTE_ADDR": address}).status_code
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
    ]

    assert told == [200, 429, 200]


def test_one_look_waits_at_most_and_who_sends_waits_for_none(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on, really = Semaphore(0), Event(), made.beforehand

    def slowly(*given: Any, **more: Any) -> Any:
        began.release()
        assert go_on.wait(30)
        return really(*given, **more)

    monkeypatch.setattr(made, "beforehand", slowly)
    monkeypatch.setattr(beforehand, "PATIENCE", 30.0)

    def look() -> int:
        other = app.test_client()
        asked = {"csrf_token": hidden(other, "/nl/request")["csrf_token"], "text": "Graag een antwoord"}
        return other.post("/nl/request/look", data=asked).status_code

    with ThreadPoolExecutor(4) as pool:
        looks = [pool.submit(look) for _ in range(4)]
        try:
            assert began.acquire(timeout=30)
            refused = [one.result(30) for one in islice(as_completed(looks, 30), 2)]
            assert refused == [429, 429], "two are turned away while one is looked at and one waits"
            assert send(client).status_code == 303
        finally:
            go_on.set()
        assert sorted(one.result() for one in looks) == [200, 200, 429, 429]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_short_answers_can_be_read_without_typing(client: FlaskClient, lang: str) -> None:
    page = soup(client.get(f"/{lang}/before-you-write"))

    for answer in shipped_answers().all:
        assert page.select_one(f"#{answer.key}").get_text() == answer.title[lang]  # type: ignore[union-attr]
        for sentence in answer.text[lang]:
            assert typeset(sentence, lang) in page.get_text()
    for start in ("/", "/request"):
        assert soup(client.get(f"/{lang}{start}")).select(f'a[href="/{lang}/before-you-write"]')


def test_the_confirmation_names_whom_a_question_will_almost_surely_go_to(client: FlaskClient) -> None:
    send(client, "nl", subject="Belastingaangifte", text=TAX["nl"], country="")
    elsewhere = soup(client.get("/nl/request/sent")).get_text(" ", strip=True)
    send(client, "nl", subject="Paspoort", text="Graag een antwoord", country="")
    usual = soup(client.get("/nl/request/sent")).get_text(" ", strip=True)
    send(client, "nl", kind="complaint", subject="Belastingaangifte", text=TAX["nl"] + " !", country="")
    complaint = soup(client.get("/nl/request/sent")).get_text(" ", strip=True)

    assert "FOD Financiën" in elsewhere
    assert "Een mens leest het hier en beslist" in elsewhere
    for page in (usual, complaint):
        assert "FOD Financiën" not in page


@pytest.mark.parametrize("lang", ["fr", "nl"])
def test_with_a_script_the_notice_comes_once_the_text_is_left(page: Any, address: str, lang: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/{lang}/request?kind=question")
    page.fill("#name", "Zoë")
    page.fill("#email", "zoe@example.be")
    page.fill("#subject", "x")
    page.fill("#text", TAX[lang])
    page.press("#text", "Tab")

    expect(page.locator("#notice")).to_contain_text("Financ" if lang == "nl" else "Finances")
    assert page.evaluate("document.activeElement.id") != "notice", "nobody is taken away from where they are"
    check(page)
    assert said == []
    page.locator("main button").last.click()
    page.wait_for_url("**/request/sent")


def test_with_a_script_the_button_tells_in_place_and_sending_stays_one_press(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request?kind=question")
    page.fill("#name", "Zoë")
    page.fill("#email", "zoe@example.be")
    page.fill("#subject", "x")
    page.fill("#text", "Graag een antwoord")
    page.click("button[data-look]")
    expect(page.locator("#notice")).to_be_focused()
    assert page.url.endswith("/nl/request?kind=question")

    page.fill("#text", TAX["nl"])
    page.locator("main button").last.click()
    page.wait_for_url("**/request/sent")


def test_the_button_that_sends_stays_under_the_pointer(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request?kind=question")
    page.fill("#text", TAX["nl"])
    send = page.locator("main button").last
    send.hover()
    before = send.bounding_box()["y"]

    page.evaluate("document.activeElement.blur()")
    page.wait_for_selector("#notice")

    assert page.locator("#notice").bounding_box()["height"] > 100
    assert abs(send.bounding_box()["y"] - before) < 3


def test_the_button_without_a_text_says_what_to_write(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request?kind=question")
    page.click("button[data-look]")

    expect(page.locator(".govuk-error-summary li")).to_have_count(1)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_without_a_script_the_page_comes_back_at_the_notice(browser: Any, address: str, lang: str) -> None:
    with open_window(browser, address, scripts=False) as page:
        page.goto(f"{address}/{lang}/request")
        page.fill("#text", TAX[lang])
        page.set_input_files("#files", {"name": "nota.txt", "mimeType": "text/plain", "buffer": b"nota"})
        with next_page(page):
            page.click("button[data-look]")

        expect(page.locator("#notice")).to_be_focused()
        assert page.input_value("#text") == TAX[lang]
        assert page.locator(".suivi-files li").count() == 1


def test_the_page_that_came_back_is_open_to_everybody(page: Any, address: str) -> None:
    page.goto(f"{address}/fr/request")
    page.evaluate("document.querySelector('[data-look]').removeAttribute('data-look')")
    page.fill("#text", "J'ai perdu mon passeport en vacances en Espagne.")
    page.press("#text", "Tab")
    with next_page(page):
        page.evaluate("document.querySelector('main form').requestSubmit(document.querySelector('[name=look]'))")

    expect(page.locator("#notice")).to_be_visible()
    check(page)
    assert faults(page) == []
