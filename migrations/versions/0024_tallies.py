"""How many rows were written in the tables that only ever grow: so the last one is missed when it is taken out.

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

from tracker.models.base import seal_of_text, written_as_one

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COUNTED = ("calendar_feeds", "house_changes", "password_links", "routing_changes", "set_aside")


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("written >= 0", name=op.f("ck_tallies_written")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tallies")),
    )
    rows = [{"name": name, "written": _rows(name)} for name in COUNTED]
    sealed = [row | {"seal": seal_of_text(written_as_one(row.values()))} for row in rows]
    columns = sa.column("name", sa.String()), sa.column("written", sa.Integer()), sa.column("seal", sa.BigInteger())
    op.bulk_insert(sa.table("tallies", *columns), sealed)


def _rows(name: str) -> int:
    return int(op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0)


def downgrade() -> None:
    op.drop_table("tallies")
