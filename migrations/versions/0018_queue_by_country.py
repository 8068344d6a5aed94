"""The queue narrowed to a country walks an index of its own.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    owed = sa.text("next_due_on IS NOT NULL")
    columns = ["country", "next_due_on", "id"]
    op.create_index("ix_cases_queue_country", "cases", columns, postgresql_where=owed, sqlite_where=owed)


def downgrade() -> None:
    op.drop_index("ix_cases_queue_country", "cases")
