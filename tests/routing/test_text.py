"""The normaliser: one word in every spelling, and offsets that point into the text as it was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.routing.language import guess_language
from tracker.routing.text import LANGUAGES, fold, tokens


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("fr", "légalisation", "LEGALISATION"),
        ("fr", "passeports", "passeport"),
        ("fr", "sœur", "soeur"),
        ("fr", "O.T.A.N.", "OTAN"),
        ("fr", "e\u0301tat", "état"),
        ("nl", "geëvacueerd", "geevacueerd"),
        ("nl", "ambassades", "ambassade"),
        ("de", "Führerschein", "Fuehrerschein"),
        ("de", "Straßburg", "Strassburg"),
        ("en", "visas", "visa"),
    ],
)
def test_spellings_of_a_word_share_a_stem(language: str, one: str, other: str) -> None:
    assert [word.stem for word in tokens(one, language)] == [word.stem for word in tokens(other, language)]


def test_function_words_go_but_negations_and_names_stay() -> None:
    assert [word.folded for word in tokens("no answer from your embassy", "en")] == [
        "no",
        "answer",
        "your",
        "embassy",
    ]
    assert [word.folded for word in tokens("la réforme de l'UN", "fr")] == ["reforme", "un"]
    assert [word.folded for word in tokens("UN PASSEPORT", "fr")] == ["passeport"]


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_offsets_point_at_the_word(text: str, language: str) -> None:
    end = 0
    for word in tokens(text, language):
        assert end <= word.start < word.end <= len(text)
        assert fold(text[word.start : word.end], language) == word.folded
        end = word.end


def test_no_more_words_are_read_than_asked_for() -> None:
    assert len(list(tokens("passeport " * 1000, "fr", limit=7))) == 7


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bonjour, j'ai perdu mon passeport et je ne sais pas à qui m'adresser.", "fr"),
        ("Ik weet niet waar ik mijn identiteitskaart kan vernieuwen.", "nl"),
        ("Ich weiß nicht, wo ich meinen Ausweis verlängern kann.", "de"),
        ("I do not know where I can renew my passport.", "en"),
        ("Reisepass verloren", "de"),
        ("He perdido mi pasaporte en Bruselas y necesito ayuda de la embajada de España.", None),
        ("فقدت جواز سفري في المغرب وأحتاج إلى مساعدة", None),
        ("", None),
        ("12 34 !?", None),
    ],
)
def test_language_is_guessed_among_ours_or_not_at_all(text: str, language: str | None) -> None:
    guessed, sure = guess_language(text)
    assert guessed == language
    assert (sure >= 0.8) == (language is not None)
