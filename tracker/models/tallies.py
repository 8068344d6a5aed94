"""Owns the counting of rows that are only ever added: so the last of a table is missed too when it is taken out."""

from typing import Any

from sqlalchemy import CheckConstraint, Connection, String, Table, event, insert, select, update
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from tracker.models.base import Base, Sealed, seal_of


class Tally(Sealed, Base):
    """How many rows were ever written in one table, kept in the commit that writes one."""

    __tablename__ = "tallies"
    __table_args__ = (CheckConstraint("written >= 0", name="written"),)

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    """Of the table."""
    written: Mapped[int]


class Counted(Sealed):
    """A row of a table that is counted: none is ever deleted, and none is written but by the unit of work."""


def counted_tables() -> list[Table]:
    """Return the tables that are counted, by name."""
    tables = [mapper.local_table for mapper in Base.registry.mappers if issubclass(mapper.class_, Counted)]
    return sorted((table for table in tables if isinstance(table, Table)), key=lambda table: table.name)


@event.listens_for(Counted, "after_insert", propagate=True)
def _count(mapper: Mapper[Any], connection: Connection, row: object) -> None:
    """Count a row that was written; whoever writes in the same table meanwhile waits for the commit."""
    tally: Table = Tally.__table__  # type: ignore[assignment]
    name = str(mapper.local_table.name)  # type: ignore[attr-defined]
    ours = tally.c.name == name
    written = connection.scalar(select(tally.c.written).where(ours).with_for_update())
    values = {"name": name, "written": (written or 0) + 1}
    change = insert(tally) if written is None else update(tally).where(ours)
    connection.execute(change.values(**values, seal=seal_of(Tally, values)))
