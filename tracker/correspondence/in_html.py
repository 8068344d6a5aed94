"""Owns a message in HTML: the paragraphs and lists of its plain text, in which only addresses of ours are links."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from jinja2 import Template
from markupsafe import Markup, escape

from tracker.charter.words import Language
from tracker.correspondence.facts import LetterFacts


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph or a list of the plain text, ready for HTML."""

    lines: tuple[Markup, ...]
    items: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class _Letter:
    language: str
    blocks: tuple[_Block, ...]


def as_page(
    layout: Template,
    subject: str,
    texts: Iterable[tuple[Language, str]],
    links: Sequence[str],
    *,
    whole: Sequence[str] = (),
    phones: Sequence[str] = (),
) -> str:
    """Return the same paragraphs as a page that loads nothing from anywhere; ``links`` are the only links in it.

    ``whole``: what is never broken over two lines, such as a reference; nor are ``phones``, which dial.
    """
    shown = {text: _WHOLE.format(text) for text in whole} | {link: _LINK.format(link) for link in links}
    shown |= {phone: _PHONE.format(phone, re.sub(r"[^+0-9]", "", phone)) for phone in phones}
    letters = [
        _Letter(language.value, tuple(_block(part, shown) for part in re.split(r"\n{2,}", text.strip("\n"))))
        for language, text in texts
    ]
    return layout.render(subject=subject, language=letters[0].language, letters=letters)


_LINK = Markup('<a href="{0}" style="color:#1a4f8b">{0}</a>')
_PHONE = Markup('<a href="tel:{1}" style="color:#1a4f8b;white-space:nowrap">{0}</a>')
_WHOLE = Markup('<span style="white-space:nowrap">{}</span>')
DATE = r"[0-9]{1,2}(?:er|\.)? [^\W\d_]{3,9} [12][0-9]{3}(?![0-9])"
"""A date as it is written in each language, on pages too: “1er mars 2026”, “1. März 2026”."""
_DATED = re.compile(rf"((?<![0-9]){DATE})")


def _block(part: str, shown: Mapping[str, Markup]) -> _Block:
    lines = [line for line in part.split("\n") if line.strip()]
    if lines and all(line.startswith("- ") for line in lines):
        return _Block((), tuple(_line(line[2:], shown) for line in lines))
    return _Block(tuple(_line(line, shown) for line in lines), ())


def _line(line: str, shown: Mapping[str, Markup]) -> Markup:
    """Return a line in HTML in which only addresses of ours are links: never one that a stranger wrote."""
    if not any(text in line for text in shown):
        return _dated(line)
    parts = re.split("(" + "|".join(re.escape(text) for text in sorted(shown, key=len, reverse=True)) + ")", line)
    return Markup("").join(shown.get(part) or _dated(part) for part in parts)


def _dated(text: str) -> Markup:
    """Return a text in HTML in which no date is broken over two lines."""
    return Markup("").join(
        _WHOLE.format(part) if odd else escape(part) for part, odd in zip(_DATED.split(text), cycle((False, True)))
    )


def links_of(facts: LetterFacts) -> list[str]:
    """Return the addresses of ours that a message holds."""
    candidates = (
        facts.tracking.url if facts.tracking else None,
        facts.survey_url,
        facts.destination.website if facts.destination else None,
    )
    return [url for url in candidates if url and re.match(r"https?://", url)]


def phones_of(facts: LetterFacts) -> list[str]:
    """Return the telephone numbers of ours that a message holds, as far as they are nothing but a number."""
    numbers = [facts.signature.phone, *(phone.number for phone in facts.phones or ())]
    return [number for number in numbers if re.fullmatch(r"\+[0-9][0-9 ]{6,18}[0-9]", number)]


def codes_of(facts: LetterFacts) -> list[str]:
    """Return what a reader copies from a message, and would copy wrong from two lines."""
    return [code for code in (facts.tracking.code if facts.tracking else None, facts.survey_code) if code]
