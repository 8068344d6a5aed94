"""Owns how figures become a report on paper: a PDF for people, for archives and for screen readers."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from tracker.charter.words import Language
from tracker.correspondence.letter import STANDARDS, fonts
from tracker.resources import resource


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a report; figures stand in its last column. One without rows says so."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report says, all in its language; ``page`` holds {n} and {of}. ``day``: the Brussels day it bears."""

    language: Language
    organisation: str
    title: str
    lead: str
    source: str
    page: str
    day: date
    tables: tuple[Table, ...]


def render(report: Report) -> bytes:
    """Return the report as a tagged PDF/A-2a and PDF/UA-1; the same report always gives the same bytes."""
    shown = {
        "language": report.language.value, "organisation": report.organisation, "title": report.title,
        "lead": report.lead, "source": report.source, "page": report.page,
        "tables": [{"title": t.title, "heads": t.heads, "rows": t.rows} for t in report.tables if t.rows],
    }  # fmt: skip
    return _compiled(json.dumps(shown, ensure_ascii=False), report.day)


@lru_cache(maxsize=4)
def _compiled(shown: str, day: date) -> bytes:
    import typst  # loaded only where a report is made

    pdf = typst.compile(
        _template(), font_paths=fonts(), sys_inputs={"data": shown}, pdf_standards=[*STANDARDS],
        timestamp=(day - date(1970, 1, 1)).days * 86400,
    )  # fmt: skip
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _template() -> bytes:
    return (resource("templates") / "correspondence" / "report.typ").read_bytes()
