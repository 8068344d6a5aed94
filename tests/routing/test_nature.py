"""What kind of request a text seems to be, and whether somebody is in trouble now."""

import json
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tracker.charter.words import Nature
from tracker.routing.directory import load_directory
from tracker.routing.nature import NatureProposal
from tracker.routing.router import Router

DATA = Path(__file__).parent / "data"
DAY = date(2026, 11, 19)


@cache
def router() -> Router:
    return Router(load_directory())


def proposed(text: str, lang: str | None = None, country: str | None = None) -> NatureProposal:
    return router().route(text, lang=lang, country=country, on=DAY).proposed


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def judged(name: str) -> tuple[tuple[dict[str, Any], NatureProposal], ...]:
    return tuple((row, proposed(row["text"], row["lang"], row.get("country"))) for row in rows(name))


def share(which: Callable[[dict[str, Any]], bool], called: Callable[[NatureProposal], bool], *names: str) -> float:
    found = [called(one) for name in names or ("nature",) for row, one in judged(name) if which(row)]
    return sum(found) / len(found)


@pytest.mark.parametrize(
    ("text", "lang", "nature"),
    [
        ("Je suis mécontent de vos services : on m'a raccroché au nez.", "fr", Nature.COMPLAINT),
        ("Ik heb een klacht over het loket van uw dienst.", "nl", Nature.COMPLAINT),
        ("Ihre Mitarbeiter waren unfreundlich, ich will mich beschweren.", "de", Nature.COMPLAINT),
        ("Your staff were rude to me and nobody apologised.", "en", Nature.COMPLAINT),
        ("Je demande accès à mon dossier en vertu de la loi du 11 avril 1994.", "fr", Nature.DOCUMENT_ACCESS),
        (
            "Op grond van de openbaarheid van bestuur vraag ik een kopie van het verslag.",
            "nl",
            Nature.DOCUMENT_ACCESS,
        ),
        ("Ich beantrage Einsicht in meine Akte.", "de", Nature.DOCUMENT_ACCESS),
        ("Under freedom of information I ask for a copy of the report.", "en", Nature.DOCUMENT_ACCESS),
        ("Quels sont les horaires du consulat à Lima ?", "fr", None),
        ("Hoe schrijf ik me in bij de ambassade?", "nl", None),
        ("", None, None),
        ("😀", None, None),
    ],
)
def test_a_text_proposes_a_nature(text: str, lang: str | None, nature: Nature | None) -> None:
    proposal = proposed(text, lang)
    assert proposal.nature is nature
    assert all(passage in text for passage in proposal.passages)
    assert bool(proposal.passages) == (nature is not None)


@pytest.mark.parametrize(
    ("text", "lang", "urgent"),
    [
        ("Mon fils a été arrêté à Istanbul.", "fr", True),
        ("Mijn dochter is vermist in Peru.", "nl", True),
        ("Meine Frau liegt in Spanien im Krankenhaus.", "de", True),
        ("My passport was stolen in Lima and my flight is tomorrow, please help.", "en", True),
        ("After the earthquake we are stranded in Nepal with forty Belgians.", "en", True),
        ("Mon fils est à l'hôpital de Namur.", "fr", False),
        ("Wat doet België voor gevangen journalisten in Turkije?", "nl", False),
        ("Can I travel to Spain with my identity card?", "en", False),
    ],
)
def test_trouble_abroad_is_urgent(text: str, lang: str, urgent: bool) -> None:
    proposal = proposed(text, lang)
    assert proposal.urgent is urgent
    assert all(passage in text for passage in proposal.urgent_passages)
    assert bool(proposal.urgent_passages) == urgent


def test_where_the_person_is_counts() -> None:
    text = "Ma mère a fait une chute et se trouve à l'hôpital, je n'arrive pas à la joindre."
    assert proposed(text, "fr", "TH").urgent
    assert not proposed(text, "fr", "BE").urgent
    assert proposed(text, "fr", "TH").urgency > proposed(text, "fr", "BE").urgency


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_hardly_an_emergency_is_missed_in_any_language(language: str) -> None:
    def there(row: dict[str, Any]) -> bool:
        return bool(row.get("urgent")) and row["lang"] == language

    assert share(there, lambda one: one.urgent, "nature", "urgent") >= 0.97


def test_no_subject_hides_an_emergency() -> None:
    subjects = {"fr": "Passeport perdu", "nl": "Vraag", "de": "Pass verloren", "en": "Question"}
    emergencies = [row for row in rows("urgent") if row.get("urgent")]
    headed = [(f"{subjects[row['lang']]}\n{row['text']}", row["lang"], row.get("country")) for row in emergencies]
    assert [text for text, lang, country in headed if not proposed(text, lang, country).urgent] == []


def test_ordinary_texts_are_hardly_ever_called_urgent_and_those_that_look_alike_seldom() -> None:
    assert share(lambda row: not row.get("urgent"), lambda one: one.urgent) <= 0.03
    assert share(lambda row: not row.get("urgent"), lambda one: one.urgent, "urgent") <= 0.08


def test_from_which_score_on_a_text_is_urgent_can_be_set() -> None:
    text = "Mon fils a été arrêté à Istanbul."
    never = Router(load_directory(), meaning=router().meaning, urgent_from=1.0)
    assert not never.route(text, lang="fr", on=DAY).proposed.urgent
    assert router().route(text, lang="fr", on=DAY).proposed.urgent


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Que ferait l'ambassade si quelqu'un perdait son passeport au Chili ? Nous écrivons un guide.", "fr"),
        ("In 1998 werd mijn oom ontvoerd in Colombia. Bestaat daar nog een dossier over?", "nl"),
        ("Für meine Diplomarbeit: Wie viele Belgier wurden im letzten Jahrzehnt in Asien verhaftet?", "de"),
        ("Thank you, my brother was released last month and is well.", "en"),
    ],
)
def test_what_might_happen_or_is_long_over_is_no_emergency(text: str, lang: str) -> None:
    assert not proposed(text, lang).urgent


@pytest.mark.parametrize("nature", [Nature.COMPLAINT, Nature.DOCUMENT_ACCESS])
def test_natures_are_found_more_often_than_not_and_hardly_ever_where_there_are_none(nature: Nature) -> None:
    assert share(lambda row: row.get("nature") == nature.value, lambda one: one.nature is nature) >= 0.6
    assert share(lambda row: row.get("nature") != nature.value, lambda one: one.nature is nature) <= 0.03


def test_complaints_are_rarely_seen_where_there_are_none() -> None:
    others = [row for row in rows("held_out") if row["expected"] not in {"COMPLAINTS", "EXT:FEDERAL-OMBUDSMAN"}]
    wrong = [row for row in others if proposed(row["text"], row["lang"]).nature is Nature.COMPLAINT]
    assert len(wrong) <= 0.02 * len(others)


def test_what_is_clearly_for_another_body_is_proposed_as_misdirected() -> None:
    proposal = proposed("Quand ma pension de retraite sera-t-elle versée par le Service fédéral des Pensions ?", "fr")
    assert proposal.nature is Nature.MISDIRECTED
    assert proposal.passages
    assert proposed("Comment faire légaliser mon diplôme pour l'étranger ?", "fr").nature is None


def test_language_is_guessed_when_none_is_given() -> None:
    assert proposed("Ich möchte mich über Ihre Mitarbeiter am Schalter beschweren.").nature is Nature.COMPLAINT


def test_the_meaning_is_read_once_for_service_and_nature(monkeypatch: pytest.MonkeyPatch) -> None:
    router().meaning.load()
    asked: list[str] = []
    really = type(router().meaning).read

    def read(meaning: Any, text: str, like: Any = None) -> Any:
        asked.append(text)
        return really(meaning, text, like)

    monkeypatch.setattr(type(router().meaning), "read", read)
    text = "Votre ambassade m'a très mal reçu et je veux m'en plaindre."
    routing = router().route(text, lang="fr", on=DAY)
    assert asked.count(text) == 1
    assert routing.proposed.nature is Nature.COMPLAINT
