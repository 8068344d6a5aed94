"""Messages that are being written, kept as they are typed.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
KINDS = (
    "'request', 'follow_up', 'note', 'acknowledgement', 'complaint_acknowledgement', 'emergency',"
    " 'interim', 'answer', 'question', 'transmission', 'transmission_notice', 'closing', 'tracking_code'"
)


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("author_id", BigId, nullable=False),
        sa.Column("typed", Document, nullable=False),
        sa.Column("begun_by", sa.String(length=200), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_drafts_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id")),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_drafts_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("case_id", "kind", "author_id", name=op.f("uq_drafts_case_id_kind_author_id")),
    )
    op.create_index(op.f("ix_drafts_author_id"), "drafts", ["author_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_drafts_author_id"), table_name="drafts")
    op.drop_table("drafts")
