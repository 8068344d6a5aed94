"""Personal data of a case are erased: the history may be emptied once, and only because of that.

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
NOT_GONE = sa.text("gone_at IS NULL")

ONCE_ERASED = """NEW.id = OLD.id AND NEW.case_id = OLD.case_id AND NEW.seq = OLD.seq AND NEW.at = OLD.at
        AND NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id AND NEW.actor = OLD.actor AND NEW.verb = OLD.verb
        AND EXISTS (SELECT 1 FROM erasures WHERE erasures.case_id = OLD.case_id AND OLD.seq < erasures.entry)
        AND NOT EXISTS (SELECT 1 FROM history AS later JOIN erasures ON erasures.case_id = later.case_id
                        WHERE later.case_id = OLD.case_id AND later.seq >= erasures.entry)"""
"""Only the details and the seal change; the case is being erased; and the entry that says so is not there yet."""

SQLITE = (
    "DROP TRIGGER history_never_changes",
    f"""CREATE TRIGGER history_never_changes BEFORE UPDATE ON history
       WHEN NOT ({ONCE_ERASED.replace("IS NOT DISTINCT FROM", "IS")})
       BEGIN SELECT RAISE(ABORT, 'the history is never changed: add an entry'); END""",
)
SQLITE_BACK = (
    "DROP TRIGGER history_never_changes",
    """CREATE TRIGGER history_never_changes BEFORE UPDATE ON history
       BEGIN SELECT RAISE(ABORT, 'the history is never changed: add an entry'); END""",
)
POSTGRESQL = (
    f"""CREATE FUNCTION history_is_emptied_once() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF {ONCE_ERASED} THEN
           RETURN NEW;
         END IF;
         RAISE EXCEPTION 'the history is never changed or deleted: add an entry';
       END $$""",
    "DROP TRIGGER history_never_changes ON history",
    """CREATE TRIGGER history_never_changes BEFORE UPDATE ON history
       FOR EACH ROW EXECUTE FUNCTION history_is_emptied_once()""",
    """CREATE TRIGGER history_never_shrinks BEFORE DELETE ON history
       FOR EACH ROW EXECUTE FUNCTION history_is_append_only()""",
)
POSTGRESQL_BACK = (
    "DROP TRIGGER history_never_shrinks ON history",
    "DROP TRIGGER history_never_changes ON history",
    """CREATE TRIGGER history_never_changes BEFORE UPDATE OR DELETE ON history
       FOR EACH ROW EXECUTE FUNCTION history_is_append_only()""",
    "DROP FUNCTION history_is_emptied_once()",
)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("ground", sa.String(40), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_by", BigId, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("files", Document, nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ground IN ('requested', 'keeping_over', 'by_mistake')", name=op.f("ck_erasures_ground")),
        sa.CheckConstraint("entry >= 1", name=op.f("ck_erasures_entry_from_one")),
        sa.CheckConstraint("gone_at IS NULL OR gone_at >= erased_at", name=op.f("ck_erasures_gone_after_erased")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_erasures_case_id")),
        sa.ForeignKeyConstraint(["erased_by"], ["staff.id"], name=op.f("fk_erasures_erased_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_not_gone", "erasures", ["case_id"], postgresql_where=NOT_GONE, sqlite_where=NOT_GONE)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Forget which cases were erased; what was erased does not come back."""
    for statement in SQLITE_BACK if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_BACK:
        op.execute(statement)
    op.drop_table("erasures")
