"""The queue of an associated service, of the dispatchers and of the complaints has an index by date of its own.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_associations_queue", "associations", ["service_code", "next_due_on", "case_id"], "next_due_on IS NOT NULL"),
    ("ix_cases_urgent_handler", "cases", ["handler_id"], "urgent_since IS NOT NULL AND next_due_on IS NOT NULL"),
    ("ix_cases_triage", "cases", ["next_due_on", "id"], "state = 'triage'"),
    ("ix_cases_triage_handler", "cases", ["handler_id", "next_due_on", "id"], "state = 'triage'"),
    (
        "ix_cases_queue_complaints",
        "cases",
        ["next_due_on", "id"],
        "next_due_on IS NOT NULL AND nature = 'complaint'",
    ),
)


def upgrade() -> None:
    """Give each association the date that its case owes next."""
    op.add_column("associations", sa.Column("next_due_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE associations SET next_due_on ="
        " (SELECT cases.next_due_on FROM cases WHERE cases.id = associations.case_id)"
    )
    op.drop_index("ix_associations_service_code", "associations")
    op.drop_index("ix_cases_triage", "cases")
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def downgrade() -> None:
    """Take it away again: it is only a copy."""
    for name, table, _columns, _where in INDEXES:
        op.drop_index(name, table)
    where = sa.text("state = 'triage'")
    op.create_index("ix_cases_triage", "cases", ["triage_since"], postgresql_where=where, sqlite_where=where)
    op.create_index("ix_associations_service_code", "associations", ["service_code"])
    op.drop_column("associations", "next_due_on")
