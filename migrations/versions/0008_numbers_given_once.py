"""The last number that the daily book gave, of each side and year: none is given twice.

Revision: 0008, after 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from tracker.models.base import seal_of_text, written_as_one

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SEALED: dict[str, Any] = {
    "direction": sa.String(40), "year": sa.Integer(), "number": sa.Integer(), "day": sa.Date(),
    "day_number": sa.Integer(),
}  # fmt: skip
"""What the seal of a row is taken of, in that order."""
SQLITE_TRIGGERS = (
    """CREATE TRIGGER register_years_never_go_back BEFORE UPDATE ON register_years
       WHEN NEW.number < OLD.number OR NEW.direction <> OLD.direction OR NEW.year <> OLD.year
       BEGIN SELECT RAISE(ABORT, 'a number of the daily book is never given twice'); END""",
    """CREATE TRIGGER register_years_never_shrink BEFORE DELETE ON register_years
       BEGIN SELECT RAISE(ABORT, 'a number of the daily book is never given twice'); END""",
)
POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION numbers_are_given_once() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'a number of the daily book is never given twice'; END $$""",
    """CREATE TRIGGER register_years_never_go_back BEFORE UPDATE ON register_years FOR EACH ROW
       WHEN (NEW.number < OLD.number OR NEW.direction <> OLD.direction OR NEW.year <> OLD.year)
       EXECUTE FUNCTION numbers_are_given_once()""",
    """CREATE TRIGGER register_years_never_shrink BEFORE DELETE ON register_years
       FOR EACH ROW EXECUTE FUNCTION numbers_are_given_once()""",
    """CREATE TRIGGER register_years_never_empty BEFORE TRUNCATE ON register_years
       FOR EACH STATEMENT EXECUTE FUNCTION numbers_are_given_once()""",
)


def upgrade() -> None:
    op.create_table(
        "register_years",
        *(sa.Column(name, kind, nullable=False) for name, kind in SEALED.items()),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_register_years_direction")),
        sa.CheckConstraint("number >= 1 AND day_number >= 1", name=op.f("ck_register_years_numbers_from_one")),
        sa.PrimaryKeyConstraint("direction", "year", name=op.f("pk_register_years")),
    )
    columns = [sa.column(name, kind) for name, kind in (SEALED | {"seal": sa.BigInteger()}).items()]
    rows = [row | {"seal": seal_of_text(written_as_one(row[name] for name in SEALED))} for row in last_numbers()]
    op.bulk_insert(sa.table("register_years", *columns), rows)
    for trigger in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def last_numbers() -> list[dict[str, Any]]:
    """Return how far each side of the book has come in each year, as its lines say."""
    c = sa.table("register_entries", *(sa.column(name, kind) for name, kind in SEALED.items())).c
    session, last = op.get_bind(), []
    highest = sa.select(c.direction, c.year, sa.func.max(c.number)).group_by(c.direction, c.year)
    for direction, year, number in session.execute(highest).all():
        of_the_year = sa.select(c.day, c.day_number).where(c.direction == direction, c.year == year)
        newest = of_the_year.order_by(c.day.desc(), c.day_number.desc()).limit(1)
        day, day_number = session.execute(newest).one()
        last.append({"direction": direction, "year": year, "number": number, "day": day, "day_number": day_number})
    return last


def downgrade() -> None:
    op.drop_table("register_years")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION numbers_are_given_once()")
