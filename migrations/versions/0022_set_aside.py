"""Files that somebody set aside in their own list until a day.

Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IN_FORCE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "set_aside",
        sa.Column("id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= made_at", name=op.f("ck_set_aside_ended_after_made")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_set_aside_staff_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_set_aside_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
    )
    op.create_index(
        "uq_set_aside_in_force", "set_aside", ["staff_id", "case_id"], unique=True, postgresql_where=IN_FORCE,
        sqlite_where=IN_FORCE,
    )  # fmt: skip
    op.create_index("ix_set_aside_case_id", "set_aside", ["case_id"])


def downgrade() -> None:
    op.drop_table("set_aside")
