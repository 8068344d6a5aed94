"""Owns tables of figures as people take them away: a table of the page, as CSV and as a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table: words, or a number with the words for it, and where it leads."""

    words: str
    value: float | int | None = None
    url: str | None = None
    plain: str | None = None
    """What is taken away in place of the words: a day or a month as ISO 8601 writes it, which sorts."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page; the first cell of a row is its heading."""

    name: str
    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    cuts: bool = False
    """One of several with the same columns, which stand one below the other."""


def as_csv(table: Table) -> bytes:
    """Write a table as CSV in UTF-8, with a mark by which spreadsheets know it; numbers as they are."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table.heads)
    for row in table.rows:
        writer.writerow([_plain(cell.plain or cell.words) if cell.value is None else cell.value for cell in row])
    return out.getvalue().encode("utf-8-sig")


def as_spreadsheet(table: Table) -> bytes:
    """Write a table as a sheet of an XLSX file: words as words, never as formulas."""
    import xlsxwriter  # for the few who take figures away

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        bold, share = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        for column, head in enumerate(table.heads):
            sheet.write_string(0, column, head, bold)
        for number, row in enumerate(table.rows, start=1):
            for column, cell in enumerate(row):
                if cell.value is None:
                    sheet.write_string(number, column, cell.plain or cell.words)
                elif isinstance(cell.value, float) and "%" in cell.words:
                    sheet.write_number(number, column, cell.value, share)
                else:
                    sheet.write_number(number, column, cell.value)
        sheet.freeze_panes(1, 1)
        sheet.autofit()
    return out.getvalue()


def _plain(words: str) -> str:
    """Keep a spreadsheet from reading words as a formula."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words
