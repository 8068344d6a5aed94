"""Owns what every table shares: the declarative base, the column types, and the seal on each row of record."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from functools import cache, lru_cache
from hashlib import blake2b
from types import NoneType
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnDefault,
    Connection,
    Date,
    DateTime,
    Dialect,
    FromClause,
    Insert,
    Integer,
    MetaData,
    String,
    Table,
    event,
    insert,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, Session, mapped_column
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

from tracker.charter.counting import NaiveDatetime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A point in time: aware in, aware UTC out. SQLite keeps it as UTC without saying so."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime: it would be a guess about the time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveDatetime(value)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give it back in UTC, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """One of the closed lists of the charter, kept as its own value."""

    impl = String(40)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """Refuse a word that is not on the list."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Give it back as the member it is."""
        return None if value is None else self.words(value)


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """Return the CHECK by which the database itself refuses a word that is not on the list."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER
Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""None is NULL, as the CHECKs take it, and not the word `null` of JSON."""


class Base(DeclarativeBase):
    """The base of every row."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        datetime: Moment(),
        date: Date(),
        dict[str, Any]: Document,
        list[Any]: Document,
    }


_as_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _canonical(value: object) -> str:
    """Write a value the same way whichever database it came back from."""
    write = _WRITTEN.get(type(value))
    if write is not None:
        return write(value)
    return str(value.value) if isinstance(value, Enum) else str(value)


@lru_cache(maxsize=4096)  # the rows of one commit share most of their moments
def _moment_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    NoneType: lambda _: "\x00",
    bool: lambda value: "1" if value else "0",
    str: str,
    datetime: _moment_text,
    date: date.isoformat,
    dict: _as_json,
    list: _as_json,
    tuple: _as_json,
}
"""By the very type, since this is asked of every column of every row that is sealed."""


class Sealed:
    """A row of record: a digest of its fields lies beside them, so that a change behind Suivi's back shows.

    The seal detects carelessness and quiet edits; it does not stop someone who can both write to the
    database and compute it (see the decision on seals in docs/adr). ``tracker verify`` checks it.
    """

    UNSEALED: ClassVar[frozenset[str]] = frozenset()
    """Columns that change by themselves and are checked by computing them again."""

    seal: Mapped[int] = mapped_column(BigInteger, nullable=False)


_sealed_columns: dict[str, tuple[str, ...]] = {}


def sealed_columns(model: type[Sealed]) -> tuple[str, ...]:
    """Return the names of the columns that a row's seal covers, in the order in which they are digested."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    known = _sealed_columns.get(table.name)
    if known is None:
        own_key = {"id"} if "id" in table.c else set()  # given by the database after the digest
        known = tuple(c.name for c in table.columns if c.name not in model.UNSEALED | own_key | {"seal"})
        _sealed_columns[table.name] = known
    return known


def sealed_text(model: type[Sealed], values: Mapping[str, object]) -> str:
    """Return what a row's seal is taken of: its sealed columns in their order, each written in one way."""
    return written_as_one(values.get(name) for name in sealed_columns(model))


def written_as_one(values: Iterable[object]) -> str:
    """Return the values of a row as one text, each written in one way; migrations seal with it too."""
    return "\x1f".join([_canonical(value) for value in values])


def seal_of_text(text: str) -> int:
    """Return the seal of a row from its ``sealed_text``."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def seal_of(model: type[Sealed], values: Mapping[str, object]) -> int:
    """Return the seal of a row, from its values by column name (a missing one counts as NULL)."""
    return seal_of_text(sealed_text(model, values))


@event.listens_for(Sealed, "before_insert", propagate=True)
@event.listens_for(Sealed, "before_update", propagate=True)
def _seal(mapper: Mapper[Any], connection: Connection, row: Any) -> None:
    """Seal a row as it is about to be written, with the defaults that its columns declare."""
    for name, value in _defaults(mapper.local_table).items():
        if getattr(row, name) is None:
            setattr(row, name, value)
    row.seal = seal_of(type(row), {name: getattr(row, name) for name in sealed_columns(type(row))})


@cache
def _defaults(table: FromClause) -> Mapping[str, object]:
    """Return the values that a table's columns take when they are given none."""
    columns = ((column.name, column.default) for column in table.columns)
    return {name: d.arg for name, d in columns if isinstance(d, ColumnDefault) and d.is_scalar}


def put(session: Session, *rows: Base) -> None:
    """Write new rows of one table at once, sealed, without the unit of work: for the paths that must be quick.

    The rows stay plain values that the session does not watch; a single one is told its ``id``.
    """
    model = type(rows[0])
    table: Table = model.__table__  # type: ignore[assignment]
    values = [_values(model, table, row) for row in rows]
    if len(rows) > 1:
        session.connection().execute(_insert(table), values)
    elif "id" not in table.c or values[0].get("id") is not None:
        session.connection().execute(_insert(table), values[0])
    else:
        told = session.connection().execute(_insert_told(table), values[0])
        rows[0].id = told.scalar_one()  # type: ignore[attr-defined]


@cache
def _insert(table: Table) -> Insert:
    """Return the statement that writes a row with every column given, or all but the key the database gives."""
    return insert(table).inline()


@cache
def _insert_told(table: Table) -> ReturningInsert[tuple[int]]:
    """Return the same statement, which tells the key that the database gave."""
    return _insert(table).returning(table.c.id)


@cache
def _blank(table: Table) -> Mapping[str, object]:
    """Return a row with nothing but its defaults: every column but the key that the database gives."""
    return {**dict.fromkeys(column.name for column in table.columns if column.name != "id"), **_defaults(table)}


@cache
def _names(table: Table) -> frozenset[str]:
    return frozenset(column.name for column in table.columns)


def _values(model: type[Base], table: Table, row: Base) -> dict[str, object]:
    """Return a row's values by column, with defaults and seal."""
    names = _names(table)
    given = {name: value for name, value in row.__dict__.items() if value is not None and name in names}
    values = {**_blank(table), **given}
    if issubclass(model, Sealed):
        values["seal"] = seal_of(model, values)
    return values
