"""The daily digest by mail: the hour that each person chose, what each was told on each day, and its way out.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
WAS = (
    "CASE WHEN message_id IS NULL THEN 0 ELSE 1 END + CASE WHEN notice_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN mail_notice_id IS NULL THEN 0 ELSE 1 END"
)
IS = WAS + " + CASE WHEN digest_id IS NULL THEN 0 ELSE 1 END"
WAYS = {"message_id": "messages", "notice_id": "notices", "mail_notice_id": "mail_notices"}


def outbox(*more: sa.schema.SchemaItem, check: str) -> sa.Table:
    """Return the outbox as it stands before a change: SQLite makes the table anew, and must know all of it."""
    waiting, failed = sa.text("state = 'waiting'"), sa.text("state = 'failed'")
    return sa.Table(
        "outbox",
        sa.MetaData(),
        sa.Column("id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("notice_id", BigId, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_notice_id", BigId, nullable=True),
        sa.CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="ck_outbox_lease_whole"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="ck_outbox_state"),
        sa.CheckConstraint(f"{check} = 1", name="ck_outbox_one_thing_to_send"),
        *(sa.ForeignKeyConstraint([way], [f"{of}.id"], name=f"fk_outbox_{way}") for way, of in WAYS.items()),
        *(sa.UniqueConstraint(way, name=f"uq_outbox_{way}") for way in WAYS),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.Index("ix_outbox_failed", "id", postgresql_where=failed, sqlite_where=failed),
        sa.Index("ix_outbox_waiting", "next_try_at", postgresql_where=waiting, sqlite_where=waiting),
        *more,
    )


def upgrade() -> None:
    op.create_table(
        "digest_choices",
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("hour", sa.Integer(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("hour IS NULL OR hour BETWEEN 0 AND 23", name=op.f("ck_digest_choices_hour_of_the_day")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_digest_choices_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_digest_choices")),
    )
    op.create_table(
        "digests",
        sa.Column("id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("contents", Document, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("told >= 0", name=op.f("ck_digests_told")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_digests_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("staff_id", "day", name=op.f("uq_digests_staff_id_day")),
    )
    with op.batch_alter_table("outbox", copy_from=outbox(check=WAS)) as table:
        table.add_column(sa.Column("digest_id", BigId, nullable=True))
        table.drop_constraint(op.f("ck_outbox_one_thing_to_send"), type_="check")
        table.create_check_constraint(op.f("ck_outbox_one_thing_to_send"), sa.text(f"{IS} = 1"))
        table.create_unique_constraint(op.f("uq_outbox_digest_id"), ["digest_id"])
        table.create_foreign_key(op.f("fk_outbox_digest_id"), "digests", ["digest_id"], ["id"])


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE digest_id IS NOT NULL")
    stands = outbox(
        sa.Column("digest_id", BigId, nullable=True),
        sa.UniqueConstraint("digest_id", name="uq_outbox_digest_id"),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_outbox_digest_id"),
        check=IS,
    )
    with op.batch_alter_table("outbox", copy_from=stands) as table:
        table.drop_constraint(op.f("ck_outbox_one_thing_to_send"), type_="check")
        table.drop_constraint(op.f("fk_outbox_digest_id"), type_="foreignkey")
        table.drop_constraint(op.f("uq_outbox_digest_id"), type_="unique")
        table.drop_column("digest_id")
        table.create_check_constraint(op.f("ck_outbox_one_thing_to_send"), sa.text(f"{WAS} = 1"))
    op.drop_table("digests")
    op.drop_table("digest_choices")
