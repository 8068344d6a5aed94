"""What staff teach the router, the models trained from it, and every change of what the router goes by.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

SQLITE_TRIGGERS = (
    """CREATE TRIGGER routing_changes_never_change BEFORE UPDATE ON routing_changes
       BEGIN SELECT RAISE(ABORT, 'a change of routing is never changed: add another'); END""",
    """CREATE TRIGGER routing_changes_never_shrink BEFORE DELETE ON routing_changes
       BEGIN SELECT RAISE(ABORT, 'a change of routing is never deleted: add another'); END""",
)
POSTGRESQL_TRIGGERS = (
    """CREATE TRIGGER routing_changes_never_change BEFORE UPDATE OR DELETE ON routing_changes
       FOR EACH ROW EXECUTE FUNCTION history_is_append_only()""",
    """CREATE TRIGGER routing_changes_never_empty BEFORE TRUNCATE ON routing_changes
       FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only()""",
)


def upgrade() -> None:
    op.create_table(
        "routing_examples",
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("country", sa.String(2), nullable=True),
        sa.Column("nature", sa.String(40), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("proposed", sa.String(60), nullable=True),
        sa.Column("service_code", sa.String(60), nullable=False),
        sa.Column("model", sa.String(40), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", BigId, nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("language IN ('fr', 'nl', 'de', 'en')", name=op.f("ck_routing_examples_language")),
        sa.CheckConstraint(
            "nature IN ('information', 'complex', 'misdirected', 'complaint', 'document_access')",
            name=op.f("ck_routing_examples_nature"),
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_routing_examples_not_empty")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_routing_examples_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_routing_examples_service_code")),
        sa.ForeignKeyConstraint(["noted_by"], ["staff.id"], name=op.f("fk_routing_examples_noted_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_routing_examples")),
    )
    op.create_index("ix_routing_examples_noted_at", "routing_examples", ["noted_at"])
    op.create_table(
        "routing_models",
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("figures", Document, nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trained_by", BigId, nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["trained_by"], ["staff.id"], name=op.f("fk_routing_models_trained_by")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_routing_models")),
    )
    op.create_index("ix_routing_models_trained_at", "routing_models", ["trained_at"])
    op.create_table(
        "routing_changes",
        sa.Column("number", BigId, autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("what", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("details", Document, nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("subject IN ('model', 'rule', 'directory')", name=op.f("ck_routing_changes_subject")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_routing_changes_number_from_one")),
        sa.ForeignKeyConstraint(["actor_id"], ["staff.id"], name=op.f("fk_routing_changes_actor_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_routing_changes")),
    )
    op.create_index("ix_routing_changes_subject", "routing_changes", ["subject", "what", "number"])
    for trigger in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    for table in ("routing_changes", "routing_models", "routing_examples"):
        op.drop_table(table)
