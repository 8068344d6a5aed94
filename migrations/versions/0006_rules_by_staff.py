"""The rules that staff write for the router.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "routing_rules",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("words", Document, nullable=False),
        sa.Column("place", sa.String(12), nullable=True),
        sa.Column("nature", sa.String(40), nullable=True),
        sa.Column("channel", sa.String(40), nullable=True),
        sa.Column("language", sa.String(40), nullable=True),
        sa.Column("service_code", sa.String(60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tried", Document, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", BigId, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "nature IN ('information', 'complex', 'misdirected', 'complaint', 'document_access')",
            name=op.f("ck_routing_rules_nature"),
        ),
        sa.CheckConstraint(
            "channel IN ('web', 'email', 'post', 'fax', 'phone', 'counter')", name=op.f("ck_routing_rules_channel")
        ),
        sa.CheckConstraint("language IN ('fr', 'nl', 'de', 'en')", name=op.f("ck_routing_rules_language")),
        sa.CheckConstraint("state IN ('draft', 'in_force', 'off')", name=op.f("ck_routing_rules_state")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_routing_rules_version_from_one")),
        sa.CheckConstraint("state <> 'in_force' OR tried IS NOT NULL", name=op.f("ck_routing_rules_tried_before")),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to",
            name=op.f("ck_routing_rules_validity_in_order"),
        ),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_routing_rules_service_code")),
        sa.ForeignKeyConstraint(["changed_by"], ["staff.id"], name=op.f("fk_routing_rules_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rules")),
    )
    op.create_index("ix_routing_rules_state", "routing_rules", ["state"])


def downgrade() -> None:
    op.drop_table("routing_rules")
