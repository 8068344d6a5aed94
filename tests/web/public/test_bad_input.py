"""Whatever is typed: a sentence in the reader's language, a status of 4xx, nothing saved, nothing lost."""

import io
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from tests.web.public.conftest import cases, errors, filled, hidden, hidden_in, post, send, soup
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message

LONG = "x" * 25_000

REFUSED = [
    ("kind", None, "Kies waarover u schrijft"),
    ("kind", "", "Kies waarover u schrijft"),
    ("kind", "bribe", "Kies een van de drie"),
    ("kind", LONG, "Kies een van de drie"),
    ("name", None, "Schrijf uw naam."),
    ("name", "   ", "Schrijf uw naam."),
    ("name", "\x00\x01\x7f", "Schrijf uw naam."),
    ("name", "\u202e\u2066", "Schrijf uw naam."),
    ("name", "é" * 121, "121 tekens"),
    ("name", LONG, "25.000 tekens"),
    ("email", "", "één is genoeg"),
    ("email", None, "één is genoeg"),
    ("email", "zoe", "Schrijf het e-mailadres volledig"),
    ("email", "zoe@", "Schrijf het e-mailadres volledig"),
    ("email", "zoë@example.be", "Schrijf het e-mailadres volledig"),
    ("email", "zoe@example", "Schrijf het e-mailadres volledig"),
    ("email", "zoe@example.be, an@example.be", "Schrijf het e-mailadres volledig"),
    ("email", "zoe@example.be\r\nBcc: all@example.be", "Schrijf het e-mailadres volledig"),
    ("email", "<script>@example.be", "Schrijf het e-mailadres volledig"),
    ("email", "a" * 250 + "@example.be", "tekens"),
    ("phone", "call me", "Schrijf het telefoonnummer in cijfers"),
    ("phone", "12345", "Schrijf het telefoonnummer in cijfers"),
    ("phone", "1" * 41, "41 tekens"),
    ("phone", "٠٤٧٠١٢٣٤٥٦", "Schrijf het telefoonnummer in cijfers"),
    ("address", "x" * 501, "501 tekens"),
    ("country", "XX", "Kies een land uit de lijst"),
    ("country", LONG, "Kies een land uit de lijst"),
    ("subject", "", "waarover het gaat"),
    ("subject", "\n\n\n", "waarover het gaat"),
    ("subject", "x" * 151, "151 tekens"),
    ("name", "\u200b\u200d\ufeff", "Schrijf uw naam."),
    ("subject", "\u200b\u2060", "waarover het gaat"),
    ("subject", "\uffff\ue000", "waarover het gaat"),
    ("text", "\u200b\n\u00ad", "Schrijf uw vraag"),
    ("name", (b"Zo\xc3\xab", "naam.txt"), "Schrijf uw naam."),
    ("text", (b"tekst", "tekst.txt"), "Schrijf uw vraag"),
    ("text", "", "Schrijf uw vraag"),
    ("text", "\x00" * 500, "Schrijf uw vraag"),
    ("text", "x" * 20_001, "20.001 tekens"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), REFUSED)
def test_a_wrong_field_is_named_and_everything_else_is_kept(
    client: FlaskClient, database: Database, field: str, value: str | None, sentence: str
) -> None:
    response = send(client, **{field: value})

    assert response.status_code == 400
    said = errors(response)
    assert len(said) == 1
    assert sentence in said[0]
    assert cases(database) == 0
    typed = _typed(response)
    for name, kept in filled(**{field: value}).items():
        if name not in (field, "official_language"):
            assert typed[name] == kept, f"{name} is lost"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "é" * 121), ("email", "zoe@"), ("phone", "call me"), ("subject", "x" * 151), ("text", "x" * 20_001)],
)
def test_what_is_wrong_stands_in_its_field_with_its_error_beside_it(
    client: FlaskClient, field: str, value: str
) -> None:
    page = soup(send(client, **{field: value}))

    assert _typed_in(page)[field] == value
    control = page.find(id=field)
    assert control is not None
    assert control["aria-invalid"] == "true"
    assert f"{field}-error" in str(control["aria-describedby"]).split()
    assert page.find(id=f"{field}-error") is not None
    assert page.select_one(f'.govuk-error-summary a[href="#{field}"]') is not None
    assert page.title is not None
    assert page.title.get_text().startswith("Fout:")


KEPT = [
    ("أحمد بن علي", "مرحبا، ضاع جواز سفري في بروكسل."),
    ("王小明", "我的护照丢了。👩‍👩‍👧‍👦"),
    ("Ѓорѓи Иванов", "Загубив пасош.\n\nШто да правам?"),
    ("<script>alert(1)</script>", "{{ 7*7 }} '; DROP TABLE cases; -- %s %(x)s ${x}"),
    ("O’Brien & Søn", "Regel 1\r\nRegel 2\ttab"),
]


@pytest.mark.parametrize(("name", "text"), KEPT)
def test_any_script_is_kept_as_it_was_typed_and_shown_as_text(
    client: FlaskClient, database: Database, name: str, text: str
) -> None:
    assert send(client, name=name, text=text).status_code == 303

    with database.reading() as session:
        assert session.scalar(select(Case.requester_name)) == name
        assert session.scalar(select(Message.body).where(Message.number == 1)) == text.replace("\r\n", "\n")


def test_what_cannot_be_seen_is_cleaned_out_of_a_text(client: FlaskClient, database: Database) -> None:
    send(client, name="Zo\u0308e\x00 \u202eMüller\t ", text="Een\x00 vraag\x1b[31m\r\n\r\nmet\x07 tekens")

    with database.reading() as session:
        assert session.scalar(select(Case.requester_name)) == "Zöe Müller"
        assert session.scalar(select(Message.body).where(Message.number == 1)) == "Een vraag[31m\n\nmet tekens"


def test_markup_comes_back_as_text(client: FlaskClient) -> None:
    response = send(client, name='"><img src=x onerror=alert(1)>', email="wrong")

    assert "<img src=x" not in response.get_data(as_text=True)
    assert _typed(response)["name"] == '"><img src=x onerror=alert(1)>'


@pytest.mark.parametrize("token", ["", "forged", "ImZvcmdlZCI.ABCDEF.abcdefghijklmnop", "\x00", LONG, None])
def test_a_forged_token_brings_the_form_back_filled(
    client: FlaskClient, database: Database, token: str | None
) -> None:
    fields = {**hidden(client, "/nl/request"), **filled()}
    fields["csrf_token"] = token
    response = client.post("/nl/request", data={k: v for k, v in fields.items() if v is not None})

    assert response.status_code == 400
    assert errors(response) == [
        "De pagina stond lang open. Er is niets verloren: controleer wat u schreef en verzend opnieuw."
    ]
    (title,) = soup(response).select(".govuk-error-summary__title")
    assert title.get_text() == "Het is nog niet verzonden", "nothing is wrong"
    assert _typed(response)["text"] == filled()["text"]
    assert cases(database) == 0


def test_the_form_that_comes_back_can_be_sent(client: FlaskClient, database: Database) -> None:
    returned = client.post("/nl/request", data={**filled(), "csrf_token": "forged"})

    again = client.post("/nl/request", data=_typed(returned))

    assert again.status_code == 303
    assert cases(database) == 1


def test_a_text_of_several_megabytes_is_too_large_and_its_beginning_is_kept(client: FlaskClient) -> None:
    response = send(client, text="Een lang verhaal. " + "x" * 6_000_000)

    assert response.status_code == 413
    assert "te groot" in errors(response)[0]
    typed = _typed(response)
    assert typed["name"] == "Zoë Müller-Lefèvre"
    assert typed["text"].startswith("Een lang verhaal. xxx")


def test_a_body_larger_than_everything_allowed_keeps_the_typed_text(client: FlaskClient, database: Database) -> None:
    response = send(client, files=(b"%PDF-1.7\n" + b"x" * 28_000_000, "film.pdf"))

    assert response.status_code == 413
    assert "te groot" in errors(response)[0]
    assert _typed(response)["text"] == filled()["text"]
    assert cases(database) == 0


def test_a_large_body_sent_as_plain_fields_keeps_the_typed_text(client: FlaskClient) -> None:
    fields = {**hidden(client, "/nl/request"), **filled(), "padding": "x" * 28_000_000}
    response = client.post(
        "/nl/request", data=urlencode(fields).encode(), content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 413
    assert _typed(response)["text"] == filled()["text"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"\x00" * 1000, "application/x-www-form-urlencoded"),
        (b"\xff\xfe=\xff", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\nhalf", "multipart/form-data; boundary=x"),
        (b"a", ""),
    ],
)
def test_a_body_that_is_no_form_is_told_what_is_missing(
    client: FlaskClient, database: Database, body: bytes, kind: str
) -> None:
    response = client.post("/nl/request", data=body, content_type=kind)

    assert response.status_code == 400
    assert errors(response)
    assert cases(database) == 0


def test_more_fields_than_any_form_has_are_refused(client: FlaskClient) -> None:
    fields: dict[str, Any] = {f"field{number}": "x" for number in range(500)}
    response = post(client, "/nl/request", fields)

    assert response.status_code == 413


def test_a_busy_database_brings_the_form_back_with_its_text(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    fields = {**hidden(client, "/nl/request"), **filled()}
    with database.engine.connect().execution_options(immediate=True) as blocker, blocker.begin():
        site = app.extensions["suivi"]
        with site.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        response = client.post("/nl/request", data=fields)

    assert response.status_code == 503
    assert _typed(response)["text"] == filled()["text"]


def test_nothing_is_half_saved(client: FlaskClient, database: Database) -> None:
    send(client, name="", files=(b"MZ\x90\x00virus", "a.pdf"))

    with database.reading() as session:
        for table in (Case, Message, Attachment):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def _typed(response: TestResponse) -> dict[str, str]:
    return _typed_in(soup(response))


def _typed_in(page: BeautifulSoup) -> dict[str, str]:
    """What stands in the form of a page, as a browser would send it."""
    form = page.select("main form")[-1]
    typed = {}
    for field in form.select("input[name], textarea, select"):
        name, kind = str(field["name"]), field.get("type")
        if field.name == "textarea":
            typed[name] = field.get_text().removeprefix("\n")
        elif field.name == "select":
            chosen = field.select_one("option[selected]")
            typed[name] = str(chosen["value"]) if chosen else ""
        elif kind == "radio":
            if field.has_attr("checked"):
                typed[name] = str(field["value"])
        elif kind != "file":
            typed[name] = str(field["value"])
    return typed


@pytest.mark.parametrize("name", [b"gescanned\xe9.pdf", b"\xff\xfe\x00", b"a" * 300 + b"\x80"])
def test_a_file_name_in_no_known_letters_costs_nothing_that_was_typed(
    client: FlaskClient, database: Database, name: bytes
) -> None:
    fields = {**hidden(client, "/nl/request"), **filled(), "files": (b"%PDF-1.4 " + b"x" * 900_000, "NAME.pdf")}
    boundary, body = encode_multipart(
        MultiDict(
            {key: FileStorage(io.BytesIO(v[0]), v[1]) if isinstance(v, tuple) else v for key, v in fields.items()}
        )
    )

    response = client.post(
        "/nl/request", data=body.replace(b"NAME.pdf", name, 1),
        content_type=f"multipart/form-data; boundary={boundary}",
    )  # fmt: skip

    assert response.status_code == 400
    (said,) = errors(response)
    assert "de naam van een bestand niet lezen" in said
    typed = _typed(response)
    for field, kept in filled().items():
        if field != "official_language":
            assert typed[field] == kept, f"{field} is lost"
    assert cases(database) == 0
    again = post(client, "/nl/request", {**typed, **hidden_in(response)})
    assert again.status_code == 303
