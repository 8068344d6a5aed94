"""The masking of texts that are kept: what may tell who somebody is goes, the matter stays; linear in the text."""

from time import process_time

import pytest

from tracker.routing.masking import masked

FR = (
    "Bonjour, je m'appelle Fatima El Amrani et j'habite rue de la Loi 16, 1000 Bruxelles. Mon passeport EK123456 a"
    " été volé à Madrid. Tél. 0478 12 34 56, registre national 85.07.30-033.28, compte BE68 5390 0754 7034."
)
NL = (
    "Geachte, mijn zoon Pieter Desmedtski zit vast in Bangkok. Wij wonen Kerkstraat 12 bus 3, 9000 Gent. Mail naar"
    " pieter.desmedtski@example.org of zie https://foto.example/p?id=77. Dossier DOS-2026-0001234-14."
)
DE = (
    "Sehr geehrte Damen und Herren, mein Name ist Jürgen Hoffmannsky. Meine Tochter Mia Hoffmannsky reist am"
    " 12.03.2027 nach Kanada; ihr Ausweis trägt die Nummer L01X00T47."
)
EN = "My friend John Kowalczykson was arrested in Peru. We live at 12 Bakerfield Street. Call +32 (0)2 555 12 12."


@pytest.mark.parametrize(
    ("language", "text", "gone", "kept"),
    [
        ("fr", FR, ["Fatima", "Amrani", "Loi 16", "1000", "123456", "0478", "033.28", "5390"],
         ["passeport", "volé à Madrid"]),
        ("nl", NL, ["Desmedtski", "desmedtski", "Kerkstraat", "9000", "foto.example", "0001234"],
         ["mijn zoon", "vast in Bangkok"]),
        ("de", DE, ["Jürgen", "Hoffmannsky", "2027", "L01X00T47"], ["nach Kanada", "Ausweis"]),
        ("en", EN, ["Kowalczykson", "Bakerfield", "555"], ["My friend", "was arrested in Peru"]),
        ("fr", "Le Conseil de l'Europe et les Nations Unies, à Bruxelles, en 2026.", [],
         ["Conseil de l'Europe", "Nations Unies", "Bruxelles", "2026"]),
    ],
)  # fmt: skip
def test_what_tells_who_somebody_is_goes_and_the_matter_stays(
    language: str, text: str, gone: list[str], kept: list[str]
) -> None:
    told = masked(text, language)
    assert [word for word in gone if word in told] == []
    assert [words for words in kept if words not in told] == []


def test_blanks_between_the_parts_of_an_address_hide_nothing() -> None:
    assert "12" not in masked("J'habite rue" + " " * 30 + "Haute," + "\n" * 9 + "12", "fr")


def test_what_the_case_knows_of_its_requester_goes_wherever_it_stands() -> None:
    text = "signé: lindekens ann, chez moi au Dorpsveld 3\n(A. Lindekens)"
    told = masked(text, "nl", ("Ann Lindekens", None, "Dorpsveld 3"))
    assert "indekens" not in told
    assert "Dorpsveld" not in told


@pytest.mark.parametrize("bit", [" ", "Aa ", "a1b2", "1 ", "rue", "A-", "@", "Mr A", "je suis A", "+1-", "a@", "De "])
def test_work_is_linear_in_the_text(bit: str) -> None:
    def seconds(signs: int) -> float:
        started = process_time()
        masked("rue" + (bit * signs)[:signs] + "x", "fr", ("Ann Lindekens",))
        return process_time() - started

    masked("", "fr", ("Ann Lindekens",))
    assert seconds(40_000) < max(0.2, 20 * seconds(8_000))
