"""Views of the queue that staff keep; what is written and has not left is found along an index.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("service_code", sa.String(length=60), nullable=True),
        sa.Column("query", Document, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_views_staff_id")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_saved_views_service_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("staff_id", "name", name=op.f("uq_saved_views_staff_id_name")),
    )
    shared = sa.text("service_code IS NOT NULL")
    op.create_index(
        "ix_saved_views_shared", "saved_views", ["service_code"], postgresql_where=shared, sqlite_where=shared
    )
    op.create_table(
        "first_views",
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("view_id", BigId, nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_first_views_staff_id")),
        sa.ForeignKeyConstraint(["view_id"], ["saved_views.id"], name=op.f("fk_first_views_view_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_first_views")),
    )
    op.create_index(op.f("ix_first_views_view_id"), "first_views", ["view_id"])
    leaving = sa.text("act IS NOT NULL AND left_on IS NULL")
    op.create_index("ix_messages_leaving", "messages", ["case_id"], postgresql_where=leaving, sqlite_where=leaving)


def downgrade() -> None:
    op.drop_index("ix_messages_leaving", "messages")
    op.drop_table("first_views")
    op.drop_table("saved_views")
