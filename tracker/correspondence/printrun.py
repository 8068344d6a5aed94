"""Owns what a print run is made of: the list of its letters, and all of them in one PDF with sheets between them."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO
from textwrap import shorten

from tracker.charter.words import Channel, Language
from tracker.correspondence.explanation import label
from tracker.correspondence.letter import fonts
from tracker.correspondence.tables import text_of
from tracker.resources import resource

COLUMNS = (
    "run", "position", "file", "reference", "message", "channel", "registered", "recipient", "address", "language",
    "handler", "pages", "by_hand",
)  # fmt: skip
"""The columns of the list."""
A4 = (595.28, 841.89)
"""In points."""
_NUMBER = re.compile(r"\+[0-9][0-9 ./()-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One letter of a run, as the list and the sheet before it name it."""

    run: int
    position: int
    reference: str
    message: int
    channel: Channel
    registered: str
    """The ground for registered post; empty: ordinary post."""
    recipient: str
    address: str
    language: Language
    handler: str
    pages: int
    """All of them, with what is enclosed."""
    by_hand: str
    """The files that go with it and could not be printed: somebody adds them by hand."""
    stored_as: str

    @property
    def file(self) -> str:
        """What the letter is called in the folder of the run."""
        return f"{self.position:04d}-{self.reference}-{self.message}.pdf"


def listed(sheets: Sequence[Sheet]) -> bytes:
    """Return the list of a run as CSV in UTF-8, with nothing in it that a spreadsheet would take for a formula."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for sheet in sheets:
        writer.writerow([_as_text(str(getattr(sheet, column))) for column in COLUMNS])
    return out.getvalue().encode()


def _as_text(cell: str) -> str:
    formula = cell.lstrip().startswith(("=", "+", "-", "@")) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if formula else cell


def merged(
    title: str, made_at: datetime, sheets: Sequence[Sheet], letters: Sequence[bytes], *, both_sides: bool = True
) -> bytes:
    """Return all letters of a run as one PDF, before each a sheet that says which it is.

    ``both_sides``: blank pages make each sheet and each letter begin on a front side when it is printed on both.
    The same run always gives the same bytes. ``made_at`` (aware): when the run was made.
    """
    from pypdf import PdfReader, PdfWriter

    between = PdfReader(BytesIO(_separators(title, made_at, sheets)))
    writer = PdfWriter()
    for sheet, separator, letter in zip(sheets, between.pages, letters, strict=True):
        mark = writer.add_page(separator)
        writer.add_outline_item(title=f"{sheet.position} {sheet.reference}", page_number=mark.page_number or 0)
        pages = PdfReader(BytesIO(letter)).pages
        for part in ((), pages):
            for page in part:
                writer.add_page(page)
            if both_sides and len(writer.pages) % 2:
                writer.add_blank_page(*A4)
    writer.add_metadata({"/Title": title})
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _separators(title: str, made_at: datetime, sheets: Sequence[Sheet]) -> bytes:
    told = [
        {
            "place": f"{sheet.position}/{sheets[-1].position}",
            "reference": sheet.reference,
            "lines": [_way(sheet), sheet.recipient, f"{sheet.pages} p.", *_added(sheet)],
        }
        for sheet in sheets
    ]
    import typst

    pdf = typst.compile(
        (resource("templates") / "correspondence" / "separators.typ").read_bytes(),
        font_paths=fonts(),
        sys_inputs={"data": json.dumps({"title": title, "sheets": told}, ensure_ascii=False)},
        timestamp=int(made_at.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf


def _added(sheet: Sheet) -> list[str]:
    """Say what somebody has to add by hand, in the letter's own language."""
    said = text_of("print", "letter", "by_hand", sheet.language)
    return [f"+ {shorten(sheet.by_hand, 300)} ({said})"] if sheet.by_hand else []


def _way(sheet: Sheet) -> str:
    """Say how a letter goes, in its own language."""
    registered = text_of("print", "letter", "registered", sheet.language) if sheet.registered else ""
    return " – ".join(part for part in (label(sheet.channel, sheet.language), registered) if part)
