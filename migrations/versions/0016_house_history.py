"""The history of the house itself: people, absences, closing days, texts; and the links by which passwords are set.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
OPEN = sa.text("ended_at IS NULL")

SQLITE_TRIGGERS = (
    """CREATE TRIGGER house_changes_never_change BEFORE UPDATE ON house_changes
       BEGIN SELECT RAISE(ABORT, 'a change of the house is never changed: add another'); END""",
    """CREATE TRIGGER house_changes_never_shrink BEFORE DELETE ON house_changes
       BEGIN SELECT RAISE(ABORT, 'a change of the house is never deleted: add another'); END""",
)
POSTGRESQL_TRIGGERS = (
    """CREATE TRIGGER house_changes_never_change BEFORE UPDATE OR DELETE ON house_changes
       FOR EACH ROW EXECUTE FUNCTION history_is_append_only()""",
    """CREATE TRIGGER house_changes_never_empty BEFORE TRUNCATE ON house_changes
       FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only()""",
)


def upgrade() -> None:
    op.create_table(
        "house_changes",
        sa.Column("number", BigId, autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("what", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("details", Document, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "subject IN ('person', 'absence', 'closing_days', 'text')", name=op.f("ck_house_changes_subject")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_house_changes_number_from_one")),
        sa.ForeignKeyConstraint(["actor_id"], ["staff.id"], name=op.f("fk_house_changes_actor_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_house_changes")),
    )
    op.create_index("ix_house_changes_subject", "house_changes", ["subject", "what", "number"])
    op.create_index("ix_house_changes_at", "house_changes", ["at", "number"])
    op.create_index("ix_routing_changes_at", "routing_changes", ["at", "number"])
    for trigger in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(trigger)
    op.create_table(
        "password_links",
        sa.Column("id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", BigId, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_password_links_staff_id")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_password_links_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_password_links_digest")),
    )
    op.create_index(
        "uq_password_links_in_use", "password_links", ["staff_id"], unique=True,
        postgresql_where=OPEN, sqlite_where=OPEN,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("password_links")
    op.drop_index("ix_routing_changes_at", "routing_changes")
    op.drop_table("house_changes")
