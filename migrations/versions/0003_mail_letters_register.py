"""Mail that comes in, letters and runs, the daily register, text modules.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON().with_variant(JSONB(), "postgresql")

TABLES = ("register_entries", "mails", "letters", "text_modules", "print_runs", "mail_notices")
"""In the order in which they can be dropped."""

WAS = "(message_id IS NULL) <> (notice_id IS NULL)"
IS = (
    "CASE WHEN message_id IS NULL THEN 0 ELSE 1 END + CASE WHEN notice_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN mail_notice_id IS NULL THEN 0 ELSE 1 END = 1"
)


def outbox(*more: sa.schema.SchemaItem, check: str, name: str) -> sa.Table:
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
        sa.CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="ck_outbox_lease_whole"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="ck_outbox_state"),
        sa.CheckConstraint(check, name=name),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_outbox_message_id"),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_outbox_notice_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("message_id", name="uq_outbox_message_id"),
        sa.UniqueConstraint("notice_id", name="uq_outbox_notice_id"),
        sa.Index("ix_outbox_failed", "id", postgresql_where=failed, sqlite_where=failed),
        sa.Index("ix_outbox_waiting", "next_try_at", postgresql_where=waiting, sqlite_where=waiting),
        *more,
    )


ALARMS = {
    "not_sent": (
        "state IN ('triage', 'open') AND id IN (SELECT m.case_id FROM messages m JOIN outbox o ON o.message_id = m.id"
        " WHERE o.state = 'failed' AND m.left_on IS NULL AND NOT EXISTS (SELECT 1 FROM messages n"
        " WHERE n.case_id = m.case_id AND n.left_on IS NOT NULL AND (n.kind = m.kind AND n.number > m.number"
        " OR m.kind = 'interim' AND n.kind = 'answer' AND n.left_at >= m.written_at))"
        " UNION SELECT m.case_id FROM messages m WHERE m.voided_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages n"
        " WHERE n.case_id = m.case_id AND n.number > m.number AND n.direction = 'out' AND n.kind <> 'note'"
        " AND n.left_on IS NOT NULL AND n.voided_at IS NULL"
        " AND coalesce(n.service_code, '') = coalesce(m.service_code, '')))"
    ),
    "unattended": (
        "id IN (SELECT p.case_id FROM obligations p JOIN notices n ON n.obligation_id = p.id"
        " WHERE n.state = 'unattended' AND p.state = 'open')"
    ),
}
"""What alarms staff about a case, and when that was so before this migration."""

INDEXES = (
    ("", "cases", ["nature", "state", "id"]),
    ("_service", "cases", ["service_code", "id"]),
    ("_handler", "cases", ["handler_id", "id"]),
    ("", "associations", ["service_code", "case_id"]),
)


def mark_alarms() -> None:
    """Mark the cases that staff are alarmed about, and their associations, for the queue to find those one may see."""
    for alarm, so in ALARMS.items():
        for table in ("cases", "associations"):
            op.add_column(table, sa.Column(alarm, sa.Boolean(), server_default=sa.false(), nullable=False))
        op.execute(f"UPDATE cases SET {alarm} = true WHERE {so}")  # noqa: S608 - words of our own
        marked = f"SELECT id FROM cases WHERE {alarm}"  # noqa: S608
        op.execute(f"UPDATE associations SET {alarm} = true WHERE case_id IN ({marked})")  # noqa: S608
        for end, table, columns in INDEXES:
            where = sa.text(alarm)
            op.create_index(f"ix_{table}_{alarm}{end}", table, columns, postgresql_where=where, sqlite_where=where)
    op.drop_index("ix_cases_urgent_handler", "cases")
    urgent_at_hand("urgent_since IS NOT NULL AND closed_at IS NULL")
    where = sa.text("state = 'open' AND next_due_on IS NULL")
    columns = ["handler_id", "id"]
    op.create_index("ix_cases_unfinished_handler", "cases", columns, postgresql_where=where, sqlite_where=where)


def urgent_at_hand(where: str) -> None:
    """Make the index of the urgent cases that somebody has."""
    op.create_index(
        "ix_cases_urgent_handler",
        "cases",
        ["handler_id"],
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )


def unmark_alarms() -> None:
    """Take the marks away again: they are computed."""
    op.drop_index("ix_cases_unfinished_handler", "cases")
    op.drop_index("ix_cases_urgent_handler", "cases")
    urgent_at_hand("urgent_since IS NOT NULL AND next_due_on IS NOT NULL")
    for alarm in ALARMS:
        for end, table, _columns in INDEXES:
            op.drop_index(f"ix_{table}_{alarm}{end}", table)
        for table in ("cases", "associations"):
            op.drop_column(table, alarm)


def upgrade() -> None:
    mark_alarms()
    op.create_table(
        "mail_notices",
        sa.Column("id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mails", Document, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_mail_notices_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_notices")),
        sa.UniqueConstraint("staff_id", "day", name=op.f("uq_mail_notices_staff_id_day")),
    )
    op.create_table(
        "print_runs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", BigId, nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_print_runs_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_runs")),
    )
    op.create_table(
        "text_modules",
        sa.Column("id", BigId, nullable=False),
        sa.Column("service_code", sa.String(length=60), nullable=True),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", BigId, nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("language IN ('fr', 'nl', 'de', 'en')", name=op.f("ck_text_modules_language")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_text_modules_version_from_one")),
        sa.ForeignKeyConstraint(["changed_by"], ["staff.id"], name=op.f("fk_text_modules_changed_by")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_text_modules_service_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_modules")),
    )
    op.create_index("ix_text_modules_service_code", "text_modules", ["service_code", "language"])

    op.create_table(
        "letters",
        sa.Column("message_id", BigId, autoincrement=False, nullable=False),
        sa.Column("run_id", BigId, nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("stored_as", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("pages > 0", name=op.f("ck_letters_has_pages")),
        sa.CheckConstraint("size > 0", name=op.f("ck_letters_not_empty")),
        sa.CheckConstraint("(run_id IS NULL) = (position IS NULL)", name=op.f("ck_letters_place_in_a_run")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_letters_message_id")),
        sa.ForeignKeyConstraint(["run_id"], ["print_runs.id"], name=op.f("fk_letters_run_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_letters")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_letters_stored_as")),
    )
    op.create_index("ix_letters_run_id", "letters", ["run_id"])
    waits = sa.text("left_on IS NULL AND direction = 'out' AND (channel = 'post' OR channel = 'fax')")
    op.create_index("ix_messages_on_paper", "messages", ["id"], postgresql_where=waits, sqlite_where=waits)

    op.create_table(
        "mails",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=250), nullable=True),
        sa.Column("sender", sa.String(length=254), nullable=True),
        sa.Column("sender_name", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("language", sa.String(40), nullable=True),
        sa.Column("quoted", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("details", Document, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("case_message_id", BigId, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", BigId, nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("language IN ('fr', 'nl', 'de', 'en')", name=op.f("ck_mails_language")),
        sa.CheckConstraint("outcome IN ('registered', 'attached', 'held', 'ignored')", name=op.f("ck_mails_outcome")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome NOT IN ('registered', 'attached') OR case_message_id IS NOT NULL",
            name=op.f("ck_mails_taken_in_became_a_message"),
        ),
        sa.CheckConstraint(
            "reason IN ('new_request', 'reply', 'other_sender', 'reference_only', 'mistyped_reference', 'sender_not_proven', 'no_sender', 'encrypted', 'empty', 'unreadable', 'too_big', 'too_many', 'many_recipients', 'automatic_reply', 'bounce', 'delayed', 'mailing_list', 'own_mail', 'same_mail', 'by_hand')",
            name=op.f("ck_mails_reason"),
        ),
        sa.CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name=op.f("ck_mails_decided_whole")),
        sa.CheckConstraint("(outcome IS NULL) = (reason IS NULL)", name=op.f("ck_mails_decided_with_a_reason")),
        sa.CheckConstraint(
            "case_message_id IS NULL OR case_id IS NOT NULL", name=op.f("ck_mails_message_is_on_a_case")
        ),
        sa.CheckConstraint("outcome IS NULL OR received_at IS NOT NULL", name=op.f("ck_mails_decided_has_a_receipt")),
        sa.CheckConstraint("settled_at IS NULL OR settled_by IS NOT NULL", name=op.f("ck_mails_settled_by_somebody")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_mails_size")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_mails_case_id")),
        sa.ForeignKeyConstraint(["case_message_id"], ["messages.id"], name=op.f("fk_mails_case_message_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["staff.id"], name=op.f("fk_mails_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("case_message_id", name=op.f("uq_mails_case_message_id")),
        sa.UniqueConstraint("sha256", name=op.f("uq_mails_sha256")),
    )
    op.create_index("ix_mails_case_id", "mails", ["case_id"])
    op.create_index("ix_mails_message_id", "mails", ["message_id"])
    op.create_index("ix_mails_sender", "mails", ["sender", "stored_at"])
    op.create_index(
        "ix_mails_to_look_at",
        "mails",
        ["received_at", "id"],
        postgresql_where=sa.text("outcome IN ('held', 'ignored') AND settled_at IS NULL"),
        sqlite_where=sa.text("outcome IN ('held', 'ignored') AND settled_at IS NULL"),
    )
    op.create_index(
        "ix_mails_held",
        "mails",
        ["received_at", "id"],
        postgresql_where=sa.text("outcome = 'held' AND settled_at IS NULL"),
        sqlite_where=sa.text("outcome = 'held' AND settled_at IS NULL"),
    )
    op.create_index(
        "ix_mails_settled",
        "mails",
        ["settled_at", "id"],
        postgresql_where=sa.text("settled_at IS NOT NULL"),
        sqlite_where=sa.text("settled_at IS NOT NULL"),
    )
    op.create_index(
        "ix_mails_undecided",
        "mails",
        ["id"],
        postgresql_where=sa.text("outcome IS NULL"),
        sqlite_where=sa.text("outcome IS NULL"),
    )

    op.create_table(
        "register_entries",
        sa.Column("id", BigId, nullable=False),
        sa.Column("direction", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("day_number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("correspondent", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", BigId, nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('post', 'fax', 'phone', 'counter')", name=op.f("ck_register_entries_paper_and_speech")
        ),
        sa.CheckConstraint(
            "channel IN ('web', 'email', 'post', 'fax', 'phone', 'counter')", name=op.f("ck_register_entries_channel")
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_register_entries_direction")),
        sa.CheckConstraint("number >= 1 AND day_number >= 1", name=op.f("ck_register_entries_numbers_from_one")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_register_entries_case_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_register_entries_entered_by")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_register_entries_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entries")),
        sa.UniqueConstraint(
            "direction", "day", "day_number", name=op.f("uq_register_entries_direction_day_day_number")
        ),
        sa.UniqueConstraint("direction", "year", "number", name=op.f("uq_register_entries_direction_year_number")),
        sa.UniqueConstraint("message_id", "direction", name=op.f("uq_register_entries_message_id_direction")),
    )
    op.create_index("ix_register_entries_case_id", "register_entries", ["case_id"])
    with op.batch_alter_table("outbox", copy_from=outbox(check=WAS, name="ck_outbox_message_or_notice")) as table:
        table.add_column(sa.Column("mail_notice_id", BigId, nullable=True))
        table.drop_constraint(op.f("ck_outbox_message_or_notice"), type_="check")
        table.create_check_constraint(op.f("ck_outbox_one_thing_to_send"), sa.text(IS))
        table.create_unique_constraint(op.f("uq_outbox_mail_notice_id"), ["mail_notice_id"])
        table.create_foreign_key(op.f("fk_outbox_mail_notice_id"), "mail_notices", ["mail_notice_id"], ["id"])


def downgrade() -> None:
    unmark_alarms()
    op.drop_index("ix_messages_on_paper", "messages")
    op.execute("DELETE FROM outbox WHERE mail_notice_id IS NOT NULL")
    stands = outbox(
        sa.Column("mail_notice_id", BigId, nullable=True),
        sa.UniqueConstraint("mail_notice_id", name="uq_outbox_mail_notice_id"),
        sa.ForeignKeyConstraint(["mail_notice_id"], ["mail_notices.id"], name="fk_outbox_mail_notice_id"),
        check=IS,
        name="ck_outbox_one_thing_to_send",
    )
    with op.batch_alter_table("outbox", copy_from=stands) as table:
        table.drop_constraint(op.f("ck_outbox_one_thing_to_send"), type_="check")
        table.drop_constraint(op.f("fk_outbox_mail_notice_id"), type_="foreignkey")
        table.drop_constraint(op.f("uq_outbox_mail_notice_id"), type_="unique")
        table.drop_column("mail_notice_id")
        table.create_check_constraint(op.f("ck_outbox_message_or_notice"), sa.text(WAS))
    for table_name in TABLES:
        op.drop_table(table_name)
