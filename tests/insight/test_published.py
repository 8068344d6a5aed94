"""What everybody may read: no number under five, nor one that can be found by subtraction."""

import csv
import io
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from config import Settings
from tests.conftest import SECRET_KEY
from tests.web.staff.conftest import soup_of
from tracker.app import create_app
from tracker.casework.figures import months_until
from tracker.charter.counting import brussels_day
from tracker.charter.words import ObligationKind
from tracker.insight.published import Kept, Line, published, withheld
from tracker.models.database import Database
from tracker.models.figures import Figure

few = st.one_of(st.integers(0, 9), st.integers(0, 400))
months = st.lists(st.builds(lambda kept, not_kept: Kept(kept + not_kept, kept), few, few), min_size=12, max_size=12)


@given(months)
def test_nothing_small_is_told_and_nothing_small_can_be_worked_out(numbers: list[Kept]) -> None:
    hidden = withheld(numbers)
    year = sum(numbers, Kept(0, 0))
    told = [month for place, month in enumerate(numbers) if place not in hidden]
    assert not any(month.is_small for month in told)
    if hidden and not year.is_small:  # a reader takes what is told from the year
        rest = [
            year.on_time - sum(m.on_time for m in told),
            (year.due - year.on_time) - sum(m.due - m.on_time for m in told),
        ]
        assert len(hidden) > 1
        assert not any(0 < number < 5 for number in rest)


def test_no_more_is_withheld_than_must_be() -> None:
    many, one_late, nothing = Kept(40, 30), Kept(40, 39), Kept(0, 0)
    assert withheld([many] * 12) == frozenset()
    assert withheld([nothing, many, one_late, Kept(60, 50)]) == {1, 2}  # with another, their eleven late ones hide it
    assert withheld([Kept(3, 3), Kept(1, 0)]) == {0, 1}


def _fill(database: Database, month: date, kind: str, **counted: int) -> None:
    of = {"service_code": "ME6", "complaint": False, "period": month, "cut": "kind", "value": kind}
    with database.writing() as session:
        for how, number in counted.items():
            session.execute(insert(Figure).values(**of, counted=how, number=number))


def test_the_page_and_the_open_data_say_the_same_and_the_page_asks_once_a_day(database: Database) -> None:
    today = brussels_day(datetime.now(UTC))
    twelve = months_until(today)[:-1]
    _fill(database, twelve[0], "reply", kept=30, late=6, overdue=4, waived=99, put_off=7)
    _fill(database, twelve[1], "reply", kept=20)
    _fill(database, twelve[2], "transmission", kept=40, late=1)
    _fill(database, months_until(today)[-1], "reply", kept=1000)  # the running month is not over
    with database.reading() as session:
        found = published(session, twelve)
    assert found.lines[0] == Line(
        ObligationKind.REPLY, Kept(60, 50), (Kept(40, 30), Kept(20, 20), *[Kept(0, 0)] * 10)
    )
    assert found.lines[3].year is None
    assert found.median_days is None

    settings = Settings.from_env({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database.url.render_as_string(False)})
    client = create_app(settings, database=database).test_client()
    rows = [[cell.get_text(strip=True) for cell in row.select("th, td")]
            for row in soup_of(client.get("/en/commitments")).select("#kept table tbody tr")]  # fmt: skip
    assert rows[0] == ["Reply", "60", "50", "83.3%"]
    assert rows[3] == ["Transmission to the competent body", *["withheld"] * 3]
    data = client.get("/data/commitments.json").json
    assert data is not None
    table = list(csv.DictReader(io.StringIO(client.get("/data/commitments.csv").text)))
    assert [line["due"] or "" for line in table] == [
        str(line["due"] if line["due"] is not None else "") for line in data["figures"]
    ]
    assert (table[0]["due"], table[0]["kept_on_time"], table[0]["share_kept_on_time"]) == ("60", "50", "0.8333")
    assert [line["withheld"] for line in table if line["promise"] == "transmission"][:2] == ["True", "False"]

    _fill(database, twelve[4], "reply", kept=500)
    assert client.get("/data/commitments.json").json == data, "what was read stands for the day"
