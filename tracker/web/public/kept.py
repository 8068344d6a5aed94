"""Owns what citizens read of how the promises are kept: the figures of a day, and the same as open data."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

from flask import Response, current_app, jsonify

from tracker.casework.figures import MONTHS, months_until
from tracker.charter.counting import brussels_day
from tracker.insight.published import Published, published
from tracker.web.public.blueprint import public
from tracker.web.site import Site, site

COLUMNS = ("promise", "period", "due", "kept_on_time", "share_kept_on_time", "withheld")
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"


def kept_figures() -> Published:
    """Return the figures of the last twelve months that are over; read once a day in each process."""
    day = brussels_day(datetime.now(UTC))
    kept: tuple[date, Site, Published] | None = current_app.extensions.get("suivi_kept")
    if kept is not None and kept[0] == day and kept[1] is site():
        return kept[2]
    with site().database.reading() as db:
        found = published(db, months_until(day, MONTHS)[:-1])
    if not found.is_empty:  # nothing was counted yet: it will be, soon
        current_app.extensions["suivi_kept"] = (day, site(), found)
    return found


@public.get("/data/commitments.csv")
def commitments_csv() -> Response:
    """Give the figures as a table: one line for each promise and its year, and for each of its months."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(_rows(kept_figures()))
    return Response(out.getvalue(), content_type="text/csv; charset=utf-8")


@public.get("/data/commitments.json")
def commitments_json() -> Response:
    """Give the same figures as JSON, with what they mean."""
    found = kept_figures()
    return jsonify(
        first_month=f"{found.months[0]:%Y-%m}",
        last_month=f"{found.months[-1]:%Y-%m}",
        licence=LICENCE,
        definitions={
            "promise": "What was owed: reply, interim letter, promised reply (by the date of an interim letter),"
            " transmission to another body.",
            "due": "Promises whose due date falls in the period, but for those waived, renewed or put off in time.",
            "kept_on_time": "Those of them for which the message left on or before the due date.",
            "share_kept_on_time": "kept_on_time divided by due; open overdue promises are in due.",
            "withheld": "True where a number is under five, or would give one away by subtraction.",
            "days_to_answer": "Calendar days from receipt to the day on which the answer left.",
        },
        days_to_answer={"median": found.median_days, "ninetieth_percentile": found.ninety_days},
        figures=list(_rows(found)),
    )


def _rows(found: Published) -> Iterator[dict[str, object]]:
    year = f"{found.months[0]:%Y-%m}/{found.months[-1]:%Y-%m}"
    for line in found.lines:
        for period, kept in ((year, line.year), *zip((f"{m:%Y-%m}" for m in found.months), line.months, strict=True)):
            share = None if kept is None or kept.share is None else round(kept.share, 4)
            yield {
                "promise": line.kind.value,
                "period": period,
                "due": None if kept is None else kept.due,
                "kept_on_time": None if kept is None else kept.on_time,
                "share_kept_on_time": share,
                "withheld": kept is None,
            }
