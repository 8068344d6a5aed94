"""How many text modules and choices of a digest were written: so the last one is missed when it is taken out.

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

from tracker.models.base import seal_of_text, written_as_one

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

COUNTED = ("digest_choices", "text_modules")
TALLIES = sa.table(
    "tallies", sa.column("name", sa.String()), sa.column("written", sa.Integer()), sa.column("seal", sa.BigInteger())
)


def upgrade() -> None:
    rows = [{"name": name, "written": _rows(name)} for name in COUNTED]
    op.bulk_insert(TALLIES, [row | {"seal": seal_of_text(written_as_one(row.values()))} for row in rows])


def _rows(name: str) -> int:
    return int(op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0)


def downgrade() -> None:
    op.execute(sa.delete(TALLIES).where(TALLIES.c.name.in_(COUNTED)))
