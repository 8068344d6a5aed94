"""Other files of the same requester are found along indexes of their own.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

EACH = {
    "email": ("requester_email", "requester_email IS NOT NULL"),
    "phone": ("requester_phone", "requester_phone IS NOT NULL"),
    "name": ("requester_name", "requester_address IS NOT NULL"),
}
"""What each index walks, and which cases it holds."""


def upgrade() -> None:
    for name, (column, held) in EACH.items():
        where = sa.text(held)
        op.create_index(
            f"ix_cases_person_{name}", "cases", [column, "id"], postgresql_where=where, sqlite_where=where
        )


def downgrade() -> None:
    for name in EACH:
        op.drop_index(f"ix_cases_person_{name}", "cases")
