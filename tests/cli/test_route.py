"""`tracker route`."""

import json

from tests.cli.conftest import assert_one_sentence, call


def test_a_text_gets_its_services_with_reasons() -> None:
    told = call(
        "route", "--json", "--top", "2", given="Mon passeport a été volé à Madrid, que dois-je faire ?", anew=True
    )

    found = json.loads(told.stdout)
    assert told.returncode == 0
    assert found["lang"] == "fr"
    assert found["decision"] in ("auto", "suggest")
    assert found["suggestions"][0]["code"] == "CONSULAR"
    assert found["suggestions"][0]["reasons"]
    assert len(found["suggestions"]) <= 2


def test_the_same_in_words() -> None:
    told = call("route", given="I lost my passport in Spain")

    assert "CONSULAR" in told.stdout
    assert "lost my passport" in told.stdout


def test_an_empty_text_goes_to_triage() -> None:
    told = call("route", "--json")

    assert json.loads(told.stdout)["decision"] == "abstain"


def test_lines_are_routed_one_by_one() -> None:
    lines = ['{"text": "I lost my passport", "lang": "en"}', '{"lang": "en"}', '{"text": "x", "lang": "it"}']
    lines += [
        '{"text": "passport \\ud800 lost in Rome"}',
        '{"text": "x", "country": "Belgium"}',
        '{"text": "Mijn paspoort is weg", "nature": "information"}',
    ]

    told = call("route", "--jsonl", "--top", "1", given="\n".join(lines))

    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.returncode == 1
    assert [answer.get("line") for answer in answers] == [None, 2, 3, None, 5, None]
    assert answers[0]["suggestions"][0]["code"] == "CONSULAR"


def test_a_threshold_that_makes_no_sense_is_named() -> None:
    told = call("route", given="x", settings={"ROUTE_AUTO": "2"})

    assert_one_sentence(told, 2)
    assert "ROUTE_AUTO" in told.stderr
