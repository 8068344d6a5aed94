"""The dashboard: figures for who may see them, each leading to the files that it counts; tables to take away."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_house
from tests.web.staff.conftest import Desk
from tracker.casework.figures import count_figures
from tracker.charter.complaints import Analysis
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Nature
from tracker.models.cases import Case
from tracker.models.complaints import Finding
from tracker.models.database import Database
from tracker.models.operations import JobRun

NOW = datetime.now(UTC)


@pytest.fixture
def counted(database: Database, file: Callable[..., str]) -> dict[str, str]:
    """Overdue files of two services, one of nobody, and a complaint; one that falls due: all counted."""
    old = {"received_at": NOW - timedelta(days=60)}
    found = {
        "ours": file(**old),
        "theirs": file(service="M1", **old),
        "nobody's": file(service=None, subject="???", text="zzz zzz", **old),
        "complaint": file(service="M1", nature=Nature.COMPLAINT, **old),
        "sensitive": file(service="M1", sensitive=True, **old),
        "to come": file(),
    }
    count_figures(database, make_house().calendar, now=NOW)
    with database.writing() as session:
        session.add(JobRun(job="figures", succeeded_at=NOW))
    return found


@pytest.mark.parametrize(
    ("who", "overdue", "listed"),
    [
        ("bo", 1, {"ours"}),  # head of ME6
        ("hu", 1, {"nobody's"}),  # head of the dispatchers
        ("co", 1, {"complaint"}),
        ("el", 5, {"ours", "theirs", "nobody's", "complaint"}),  # what is sensitive is counted, and not listed
    ],
)
def test_each_sees_the_figures_of_their_part_and_the_files_behind(
    desk: Callable[[str], Desk], counted: dict[str, str], who: str, overdue: int, listed: set[str]
) -> None:
    page = desk(who).page("/staff/dashboard")

    # Months of the year that are over, and the running one, hold what was due in them.
    heads = [head.get_text(strip=True) for head in page.select("#table-months ~ div thead th")]
    rows = page.select("#table-months ~ div tbody tr")
    column = heads.index("Open, overdue")
    cells = [row.select("th, td")[column] for row in rows]
    assert sum(int(cell.get_text().split(" ")[0]) for cell in cells) == overdue
    (link,) = [a for cell in cells for a in cell.select("a")]
    shown = {a.get_text() for a in desk(who).page(str(link["href"])).select("tbody th a")}
    assert shown == {counted[name] for name in listed}
    svg = page.select("svg[role=img]")
    assert len(svg) == 2
    assert [len(chart.select("g.series rect")) for chart in svg] == [20, 13], "each day and each month has its column"
    assert all(chart["aria-label"] and not chart.select("[style], style, script") for chart in svg)


def test_complaints_stand_by_what_they_are_about_for_whoever_sees_them(
    desk: Callable[[str], Desk], counted: dict[str, str], file: Callable[..., str], database: Database
) -> None:
    code, theme = next(iter(Analysis.shipped().themes.items()))
    received = {"received_at": NOW - timedelta(days=60), "nature": Nature.COMPLAINT}
    judged, duplicate = file(service="M1", **received), file(service="M1", **received)
    with database.writing() as session:
        case = session.scalars(select(Case).where(Case.reference == judged)).one()
        found = Finding(case_id=case.id, admissible=True, outcome="partly", reasons="Late.", theme=code, cause="x",
                        found_at=NOW, found_by=case.handler_id)  # fmt: skip
        session.add(found)
        gone = session.scalars(select(Case).where(Case.reference == duplicate)).one()
        gone.state, gone.merged_into_id = CaseState.MERGED, case.id
        gone.next_kind = gone.next_due_on = gone.next_work_by = None
    count_figures(database, make_house().calendar, now=NOW)

    for who in ("co", "el"):
        table = desk(who).get("/staff/dashboard/themes.csv").data.decode("utf-8-sig")
        told = {row["Theme"]: [row[head] for head in ("Complaints received", "Partly founded", "Not found yet")]
                for row in csv.DictReader(io.StringIO(table))}  # fmt: skip
        assert told == {theme.names["en"]: ["1", "1", "0"], "none yet": ["1", "0", "1"]}, who
    assert desk("bo").get("/staff/dashboard/themes.csv").status_code == 404


def test_tables_are_taken_away_as_csv_and_as_a_spreadsheet(
    desk: Callable[[str], Desk], counted: dict[str, str]
) -> None:
    month = (brussels_day(NOW) - timedelta(days=45)).strftime("%Y-%m")
    el = desk("el")
    rows = list(
        csv.DictReader(io.StringIO(el.get(f"/staff/dashboard/kind.csv?period={month}").data.decode("utf-8-sig")))
    )
    assert [row["Open, overdue"] for row in rows] == ["5"]
    assert [row["Share kept on time"] for row in rows] == ["0.0"]
    days = el.get("/staff/dashboard/days.csv").data.decode("utf-8-sig").splitlines()
    assert date.fromisoformat(days[1].partition(",")[0]) >= brussels_day(NOW)  # as a sheet sorts it
    book = el.get(f"/staff/dashboard/kind.xlsx?period={month}")
    assert book.content_type.endswith("spreadsheetml.sheet")
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(book.data)).namelist()
    assert el.get("/staff/dashboard/kind.pdf").status_code == el.get("/staff/dashboard/none.csv").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "?first=2026-99-01&last=2026-01-01",
        "",
        "?first=2026-01-01&last=2026-01-31&kind=pigeon&outcome=x",
        "?first=2026-01-01&last=9999-12-31&todo=1",
        "?first=2026-01-01&last=2026-01-31&service=%00",
        "?first=1900-01-01&last=2190-01-01&outcome=waived",
    ],
)
def test_an_address_that_names_no_figure_is_not_found(desk: Callable[[str], Desk], address: str) -> None:
    assert desk("el").get(f"/staff/dashboard/files{address}").status_code == 404
    assert desk("el").get("/staff/dashboard/files?first=2026-01-01&last=2026-12-31&after=x.y").status_code == 200


def test_before_anything_is_counted_the_page_says_so(desk: Callable[[str], Desk]) -> None:
    assert "Nothing has been counted yet" in desk("bo").page("/staff/dashboard").get_text()
