"""Owns how a message becomes a letter: the PDF that is printed, for people, for archives and for screen readers."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlencode

from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, Language, Opinion, SurveyQuestion
from tracker.correspondence.explanation import date_in_words, label, organisation
from tracker.correspondence.tables import fill, text_of
from tracker.resources import resource

if TYPE_CHECKING:
    import typst  # loaded only where a letter is made: with what reads PDFs it costs a process a dozen megabytes

STANDARDS: Final[list[Literal["a-2a", "ua-1"]]] = ["a-2a", "ua-1"]
"""PDF/A-2a for the archives, PDF/UA-1 for whoever cannot see it."""
TOO_LONG = "too long for the window"
"""What the template says of an address that does not fit."""
_NOT_SHOWN = re.compile(r'the text `"(?P<letters>.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_JOINERS, _NO_BREAK = "\u200c\u200d", "\xa0\u202f"
MOST_PASSES = 4
"""How often a letter is set anew with its pictures written in words before it is given up."""
MOST_NAMED = 20
"""How many of the letters that no font has a refusal names one by one."""
RULE = "--------"
"""What stands in a text above and below somebody else's words; on paper it is drawn."""
_POSTCODE = r"(?:[A-Z]{1,3}-)?[0-9]{4,5}\s+[^\W\d]"
_PLACE = re.compile(rf"(?:(?P<street>.+?),\s*)?(?P<place>{_POSTCODE}[^,]*)(?:,\s*(?P<country>.+))?")
SET = 4
"""How many letters are kept as they were set last: one that was set ahead is at hand when it is stored."""


class NotPrintable(CharterError):
    """A letter in which stand letters of a script that no font of ours has: none is printed with boxes in it."""

    code = "not_printable"

    def __init__(self, kind: str, unknown: Sequence[str]) -> None:
        letters = " ".join(unknown[:MOST_NAMED]) + (" …" if unknown[MOST_NAMED:] else "")
        super().__init__(
            f"The {kind} of this letter holds “{letters}”, which cannot be printed: write it in Latin letters.",
            kind=kind,
            letters=letters,
        )


class AddressTooLong(CharterError):
    """A name and an address that do not fit in the window of an envelope, even in small print."""

    code = "address_too_long"

    def __init__(self) -> None:
        super().__init__(
            "Name and address are too long for the window of an envelope: shorten them on the page of the case."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """The page behind a letter on which its reader ticks what they thought of the answer, and sends it back."""

    url: str
    """Where the same is asked on a page."""
    code: str
    until: date
    """The last Brussels day on which it is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """What a letter on paper says: a message as it is kept, and whom it goes to."""

    text: str
    """The whole text of the message, its signature included."""
    subject: str
    signature: Mapping[str, str]
    recipient: str
    """The name above the address."""
    address: str
    """The postal address, or the fax number."""
    channel: Channel
    language: Language
    written_on: date
    """The Brussels day that the letter bears."""
    registered: bool
    follow_url: str | None
    """The page on which the requester follows the case; none when it goes to another body."""
    enclosed: Sequence[tuple[str, int]] = ()
    """The names of the files that go with it, each with its pages behind the letter; none: added by hand."""
    slip: Slip | None = None

    @property
    def reference(self) -> str:
        """The case's reference with its check digits, as it is signed with."""
        return self.signature["reference"]


def render(facts: PaperFacts) -> bytes:
    """Return the letter as a tagged PDF/A-2a and PDF/UA-1; the same facts always give the same bytes.

    A picture that no font has (🙂) is written in words. Raises ``NotPrintable`` for the letters of a script that none
    has, and ``AddressTooLong``.
    """
    from typst import TypstError

    shown = facts_on_paper(facts)
    unknown: tuple[str, ...] = ()
    for _ in range(MOST_PASSES):
        try:
            return _compiled(json.dumps(shown, ensure_ascii=False), facts.written_on)
        except TypstError as error:
            if TOO_LONG in str(error):
                raise AddressTooLong from error
            unknown = _not_shown(error)
            if not unknown:
                raise
            shown = _in_words(shown, unknown)
    raise NotPrintable("text", unknown)


def pages_of(pdf: bytes) -> int:
    """Return how many pages a PDF has."""
    from pypdf import PdfReader

    return len(PdfReader(BytesIO(pdf)).pages)


def facts_on_paper(facts: PaperFacts) -> dict[str, Any]:
    """Return what stands on the letter, as the template takes it."""
    language, signature = facts.language, facts.signature
    name = organisation(language)
    service = [] if signature["service"] == name else [signature["service"]]
    link = f"{facts.follow_url}?{urlencode({'reference': facts.reference})}" if facts.follow_url else None
    return {
        "language": language.value,
        "title": _tidy(facts.subject),
        "organisation": name,
        "sender": [*service, *_address_lines(signature["postal_address"])],
        "contact_label": _word("contact", language),
        "contact": _lines("\n".join(signature[part] for part in ("name", "title", "phone", "email"))),
        "recipient": _recipient(facts),
        "reference_label": _word("reference", language),
        "reference": facts.reference,
        "registered": _word("registered", language) if facts.registered else None,
        "date": date_in_words(facts.written_on, language),
        "qr": _qr(link) if link else None,
        "qr_hint": _word("qr_hint", language),
        "qr_says": _word("qr_says", language).replace("{address}", link or ""),
        "page": _word("page", language),
        "footer": f"{organisation(language, short=True)} · {facts.reference}",
        "parts": _parts(facts),
        "enclosures_label": _word("enclosures", language) if facts.enclosed else None,
        "enclosures": [_enclosed(name, pages, language) for name, pages in facts.enclosed],
        "slip": _slip(facts, facts.slip) if facts.slip else None,
    }


def _slip(facts: PaperFacts, slip: Slip) -> dict[str, Any]:
    """Return what stands on the page of the survey, as the template takes it."""

    def said(entry: str) -> str:
        return text_of("print", "survey", entry, facts.language)

    told = {"address": slip.url, "reference": facts.reference, "code": slip.code, "until": slip.until}
    answers = [label(opinion, facts.language) for opinion in Opinion]
    link = f"{slip.url}/{facts.reference}/{slip.code}"
    return {
        "title": said("title"),
        "intro": fill(said("intro"), told, facts.language),
        "qr": _qr(link),
        "qr_says": _word("qr_says", facts.language).replace("{address}", link),
        "questions": [label(question, facts.language) for question in SurveyQuestion],
        "answers": answers,
        "remark": said("remark"),
        "wishes": said("wishes"),
        "wish": [said("reopen"), said("complain")],
        "send_to": said("send_to"),
        "address": [facts.signature["service"], *_address_lines(facts.signature["postal_address"])],
    }


def _word(entry: str, language: Language) -> str:
    return text_of("print", "letter", entry, language)


def _enclosed(name: str, pages: int, language: Language) -> str:
    said = text_of("print", "letter", "pages" if pages > 1 else "one_page" if pages else "by_hand", language)
    told = said.replace("{n}", str(pages)).replace(" ", "\xa0")  # on one line, however long the name
    return f"{_tidy(name)} ({told})"


def _recipient(facts: PaperFacts) -> list[str]:
    """Return name and address, the name once."""
    lines = _address_lines(facts.address)
    if facts.channel is Channel.FAX:
        lines = [_word("by_fax", facts.language).replace("{number}", " ".join(lines))]
    name = _tidy(facts.recipient)
    named = any(name.casefold() in line.casefold() for line in lines[:2])
    return lines if named else [name, *lines]


def _parts(facts: PaperFacts) -> list[dict[str, Any]]:
    """Return the text in paragraphs and lists: what it is about first, at the end what is signed by hand."""
    blocks = [_lines(block) for block in re.split(r"\n{2,}", facts.text.strip("\n"))]
    blocks = [block for block in blocks if block]
    name = _tidy(facts.signature["name"])
    if not any(block[0] == name for block in blocks):  # kept without it: whoever writes signs all the same
        blocks.append(_signed(facts))
    signed = max(place for place, block in enumerate(blocks) if block[0] == name)
    parts: list[dict[str, Any]] = []
    for place, block in enumerate(blocks):
        if place == 0:
            about = facts.reference in "\n".join(block) and len(block) > 1
            parts.append({"kind": "heading", "lines": block if about else [_tidy(facts.subject)]})
            if about:
                continue
        if place == signed:
            closing = parts.pop()["lines"] if parts[-1]["kind"] == "text" else []
            parts.append({"kind": "signature", "closing": closing, "lines": block})
        elif block == [RULE]:
            parts.append({"kind": "rule", "lines": []})
        elif all(line.startswith("- ") for line in block):
            parts.append({"kind": "list", "lines": [line[2:] for line in block]})
        else:
            parts.append({"kind": "text", "lines": block})
    return parts


def _signed(facts: PaperFacts) -> list[str]:
    """Return the signature of a message whose text does not hold it."""
    parts = ("name", "title", "service", "postal_address", "phone", "email", "reference")
    return _lines("\n".join(facts.signature[part] for part in parts))


def _qr(address: str) -> str:
    """Return a QR code that holds the address and nothing else, as SVG."""
    import segno

    out = BytesIO()
    segno.make(address, micro=False, error="m").save(out, kind="svg", border=2, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def _lines(text: str) -> list[str]:
    return [line for line in (_tidy(line) for line in re.split(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", text)) if line]


def _address_lines(address: str) -> list[str]:
    """Return the lines of an address; written on a single one, it has its postcode and its country on their own."""
    lines = _lines(address)
    found = _PLACE.fullmatch(lines[0]) if len(lines) == 1 else None
    return [part for part in found.groups() if part] if found else lines


def _tidy(line: str) -> str:
    """Return a line with its blanks as plain ones and without what cannot be seen."""
    blank = (" " if c == "\t" or (unicodedata.category(c) == "Zs" and c not in _NO_BREAK) else c for c in line)
    return "".join(c for c in blank if c in _JOINERS or not unicodedata.category(c).startswith("C")).strip()


@lru_cache(maxsize=SET)
def _compiled(shown: str, day: date) -> bytes:
    import typst

    pdf = typst.compile(
        _template(),
        font_paths=fonts(),
        sys_inputs={"data": shown},
        pdf_standards=[*STANDARDS],
        timestamp=day.toordinal() * 86400 - _EPOCH,
    )
    assert isinstance(pdf, bytes)
    return pdf


_EPOCH = date(1970, 1, 1).toordinal() * 86400


@cache
def _template() -> bytes:
    return (resource("templates") / "correspondence" / "letter.typ").read_bytes()


@cache
def fonts() -> "typst.Fonts":
    """Return the fonts that come with Suivi and with typst, never the machine's: a letter is the same anywhere."""
    import fontpkg
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(fontpkg.path("Public Sans").parent)])


def _not_shown(error: "typst.TypstError") -> tuple[str, ...]:
    """Return what no font has, each once and in the order of the text, if that is why the PDF could not be made."""
    told = getattr(error, "diagnostic", "") or str(error)
    found = (_ESCAPED.sub(lambda code: chr(int(code[1], 16)), one["letters"]) for one in _NOT_SHOWN.finditer(told))
    return tuple(dict.fromkeys(found))


def _in_words(shown: dict[str, Any], unknown: Sequence[str]) -> dict[str, Any]:
    """Return the same letter with its pictures written in words. Raises ``NotPrintable`` for what is no picture."""
    for part, names in (("recipient", ("recipient",)), ("signature", ("sender", "contact"))):
        there = [one for one in unknown if any(one in line for name in names for line in shown[name])]
        if there:
            raise NotPrintable(part, there)
    script = [one for one in unknown if any(unicodedata.category(c).startswith(("L", "N")) for c in one)]
    if script:
        raise NotPrintable("text", script)
    instead = {one: _picture_in_words(one) for one in sorted(unknown, key=len, reverse=True)}

    def said(line: str) -> str:
        for one, words in instead.items():
            line = line.replace(one, words)
        return line

    parts = [
        {name: [said(line) for line in some] if name != "kind" else some for name, some in part.items()}
        for part in shown["parts"]
    ]
    return {**shown, "parts": parts, "enclosures": [said(line) for line in shown["enclosures"]]}


def _picture_in_words(picture: str) -> str:
    said = " ".join(unicodedata.name(c, "").lower() for c in picture if unicodedata.category(c) != "Mn").strip()
    return f"[{said}]" if said else ""
