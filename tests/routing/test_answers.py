"""Short answers and what is told before a text is sent: whole data, right hints, bounded work on bad input."""

import json
import time
from datetime import date
from pathlib import Path

import pytest

from tracker.charter.words import ServiceKind
from tracker.routing.answers import AnswersFileError, ShortAnswers, read_answers, shipped_answers
from tracker.routing.beforehand import Beforehand, beforehand
from tracker.routing.directory import load_directory
from tracker.routing.router import Router
from tracker.routing.rules import load_rules
from tracker.routing.text import LANGUAGES
from tracker.routing.vocabulary import load_vocabulary

DAY = date(2026, 11, 23)
DATA = Path(__file__).parent / "data"
QUESTIONS = [json.loads(line) for line in (DATA / "beforehand.jsonl").read_text(encoding="utf-8").splitlines()]
ONE = """
[sources.charter]
address = ""
read_on = 2026-11-22
fr = "x"
nl = "x"
de = "x"
en = "x"
[[answers]]
key = "one"
services = ["CONSULAR"]
sources = ["charter"]
certainty = "stated"
title = { fr = "x", nl = "x", de = "x", en = "x" }
text = { fr = ["x"], nl = ["x"], de = ["x"], en = ["x"] }
phrases = { fr = ["guichet"], nl = ["loket"], de = ["Schalter"], en = ["counter"] }
"""


@pytest.fixture(scope="module")
def router() -> Router:
    return Router(load_directory())


def told(router: Router, text: str, *, lang: str = "en", country: str | None = None) -> Beforehand:
    return beforehand(router, text, lang=lang, country=country, nature=None, on=DAY)


def test_the_shipped_answers_name_services_and_concepts_that_exist() -> None:
    codes = load_directory().codes
    concepts = {phrase.concept for phrase in load_vocabulary("fr", codes).phrases} | {"abroad", "in_belgium"}
    keys = [answer.key for answer in shipped_answers().all]
    assert len(keys) == len(set(keys)) >= 12
    for answer in shipped_answers().all:
        assert set(answer.services) <= set(codes), answer.key
        assert answer.every | answer.none <= concepts, answer.key
        assert answer.services or answer.nature, answer.key
        assert set(answer.against) in (set(), set(LANGUAGES)), answer.key
    assert load_rules(codes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('certainty = "stated"', 'certainty = "unverified"'), "one: what is not verified"),
        (('nl = ["x"]', "nl = []"), "one: text in nl"),
        (('sources = ["charter"]', 'sources = ["other"]'), "one: 'other'"),
        (('title = { fr = "x",', "title = {"), "one: 'fr'"),
        (('["guichet"]', '["de la"]'), "one: the pattern"),
        (("[[answers]]", "[[answers"), "not readable"),
    ],
)
def test_an_answer_that_is_not_whole_is_named(change: tuple[str, str], said: str) -> None:
    with pytest.raises(AnswersFileError, match=said):
        ShortAnswers(read_answers(ONE.replace(*change)))


def test_what_is_told_of_common_questions_is_right_and_most_are_told_something(router: Router) -> None:
    told_of = [(one, told(router, one["text"], lang=one["lang"], country=one.get("country"))) for one in QUESTIONS]
    wrong = [
        one["text"]
        for one, found in told_of
        if {answer.key for answer in found.answers} - set(one["answers"])
        or (found.body is not None and found.body.code not in one["bodies"])
    ]
    helped = [one for one, found in told_of if found.body or found.answers]
    could_be = [one for one in QUESTIONS if one["answers"] or one["bodies"]]

    assert len(wrong) <= 0.05 * len(helped), wrong
    assert len(helped) >= 0.7 * len(could_be)


def test_of_a_hundred_bodies_and_answers_told_to_citizens_ninety_five_are_right(router: Router) -> None:
    right, wrong = 0, []
    for line in (DATA / "tune.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        acceptable = {one["expected"], *one.get("acceptable", ())}
        found = told(router, one["text"], lang=one["lang"], country=one.get("country"))
        named = [{found.body.code}] if found.body else []
        named += [set(answer.services) for answer in found.answers if answer.services]
        wrong += [one["text"] for codes in named if not codes & acceptable]
        right += sum(bool(codes & acceptable) for codes in named)

    assert right >= 50
    assert len(wrong) <= 0.05 * (right + len(wrong)), wrong


def test_who_chose_to_complain_is_not_told_how_to(router: Router) -> None:
    text = "The lady at your consulate was rude and hung up. I want to complain."
    asked, complained = (
        beforehand(router, text, lang="en", country=None, nature=nature, on=DAY) for nature in (None, "complaint")
    )

    assert [answer.key for answer in asked.answers] == ["complaints"]
    assert complained.answers == ()


def test_an_emergency_gets_the_telephone_and_no_other_body(router: Router) -> None:
    found = told(router, "Ma fille a été arrêtée hier au Pérou, au secours", lang="fr")

    assert found.emergency
    assert found.body is None


def test_a_text_in_another_language_than_the_page_is_read_in_its_own(router: Router) -> None:
    found = told(router, "Mijn aangifte van de personenbelasting klopt niet, wie verbetert mijn aanslag?", lang="en")

    assert found.body is not None
    assert found.body.code == "EXT:FPS-FINANCE"


@pytest.mark.parametrize("text", ["", " \n", "\x00\x01\ufffe", "😀" * 5000, "\ud800 x", "a" * 300_000, "?!" * 9000])
def test_what_says_nothing_tells_nothing(router: Router, text: str) -> None:
    found = told(router, text)

    assert (found.body, found.answers, found.emergency) == (None, (), False)


def test_a_hundred_thousand_words_take_no_longer_than_what_is_read_of_them(router: Router) -> None:
    def seconds(words: int) -> float:
        started = time.process_time()
        told(router, "passeport visa légalisation impôts " * (words // 4), lang="fr")
        return time.process_time() - started

    seconds(4)
    some, many = (min(seconds(words) for _ in range(3)) for words in (10_000, 100_000))
    assert many < 3 * some + 0.05


def test_nobody_is_sent_to_the_service_that_stands_for_all_others(router: Router) -> None:
    found = told(router, "Où acheter un billet de train, et pourquoi la SNCB est-elle en retard ?", lang="fr")

    assert found.body is None or found.body.code != "EXT:OTHER"
    assert found.body is None or found.body.kind is not ServiceKind.INTERNAL
