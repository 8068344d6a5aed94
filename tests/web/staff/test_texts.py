"""Text modules: heads write them, whoever writes a letter finds and uses them, and nothing typed is lost by it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from tests.web.staff.conftest import PEOPLE, Desk, email_of, errors_of, fields_of, form_of, soup_of
from tracker.charter.words import Channel, Language, Nature
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.staff import Staff
from tracker.models.texts import TextModule

File = Callable[..., str]
Desks = Callable[[str], Desk]
NOW = datetime.now(UTC)
BODY = "Madame,\n\nvotre diplôme [objet] passe d'abord par la Communauté.\n\n[? adresse]"


@pytest.fixture
def text(database: Database) -> Callable[..., int]:
    """Keep a text module; gives its number."""

    def keep(title: str = "Légaliser un diplôme", body: str = BODY, **more: object) -> int:
        with database.writing() as session:
            author = session.scalars(select(Staff.id).where(Staff.email == email_of("bo"))).one()
            row = {"service_code": "ME6", "language": Language.FR, "version": 1, "changed_at": NOW} | more
            kept = TextModule(title=title, body=body, changed_by=author, **row)
            session.add(kept)
            session.flush()
            return kept.id

    return keep


def _kept(database: Database) -> list[TextModule]:
    with database.reading() as session:
        return list(session.scalars(select(TextModule).order_by(TextModule.id)))


def _titles(at: Desk, path: str) -> list[str]:
    return [one.get_text() for one in at.page(path).select("main .govuk-details__summary-text")]


def test_a_head_writes_a_text_and_a_clerk_finds_it_by_its_words(desk: Desks, database: Database) -> None:
    given = {"title": "Légaliser un diplôme", "body": BODY, "language": "fr", "service": "ME6"}

    sent = desk("bo").send("/staff/texts/new", **given)

    assert sent.status_code == 303, errors_of(sent)
    (kept,) = _kept(database)
    assert (kept.service_code, kept.language, kept.title, kept.body, kept.version) == (
        "ME6", Language.FR, "Légaliser un diplôme", BODY, 1,
    )  # fmt: skip
    for words, found in (("LEGALISER diplome", True), ("communauté", True), ("pension", False), ("", True)):
        assert (given["title"] in _titles(desk("an"), f"/staff/texts?words={words}")) == found, words
    assert _titles(desk("cy"), "/staff/texts") == []  # of another service, until one looks at all
    assert _titles(desk("cy"), "/staff/texts?service=all") == [given["title"]]


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("service", ["ME6", "M1", "COMPLAINTS", None])
def test_each_role_writes_the_texts_that_are_its_own(
    desk: Desks, database: Database, text: Callable[..., int], who: str, service: str | None
) -> None:
    allowed = {"bo": {"ME6"}, "co": {"COMPLAINTS"}, "el": {None}, "gi": {"ME6", "M1", "COMPLAINTS", None}}
    number, at = text(service_code=service), desk(who)

    answer = at.get(f"/staff/texts/{number}")

    assert answer.status_code == (200 if service in allowed.get(who, ()) else 403)
    page = at.page(f"/staff/texts?service={service or 'all'}")
    assert (page.select_one(f"a[href='/staff/texts/{number}']") is not None) == (service in allowed.get(who, ()))
    if who in allowed and answer.status_code == 403:  # nor by a form sent from elsewhere
        offered = [str(one["value"]) for one in at.page("/staff/texts/new").select("#service option")]
        assert (service or "all") not in offered
        sent = at.send("/staff/texts/new", service=service or "all", title="T", body="B", language="fr")
        assert sent.status_code == 400
        assert len(_kept(database)) == 1


def test_another_version_replaces_the_text_and_says_whose_it_is(
    desk: Desks, database: Database, text: Callable[..., int]
) -> None:
    number = text()

    desk("bo").send(f"/staff/texts/{number}", body="Plus court.")

    (kept,) = _kept(database)
    assert (kept.body, kept.version) == ("Plus court.", 2)
    assert "Version 2" in desk("an").get("/staff/texts").text


def test_a_text_out_of_use_is_offered_no_longer_and_comes_back_when_it_is_saved(
    desk: Desks, text: Callable[..., int]
) -> None:
    number, at = text(), desk("bo")

    assert at.send(f"/staff/texts/{number}", "retire").status_code == 303
    assert _titles(at, "/staff/texts") == []
    assert _titles(at, "/staff/texts?retired=1") == ["Légaliser un diplôme"]
    at.send(f"/staff/texts/{number}")

    assert _titles(at, "/staff/texts") == ["Légaliser un diplôme"]


def test_two_heads_at_once_neither_text_is_lost(desk: Desks, database: Database, text: Callable[..., int]) -> None:
    number = text()
    first, second = desk("bo"), desk("gi")
    page = second.page(f"/staff/texts/{number}")
    first.send(f"/staff/texts/{number}", body="De la cheffe.")

    answer = second.send_form(page, f"/staff/texts/{number}", body="De l'administratrice.")

    assert answer.status_code == 409
    assert "Bo Peeters" in errors_of(answer)
    assert "De la cheffe." in answer.text
    assert fields_of(form_of(soup_of(answer)))["body"] == "De l'administratrice."
    assert second.send_form(soup_of(answer), f"/staff/texts/{number}").status_code == 303
    assert _kept(database)[0].body == "De l'administratrice."


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"title": " "}, "title"),
        ({"body": "\x07"}, "Write the text"),
        ({"title": "x" * 121}, "121"),
        ({"body": "x" * 20_001}, "20,001"),
        ({"language": "tlh"}, "language"),
        ({"service": "M1"}, "service"),
        ({"body": "Voir [refference] et [dossier]."}, "[refference], [dossier]"),
    ],
)
def test_a_text_that_cannot_be_kept_comes_back_with_what_to_do(
    desk: Desks, database: Database, typed: dict[str, str], says: str
) -> None:
    whole = {"title": "Titre", "body": "Texte.", "language": "fr", "service": "ME6"}

    answer = desk("bo").send("/staff/texts/new", **whole | typed)

    assert answer.status_code in (400, 409)
    assert says in errors_of(answer)
    assert _kept(database) == []


@pytest.mark.parametrize(
    "path", ["0", "999", "99999999999999999999", "x", "1%00"]
)  # fmt: skip
def test_a_text_that_is_not_there_says_so(desk: Desks, path: str) -> None:
    assert desk("gi").get(f"/staff/texts/{path}").status_code == 404


@pytest.mark.parametrize("query", ["?language=xx", "?service='--", "?words=%00%5B", "?retired=2", "?service="])
def test_an_address_made_up_by_somebody_shows_the_texts(desk: Desks, query: str) -> None:
    assert desk("an").get(f"/staff/texts{query}").status_code == 200


SLUGS = {
    "answer": ("text", {}),
    "ask": ("text", {}),
    "interim": ("reason", {"promised_on": "31 december", "spoken_on": ""}),
    "transmit": ("text", {"to": "EXT:FPS-ECONOMY", "to_address": "Rue du Progrès 50", "consent": "Mail of Monday."}),
    "closing": ("text", {}),
}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_text_is_put_in_below_what_is_typed_which_all_stays(
    an: Desk, file: File, text: Callable[..., int], slug: str
) -> None:
    field, more = SLUGS[slug]
    number = text()
    path = f"/staff/cases/{file(nature=Nature.COMPLEX)}/{slug}"
    typed = more | {field: "Bonjour.\n\n  Deux.", "channel": "post", "channel_reason": "asked"}

    found = an.send(path, "texts", **typed, words="diplome")
    page = soup_of(found)
    (button,) = page.select("button[name=insert]")
    answer = an.send_form(page, path, insert=str(button["value"]))

    assert (found.status_code, answer.status_code) == (200, 200)
    assert errors_of(found) == errors_of(answer) == ""
    assert str(button["value"]) == str(number)
    shown = fields_of(form_of(soup_of(answer)))
    assert shown[field].replace("\r\n", "\n") == f"Bonjour.\n\n  Deux.\n\n{BODY}"
    assert {name: shown[name] for name in more if name != "to_address"} == {
        name: value for name, value in more.items() if name != "to_address"
    }
    assert (shown["channel"], shown["channel_reason"], shown["words"]) == ("post", "asked", "diplome")


def test_only_texts_of_the_services_on_the_case_and_in_its_language_are_offered(
    an: Desk, file: File, text: Callable[..., int]
) -> None:
    reference = file(language=Language.NL)
    mine = text("Eigen", language=Language.NL)
    house = text("Voor iedereen", language=Language.NL, service_code=None)
    others = [
        text("Ander", language=Language.NL, service_code="M1"),
        text("Français"),
        text("Oud", language=Language.NL, retired_at=NOW),
    ]
    path = f"/staff/cases/{reference}/answer"

    page = an.page(path)

    assert [str(one["value"]) for one in page.select("button[name=insert]")] == [str(mine), str(house)]
    for number in (*others, "x", 10**30, ""):
        answer = an.send_form(page, path, text="Dag.", insert=str(number))
        assert "no longer there" in errors_of(answer)
        assert fields_of(form_of(soup_of(answer)))["text"] == "Dag."


def test_words_typed_and_not_yet_looked_for_are_looked_for_by_the_enter_key(
    an: Desk, file: File, text: Callable[..., int]
) -> None:
    text()
    path = f"/staff/cases/{file()}/answer"

    answer = an.send(path, "preview", text="Bonjour.", words="pension")

    page = soup_of(answer)
    assert page.select_one(".staff-paper") is None
    assert page.select("button[name=insert]") == []
    assert fields_of(form_of(page))["text"] == "Bonjour."
    assert soup_of(an.send_form(page, path, "preview")).select_one(".staff-paper") is not None


def test_what_stands_unfilled_is_refused_by_name_and_goes_once_it_is_filled(
    an: Desk, file: File, text: Callable[..., int], database: Database
) -> None:
    path = f"/staff/cases/{file(channel=Channel.EMAIL, subject='Diplôme [x]')}/answer"
    page = soup_of(an.send(path, insert=str(text())))

    refused = an.send_form(page, path, "send")

    assert refused.status_code == 409
    assert "[? adresse]" in errors_of(refused)
    assert soup_of(refused).select_one(".govuk-error-summary a[href='#text']") is not None
    assert "[objet]" not in errors_of(refused)
    page = soup_of(refused)
    written = fields_of(form_of(page))["text"].replace("[? adresse]", "Rue Haute 1")
    sent = an.send_form(page, path, "send", text=written)
    assert sent.status_code == 303, errors_of(sent)
    with database.reading() as session:
        body = session.scalars(select(Message.body).where(Message.kind == "answer")).one()
    assert "votre diplôme Diplôme [x] passe d'abord" in body
    assert "Rue Haute 1" in body
