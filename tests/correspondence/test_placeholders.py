"""What stands in square brackets in a text is filled by the file or by its writer, and never leaves unfilled."""

from datetime import date

import pytest

from tests.correspondence.letters import FACTS, P1, REFERENCE, SIGNATURE, facts
from tracker.charter.words import Language, MessageKind
from tracker.correspondence.compose import _given, compose, filled
from tracker.correspondence.explanation import date_in_words
from tracker.correspondence.gate import Item, SendRefused
from tracker.correspondence.placeholders import fill_in, names, unknown, values_of
from tracker.correspondence.tables import read_table

WHOLE = facts(promise=P1)


def left(body: str, **more: object) -> list[str]:
    """Return what a letter with these words is refused for."""
    try:
        compose(MessageKind.ANSWER, facts(body=body, **more), Language.FR)
    except SendRefused as refused:
        return [missing.written for missing in refused.missing if missing.item is Item.PLACEHOLDER]
    return []


def test_the_table_names_exactly_what_a_file_fills() -> None:
    table = read_table("placeholders")["placeholder"]

    assert set(table) == set(values_of(_given(WHOLE), Language.FR))
    for name, words in table.items():
        assert set(words) - {"formerly"} == set(Language), name
        assert all(word and word == word.strip() for word in words.values()), name


def test_a_placeholder_is_filled_by_what_it_was_called_formerly() -> None:
    former, now = filled("[Verfolgungsseite]\n[Statusseite]", WHOLE, Language.DE).split("\n")
    assert former == now
    assert former.startswith("https://")


@pytest.mark.parametrize("written_in", Language)
@pytest.mark.parametrize("language", Language)
def test_every_placeholder_is_filled_in_the_language_of_the_letter_whatever_its_own(
    language: Language, written_in: Language
) -> None:
    text = filled("\n".join(names(written_in)), WHOLE, language)

    assert text.split("\n") == [
        REFERENCE,
        FACTS.case_subject,
        FACTS.requester_name,
        date_in_words(date(2026, 1, 5), language),
        date_in_words(date(2026, 1, 20), language),
        SIGNATURE.name,
        SIGNATURE.phone,
        SIGNATURE.email,
        SIGNATURE.service_name,
        "https://suivi.example/fr/follow",
    ]


@pytest.mark.parametrize("way", ["[reference]", "[ Reference ]", "[RÉFÉRENCE]", "[Aktenzeichen]"])
def test_how_it_is_written_does_not_matter(way: str) -> None:
    assert filled(f"File {way}.", WHOLE, Language.EN) == f"File {REFERENCE}."


@pytest.mark.parametrize("kept", ["[1]", "[…]", "[...]", "[ ]", "[]", "a [b", "]a[", "[a\nb]", "[" + "a" * 80 + "]"])
def test_other_brackets_stay(kept: str) -> None:
    assert left(f"Voir {kept}.") == []


@pytest.mark.parametrize("stays", ["[?]", "[? quel pays]", "[pays]", "[sic]", "[date limite]"])
def test_what_is_unknown_or_unfilled_is_refused_and_named(stays: str) -> None:
    assert left(f"Madame, {stays} et {stays}.") == [stays]  # facts() knows of no date that is owed


def test_all_that_stays_is_named_at_once_in_body_and_reason() -> None:
    assert left("[x] [? y] [référence]", reason="[z]") == ["[x]", "[? y]", "[z]"]


def test_what_a_citizen_wrote_in_brackets_is_not_taken_for_a_placeholder() -> None:
    letter = compose(
        MessageKind.ANSWER, facts(body="Objet : [objet].", case_subject="Visa [reference] [?]"), Language.FR
    )

    assert "Objet : Visa [reference] [?]." in letter.text


@pytest.mark.parametrize("language", Language)
def test_the_refusal_names_it_and_says_what_to_do(language: Language) -> None:
    with pytest.raises(SendRefused) as refused:
        compose(MessageKind.INTERIM, facts(reason="[? Land]", promised_on=date(2026, 3, 2)), Language.DE)

    (sentence,) = refused.value.sentences(language)
    assert "[? Land]" in sentence
    assert "{" not in sentence


def test_what_no_file_fills_is_known_before_anybody_writes() -> None:
    assert unknown("[référence] [Handler] [?] [? x] [referense] [1] [referense]") == ["[referense]"]


def test_many_brackets_take_no_time() -> None:
    text = "[" * 20_000 + "a" * 20_000 + "[a" * 20_000

    assert fill_in(text, {}) == (text, [])
