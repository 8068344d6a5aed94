"""Owns what is measured about letters: how fast they are made, kept and put together as a print run."""

import time
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import func, select

from config import Settings
from tracker.charter.words import Channel, Language, Nature
from tracker.cli.measuring import Figure
from tracker.models.cases import Case
from tracker.opening import clock, open_cabinet, open_database, open_house

LETTERS = 200
"""A small population gets fewer."""


def printed(kind: str, cases: int, environment: dict[str, str]) -> Iterator[Figure]:
    """Measure a print run of letters that have just been written, in the four languages."""
    from tracker.casework.handing_out import merged_run
    from tracker.casework.house import SYSTEM
    from tracker.casework.printing import make_run
    from tracker.casework.register import Intake, register

    settings, letters = Settings.from_env(environment), min(LETTERS, cases // 5)
    house = open_house(settings)
    with closing(open_database(settings)) as database:
        with database.reading() as session:
            newest = session.scalar(select(func.max(Case.id))) or 0
        for number in range(letters):
            intake = Intake(
                channel=Channel.POST, received_at=clock(), nature=Nature.INFORMATION,
                language=list(Language)[number % len(Language)], subject=f"Légalisation {number}",
                text="Comment faire légaliser mon diplôme ?", requester_name=f"Bench {number}", service="CONSULAR",
                requester_address=f"Rue de la Poste {number}\n1000 Bruxelles",
            )  # fmt: skip
            with database.writing() as session:
                register(session, house, intake=intake, actor=SYSTEM, now=clock())
        started, of = time.perf_counter(), Case.id > newest
        run, _ = make_run(database, house, open_cabinet(settings), now=clock(), actor=SYSTEM, of=of, at_once=True)
        with database.reading() as session:
            merged_run(session, settings.letters_dir, run or 0)
        yield Figure(
            kind, cases, "letters printed", "letters/s", letters / (time.perf_counter() - started), None, None
        )
