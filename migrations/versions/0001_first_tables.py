"""The first tables.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON().with_variant(JSONB(), "postgresql")

TABLES = (
    "outbox",
    "notices",
    "discharges",
    "breaches",
    "attachments",
    "obligations",
    "messages",
    "history",
    "associations",
    "cases",
    "staff",
    "throttles",
    "services",
    "job_runs",
)
"""In the order in which they can be dropped."""

SQLITE_TRIGGERS = (
    """CREATE TRIGGER history_never_changes BEFORE UPDATE ON history
       BEGIN SELECT RAISE(ABORT, 'the history is never changed: add an entry'); END""",
    """CREATE TRIGGER history_never_shrinks BEFORE DELETE ON history
       BEGIN SELECT RAISE(ABORT, 'the history is never deleted: add an entry'); END""",
    """CREATE TRIGGER cases_close_owing_nothing BEFORE UPDATE OF state ON cases
       WHEN NEW.state = 'closed'
        AND EXISTS (SELECT 1 FROM obligations WHERE case_id = NEW.id AND state = 'open')
       BEGIN SELECT RAISE(ABORT, 'a case with an open obligation cannot close'); END""",
    """CREATE TRIGGER obligations_open_on_open_cases BEFORE INSERT ON obligations
       WHEN NEW.state = 'open'
        AND EXISTS (SELECT 1 FROM cases WHERE id = NEW.case_id AND state IN ('closed', 'merged'))
       BEGIN SELECT RAISE(ABORT, 'a closed case takes no open obligation: reopen it first'); END""",
    """CREATE TRIGGER obligations_reopen_on_open_cases BEFORE UPDATE OF state ON obligations
       WHEN NEW.state = 'open'
        AND EXISTS (SELECT 1 FROM cases WHERE id = NEW.case_id AND state IN ('closed', 'merged'))
       BEGIN SELECT RAISE(ABORT, 'a closed case takes no open obligation: reopen it first'); END""",
)

POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the history is never changed or deleted: add an entry'; END $$""",
    """CREATE TRIGGER history_never_changes BEFORE UPDATE OR DELETE ON history
       FOR EACH ROW EXECUTE FUNCTION history_is_append_only()""",
    """CREATE TRIGGER history_never_empties BEFORE TRUNCATE ON history
       FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only()""",
    """CREATE FUNCTION a_closed_case_owes_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF EXISTS (SELECT 1 FROM obligations WHERE case_id = NEW.id AND state = 'open') THEN
           RAISE EXCEPTION 'a case with an open obligation cannot close';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER cases_close_owing_nothing BEFORE UPDATE OF state ON cases
       FOR EACH ROW WHEN (NEW.state = 'closed') EXECUTE FUNCTION a_closed_case_owes_nothing()""",
    """CREATE FUNCTION an_open_obligation_needs_an_open_case() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF EXISTS (SELECT 1 FROM cases WHERE id = NEW.case_id AND state IN ('closed', 'merged')) THEN
           RAISE EXCEPTION 'a closed case takes no open obligation: reopen it first';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER obligations_open_on_open_cases BEFORE INSERT OR UPDATE OF state ON obligations
       FOR EACH ROW WHEN (NEW.state = 'open') EXECUTE FUNCTION an_open_obligation_needs_an_open_case()""",
)


def upgrade() -> None:
    op.create_table(
        "job_runs",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "services",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("names", Document, nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("postal_address", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=True),
        sa.Column("associated", Document, nullable=False),
        sa.Column("parent_code", sa.String(length=60), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('internal', 'public_service', 'foreign_body')", name=op.f("ck_services_kind")),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_to IS NULL OR valid_from < valid_to",
            name=op.f("ck_services_validity_in_order"),
        ),
        sa.ForeignKeyConstraint(["parent_code"], ["services.code"], name=op.f("fk_services_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_services")),
    )
    op.create_table(
        "throttles",
        sa.Column("door", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("door", "who", "window_start", name=op.f("pk_throttles")),
    )
    op.create_table(
        "staff",
        sa.Column("id", BigId, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("service_code", sa.String(length=60), nullable=True),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_desk", sa.Boolean(), nullable=False),
        sa.Column("deputy_id", BigId, nullable=True),
        sa.Column("away_from", sa.Date(), nullable=True),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("language IN ('fr', 'nl', 'de', 'en')", name=op.f("ck_staff_language")),
        sa.CheckConstraint(
            "role IN ('clerk', 'dispatcher', 'head', 'complaints', 'direction', 'auditor', 'admin')",
            name=op.f("ck_staff_role"),
        ),
        sa.CheckConstraint(
            "NOT (is_desk AND password_hash IS NOT NULL)", name=op.f("ck_staff_a_desk_does_not_log_in")
        ),
        sa.CheckConstraint(
            "away_from IS NULL OR away_until IS NULL OR away_from <= away_until", name=op.f("ck_staff_away_in_order")
        ),
        sa.CheckConstraint("deputy_id IS NULL OR deputy_id <> id", name=op.f("ck_staff_deputy_is_another")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_email_in_small_letters")),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name=op.f("fk_staff_deputy_id")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_staff_service_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
    )
    op.create_index("ix_staff_role_active", "staff", ["role", "active"], unique=False)
    op.create_index(op.f("ix_staff_service_code"), "staff", ["service_code"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("nature", sa.String(40), nullable=False),
        sa.Column("nature_ground", sa.Text(), nullable=True),
        sa.Column("nature_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("official_language", sa.String(40), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("requester_name", sa.String(length=200), nullable=False),
        sa.Column("requester_email", sa.String(length=254), nullable=True),
        sa.Column("requester_phone", sa.String(length=60), nullable=True),
        sa.Column("requester_fax", sa.String(length=60), nullable=True),
        sa.Column("requester_address", sa.Text(), nullable=True),
        sa.Column("reply_channel", sa.String(40), nullable=False),
        sa.Column("reply_channel_reason", sa.String(40), nullable=True),
        sa.Column("code_version", sa.Integer(), nullable=False),
        sa.Column("service_code", sa.String(length=60), nullable=True),
        sa.Column("handler_id", BigId, nullable=False),
        sa.Column("triage_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("routing", Document, nullable=True),
        sa.Column("urgent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent_taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_evidence", sa.Text(), nullable=True),
        sa.Column("about_case_id", BigId, nullable=True),
        sa.Column("about_staff_id", BigId, nullable=True),
        sa.Column("about_service_code", sa.String(length=60), nullable=True),
        sa.Column("continues_case_id", BigId, nullable=True),
        sa.Column("merged_into_id", BigId, nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_kind", sa.String(40), nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("next_work_by", sa.Date(), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_cases_closed_exactly_with_closed_at")
        ),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f("ck_cases_merged_into_a_case")
        ),
        sa.CheckConstraint(
            "(state = 'triage') = (triage_since IS NOT NULL)", name=op.f("ck_cases_triage_has_a_start")
        ),
        sa.CheckConstraint(
            "channel IN ('web', 'email', 'post', 'fax', 'phone', 'counter')", name=op.f("ck_cases_channel")
        ),
        sa.CheckConstraint(
            "language <> 'en' OR official_language IS NOT NULL",
            name=op.f("ck_cases_english_has_an_official_language"),
        ),
        sa.CheckConstraint("language IN ('fr', 'nl', 'de', 'en')", name=op.f("ck_cases_language")),
        sa.CheckConstraint(
            "nature IN ('information', 'complex', 'misdirected', 'complaint', 'document_access')",
            name=op.f("ck_cases_nature"),
        ),
        sa.CheckConstraint(
            "next_due_on IS NULL OR state IN ('triage', 'open')", name=op.f("ck_cases_closed_owes_nothing")
        ),
        sa.CheckConstraint(
            "next_kind IN ('reply', 'interim', 'promised_reply', 'transmission')", name=op.f("ck_cases_next_kind")
        ),
        sa.CheckConstraint(
            "official_language IS NULL OR official_language IN ('fr', 'nl', 'de')",
            name=op.f("ck_cases_official_language"),
        ),
        sa.CheckConstraint(
            "reply_channel IN ('web', 'email', 'post', 'fax', 'phone', 'counter')",
            name=op.f("ck_cases_reply_channel"),
        ),
        sa.CheckConstraint(
            "reply_channel_reason IN ('sensitive', 'no_address', 'asked')", name=op.f("ck_cases_reply_channel_reason")
        ),
        sa.CheckConstraint("state IN ('triage', 'open', 'closed', 'merged')", name=op.f("ck_cases_state")),
        sa.CheckConstraint(
            "(consent_at IS NULL) = (consent_evidence IS NULL)", name=op.f("ck_cases_consent_with_evidence")
        ),
        sa.CheckConstraint("(next_due_on IS NULL) = (next_kind IS NULL)", name=op.f("ck_cases_next_whole")),
        sa.CheckConstraint(
            "merged_into_id IS NULL OR merged_into_id <> id", name=op.f("ck_cases_merged_into_another")
        ),
        sa.CheckConstraint(
            "urgent_taken_at IS NULL OR urgent_since IS NOT NULL", name=op.f("ck_cases_taken_after_urgent")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_cases_version_from_one")),
        sa.ForeignKeyConstraint(["about_case_id"], ["cases.id"], name=op.f("fk_cases_about_case_id")),
        sa.ForeignKeyConstraint(["about_service_code"], ["services.code"], name=op.f("fk_cases_about_service_code")),
        sa.ForeignKeyConstraint(["about_staff_id"], ["staff.id"], name=op.f("fk_cases_about_staff_id")),
        sa.ForeignKeyConstraint(["continues_case_id"], ["cases.id"], name=op.f("fk_cases_continues_case_id")),
        sa.ForeignKeyConstraint(["handler_id"], ["staff.id"], name=op.f("fk_cases_handler_id")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["cases.id"], name=op.f("fk_cases_merged_into_id")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_cases_service_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("reference", name=op.f("uq_cases_reference")),
    )
    op.create_index(
        "ix_cases_about_case_id",
        "cases",
        ["about_case_id"],
        unique=False,
        postgresql_where=sa.text("about_case_id IS NOT NULL"),
        sqlite_where=sa.text("about_case_id IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_continues_case_id",
        "cases",
        ["continues_case_id"],
        unique=False,
        postgresql_where=sa.text("continues_case_id IS NOT NULL"),
        sqlite_where=sa.text("continues_case_id IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_merged_into_id",
        "cases",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        sqlite_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_queue",
        "cases",
        ["next_due_on", "id"],
        unique=False,
        postgresql_where=sa.text("next_due_on IS NOT NULL"),
        sqlite_where=sa.text("next_due_on IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_queue_handler",
        "cases",
        ["handler_id", "next_due_on", "id"],
        unique=False,
        postgresql_where=sa.text("next_due_on IS NOT NULL"),
        sqlite_where=sa.text("next_due_on IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_queue_service",
        "cases",
        ["service_code", "next_due_on", "id"],
        unique=False,
        postgresql_where=sa.text("next_due_on IS NOT NULL"),
        sqlite_where=sa.text("next_due_on IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_triage",
        "cases",
        ["triage_since"],
        unique=False,
        postgresql_where=sa.text("state = 'triage'"),
        sqlite_where=sa.text("state = 'triage'"),
    )
    op.create_index(
        "ix_cases_unfinished",
        "cases",
        ["service_code", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND next_due_on IS NULL"),
        sqlite_where=sa.text("state = 'open' AND next_due_on IS NULL"),
    )
    op.create_index(
        "ix_cases_urgent",
        "cases",
        ["urgent_since"],
        unique=False,
        postgresql_where=sa.text("urgent_since IS NOT NULL AND urgent_taken_at IS NULL"),
        sqlite_where=sa.text("urgent_since IS NOT NULL AND urgent_taken_at IS NULL"),
    )
    op.create_table(
        "associations",
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("service_code", sa.String(length=60), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_associations_case_id")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_associations_service_code")),
        sa.PrimaryKeyConstraint("case_id", "service_code", name=op.f("pk_associations")),
    )
    op.create_index("ix_associations_service_code", "associations", ["service_code"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("verb", sa.String(40), nullable=False),
        sa.Column("details", Document, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "verb IN ('register', 'confirm_nature', 'route', 'assign', 'take', 'hand_over', 'flag', 'write', 'keep_short', 'send_interim', 'extend', 'transmit', 'answer', 'record_leaving', 'void_leaving', 'waive', 'follow_up', 'come_back', 'correct_receipt', 'correct_contact', 'close', 'reopen', 'merge', 'absorb')",
            name=op.f("ck_history_verb"),
        ),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_history_seq_from_one")),
        sa.ForeignKeyConstraint(["actor_id"], ["staff.id"], name=op.f("fk_history_actor_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_history_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_history_case_id_seq")),
    )
    op.create_table(
        "messages",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("submission_key", sa.String(length=64), nullable=True),
        sa.Column("direction", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("act", sa.String(40), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("service_code", sa.String(length=60), nullable=True),
        sa.Column("signature", Document, nullable=True),
        sa.Column("template", sa.String(length=60), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("inform_only", sa.Boolean(), nullable=False),
        sa.Column("channel_reason", sa.String(40), nullable=True),
        sa.Column("registered_ground", sa.String(40), nullable=True),
        sa.Column("author_id", BigId, nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_evidence", sa.Text(), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("act IN ('answer', 'interim', 'forward', 'inform')", name=op.f("ck_messages_act")),
        sa.CheckConstraint(
            "act IS NULL OR act <> 'interim' OR (promised_on IS NOT NULL AND reason IS NOT NULL)",
            name=op.f("ck_messages_interim_has_reason_and_date"),
        ),
        sa.CheckConstraint(
            "channel IN ('web', 'email', 'post', 'fax', 'phone', 'counter')", name=op.f("ck_messages_channel")
        ),
        sa.CheckConstraint(
            "channel_reason IN ('sensitive', 'no_address', 'asked')", name=op.f("ck_messages_channel_reason")
        ),
        sa.CheckConstraint(
            "direction = 'in' OR kind = 'note' OR signature IS NOT NULL",
            name=op.f("ck_messages_whoever_writes_signs"),
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_messages_direction")),
        sa.CheckConstraint(
            "kind <> 'note' OR left_on IS NULL OR channel IN ('phone', 'counter')",
            name=op.f("ck_messages_notes_stay"),
        ),
        sa.CheckConstraint(
            "kind IN ('request', 'follow_up', 'note', 'acknowledgement', 'complaint_acknowledgement', 'emergency', 'interim', 'answer', 'question', 'transmission', 'transmission_notice', 'closing', 'tracking_code')",
            name=op.f("ck_messages_kind"),
        ),
        sa.CheckConstraint("language IN ('fr', 'nl', 'de', 'en')", name=op.f("ck_messages_language")),
        sa.CheckConstraint("left_on IS NULL OR direction = 'out'", name=op.f("ck_messages_only_outgoing_leaves")),
        sa.CheckConstraint("registered_ground IN ('necessary', 'legal')", name=op.f("ck_messages_registered_ground")),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (void_evidence IS NULL)", name=op.f("ck_messages_voided_with_evidence")
        ),
        sa.CheckConstraint("voided_at IS NULL OR left_on IS NOT NULL", name=op.f("ck_messages_only_left_is_voided")),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_messages_author_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_messages_case_id")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_messages_service_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_messages_case_id_number")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_messages_submission_key")),
    )
    op.create_table(
        "obligations",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("rule_id", sa.String(length=20), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("counted_from", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("work_by", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("steps", Document, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("arose_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decide_by", sa.Date(), nullable=True),
        sa.Column("born_late", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("replaced_by", sa.Integer(), nullable=True),
        sa.Column("waiver_ground", sa.String(40), nullable=True),
        sa.Column("waiver_evidence", sa.Text(), nullable=True),
        sa.Column("next_action_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (next_action_at IS NOT NULL)", name=op.f("ck_obligations_open_has_a_next_action")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (settled_at IS NULL)", name=op.f("ck_obligations_settled_exactly_when_not_open")
        ),
        sa.CheckConstraint(
            "(state = 'replaced') = (replaced_by IS NOT NULL)", name=op.f("ck_obligations_replaced_by_another")
        ),
        sa.CheckConstraint(
            "(state = 'waived') = (waiver_ground IS NOT NULL AND waiver_evidence IS NOT NULL)",
            name=op.f("ck_obligations_waived_with_evidence"),
        ),
        sa.CheckConstraint(
            "kind <> 'promised_reply' OR days IS NULL", name=op.f("ck_obligations_promised_on_a_date")
        ),
        sa.CheckConstraint(
            "kind IN ('reply', 'interim', 'promised_reply', 'transmission')", name=op.f("ck_obligations_kind")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'discharged', 'replaced', 'waived')", name=op.f("ck_obligations_state")
        ),
        sa.CheckConstraint(
            "waiver_ground IN ('withdrawn', 'no_reply_called_for', 'duplicate', 'unreachable', 'not_a_request')",
            name=op.f("ck_obligations_waiver_ground"),
        ),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_on IS NULL)", name=op.f("ck_obligations_settled_whole")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_obligations_number_from_one")),
        sa.CheckConstraint(
            "replaced_by IS NULL OR replaced_by <> number", name=op.f("ck_obligations_not_replaced_by_itself")
        ),
        sa.CheckConstraint("work_by <= due_on", name=op.f("ck_obligations_work_by_not_after_due")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_obligations_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligations")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_obligations_case_id_number")),
    )
    op.create_index(
        "ix_obligations_next_action",
        "obligations",
        ["next_action_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "attachments",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("submission_key", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("stored_as", sa.String(length=80), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "case_id IS NOT NULL OR submission_key IS NOT NULL", name=op.f("ck_attachments_belongs_somewhere")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachments_not_empty")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_attachments_case_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_attachments_stored_as")),
    )
    op.create_index("ix_attachments_case_id", "attachments", ["case_id"], unique=False)
    op.create_index("ix_attachments_waiting", "attachments", ["submission_key"], unique=False)
    op.create_table(
        "breaches",
        sa.Column("obligation_id", BigId, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("became_true_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("born_late", sa.Boolean(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligations.id"], name=op.f("fk_breaches_obligation_id")),
        sa.PrimaryKeyConstraint("obligation_id", name=op.f("pk_breaches")),
    )
    op.create_table(
        "discharges",
        sa.Column("id", BigId, nullable=False),
        sa.Column("obligation_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_evidence", sa.Text(), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "act <> 'interim' OR promised_on IS NOT NULL", name=op.f("ck_discharges_interim_has_a_date")
        ),
        sa.CheckConstraint("act IN ('answer', 'interim', 'forward', 'inform')", name=op.f("ck_discharges_act")),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (void_evidence IS NULL)", name=op.f("ck_discharges_voided_with_evidence")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_discharges_message_id")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligations.id"], name=op.f("fk_discharges_obligation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discharges")),
    )
    op.create_index("ix_discharges_message_id", "discharges", ["message_id"], unique=False)
    op.create_index("ix_discharges_obligation_id", "discharges", ["obligation_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", BigId, nullable=False),
        sa.Column("obligation_id", BigId, nullable=False),
        sa.Column("rung", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalation", sa.Boolean(), nullable=False),
        sa.Column("recipients", Document, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('sent', 'skipped', 'unattended')", name=op.f("ck_notices_state")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligations.id"], name=op.f("fk_notices_obligation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("obligation_id", "rung", "due_on", name=op.f("uq_notices_obligation_id_rung_due_on")),
    )
    op.create_index(
        "ix_notices_unattended",
        "notices",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'unattended'"),
        sqlite_where=sa.text("state = 'unattended'"),
    )
    op.create_table(
        "outbox",
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
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_outbox_state")),
        sa.CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name=op.f("ck_outbox_lease_whole")),
        sa.CheckConstraint("(message_id IS NULL) <> (notice_id IS NULL)", name=op.f("ck_outbox_message_or_notice")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_outbox_message_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_outbox_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_outbox_notice_id")),
    )
    op.create_index(
        "ix_outbox_failed",
        "outbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'failed'"),
        sqlite_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )

    for trigger in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION history_is_append_only()")
        op.execute("DROP FUNCTION a_closed_case_owes_nothing()")
        op.execute("DROP FUNCTION an_open_obligation_needs_an_open_case()")
