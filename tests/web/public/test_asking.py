"""A request goes in by the form: what comes of it, and that the same form twice is one case."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.web.public.conftest import LANGUAGES, cases, errors, filled, hidden, reference_in, send, soup
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Language, Nature, ObligationKind, PostKind, Role
from tracker.correspondence.explanation import date_in_words, label
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Post
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Obligation


def only_case(database: Database) -> Case:
    with database.reading() as session:
        return session.scalars(select(Case)).one()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_confirmation_says_the_reference_the_date_and_the_handler(
    client: FlaskClient, database: Database, lang: str
) -> None:
    response = send(client, lang)

    assert response.status_code == 303
    assert response.location == f"/{lang}/request/sent"
    page = soup(client.get(response.location)).get_text(" ", strip=True)
    due = brussels_day(datetime.now(UTC)) + timedelta(days=15)
    case = only_case(database)
    assert case.reference in page
    assert date_in_words(due, Language(lang), weekday=True) in page
    assert "An Peeters" in page
    assert label(Role.DISPATCHER, Language(lang)) in page
    assert "+32 2 501 81 11" in page
    with database.reading() as session:
        obligation = session.scalars(select(Obligation)).one()
    assert (obligation.kind, obligation.due_on) == (ObligationKind.REPLY, due)


def test_what_was_typed_is_what_is_kept(client: FlaskClient, database: Database) -> None:
    send(client, "en", phone="+32 470 12 34 56", address="Rue Haute 1\n1000 Bruxelles", official_language="de")

    case = only_case(database)
    assert (case.requester_name, case.requester_email) == ("Zoë Müller-Lefèvre", "zoe@example.be")
    assert (case.requester_phone, case.requester_address) == ("+32 470 12 34 56", "Rue Haute 1\n1000 Bruxelles")
    assert (case.channel, case.nature, case.country) == (Channel.WEB, Nature.INFORMATION, "MA")
    assert (case.language, case.official_language) == (Language.EN, Language.DE)


def test_an_acknowledgement_waits_to_leave_by_email(client: FlaskClient, database: Database) -> None:
    send(client)

    with database.reading() as session:
        message = session.scalars(select(Message).join(Outbox, Outbox.message_id == Message.id)).one()
    assert message.address == "zoe@example.be"
    assert only_case(database).reference in message.body


def test_a_complaint_is_linked_to_the_case_it_is_about(client: FlaskClient, database: Database) -> None:
    first = reference_in(client.get(send(client).location).get_data(as_text=True))

    send(client, kind="complaint", about=first.lower().replace("-", " "), about_whom="Het loket", text="Drie uur!")

    with database.reading() as session:
        complaint = session.scalars(select(Case).where(Case.nature == Nature.COMPLAINT)).one()
        original = session.scalars(select(Case).where(Case.reference == first)).one()
        text = session.scalars(select(Message.body).where(Message.case_id == complaint.id, Message.number == 1)).one()
    assert complaint.about_case_id == original.id
    assert "Drie uur!" in text
    assert "De klacht gaat over: Het loket" in text


def test_a_complaint_about_an_unknown_case_comes_back_with_its_text(client: FlaskClient, database: Database) -> None:
    response = send(client, kind="complaint", about="DOS-2026-0009999-92".replace("-92", _digits("DOS20260009999")))

    assert response.status_code == 400
    assert errors(response) == ["We kennen geen dossier met deze referentie: controleer ze, of laat dit veld leeg."]
    assert "Waar vraag ik een nieuw aan?" in response.get_data(as_text=True)
    assert cases(database) == 0


def _digits(payload: str) -> str:
    from tracker.charter.reference import check_digits

    return f"-{check_digits(payload)}"


def test_an_emergency_is_urgent_and_the_phones_come_first(client: FlaskClient, database: Database) -> None:
    page = soup(client.get("/fr/request?kind=emergency"))
    main = page.select_one("main")
    assert main is not None
    order = [tag.name for tag in main.select(".suivi-phones, form")]
    assert order[:2] == ["div", "form"], "the numbers stand before the form"

    response = client.get(send(client, "fr", kind="emergency").location)
    sent, shown = response.get_data(as_text=True), soup(response)

    assert only_case(database).urgent_since is not None
    assert sent.index("+32 2 501 32 00") < sent.index("<h1")
    words = shown.get_text(" ", strip=True)
    assert shown.select_one(".suivi-key time") is None, "the date of the written answer is not what counts now"
    assert words.index("toutes les 30 minutes") < words.index("DOS-") < words.index("au plus tard le")


@pytest.mark.parametrize(("country", "known"), [("MA", True), ("FR", False), ("", False)])
def test_an_emergency_is_told_the_post_of_its_country_first(
    client: FlaskClient, database: Database, country: str, known: bool
) -> None:
    with database.writing() as db:
        names = {language: f"Rabat {language}" for language in ("fr", "nl", "de", "en")}
        source = {"source": "List of posts", "read_on": date(2026, 1, 1), "loaded_at": datetime.now(UTC)}
        db.add(
            Post(country="MA", city="Rabat", kind=PostKind.EMBASSY, names=names, phone="+212 5", covers=[], **source)
        )

    told = soup(client.get(send(client, "de", kind="emergency", country=country).location))

    phones = told.select_one(".suivi-phones")
    assert phones is not None
    first = phones.select("dd")[0].get_text(strip=True)
    assert first == ("+212 5" if known else "diplomatie.belgium.be")
    assert ("Rabat de" in phones.get_text()) == known
    assert "+32 2 501 32 00" in phones.get_text()


def test_the_same_form_twice_gives_the_same_reference(client: FlaskClient, database: Database) -> None:
    data = {**hidden(client, "/nl/request"), **filled()}

    answers = [client.post("/nl/request", data=data) for _ in range(2)]
    references = {reference_in(client.get(answer.location).get_data(as_text=True)) for answer in answers}

    assert len(references) == 1
    assert cases(database) == 1


def test_a_code_made_since_is_not_told_to_whoever_sends_an_old_form_again(
    client: FlaskClient, database: Database
) -> None:
    data = {**hidden(client, "/nl/request"), **filled()}
    client.post("/nl/request", data=data)
    with database.writing() as session:
        session.scalars(select(Case)).one().code_version = 2

    again = client.post("/nl/request", data=data, follow_redirects=True)

    assert again.request.path == "/nl/follow"
    assert "laatste volgcode" in again.get_data(as_text=True)
    assert cases(database) == 1


def test_the_same_page_with_another_text_is_another_request(client: FlaskClient, database: Database) -> None:
    fields = hidden(client, "/nl/request")

    for text in ("Mijn eerste vraag.", "Een heel andere vraag."):
        client.post("/nl/request", data={**fields, **filled(text=text)})

    assert cases(database) == 2


def test_the_confirmation_can_be_read_again_and_in_another_language(client: FlaskClient) -> None:
    location = send(client, "nl").location
    first = reference_in(client.get(location).get_data(as_text=True))

    again = client.get("/de/request/sent").get_data(as_text=True)

    assert reference_in(again) == first
    assert "Ihr Aktenzeichen" in again


def test_the_confirmation_is_nobody_elses(client: FlaskClient) -> None:
    response = client.get("/nl/request/sent")

    assert response.status_code == 303
    assert response.location == "/nl/follow"
