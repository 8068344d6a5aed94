"""Owns the command that measures this machine against the figures the product should reach."""

import json
import os
import platform
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tracker.cli.failures import DONE, PROBLEMS, UsageError


@dataclass(frozen=True)
class Figure:
    """One thing measured: its median and 95th percentile, in a unit, and what it should reach."""

    database: str
    cases: int
    what: str
    unit: str
    median: float
    p95: float | None
    reach: float | None
    """What the median, or the 95th percentile when there is one, should stay within; a rate should reach it."""

    @property
    def reached(self) -> bool | None:
        """Say whether it is; None where nothing was set."""
        if self.reach is None:
            return None
        if self.unit.endswith("/s"):
            return self.median >= self.reach
        return (self.median if self.p95 is None else self.p95) <= self.reach


def figure(database: str, cases: int, what: str, unit: str, seen: list[float], reach: float | None) -> Figure:
    """Return what many measurements come to."""
    ordered = sorted(seen)
    p95 = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)] if len(ordered) >= 20 else None
    return Figure(database, cases, what, unit, median(ordered), p95, reach)


def bench(arguments: Namespace) -> int:
    """Measure pages, intake, sweep, start and memory, on populations of its own; no existing database is touched."""
    from tracker.cli.measures import measure

    figures: list[Figure] = []
    with TemporaryDirectory(prefix="suivi-bench-") as folder:
        for kind in arguments.databases:
            with _server(kind, Path(folder)) as url:
                for cases in arguments.cases:
                    with _database(url, kind, Path(folder), cases) as (address, var_dir):
                        for one in measure(kind, cases, address, var_dir):
                            figures.append(one)
                            if not arguments.json:
                                print(_line(one), flush=True)
    if arguments.json:
        told = [asdict(one) | {"reached": one.reached} for one in figures]
        print(json.dumps({"machine": machine(), "figures": told}, indent=1))
    else:
        print("; ".join(f"{name}: {value}" for name, value in machine().items()))
    return PROBLEMS if any(one.reached is False for one in figures) else DONE


def _line(one: Figure) -> str:
    def written(value: float) -> str:
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"

    p95 = f", p95 {written(one.p95)}" if one.p95 is not None else ""
    reach = "" if one.reach is None else f" (reach {one.reach:g}: {'yes' if one.reached else 'NO'})"
    return f"{one.database:<10} {one.cases:>9,}  {one.what}: {written(one.median)} {one.unit}{p95}{reach}"


def machine() -> dict[str, Any]:
    """Return what was measured on."""
    model = "unknown"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        load = os.getloadavg()[0]
    except (OSError, StopIteration):
        load = -1
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "load": round(load, 2),
    }


@contextmanager
def _server(kind: str, folder: Path) -> Iterator[str | None]:
    """Give the address of a PostgreSQL server: that of DATABASE_URL, or a temporary one; none for SQLite."""
    if kind == "sqlite":
        yield None
        return
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgresql"):
        yield given
        return
    from tracker.cli.temporary_postgres import postgres

    with postgres(folder) as url:
        yield url


@contextmanager
def _database(server: str | None, kind: str, folder: Path, cases: int) -> Iterator[tuple[str, Path]]:
    """Give the address of an empty database of our own and a folder beside it; both are gone afterwards."""
    var_dir = folder / f"{kind}-{cases}"
    var_dir.mkdir()
    if server is None:
        yield f"sqlite:///{var_dir / 'suivi.db'}", var_dir
        return
    import psycopg
    from psycopg import sql
    from sqlalchemy import make_url

    name = f"suivi_bench_{os.getpid()}_{cases}"
    address = make_url(server)
    maintenance = address.set(drivername="postgresql", database=address.database or "postgres")
    with psycopg.connect(maintenance.render_as_string(hide_password=False), autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise UsageError("The account in DATABASE_URL may not create databases: give one that may.") from error
        try:
            yield address.set(database=name).render_as_string(hide_password=False), var_dir
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
