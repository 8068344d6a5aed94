"""Logins that were ended before their time: a cookie that was copied before opens nothing any more.

Revision: 0026, after 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ended_logins",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_ended_logins")),
    )
    op.create_index("ix_ended_logins_until", "ended_logins", ["until"])


def downgrade() -> None:
    op.drop_table("ended_logins")
