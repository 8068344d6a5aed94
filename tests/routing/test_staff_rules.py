"""The rules of staff: what meets them, what they decide, and what they never do."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from time import process_time
from typing import Any

import pytest

from tracker.charter.words import Nature
from tracker.routing.comparing import compare
from tracker.routing.directory import load_directory
from tracker.routing.examples import Example, mark
from tracker.routing.proposal import Routing
from tracker.routing.router import Router
from tracker.routing.staff_rules import StaffRule, StaffRules, Told, UnreadablePattern

TODAY = date(2026, 11, 22)
RULE = StaffRule(
    number=7, name="Fishing boats", code="M5", words={"fr": ["bateau* de pêche"], "en": ["fishing boat*"]}
)
BOATS = "Bonjour, mon oncle a deux bateaux de pêche et demande qui s'en occupe. Merci."


@cache
def plain() -> Router:
    return Router(load_directory())


def route(*rules: StaffRule, text: str = BOATS, lang: str | None = "fr", router: Router | None = None,
          **more: Any) -> Routing:  # fmt: skip
    return (router or plain()).with_rules(StaffRules(rules)).route(text, lang=lang, **({"on": TODAY} | more))


def codes(routing: Routing) -> list[str]:
    return [one.code for one in routing.suggestions]


def test_a_rule_that_is_met_decides_and_is_named_with_its_passage() -> None:
    assert plain().route(BOATS, lang="fr", on=TODAY).suggestions[0].code != "M5"

    routing = route(RULE)

    assert (routing.decision, codes(routing)[0]) == ("auto", "M5")
    assert routing.suggestions[0].reasons[0].competence == "Fishing boats"
    assert routing.suggestions[0].reasons[0].passage == "bateaux de pêche"
    assert json.loads(json.dumps(routing.to_json()))["rules"] == [
        {"number": 7, "name": "Fishing boats", "code": "M5", "passage": "bateaux de pêche"}
    ]


def test_without_a_rule_met_nothing_changes() -> None:
    text = "Comment légaliser mon diplôme belge pour l'Égypte ?"
    assert route(RULE, text=text) == plain().route(text, lang="fr", on=TODAY)
    assert "rules" not in route(RULE, text=text).to_json()


@pytest.mark.parametrize(
    ("conditions", "told", "met"),
    [
        ({"place": "TH"}, {"country": "TH"}, True),
        ({"place": "TH"}, {"country": "VN"}, False),
        ({"place": "TH"}, {}, False),
        ({"place": "abroad"}, {"country": "TH"}, True),
        ({"place": "abroad"}, {"country": "BE"}, False),
        ({"place": "abroad"}, {}, False),
        ({"place": "in_belgium"}, {"country": "BE"}, True),
        ({"place": "in_belgium"}, {"country": "TH"}, False),
        ({"nature": "complaint"}, {"nature": "complaint"}, True),
        ({"nature": "complaint"}, {"nature": "information"}, False),
        ({"nature": "complaint"}, {}, False),
        ({"channel": "fax"}, {"channel": "fax"}, True),
        ({"channel": "fax"}, {"channel": "web"}, False),
        ({"language": "fr"}, {}, True),
        ({"language": "nl"}, {}, False),
        ({"valid_from": TODAY}, {}, True),
        ({"valid_from": TODAY + timedelta(days=1)}, {}, False),
        ({"valid_to": TODAY}, {}, True),
        ({"valid_to": TODAY - timedelta(days=1)}, {}, False),
        ({"words": {"nl": ["vissersboot"]}}, {}, False),
        ({"words": {"fr": ["chalutier", "bateau + oncle"]}}, {}, True),
        ({"words": {}, "channel": "fax"}, {"channel": "fax"}, True),
        ({"place": "TH", "nature": "complaint"}, {"country": "TH"}, False),
    ],
)
def test_all_that_a_rule_asks_for_must_be_so(conditions: dict[str, Any], told: dict[str, Any], met: bool) -> None:
    assert bool(route(replace(RULE, **conditions), **told).rules) is met


def test_rules_that_contradict_each_other_leave_it_to_a_person_and_are_both_named() -> None:
    routing = route(RULE, replace(RULE, number=8, name="Boats", code="DGE", words={"fr": ["bateau"]}))
    assert routing.decision == "suggest"
    assert codes(routing)[:2] == ["M5", "DGE"]
    assert [met.rule.name for met in routing.rules] == ["Fishing boats", "Boats"]


def test_rules_that_agree_decide_together() -> None:
    routing = route(RULE, replace(RULE, number=8, name="Boats", words={"fr": ["bateau"]}))
    assert (routing.decision, codes(routing).count("M5"), len(routing.rules)) == ("auto", 1, 2)


def test_how_good_a_model_is_does_not_hang_on_the_rules() -> None:
    one = Example("Comment légaliser mon diplôme belge pour l'Égypte ?", "fr", "CONSULAR")
    astray = plain().with_rules(StaffRules([replace(RULE, words={"fr": ["diplôme"]})]))
    newer = replace(plain().model, judged={mark(one): True})
    assert compare(astray, newer, [one], on=TODAY).before == 1


@pytest.mark.parametrize("code", ["EXT:FPS-MOBILITY", "NATO-IS", "EXT:FOREIGN-EMBASSY"])
def test_for_a_body_outside_a_rule_only_suggests(code: str) -> None:
    routing = route(replace(RULE, code=code))
    assert (routing.decision, codes(routing)[0]) == ("suggest", code)
    assert (routing.proposed.nature, routing.proposed.passages[0]) == (Nature.MISDIRECTED, "bateaux de pêche")


def test_what_a_rule_keeps_here_did_not_go_to_the_wrong_address() -> None:
    text = "Quand ma pension de retraite sera-t-elle versée par le Service fédéral des Pensions ?"
    assert route(text=text).proposed.nature is Nature.MISDIRECTED
    routing = route(replace(RULE, words={"fr": ["pension"]}), text=text)
    assert (codes(routing)[0], routing.proposed.nature) == ("M5", None)


def test_a_rule_whose_target_has_closed_or_was_never_there_counts_as_if_it_were_not_there() -> None:
    entry = load_directory().get("M5", on=TODAY)
    assert entry is not None
    closed = replace(entry, valid_to=TODAY, successor=None)
    without = Router(load_directory().with_versions("M5", (closed,)), model=plain().model, meaning=plain().meaning)
    assert route(RULE, router=without) == without.route(BOATS, lang="fr", on=TODAY)
    assert route(replace(RULE, code="M99")) == plain().route(BOATS, lang="fr", on=TODAY)


def test_a_rule_whose_target_has_a_successor_goes_there() -> None:
    entry = load_directory().get("M5", on=TODAY)
    assert entry is not None
    directory = load_directory().with_versions("M5", (replace(entry, valid_to=TODAY, successor="DGE"),))
    moved = Router(directory, model=plain().model, meaning=plain().meaning)
    assert (codes(route(RULE, router=moved))[0], route(RULE, router=moved).decision) == ("DGE", "auto")


def test_a_rule_without_words_holds_for_a_text_without_words() -> None:
    routing = route(replace(RULE, words={}, channel="fax"), text="…", channel="fax")
    assert (routing.decision, codes(routing), routing.reason) == ("auto", ["M5"], None)


@pytest.mark.parametrize(
    ("pattern", "everything"),
    [("*", True), ("**", True), ("* *", True), ("", False), ("   ", False), ("+", False), ("=", False), ("de", True),
     ("de + la", True), ("=le", True), ("a*", True), ("*ab", True), ("a+b", False), ("vi*sa", False), ("!?", False),
     ("🙂", False), ("\x00", False), ("mot " * 20, False), ("x" * 101, False)],
)  # fmt: skip
def test_a_pattern_that_meets_everything_or_cannot_be_read_is_refused(pattern: str, everything: bool) -> None:
    with pytest.raises(UnreadablePattern) as refused:
        StaffRules([replace(RULE, words={"fr": [pattern]})])
    assert refused.value.everything is everything


def test_a_rule_without_any_condition_is_known_as_such() -> None:
    assert not replace(RULE, words={"fr": []}).bounded
    assert replace(RULE, words={}, language="de").bounded


def test_looking_for_many_rules_takes_time_in_proportion_to_the_text() -> None:
    patterns = ["a1 " * 8, "a1 + a2 + a3", "a1a*", "*1a1"]
    rules = StaffRules(replace(RULE, number=n, words={"fr": [p.strip() for p in patterns]}) for n in range(60))
    told = Told("fr", None, None, None, TODAY)

    def seconds(words: int) -> float:
        text = "a1a1 a1 a2 " * words
        before = process_time()
        rules.met(text, told)
        return process_time() - before

    seconds(100)
    assert seconds(4_000) < 12 * max(seconds(1_000), 0.005)
