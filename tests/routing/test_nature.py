"""What kind of request a text seems to be, and whether somebody is in trouble now."""

import json
from pathlib import Path

import pytest

from tracker.charter.words import Nature
from tracker.routing.nature import propose_nature

HELD_OUT = Path(__file__).parent / "data" / "held_out.jsonl"


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
def test_the_wording_proposes_a_nature(text: str, lang: str | None, nature: Nature | None) -> None:
    proposal = propose_nature(text, lang)
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
    assert propose_nature(text, lang).urgent is urgent


def test_complaints_are_rarely_seen_where_there_are_none() -> None:
    rows = [json.loads(line) for line in HELD_OUT.read_text(encoding="utf-8").splitlines()]
    others = [row for row in rows if row["expected"] not in {"COMPLAINTS", "EXT:FEDERAL-OMBUDSMAN"}]
    wrong = [row for row in others if propose_nature(row["text"], row["lang"]).nature is Nature.COMPLAINT]
    assert len(wrong) <= 0.02 * len(others)


def test_language_is_guessed_when_none_is_given() -> None:
    assert propose_nature("Ich möchte mich über Ihre Mitarbeiter am Schalter beschweren.").nature is Nature.COMPLAINT
