"""Figures that are counted ahead; promises are found by the day on which they are due.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figures",
        sa.Column("service_code", sa.String(60), nullable=False),
        sa.Column("complaint", sa.Boolean(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("cut", sa.String(20), nullable=False),
        sa.Column("value", sa.String(60), nullable=False),
        sa.Column("counted", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_figures_counts_something")),
        sa.PrimaryKeyConstraint(
            "service_code", "complaint", "period", "cut", "value", "counted", name=op.f("pk_figures")
        ),
    )
    op.create_index("ix_obligations_due_on", "obligations", ["due_on", "id"])


def downgrade() -> None:
    op.drop_index("ix_obligations_due_on", "obligations")
    op.drop_table("figures")
