"""Every message, in every language: whole, versioned, signed, and telling the citizen what happens next."""

import re
from dataclasses import replace
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.correspondence.letters import DESTINATION, FACTS, LETTERS, P1, REFERENCE, REQUEST, SIGNATURE, facts
from tracker.charter.words import Language, MailReason, MessageKind, ObligationKind, ServiceKind
from tracker.correspondence.compose import compose, compose_mail_notice, compose_notice, standard_letter, template_of
from tracker.correspondence.explanation import date_in_words, label
from tracker.correspondence.facts import HeldMail, MailNoticeFacts, NoticeFacts
from tracker.correspondence.gate import Item, SendRefused
from tracker.resources import resource

TEMPLATES = resource("templates") / "correspondence"
COMES_IN = {MessageKind.REQUEST, MessageKind.FOLLOW_UP, MessageKind.NOTE}
OUTGOING = [kind for kind in MessageKind if kind not in COMES_IN]

NOTICE = NoticeFacts(
    reference=REFERENCE,
    rung="before-2",
    kind=ObligationKind.REPLY,
    due_on=date(2026, 1, 24),
    work_by=date(2026, 1, 23),
    today=date(2026, 1, 21),
    case_url=f"https://suivi.example/staff/cases/{REFERENCE}",
    handler_name="Anna Peeters",
)


def test_every_outgoing_kind_has_one_folder_and_every_folder_a_kind() -> None:
    folders = {path.parent.name for path in TEMPLATES.glob("*/message.toml")}

    assert folders == {kind.value for kind in OUTGOING} | {
        "notice",
        "mail_notice",
        "digest",
        "staff_notice",
        "action_notice",
        "password_link",
    }
    assert {kind for kind, _ in LETTERS.values()} == set(OUTGOING)


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in TEMPLATES.glob("*/message.toml")))
def test_every_message_is_there_in_the_four_languages(folder: str) -> None:
    for language in Language:
        for name in ("subject.txt", "body.txt"):
            text = (TEMPLATES / folder / language / name).read_text("utf-8")
            assert text.strip(), f"{folder}/{language}/{name}"
    assert template_of(folder).version >= 1


def test_a_changed_text_has_a_new_version() -> None:
    """Each message records the version of its template: so a template, or its layout, changes only with its version.

    When this fails, count `version` up in the message's `message.toml` (once the texts are in use) and put the
    digest that the failure shows into `versions.txt`.
    """
    lines = (Path(__file__).parent / "versions.txt").read_text().splitlines()

    found = []
    for folder in sorted(path.parent for path in TEMPLATES.glob("*/message.toml")):
        texts = sha256()
        for path in [*sorted(folder.glob("*/*.txt")), *sorted(TEMPLATES.glob("layout/**/*.*"))]:
            texts.update(f"{path.relative_to(TEMPLATES)}\n{path.read_text('utf-8')}".encode())
        found.append(f"{folder.name} {template_of(folder.name).version} {texts.hexdigest()[:16]}")

    assert found == lines


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", ["acknowledgement", "complaint_acknowledgement", "emergency", "tracking_code"])
@pytest.mark.parametrize("name", ["", "- <b>Ann & Zoë</b>\nPhone: 1", "https://suivi.example/x"])
def test_a_standard_letter_is_the_letter_word_for_word(kind: str, language: Language, name: str) -> None:
    """It is drawn once and filled in: for the next person, and the one after, as if it had been written anew."""
    for subject in ("Visa", "- visa\u202e & <i>more</i>", "https://suivi.example/x"):
        _, given = LETTERS[kind]
        given = replace(given, requester_name=name, case_subject=subject, reference=f"{REFERENCE}&{subject}")

        letter = standard_letter(MessageKind(kind), given, language, official_language=Language.NL)

        assert letter == compose(MessageKind(kind), given, language, official_language=Language.NL)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_carries_what_the_charter_wants_on_it(name: str, language: Language) -> None:
    kind, given = LETTERS[name]

    letter = compose(kind, given, language, official_language=Language.NL)

    for part in (letter.text, _text(letter.html)):
        for item in (
            SIGNATURE.name,
            SIGNATURE.title,
            SIGNATURE.phone,
            SIGNATURE.email,
            SIGNATURE.service_name,
            *SIGNATURE.postal_address.split("\n"),
            REFERENCE,
        ):
            assert item in part, item
    assert REFERENCE in letter.subject
    assert (letter.template, letter.version) == (kind.value, template_of(kind.value).version)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", LETTERS)
def test_nothing_stays_unfilled_and_html_says_the_same_as_the_text(name: str, language: Language) -> None:
    kind, given = LETTERS[name]

    letter = compose(kind, given, language, official_language=Language.FR)

    own = letter.text.replace(REQUEST.text, "…")
    assert not re.search(r"\{\{|\}\}|\{%|None|\n{3}", own)
    assert not any(line != line.rstrip() for line in own.split("\n"))
    assert _squeeze(_text(letter.html)) == _squeeze(re.sub(r"(?m)^- ", "", letter.text))
    assert "\n" not in letter.subject


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", LETTERS)
def test_html_is_accessible_and_loads_nothing_from_outside(name: str, language: Language) -> None:
    kind, given = LETTERS[name]

    page = compose(kind, given, language, official_language=Language.FR).html

    assert page.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
    assert "<title>" in page
    assert not re.search(r"<(script|img|link|style|iframe|object|form)|\bsrc=|url\(|@import|\son\w+=", page)
    ours = {FACTS.tracking.url if FACTS.tracking else "", "https://suivi.example/s", DESTINATION.website}
    assert set(re.findall(r'href="(?!tel:)([^"]*)"', page)) <= ours
    dialled = {re.sub(r"\D", "", number) for number in re.findall(r'href="tel:\+([0-9]+)"', page)}
    numbers = [SIGNATURE.phone, *(phone.number for phone in given.phones or ())]
    assert dialled == {re.sub(r"\D", "", number) for number in numbers}


@pytest.mark.parametrize("language", Language)
def test_an_acknowledgement_says_who_by_when_why_and_how_to_follow(language: Language) -> None:
    text = compose(*LETTERS["acknowledgement"], language, official_language=Language.FR).text

    assert date_in_words(date(2026, 1, 20), language, weekday=True) in text
    assert date_in_words(date(2026, 1, 5), language) in text
    assert "15" in text
    assert "https://suivi.example/fr/follow" in text
    assert "7K2QD-9XWMA" in text
    assert text.index(SIGNATURE.name) < text.index("7K2QD-9XWMA")


def test_neither_reference_nor_code_nor_date_is_broken_over_two_lines_on_a_narrow_screen() -> None:
    letter = compose(*LETTERS["acknowledgement"], Language.FR)

    dates = set(re.findall(r"[0-9]+(?:er)? \w+ 20[0-9]{2}", letter.text))
    assert len(dates) > 1
    for text in (REFERENCE, "7K2QD-9XWMA", *dates):
        body = letter.html.partition("<body")[2]
        assert (
            body.count(text)
            == body.count(f'<span style="white-space:nowrap">{text}</span>')
            == letter.text.count(text)
        )


@pytest.mark.parametrize("language", Language)
def test_a_complaint_is_told_of_the_federal_ombudsman(language: Language) -> None:
    text = compose(*LETTERS["complaint_acknowledgement"], language, official_language=Language.FR).text

    assert "www.federalombudsman.be" in text


CALLED = {
    Language.FR: ("plainte", "demande"),
    Language.NL: ("klacht", "vraag"),
    Language.DE: ("Beschwerde", "Anfrage"),
    Language.EN: ("complaint", "request"),
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", ["answer", "interim", "question", "closing"])
def test_a_complaint_is_called_one_and_sends_its_writer_on_to_the_ombudsman(kind: str, language: Language) -> None:
    def written(name: str) -> str:
        letter = compose(*LETTERS[name], language, official_language=Language.FR)
        return f"{letter.subject}\n{letter.text}"

    complaint, request = CALLED[language]
    beside, plain = written(f"{kind}-complaint"), written(kind)

    assert complaint in beside
    assert not re.search(rf"\b(your|votre|uw|Ihrer?) {request}\b", beside)
    assert re.search(rf"\b(your|votre|uw|Ihrer?) {request}\b", plain, re.IGNORECASE)
    if kind in ("answer", "closing"):
        assert "www.federalombudsman.be" in beside
        assert not re.search("introduire une plainte|klacht indienen|Beschwerde einreichen|make a complaint", beside)


@pytest.mark.parametrize("language", Language)
def test_a_date_that_is_past_is_not_promised_again(language: Language) -> None:
    late = compose(*LETTERS["acknowledgement-overdue"], language, official_language=Language.FR).text
    on_time = compose(*LETTERS["acknowledgement"], language, official_language=Language.FR).text
    sorry = {Language.FR: "excuser", Language.NL: "excuses", Language.DE: "Entschuldigung", Language.EN: "apologise"}

    assert date_in_words(date(2026, 1, 20), language, weekday=True) in late
    assert sorry[language] in late
    assert sorry[language] not in on_time


@pytest.mark.parametrize("language", Language)
def test_an_emergency_gives_the_phones_before_anything_else(language: Language) -> None:
    text = compose(*LETTERS["emergency"], language, official_language=Language.FR).text

    numbers = [text.index(number) for number in ("+254 20 712 20 11", "+32 2 501 32 00", "+32 2 501 81 11")]
    assert numbers == sorted(numbers)
    assert numbers[-1] < text.index(REFERENCE)


@pytest.mark.parametrize("language", Language)
def test_an_interim_letter_gives_the_reason_and_the_new_date(language: Language) -> None:
    text = compose(*LETTERS["interim"], language, official_language=Language.FR).text

    assert "Nous attendons l'avis des autorités kényanes." in text
    assert date_in_words(date(2026, 3, 2), language, weekday=True) in text


@pytest.mark.parametrize("language", Language)
def test_a_transmission_carries_the_whole_file(language: Language) -> None:
    text = compose(*LETTERS["transmission"], language).text

    for item in (REQUEST.name, *REQUEST.contact, REQUEST.text, *REQUEST.attachments, FACTS.case_subject):
        assert item in text
    assert date_in_words(date(2026, 1, 5), language) in text


@pytest.mark.parametrize("language", Language)
def test_a_transmission_notice_names_the_body_and_how_to_reach_it(language: Language) -> None:
    sent = compose(*LETTERS["transmission_notice"], language, official_language=Language.FR)
    told = compose(*LETTERS["transmission_notice-foreign"], language, official_language=Language.FR)

    for letter in (sent, told):
        for item in (DESTINATION.name, DESTINATION.email, DESTINATION.phone, DESTINATION.website):
            assert str(item) in letter.text
    assert sent.text != told.text
    assert sent.subject != told.subject


def test_a_transmission_notice_without_any_contact_still_names_the_body() -> None:
    bare = replace(DESTINATION, email=None, phone=None, postal_address=None, website=None)

    text = compose(MessageKind.TRANSMISSION_NOTICE, facts(destination=bare, forwarded=True), Language.FR).text

    assert f"\n\n{DESTINATION.name}\n\n" in text


@pytest.mark.parametrize(
    ("official", "named"), [(Language.FR, "French"), (Language.NL, "Dutch"), (Language.DE, "German")]
)
def test_english_names_the_official_language_that_counts(official: Language, named: str) -> None:
    for name, (kind, given) in LETTERS.items():
        text = compose(kind, given, Language.EN, official_language=official).text

        assert (f"The official language of your file is {named}" in text) == (name != "transmission"), name


@pytest.mark.parametrize("official", [None, Language.EN])
def test_english_without_an_official_language_is_refused(official: Language | None) -> None:
    with pytest.raises(SendRefused) as refused:
        compose(*LETTERS["answer"], Language.EN, official_language=official)

    assert [missing.item for missing in refused.value.missing] == [Item.OFFICIAL_LANGUAGE]


@pytest.mark.parametrize(
    ("kind", "given", "missing"),
    [
        (MessageKind.INTERIM, facts(), [Item.PROMISED_ON, Item.REASON]),
        (MessageKind.INTERIM, facts(reason=" \n ", promised_on=date(2026, 3, 2)), [Item.REASON]),
        (MessageKind.ANSWER, facts(body="\x00\n \n"), [Item.BODY]),
        (MessageKind.ACKNOWLEDGEMENT, facts(tracking=None), [Item.PROMISE, Item.TRACKING]),
        (MessageKind.EMERGENCY, facts(phones=()), [Item.PHONES]),
        (MessageKind.TRANSMISSION, facts(), [Item.DESTINATION, Item.REQUEST]),
        (MessageKind.TRANSMISSION_NOTICE, facts(), [Item.DESTINATION]),
        (
            MessageKind.TRANSMISSION_NOTICE,
            facts(destination=replace(DESTINATION, name=" "), forwarded=True),
            [Item.DESTINATION],
        ),
        (MessageKind.ANSWER, facts(body="Oui.", case_subject=" "), [Item.SUBJECT]),
        (
            MessageKind.TRANSMISSION,
            facts(destination=replace(DESTINATION, kind=ServiceKind.FOREIGN_BODY), request=REQUEST),
            [Item.CONSENT],
        ),
    ],
)
def test_a_message_that_lacks_something_is_refused_with_everything_it_lacks(
    kind: MessageKind, given: object, missing: list[Item]
) -> None:
    with pytest.raises(SendRefused) as refused:
        compose(kind, given, Language.FR)  # type: ignore[arg-type]

    assert [one.item for one in refused.value.missing] == missing


def test_a_foreign_body_gets_a_request_once_the_person_agreed() -> None:
    foreign = replace(DESTINATION, kind=ServiceKind.FOREIGN_BODY)
    agreed = replace(REQUEST, consent_on=date(2026, 1, 8))

    text = compose(MessageKind.TRANSMISSION, facts(destination=foreign, request=agreed), Language.NL).text

    assert "8 januari 2026" in text


def test_what_people_type_can_neither_break_the_page_nor_the_headers() -> None:
    nasty = 'Perdu\r\nBcc: all@example.org <img src=x onerror="alert(1)"> {{ signature }} \x00'

    letter = compose(MessageKind.ANSWER, facts(body=nasty, case_subject=nasty, requester_name=nasty), Language.FR)

    assert "\r" not in letter.subject + letter.text
    assert "\nBcc" not in letter.subject
    assert "<img" not in letter.html
    assert "{{ signature }}" in letter.text
    assert "\x00" not in letter.text + letter.html


def test_what_holds_words_apart_or_letters_together_stays_as_it_was_typed() -> None:
    typed = "65\u00a0€, 1\u202f000 exemplaires, می\u200cخواهم"

    answer = compose(MessageKind.ANSWER, facts(body=f"{typed}\u202e\x07"), Language.FR)

    assert typed in answer.text
    assert "\u202e" not in answer.text
    assert "\x07" not in answer.text


def test_what_is_forwarded_cannot_pass_for_our_own_lines() -> None:
    request = replace(
        REQUEST, name="Jeanne\nLangue : anglais", contact=("a@example.org\r\nTéléphone : 1",), text="Bon\x00jour"
    )

    text = compose(MessageKind.TRANSMISSION, facts(destination=DESTINATION, request=request), Language.FR).text

    assert "Auteur de la demande\u00a0: Jeanne Langue : anglais\na@example.org Téléphone : 1\n" in text
    assert "\x00" not in text


def test_only_addresses_of_ours_become_links() -> None:
    letter = compose(
        MessageKind.ANSWER, facts(body="Voyez https://evil.example/x et https://suivi.example/fr/follow"), Language.FR
    )

    assert re.findall(r'href="(?!tel:)([^"]*)"', letter.html) == ["https://suivi.example/fr/follow"]


def test_the_same_facts_give_the_same_letter() -> None:
    assert compose(*LETTERS["answer"], Language.DE) == compose(*LETTERS["answer"], Language.DE)


def test_a_message_that_only_comes_in_cannot_be_written() -> None:
    with pytest.raises(FileNotFoundError):
        compose(MessageKind.REQUEST, facts(promise=P1), Language.FR)


@pytest.mark.parametrize("language", Language)
def test_a_notice_to_staff_says_what_is_due_and_nothing_about_the_citizen(language: Language) -> None:
    notice = compose_notice(NOTICE, [language])

    for item in (REFERENCE, NOTICE.case_url, date_in_words(NOTICE.due_on, language, weekday=True), "Anna Peeters"):
        assert item in notice.text
        assert item in _text(notice.html)
    assert "Dubois" not in notice.text
    assert "{" not in notice.text


def test_a_notice_is_written_once_in_each_of_its_readers_languages() -> None:
    notice = compose_notice(NOTICE, [Language.NL, Language.FR, Language.NL])

    assert notice.text.count(NOTICE.case_url) == 2
    assert notice.html.count("<div lang=") == 2
    assert notice.subject.startswith("Nog 2 werkdagen om te verzenden")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.skip = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skip = tag == "title"
        if tag in ("p", "li", "br"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.skip = False

    def handle_data(self, data: str) -> None:
        if not self.skip:
            self.parts.append(data)


def _text(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    return "".join(reader.parts)


def _squeeze(text: str) -> str:
    return " ".join(text.split())


LIST = "https://suivi.example/staff/mail"


@pytest.mark.parametrize("language", Language)
def test_a_notice_about_mail_says_what_waits_until_when_and_where(language: Language) -> None:
    presumed = HeldMail(
        reason=MailReason.OTHER_SENDER, due_on=date(2026, 1, 24), url=f"{LIST}/7", reference=REFERENCE,
        handler_name="Anna Peeters",
    )  # fmt: skip
    nobodys = HeldMail(reason=MailReason.ENCRYPTED, due_on=date(2026, 2, 3), url=f"{LIST}/8")

    notice = compose_mail_notice(MailNoticeFacts(held=(presumed, nobodys), ignored=3, list_url=LIST), [language])

    assert "5" in notice.subject
    first, second = (line for line in notice.text.splitlines() if line.startswith("- "))
    for item in (date_in_words(presumed.due_on, language), REFERENCE, "Anna Peeters", presumed.url):
        assert item in first
    assert label(MailReason.OTHER_SENDER, language) in first
    for item in (date_in_words(nobodys.due_on, language), label(MailReason.ENCRYPTED, language), nobodys.url):
        assert item in second
    assert "DOS" not in second
    for url in (LIST, presumed.url, nobodys.url):
        assert f'href="{url}"' in notice.html
    assert "{" not in notice.text
    assert "\n\n\n" not in notice.text


@pytest.mark.parametrize("language", Language)
def test_a_notice_about_much_mail_names_the_first_and_counts_the_rest(language: Language) -> None:
    held = tuple(
        HeldMail(reason=MailReason.EMPTY, due_on=date(2026, 1, 24), url=f"{LIST}/{number}") for number in range(40)
    )

    many = compose_mail_notice(MailNoticeFacts(held=held, ignored=0, list_url=LIST), [language])
    none = compose_mail_notice(MailNoticeFacts(held=(), ignored=2, list_url=LIST), [language])

    assert len([line for line in many.text.splitlines() if line.startswith("- ")]) == 25
    assert "15" in many.text
    assert "- " not in none.text.replace(" - ", "")
    assert "\n\n\n" not in many.text + none.text


@pytest.mark.parametrize("language", Language)
def test_an_answer_to_a_complaint_does_not_leave_without_the_ombudsman(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The passage stands in the template; a template that has lost it is refused, for complaints only."""
    answered, official = replace(FACTS, complaint=True, body="You were right."), Language.FR
    told = compose(MessageKind.ANSWER, answered, language, official_language=official)
    assert "www.federalombudsman.be" in told.text
    assert "0800 999 62" in told.text

    monkeypatch.setattr("tracker.correspondence.compose.OMBUDSMAN", "www.another.example")
    with pytest.raises(SendRefused) as refused:
        compose(MessageKind.ANSWER, answered, language, official_language=official)
    assert [one.item for one in refused.value.missing] == [Item.OMBUDSMAN]
    assert refused.value.sentences(language)[0]
    compose(MessageKind.ANSWER, replace(answered, complaint=False), language, official_language=official)
