"""Every page for citizens, in every language: one h1, labels, unique ids, headers; and the pages for errors."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from tests.web.public.conftest import LANGUAGES, SECRET_KEY, as_browsers_do, hidden, send, soup
from tracker.app import create_app
from tracker.casework.house import House
from tracker.models.database import Database
from tracker.models.operations import JobRun
from tracker.web.countries import countries
from tracker.web.security import POLICY

PATHS = (
    "/",
    "/request",
    "/request?kind=question",
    "/request?kind=complaint",
    "/request?kind=emergency",
    "/before-you-write",
    "/follow",
    "/follow/code",
    "/commitments",
    "/privacy",
    "/accessibility",
    "/no-such-page",
)
PAGES = ["/", *(f"/{lang}{path}" for lang in LANGUAGES for path in PATHS)]


def check(page: BeautifulSoup, lang: str) -> None:
    """What holds for every page."""
    html = page.select_one("html")
    assert html is not None
    assert html["lang"] == lang
    assert len(page.select("h1")) == 1
    assert page.title is not None
    assert page.title.get_text().endswith(" - Suivi")
    assert page.select_one("a.govuk-skip-link[href='#main']") is not None
    assert len(page.select("main")) == 1
    ids = [str(tag["id"]) for tag in page.select("[id]")]
    assert len(ids) == len(set(ids)), "an id stands twice"
    for field in page.select("input:not([type=hidden]), select, textarea"):
        assert page.select(f'label[for="{field["id"]}"]'), f"{field['name']} has no label"
    for tag in page.select("[aria-describedby], [aria-labelledby]"):
        for name in str(tag.get("aria-describedby") or tag.get("aria-labelledby")).split():
            assert name in ids, f"{name} describes nothing"
    for link in page.select('a[href^="#"]'):
        assert str(link["href"])[1:] in ids
    for group in page.select("fieldset"):
        assert group.find("legend") is not None
    levels = [int(tag.name[1]) for tag in page.select("main h1, main h2, main h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels)), "a heading is skipped"
    assert not page.select("script:not([src]), style, [style], [onclick], [onload]"), "something runs inline"
    for tag in page.select("script, link[rel=stylesheet], img"):
        assert str(tag.get("src") or tag.get("href")).startswith("/static/")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert response.status_code == (404 if path.endswith("no-such-page") else 200)
    check(as_browsers_do(response), path[1:3] or "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pages_of_a_case_and_of_mistakes_are_whole(client: FlaskClient, lang: str) -> None:
    check(as_browsers_do(send(client, lang, kind="", name="", email="x", text="", files=(b"", "x.pdf"))), lang)
    sent = as_browsers_do(client.get(send(client, lang, kind="emergency").location))
    check(sent, lang)
    reference, code = (value.get_text(strip=True) for value in sent.select(".suivi-key__value")[:2])
    fields = hidden(client, f"/{lang}/follow")
    check(as_browsers_do(client.post(f"/{lang}/follow", data={**fields, "reference": reference, "code": "x"})), lang)
    client.post(f"/{lang}/follow", data={**fields, "reference": reference, "code": code})
    check(as_browsers_do(client.get(f"/{lang}/follow/case")), lang)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(client: FlaskClient, path: str) -> None:
    for link in soup(client.get(path)).select("a[href]"):
        target = urlsplit(str(link["href"]))
        if not target.scheme and target.path:
            assert client.get(str(link["href"])).status_code in (200, 404 if "no-such-page" in target.path else 200)


def test_every_static_file_that_a_page_names_is_there_and_kept_by_browsers(client: FlaskClient) -> None:
    for tag in soup(client.get("/fr/")).select("script[src], link[href], img[src]"):
        with client.get(str(tag.get("src") or tag.get("href"))) as response:
            assert response.status_code == 200
            assert response.cache_control.max_age == 365 * 24 * 3600


def test_the_vendored_style_names_no_foreign_brand(client: FlaskClient) -> None:
    with client.get("/static/vendor/govuk-frontend.css") as response:
        style = response.get_data(as_text=True)

    for mark in ("GDS Transport", "@font-face", "crest", "logotype", "url("):
        assert mark not in style


@pytest.mark.parametrize("path", ["/fr/request", "/fr/no-such-page", "/static/suivi.css", "/healthz"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers

    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "unsafe" not in POLICY


def test_cookies_are_closed_to_scripts_and_only_where_needed(client: FlaskClient) -> None:
    for path in ("/", "/fr/", "/fr/commitments", "/fr/privacy", "/fr/accessibility"):
        assert "Set-Cookie" not in client.get(path).headers
    cookie = client.get("/fr/request").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_over_https_cookies_and_browsers_stay_there(settings: Settings, house: House) -> None:
    secure = Settings.from_env(
        {"SECRET_KEY": SECRET_KEY, "BASE_URL": "https://suivi.example.be", "DATABASE_URL": settings.database_url}
    )
    response = create_app(secure, house=house).test_client().get("/fr/request")

    assert "Secure" in response.headers["Set-Cookie"]
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


def test_pages_with_somebodys_data_or_token_are_not_kept(client: FlaskClient) -> None:
    assert client.get("/fr/request").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/it/request", "/frr/", "/fr/request/x", "/xx", "/fr//request"])
def test_no_such_page_is_said_in_a_language(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept-Language": "nl-BE,nl;q=0.9"})

    assert response.status_code in (404, 308)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/fr", "/fr/"),
        ("/staff", "/staff/"),
        ("/fr//request?kind=a%26b", "/fr/request?kind=a%26b"),
    ],
)
def test_another_spelling_leads_on_without_a_word_of_whom_the_caller_says_we_are(
    client: FlaskClient, path: str, there: str
) -> None:
    spelled, _, query = path.partition("?")
    asked = {"PATH_INFO": spelled, "QUERY_STRING": query, "HTTP_HOST": "evil.example"}
    response = client.get("/", environ_overrides=asked)

    assert (response.status_code, response.headers["Location"]) == (308, there)


def test_an_error_outside_the_languages_follows_the_browser(client: FlaskClient) -> None:
    page = client.get("/nothing", headers={"Accept-Language": "de"}).get_data(as_text=True)

    assert "Diese Seite gibt es nicht" in page


def test_a_language_once_chosen_is_kept_where_the_address_names_none(client: FlaskClient) -> None:
    client.get("/nothing?lang=nl")

    assert "Deze pagina bestaat niet" in client.get("/nothing", headers={"Accept-Language": "de"}).get_data(
        as_text=True
    )


def test_a_way_of_asking_that_no_page_has_is_refused(client: FlaskClient) -> None:
    response = client.delete("/nl/request")

    assert response.status_code == 405
    assert "Deze pagina kunt u zo niet gebruiken" in response.get_data(as_text=True)
    assert "POST" in response.headers["Allow"]


def test_a_failure_shows_a_sentence_and_no_trace(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setitem(app.view_functions, "public.privacy", fail)
    response = client.get("/fr/privacy")

    assert response.status_code == 500
    assert "Quelque chose n&#39;a pas fonctionné chez nous" in response.get_data(as_text=True)
    assert "secret detail" not in response.get_data(as_text=True)
    assert "a page failed" in caplog.text


def test_every_form_of_the_citizens_refuses_a_missing_token(app: Flask, client: FlaskClient) -> None:
    forms = [
        rule.rule.replace("<any(fr,nl,de,en):lang>", "fr")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("public.")
        and "POST" in (rule.methods or ())
        and "<code>" not in rule.rule  # these are tried with a code that counts, in test_surveying.py
    ]
    assert len(forms) == 6
    for path in forms:
        fields = {"reference": "DOS-2026-0001234-14", "code": "x", "email": "a@example.be", "text": "x"}
        assert client.post(path, data=fields).status_code in (400, 403), path


def test_alive_and_ready(client: FlaskClient, database: Database) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 503, "no sweep yet"

    now = datetime.now(UTC)
    with database.writing() as session:
        session.add(JobRun(job="sweep", succeeded_at=now - timedelta(minutes=14)))
    assert client.get("/readyz").status_code == 200

    with database.writing() as session:
        session.get_one(JobRun, "sweep").succeeded_at = now - timedelta(minutes=16)
    assert client.get("/readyz").status_code == 503


def test_the_figures_name_nobody(client: FlaskClient, database: Database) -> None:
    send(client)
    with database.writing() as session:
        session.add(JobRun(job="sweep", succeeded_at=datetime.now(UTC)))

    figures = client.get("/metrics").get_data(as_text=True)

    assert re.search(r"^suivi_cases_owing 1\.0$", figures, re.M)
    assert re.search(r"^suivi_outbox_waiting 1\.0$", figures, re.M)
    assert "suivi_sweep_age_seconds" in figures
    assert "zoe" not in figures.lower()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_countries_stand_in_the_order_of_the_language(lang: str) -> None:
    codes = [code for code, _name in countries(lang)]

    assert codes[0] == "BE"
    assert len(codes) == len(set(codes))
    assert {"MA", "CD", "XK", "PS", "TW", "GB"} <= set(codes)
    assert not {"EU", "UN", "ZZ", "EZ"} & set(codes)


def test_the_choice_of_language_leads_to_the_same_page(client: FlaskClient) -> None:
    links = {str(a["hreflang"]): a["href"] for a in soup(client.get("/fr/follow/code")).select(".suivi-languages a")}

    assert links == {lang: f"/{lang}/follow/code" for lang in ("nl", "de", "en")}


def test_the_promises_are_those_of_the_rules(client: FlaskClient) -> None:
    rows = [
        [" ".join(cell.get_text().split()) for cell in row.select("th, td")]
        for row in soup(client.get("/en/commitments")).select("tbody tr")
    ]

    soonest = "Online form, e-mail, fax, telephone, counter"
    assert ["Information request", soonest, "Reply", "15 calendar days"] in rows
    assert ["Information request", "Post", "Reply", "30 calendar days"] in rows
    assert ["Complaint", "Post", "Reply", "30 calendar days"] in rows
    assert len(rows) == 7
