"""What was found of a complaint, and what is done because of it.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    grounds = "'anonymous', 'old_facts', 'other_power', 'information_only', 'before_court', 'other'"
    op.create_table(
        "findings",
        sa.Column("case_id", BigId, nullable=False, autoincrement=False),
        sa.Column("admissible", sa.Boolean(), nullable=False),
        sa.Column("ground", sa.String(40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("theme", sa.String(60), nullable=True),
        sa.Column("cause", sa.String(60), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_by", BigId, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"ground IN ({grounds})", name=op.f("ck_findings_ground")),
        sa.CheckConstraint("outcome IN ('founded', 'partly', 'unfounded')", name=op.f("ck_findings_outcome")),
        sa.CheckConstraint("admissible = (ground IS NULL)", name=op.f("ck_findings_ground_where_inadmissible")),
        sa.CheckConstraint("admissible OR note IS NOT NULL", name=op.f("ck_findings_inadmissible_with_reasons")),
        sa.CheckConstraint("admissible OR outcome IS NULL", name=op.f("ck_findings_outcome_where_admissible")),
        sa.CheckConstraint("(outcome IS NULL) = (reasons IS NULL)", name=op.f("ck_findings_outcome_with_reasons")),
        sa.CheckConstraint("outcome IS NULL OR theme IS NOT NULL", name=op.f("ck_findings_outcome_with_theme")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome = 'unfounded' OR cause IS NOT NULL",
            name=op.f("ck_findings_founded_with_cause"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_findings_case_id")),
        sa.ForeignKeyConstraint(["found_by"], ["staff.id"], name=op.f("fk_findings_found_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_findings")),
    )
    op.create_table(
        "corrective_actions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", BigId, nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("effect", sa.String(40), nullable=True),
        sa.Column("effect_on", sa.Date(), nullable=True),
        sa.Column("looked_at", sa.Text(), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("effect IN ('worked', 'partly', 'none')", name=op.f("ck_corrective_actions_effect")),
        sa.CheckConstraint(
            "(effect IS NULL) = (effect_on IS NULL) AND (effect IS NULL) = (looked_at IS NULL)",
            name=op.f("ck_corrective_actions_effect_whole"),
        ),
        sa.CheckConstraint(
            "effect IS NULL OR done_on IS NOT NULL AND effect_on >= done_on",
            name=op.f("ck_corrective_actions_effect_after_done"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_corrective_actions_case_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_corrective_actions_owner_id")),
        sa.ForeignKeyConstraint(["noted_by"], ["staff.id"], name=op.f("fk_corrective_actions_noted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_actions")),
    )
    op.create_index("ix_corrective_actions_case_id", "corrective_actions", ["case_id"])
    not_done = sa.text("done_on IS NULL")
    op.create_index(
        "ix_corrective_actions_owner_id", "corrective_actions", ["owner_id", "due_on"],
        postgresql_where=not_done, sqlite_where=not_done,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("corrective_actions")
    op.drop_table("findings")
