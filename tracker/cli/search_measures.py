"""Owns what is measured of the search: a rare word, a common one, one common long ago, none."""

import time
from collections.abc import Callable, Iterator

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, Person, reaches
from tracker.charter.words import Role
from tracker.cli.measuring import Figure, figure
from tracker.insight.search import search
from tracker.insight.searching import Asked
from tracker.insight.sight import Viewer
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.staff import Staff
from tracker.models.words import terms_of

LOOKS = 40
"""A small population gets fewer."""
COMMON, LONG_AGO, NONE = "documents", "quarantaine", "xyzzy"
"""What most made-up requests say, what some of them said until some months ago, and what none does."""


def searched(kind: str, cases: int, database: Database, page: Callable[[str], float]) -> Iterator[Figure]:
    """Yield how long a page of the search takes a clerk, through ``page``, and how many statements that needs."""
    with database.reading() as session:
        rare = _addresses(session)
    for what, asked in (("rare", rare), ("common", [COMMON]), ("skewed", [LONG_AGO]), ("none", [NONE])):
        some = [asked[place % len(asked)] for place in range(min(LOOKS, cases // 10))]
        seen = [page(f"/staff/search?q={one}") for one in [*some[:3], *some]][3:]
        yield figure(kind, cases, f"search page, {what}", "ms", seen, 50)
    yield from _seeing_all(kind, cases, database, rare)


def _addresses(session: Session) -> list[str]:
    some = select(Case.requester_email).where(Case.requester_email.is_not(None))
    return [str(one) for one in session.scalars(some.order_by(func.random()).limit(LOOKS))]


def _seeing_all(kind: str, cases: int, database: Database, rare: list[str]) -> Iterator[Figure]:
    """Measure the same without the page, for whoever sees every case."""
    with database.reading() as session:
        nobody = session.scalar(select(func.max(Staff.id))) or 0
    person = Person(nobody + 1, Role.AUDITOR, None)
    viewer = Viewer(person.id, None, frozenset({person.id}), False,
                    frozenset(far.value for far in reaches(person, READ)))  # fmt: skip
    said: list[int] = []
    event.listen(database.engine, "before_cursor_execute", lambda *_: said.append(1))
    most = 0
    for what, asked in (("rare", rare), ("common", [COMMON]), ("skewed", [LONG_AGO]), ("none", [NONE])):
        seen = []
        for place in range(min(LOOKS, cases // 10)):
            said.clear()
            started = time.perf_counter()
            with database.reading() as session:
                search(session, viewer, Asked(terms_of(asked[place % len(asked)])))
            seen.append(1000 * (time.perf_counter() - started))
            most = max(most, len(said))
        yield figure(kind, cases, f"search of all cases, {what}", "ms", seen[1:], 50)
    yield Figure(kind, cases, "statements of one search, at most", "statements", most, None, None)
