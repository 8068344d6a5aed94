"""Owns how many SQL statements a page takes: the same number however many cases there are."""

from collections.abc import Iterator, Mapping, Sequence
from html import unescape

from sqlalchemy import event

from config import Settings
from tracker.cli.browsing import HIDDEN
from tracker.cli.failures import UsageError
from tracker.cli.measuring import Figure
from tracker.models.database import Database

LOGIN = "/staff/login"


def stated(
    kind: str,
    cases: int,
    database: Database,
    environment: dict[str, str],
    who: Mapping[str, str],
    pages: Mapping[str, Sequence[str]],
) -> Iterator[Figure]:
    """Yield the most statements that any of some pages took, for each name of ``pages``.

    ``who``: what logs a member of staff in. The pages are made in this process: what a server of another process asks
    of the database cannot be counted from here.
    """
    from tracker.app import create_app

    client = create_app(Settings.from_env(environment), database).test_client()
    hidden = {name.decode(): unescape(value.decode()) for name, value in HIDDEN.findall(client.get(LOGIN).data)}
    client.post(LOGIN, data={**hidden, **who})
    said: list[int] = []

    def count(*_: object) -> None:
        said.append(1)

    def taken(path: str) -> int:
        said.clear()
        if client.get(path).status_code != 200:
            raise UsageError(f"The page {path} was not shown: look at the log of tracker serve.")
        return len(said)

    event.listen(database.engine, "before_cursor_execute", count)
    try:
        for what, paths in pages.items():
            taken(paths[0])  # what is kept for the whole process is read first
            most = max(taken(path) for path in paths)
            yield Figure(kind, cases, f"statements of the {what}, at most", "statements", most, None, None)
    finally:
        event.remove(database.engine, "before_cursor_execute", count)
