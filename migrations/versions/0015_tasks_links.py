"""What colleagues and services are asked for on a case, the word sent to them, and cases tied to one another.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
WAYS = {"message_id": "messages", "notice_id": "notices", "mail_notice_id": "mail_notices", "digest_id": "digests"}
WAS = " + ".join(f"CASE WHEN {way} IS NULL THEN 0 ELSE 1 END" for way in WAYS)
IS = WAS + " + CASE WHEN staff_notice_id IS NULL THEN 0 ELSE 1 END"


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
    _tasks()
    _staff_notices()
    _case_links()
    with op.batch_alter_table("outbox", copy_from=outbox(check=WAS)) as table:
        table.add_column(sa.Column("staff_notice_id", BigId, nullable=True))
        table.drop_constraint(op.f("ck_outbox_one_thing_to_send"), type_="check")
        table.create_check_constraint(op.f("ck_outbox_one_thing_to_send"), sa.text(f"{IS} = 1"))
        table.create_unique_constraint(op.f("uq_outbox_staff_notice_id"), ["staff_notice_id"])
        table.create_foreign_key(op.f("fk_outbox_staff_notice_id"), "staff_notices", ["staff_notice_id"], ["id"])


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("asked_id", BigId, nullable=True),
        sa.Column("service_code", sa.String(60), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", BigId, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", BigId, nullable=True),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("contribution", sa.Integer(), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'done', 'declined', 'withdrawn')", name=op.f("ck_tasks_state")),
        sa.CheckConstraint(
            "(asked_id IS NULL) <> (service_code IS NULL)", name=op.f("ck_tasks_of_a_person_or_a_service")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (settled_at IS NULL)", name=op.f("ck_tasks_settled_exactly_when_not_open")
        ),
        sa.CheckConstraint("settled_by IS NULL OR settled_at IS NOT NULL", name=op.f("ck_tasks_settled_whole")),
        sa.CheckConstraint("state <> 'declined' OR word IS NOT NULL", name=op.f("ck_tasks_declined_with_a_word")),
        sa.CheckConstraint(
            "(contribution IS NOT NULL) = (service_code IS NOT NULL AND state = 'done')",
            name=op.f("ck_tasks_a_service_contributes"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_tasks_case_id")),
        sa.ForeignKeyConstraint(["asked_id"], ["staff.id"], name=op.f("fk_tasks_asked_id")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_tasks_service_code")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_tasks_asked_by")),
        sa.ForeignKeyConstraint(["settled_by"], ["staff.id"], name=op.f("fk_tasks_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    still = sa.text("state = 'open'")
    op.create_index("ix_tasks_case_id", "tasks", ["case_id"])
    for name, whom in (("asked", "asked_id"), ("service", "service_code")):
        op.create_index(f"ix_tasks_{name}", "tasks", [whom, "due_on"], postgresql_where=still, sqlite_where=still)


def _staff_notices() -> None:
    op.create_table(
        "staff_notices",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("task_id", BigId, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("recipients", Document, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('asked', 'done', 'declined', 'withdrawn', 'mentioned')", name=op.f("ck_staff_notices_kind")
        ),
        sa.CheckConstraint(
            "(task_id IS NULL) = (kind = 'mentioned')", name=op.f("ck_staff_notices_about_a_task_or_a_note")
        ),
        sa.CheckConstraint(
            "(message_id IS NULL) = (kind <> 'mentioned')", name=op.f("ck_staff_notices_a_note_where_mentioned")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_staff_notices_case_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_staff_notices_task_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_staff_notices_message_id")),
        sa.UniqueConstraint("task_id", "kind", name=op.f("uq_staff_notices_task_id_kind")),
        sa.UniqueConstraint("message_id", name=op.f("uq_staff_notices_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notices")),
    )


def _case_links() -> None:
    op.create_table(
        "case_links",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("other_id", BigId, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by", BigId, nullable=False),
        sa.Column("unlinked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unlinked_by", BigId, nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('same_matter', 'split')", name=op.f("ck_case_links_kind")),
        sa.CheckConstraint("other_id < case_id", name=op.f("ck_case_links_the_later_one_first")),
        sa.CheckConstraint(
            "(unlinked_at IS NULL) = (unlinked_by IS NULL)", name=op.f("ck_case_links_unlinked_whole")
        ),
        sa.CheckConstraint("unlinked_at IS NULL OR kind = 'same_matter'", name=op.f("ck_case_links_a_split_stays")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id")),
        sa.ForeignKeyConstraint(["other_id"], ["cases.id"], name=op.f("fk_case_links_other_id")),
        sa.ForeignKeyConstraint(["linked_by"], ["staff.id"], name=op.f("fk_case_links_linked_by")),
        sa.ForeignKeyConstraint(["unlinked_by"], ["staff.id"], name=op.f("fk_case_links_unlinked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
    )
    stands = sa.text("unlinked_at IS NULL")
    op.create_index(
        "uq_case_links_stands", "case_links", ["case_id", "other_id"], unique=True,
        postgresql_where=stands, sqlite_where=stands,
    )  # fmt: skip
    op.create_index(
        "ix_case_links_other_id", "case_links", ["other_id"], postgresql_where=stands, sqlite_where=stands
    )


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE staff_notice_id IS NOT NULL")
    stands = outbox(
        sa.Column("staff_notice_id", BigId, nullable=True),
        sa.UniqueConstraint("staff_notice_id", name="uq_outbox_staff_notice_id"),
        sa.ForeignKeyConstraint(["staff_notice_id"], ["staff_notices.id"], name="fk_outbox_staff_notice_id"),
        check=IS,
    )
    with op.batch_alter_table("outbox", copy_from=stands) as table:
        table.drop_constraint(op.f("ck_outbox_one_thing_to_send"), type_="check")
        table.drop_constraint(op.f("fk_outbox_staff_notice_id"), type_="foreignkey")
        table.drop_constraint(op.f("uq_outbox_staff_notice_id"), type_="unique")
        table.drop_column("staff_notice_id")
        table.create_check_constraint(op.f("ck_outbox_one_thing_to_send"), sa.text(f"{WAS} = 1"))
    op.drop_table("case_links")
    op.drop_table("staff_notices")
    op.drop_table("tasks")
