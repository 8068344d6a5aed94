"""The letter on paper: it holds what the charter wants on it, shows its address in the window; all can read it."""

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import segno
from pypdf import PageObject, PdfReader

from tests.correspondence.letters import DESTINATION, LETTERS, REFERENCE, SIGNATURE
from tracker.charter.words import Channel, Language
from tracker.correspondence.compose import compose
from tracker.correspondence.explanation import date_in_words, organisation, refusal
from tracker.correspondence.letter import RULE, AddressTooLong, NotPrintable, PaperFacts, facts_on_paper, render

MILLIMETRE = 72 / 25.4
WRITTEN = date(2026, 1, 6)
WINDOW = (115, 195, 45, 69)
"""Where the address stands whatever the envelope, in mm: from the left, to the right, from the top, to the bottom."""
SHOWS = (85, 210, 30, 84)
"""Where anything else might show in the window too, in mm."""


def paper(name: str = "answer", language: Language = Language.FR, body: str | None = None, **more: Any) -> PaperFacts:
    """Return one kind of letter as it is kept, with what a test wants changed in it."""
    kind, given = LETTERS[name]
    given = given if body is None else replace(given, body=body)
    written = compose(kind, given, language, official_language=Language.NL)
    facts = PaperFacts(
        text=written.text,
        subject=written.subject,
        signature=SIGNATURE.as_record(REFERENCE),
        recipient="Jeanne Dubois",
        address="Chaussée de Charleroi 145 bte 12\n1060 Bruxelles",
        channel=Channel.POST,
        language=language,
        written_on=WRITTEN,
        registered=False,
        follow_url=None if name == "transmission" else f"https://suivi.example/{language}/follow",
    )
    return replace(facts, **more)


def read(pdf: bytes) -> str:
    """Return the text of every page as one line, without the line at the foot."""
    pages = PdfReader(BytesIO(pdf)).pages
    return squeeze(" ".join(page.extract_text().strip().rpartition("\n")[0] for page in pages))


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))


def placed(page: PageObject) -> list[tuple[float, float, str]]:
    """Return each run of text with where it stands: mm from the left and from the top edge of the sheet."""
    found: list[tuple[float, float, str]] = []

    def visit(text: str, outer: list[float], inner: list[float], _: Any, __: Any) -> None:
        if text.strip():
            x = inner[4] * outer[0] + outer[4]
            y = inner[5] * outer[3] + outer[5]
            found.append((x / MILLIMETRE, 297 - y / MILLIMETRE, text.strip()))

    page.extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", LETTERS)
def test_the_text_read_back_holds_what_the_charter_wants_on_it_and_every_word_that_is_kept(
    name: str, language: Language
) -> None:
    facts = paper(name, language)

    told = read(render(facts))

    for item in (*SIGNATURE.as_record(REFERENCE).values(), organisation(language), "Jeanne Dubois"):
        assert squeeze(item) in told, item
    assert date_in_words(WRITTEN, language) in told
    assert "Chaussée de Charleroi 145 bte 12 1060 Bruxelles" in told
    whole = squeeze(re.sub(r"(?m)^- ", "– ", facts.text).replace(RULE, "")).strip()
    for sentence in re.split(r"(?<=[.:!?,]) ", whole):
        assert sentence in told, sentence


@pytest.mark.parametrize("language", Language)
def test_it_declares_the_standards_its_language_and_its_title(language: Language) -> None:
    facts = paper("interim", language)

    pdf = PdfReader(BytesIO(render(facts)))

    root = pdf.trailer["/Root"]
    described = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfaid:part>2<", described)
    assert re.search(r"pdfaid:conformance>A<", described)
    assert re.search(r"pdfuaid:part>1<", described)
    assert root["/Lang"] == f"{language}-BE"
    assert root["/MarkInfo"]["/Marked"]
    assert pdf.metadata is not None
    assert pdf.metadata.title == facts.subject
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def test_its_structure_has_one_heading_its_lists_and_a_text_for_the_code() -> None:
    tags = _tags(PdfReader(BytesIO(render(paper()))).trailer["/Root"]["/StructTreeRoot"])

    kinds = [kind for kind, _ in tags]
    assert kinds.count("/H1") == 1
    assert kinds.count("/LI") == 2
    assert [alt for kind, alt in tags if kind == "/Figure"] == [
        f"Code QR\u00a0: ouvre https://suivi.example/fr/follow?reference={REFERENCE}"
    ]


def _tags(node: Any) -> list[tuple[str, str | None]]:
    found = [(str(node["/S"]), node.get("/Alt"))] if "/S" in node else []
    below = node.get("/K", [])
    for child in below if isinstance(below, list) else [below]:
        child = child.get_object() if hasattr(child, "get_object") else child
        if isinstance(child, dict):
            found += _tags(child)
    return found


LONG_ADDRESS = (
    "c/o Residentie De Gouden Appel, blok C, appartement 14\nt.a.v. de heer Johannes Vandenbroucke-Vanderstraeten\n"
    "Grote Baan van Sint-Genesius naar Beersel 1234 bus 0056\nIndustriezone West – Gebouw 7\n"
    "1640 SINT-GENESIUS-RODE\nBELGIË"
)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("address", ["Chaussée de Charleroi 145 bte 12\n1060 Bruxelles", LONG_ADDRESS])
def test_nothing_but_the_address_shows_in_the_window(address: str, language: Language) -> None:
    facts = paper(language=language, address=address, registered=True)

    runs = placed(PdfReader(BytesIO(render(facts))).pages[0])

    left, right, top, bottom = SHOWS
    showing = [(x, y, text) for x, y, text in runs if left <= x <= right and top <= y <= bottom]
    told = squeeze(" ".join(text for _, _, text in showing))
    assert told == squeeze(f"Jeanne Dubois {address}")
    left, right, top, bottom = WINDOW
    assert all(left - 0.5 < x < right and top < y < bottom for x, y, _ in showing)


def test_the_ink_of_a_long_address_stays_in_the_window_and_none_other_does() -> None:
    """Drawn, and looked at dot by dot: ten to the millimetre."""
    page = pypdfium2.PdfDocument(render(paper(address=LONG_ADDRESS, language=Language.DE)))[0]
    drawn = page.render(scale=10 / MILLIMETRE, grayscale=True).to_pil()

    left, right, top, bottom = (10 * edge for edge in SHOWS)
    inked = drawn.crop((left, top, right, bottom)).point(lambda dot: 255 * (dot < 200)).getbbox()

    assert inked is not None
    assert inked[0] + left >= 10 * WINDOW[0] - 5
    assert inked[2] + left <= 10 * WINDOW[1]
    assert inked[1] + top >= 10 * WINDOW[2] - 5
    assert inked[3] + top <= 10 * WINDOW[3]


def test_an_address_that_does_not_fit_even_in_small_print_is_refused() -> None:
    with pytest.raises(AddressTooLong):
        render(paper(address="\n".join(f"Line {number}" for number in range(12))))


@pytest.mark.parametrize(
    ("recipient", "address"),
    [
        ("Александр Чайковский", "Кутузовский проспект 12\n121248 Москва"),
        ("محمد عبد الرحمن", "12 شارع طلعت حرب\nالقاهرة"),
        ("Γιώργος Παπαδόπουλος", "Ερμού 5\nΑθήνα"),
        ("Đặng Thị Nguyễn", "Łódź, Žižkov, Ștefan, Gülşen, ẞ"),
    ],
)
def test_names_of_the_world_are_printed_as_they_are_written(recipient: str, address: str) -> None:
    pdf = PdfReader(BytesIO(render(paper(recipient=recipient, address=address))))

    fonts = pdf.pages[0]["/Resources"]["/Font"]
    told = pdf.pages[0].extract_text()
    for font in fonts.values():  # the sign that stands for a missing letter is never drawn
        assert "\ufffd" not in told
        assert font.get_object()["/BaseFont"].split("+")[1].startswith(("PublicSans", "LibertinusSerif", "DejaVu"))
    letters = set(re.sub(r"\s", "", recipient + address))
    assert letters <= set(told) | {"\u064a"}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"recipient": "王小明"}, "recipient"),
        ({"address": "東京都千代田区"}, "recipient"),
        ({"body": "서울에서"}, "text"),
    ],
)
def test_a_script_that_no_font_has_is_refused_by_name(more: dict[str, str], kind: str) -> None:
    with pytest.raises(NotPrintable) as refused:
        render(paper(**more))

    assert refused.value.values["kind"] == kind
    given = next(iter(more.values()))
    assert str(refused.value.values["letters"]).split() == list(dict.fromkeys(c for c in given))
    for language in Language:
        assert str(refused.value.values["letters"]) in refusal(refused.value, language)


def test_all_that_cannot_be_printed_is_named_at_once() -> None:
    with pytest.raises(NotPrintable) as refused:
        render(paper(body="Voir 北京 🙂 et ก, dans 北京."))

    assert refused.value.values["letters"] == "北 京 ก"


def test_what_is_enclosed_is_listed_with_its_pages() -> None:
    told = read(render(paper("transmission", Language.NL, enclosed=[("a.pdf", 2), ("b.png", 1), ("c.docx", 0)])))

    assert told.endswith("Bijlagen – a.pdf (2 pagina's) – b.png (1 pagina) – c.docx (apart bijgevoegd)")


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ("Esplanade 1, boîte 4, 1060 Bruxelles", ["Esplanade 1, boîte 4", "1060 Bruxelles"]),
        (
            "Rue Haute / Hoogstraat 1,1000 Bruxelles / Brussel",
            ["Rue Haute / Hoogstraat 1", "1000 Bruxelles / Brussel"],
        ),
        ("67075 Strasbourg Cedex, France", ["67075 Strasbourg Cedex", "France"]),
        ("Hauptstr. 5, D-10117 Berlin, Allemagne", ["Hauptstr. 5", "D-10117 Berlin", "Allemagne"]),
        ("P.O. Box 30461, Nairobi", ["P.O. Box 30461, Nairobi"]),
        ("Rue Haute 1000, Liège\n4000 Liège, Belgique", ["Rue Haute 1000, Liège", "4000 Liège, Belgique"]),
    ],
)
def test_an_address_on_one_line_has_postcode_and_country_on_their_own(address: str, lines: list[str]) -> None:
    assert facts_on_paper(paper("transmission", address=address))["recipient"] == ["Jeanne Dubois", *lines]


def test_somebody_elses_words_stand_between_two_lines_that_are_drawn() -> None:
    whole = paper("transmission").text

    assert whole.count(f"\n{RULE}\n") == 2
    assert RULE not in read(render(paper("transmission")))


def test_pictures_are_written_in_words_and_nothing_is_a_command() -> None:
    odd = "🙂 #heading *bold* $x$ `code` <tag> \\u{41} \"quoted\" -- 'it' {{ name }} #panic()\x07\u202eend"

    told = read(render(paper(body=odd)))

    assert odd.replace("🙂", "[slightly smiling face]").replace("\x07\u202e", "") in told


def test_a_long_text_runs_over_pages_that_say_which_they_are_and_keeps_the_signature_whole() -> None:
    body = "\n\n".join(f"Paragraphe {number}. " + "Nous avons examiné votre demande. " * 12 for number in range(18))

    pages = PdfReader(BytesIO(render(paper(body=body)))).pages

    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        told = squeeze(page.extract_text())
        assert f"Page {number} sur 3" in told
        assert REFERENCE in told
    last = squeeze(pages[-1].extract_text())
    assert last.index("salutations distinguées") < last.index(f"{SIGNATURE.name} {SIGNATURE.title}")


@pytest.mark.parametrize("paragraphs", range(3, 9))
def test_no_page_holds_nothing_but_the_signature(paragraphs: int) -> None:
    body = "\n\n".join(f"Paragraphe {number}. " + "Nous avons examiné. " * 9 for number in range(paragraphs))
    facts = paper(body=body)

    *_, last = (squeeze(page.extract_text()) for page in PdfReader(BytesIO(render(facts))).pages)

    assert f"Mentionnez toujours la référence {REFERENCE}" in last


def test_a_word_longer_than_a_line_stays_on_the_sheet() -> None:
    page = pypdfium2.PdfDocument(render(paper(body="x" * 300 + " https://suivi.example/" + "y" * 200)))[0]

    drawn = page.render(scale=1, grayscale=True).to_pil()
    margin = drawn.crop((int(191 * MILLIMETRE), 0, drawn.width, drawn.height))

    assert margin.getextrema() == (255, 255)


@pytest.mark.parametrize("language", Language)
def test_the_code_on_the_letter_holds_the_tracking_page_with_the_reference_and_nothing_else(
    language: Language,
) -> None:
    """Read from the drawing, square by square."""
    wanted = segno.make(f"https://suivi.example/{language}/follow?reference={REFERENCE}", micro=False, error="m")
    page = pypdfium2.PdfDocument(render(paper("acknowledgement", language)))[0]
    drawn = page.render(scale=20 / MILLIMETRE, grayscale=True).to_pil()
    code = drawn.crop((20 * 24, 0, 20 * 46, 20 * 96)).point(lambda dot: 255 * (dot < 128))
    box = code.crop((0, 20 * 80, code.width, code.height)).getbbox()  # its lower half, where nothing else is
    assert box is not None
    left, right, bottom = box[0], box[2], box[3] + 20 * 80
    size = (right - left) / len(wanted.matrix)

    for down, row in enumerate(reversed(list(wanted.matrix))):
        for across, dark in enumerate(row):
            dot = (int(left + (across + 0.5) * size), int(bottom - (down + 0.5) * size))
            assert bool(code.getpixel(dot)) is bool(dark), (down, across)


def test_the_tracking_code_is_printed_and_a_letter_to_another_body_leads_to_no_tracking_page() -> None:
    assert "7K2QD-9XWMA" in read(render(paper("acknowledgement")))
    to_body = PdfReader(BytesIO(render(paper("transmission", recipient=DESTINATION.name))))
    assert "/Figure" not in [kind for kind, _ in _tags(to_body.trailer["/Root"]["/StructTreeRoot"])]


def test_a_fax_says_its_number_and_registered_post_that_it_is() -> None:
    assert "Jeanne Dubois Par fax : +32 2 501 81 70" in read(
        render(paper(address="+32 2 501 81 70", channel=Channel.FAX))
    )
    assert "Aangetekend" in read(render(paper(language=Language.NL, registered=True)))


@pytest.mark.parametrize(
    "street", ["Rue des Petits Carmes / Karmelietenstraat 15", "Rue du Grand Hospice du Parc 15A"]
)
def test_neither_street_and_number_nor_postcode_and_place_are_broken(street: str) -> None:
    facts = paper()
    signature = dict(facts.signature) | {"postal_address": f"{street}, 1000 Bruxelles / Brussel"}

    lines = PdfReader(BytesIO(render(replace(facts, signature=signature)))).pages[0].extract_text().splitlines()

    for pair in (" ".join(street.split()[-2:]), "1000 Bruxelles"):
        assert any(pair in line for line in lines[:11]), (pair, lines)


def test_the_name_stands_once_when_the_address_begins_with_it() -> None:
    told = read(render(paper(address="Jeanne DUBOIS\nChaussée de Charleroi 145\n1060 Bruxelles")))

    assert told.startswith("Jeanne DUBOIS Chaussée")


def test_a_text_that_is_kept_without_its_signature_is_signed_all_the_same() -> None:
    told = read(render(paper(text="Voici notre réponse.")))

    signed = told.partition("Voici notre réponse.")[2]
    for item in SIGNATURE.as_record(REFERENCE).values():
        assert squeeze(item) in signed, item


def test_the_same_letter_is_the_same_file() -> None:
    assert render(paper()) == render(paper())
