"""A word by mail that a link was made by which a password is set.

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAYS = {
    "message_id": "messages", "notice_id": "notices", "mail_notice_id": "mail_notices", "digest_id": "digests",
    "staff_notice_id": "staff_notices", "action_notice_id": "action_notices",
}  # fmt: skip
WAS = " + ".join(f"CASE WHEN {way} IS NULL THEN 0 ELSE 1 END" for way in WAYS)
IS = WAS + " + CASE WHEN password_link_id IS NULL THEN 0 ELSE 1 END"


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
        sa.Column("digest_id", BigId, nullable=True),
        sa.Column("staff_notice_id", BigId, nullable=True),
        sa.Column("action_notice_id", BigId, nullable=True),
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
    with op.batch_alter_table("outbox", copy_from=outbox(check=WAS)) as table:
        table.add_column(sa.Column("password_link_id", BigId, nullable=True))
        table.drop_constraint(op.f("ck_outbox_one_thing_to_send"), type_="check")
        table.create_check_constraint(op.f("ck_outbox_one_thing_to_send"), sa.text(f"{IS} = 1"))
        table.create_unique_constraint(op.f("uq_outbox_password_link_id"), ["password_link_id"])
        table.create_foreign_key(op.f("fk_outbox_password_link_id"), "password_links", ["password_link_id"], ["id"])


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE password_link_id IS NOT NULL")
    stands = outbox(
        sa.Column("password_link_id", BigId, nullable=True),
        sa.UniqueConstraint("password_link_id", name="uq_outbox_password_link_id"),
        sa.ForeignKeyConstraint(["password_link_id"], ["password_links.id"], name="fk_outbox_password_link_id"),
        check=IS,
    )
    with op.batch_alter_table("outbox", copy_from=stands) as table:
        table.drop_constraint(op.f("ck_outbox_one_thing_to_send"), type_="check")
        table.drop_constraint(op.f("fk_outbox_password_link_id"), type_="foreignkey")
        table.drop_constraint(op.f("uq_outbox_password_link_id"), type_="unique")
        table.drop_column("password_link_id")
        table.create_check_constraint(op.f("ck_outbox_one_thing_to_send"), sa.text(f"{WAS} = 1"))
