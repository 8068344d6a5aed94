"""The Belgian posts abroad, each with its source.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
KINDS = "'embassy', 'consulate_general', 'consulate', 'honorary_consulate', 'permanent_representation', 'office'"


def upgrade() -> None:
    op.create_table(
        "posts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("city", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("names", Document, nullable=False),
        sa.Column("phone", sa.String(60), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("postal_address", sa.Text(), nullable=True),
        sa.Column("covers", Document, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_posts_kind")),
        sa.CheckConstraint("source <> ''", name=op.f("ck_posts_has_a_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("country", "city", "kind", name="uq_posts_country_city_kind"),
    )


def downgrade() -> None:
    op.drop_table("posts")
