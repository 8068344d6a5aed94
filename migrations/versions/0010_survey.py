"""The satisfaction survey: who was asked, and what they replied.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHANNELS = "'web', 'email', 'post', 'fax', 'phone', 'counter'"
LANGUAGES = "'fr', 'nl', 'de', 'en'"
OPINIONS = "'yes', 'partly', 'no'"


def upgrade() -> None:
    op.create_table(
        "survey_asked",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("service_code", sa.String(60), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("whom", sa.String(32), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"channel IN ({CHANNELS})", name=op.f("ck_survey_asked_channel")),
        sa.CheckConstraint(f"language IN ({LANGUAGES})", name=op.f("ck_survey_asked_language")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_survey_asked_number_from_one")),
        sa.CheckConstraint("until >= asked_on", name=op.f("ck_survey_asked_until_after_asked")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_survey_asked_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_survey_asked_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_survey_asked_service_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_asked")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_survey_asked_case_id_number")),
    )
    op.create_index("ix_survey_asked_whom", "survey_asked", ["whom", "asked_on"])
    op.create_index("ix_survey_asked_asked_on", "survey_asked", ["asked_on", "service_code"])
    op.create_index("ix_survey_asked_message_id", "survey_asked", ["message_id"])
    op.create_table(
        "survey_replies",
        sa.Column("asked_id", BigId, autoincrement=False, nullable=False),
        sa.Column("answered", sa.String(40), nullable=False),
        sa.Column("clear", sa.String(40), nullable=False),
        sa.Column("in_time", sa.String(40), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_by", BigId, nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"answered IN ({OPINIONS})", name=op.f("ck_survey_replies_answered")),
        sa.CheckConstraint(f"clear IN ({OPINIONS})", name=op.f("ck_survey_replies_clear")),
        sa.CheckConstraint(f"in_time IN ({OPINIONS})", name=op.f("ck_survey_replies_in_time")),
        sa.CheckConstraint(f"channel IN ({CHANNELS})", name=op.f("ck_survey_replies_channel")),
        sa.CheckConstraint(
            "changed_at IS NULL OR changed_at >= replied_at", name=op.f("ck_survey_replies_changed_after")
        ),
        sa.ForeignKeyConstraint(
            ["asked_id"], ["survey_asked.id"], name=op.f("fk_survey_replies_asked_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_survey_replies_entered_by")),
        sa.PrimaryKeyConstraint("asked_id", name=op.f("pk_survey_replies")),
    )


def downgrade() -> None:
    op.drop_table("survey_replies")
    op.drop_table("survey_asked")
