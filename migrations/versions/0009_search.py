"""What search finds a case by: its words and its marks.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from tracker.models.search import rewrite

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Words = sa.Text().with_variant(TSVECTOR(), "postgresql")
BATCH = 1000

SQLITE = (
    """CREATE VIRTUAL TABLE case_words USING fts5(words, marks, content='case_search', content_rowid='case_id',
       tokenize="unicode61 remove_diacritics 0 tokenchars '.+%-@_'")""",
    """CREATE TRIGGER case_search_added AFTER INSERT ON case_search BEGIN
       INSERT INTO case_words (rowid, words, marks) VALUES (new.case_id, new.words, new.marks); END""",
    """CREATE TRIGGER case_search_removed AFTER DELETE ON case_search BEGIN
       INSERT INTO case_words (case_words, rowid, words, marks)
       VALUES ('delete', old.case_id, old.words, old.marks); END""",
    """CREATE TRIGGER case_search_changed AFTER UPDATE ON case_search BEGIN
       INSERT INTO case_words (case_words, rowid, words, marks)
       VALUES ('delete', old.case_id, old.words, old.marks);
       INSERT INTO case_words (rowid, words, marks) VALUES (new.case_id, new.words, new.marks); END""",
)


def upgrade() -> None:
    """Make the table, and work out what the cases that are there already are found by."""
    op.create_table(
        "case_search",
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("words", Words, nullable=False),
        sa.Column("marks", Words, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_search_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_search")),
    )
    connection = op.get_bind()
    on_sqlite = connection.dialect.name == "sqlite"
    for statement in SQLITE if on_sqlite else ():
        op.execute(statement)
    newest = connection.execute(sa.text("SELECT coalesce(max(id), 0) FROM cases")).scalar_one()
    for first in range(1, newest + 1, BATCH):
        rewrite(connection, range(first, first + BATCH))
    if not on_sqlite:
        op.create_index("ix_case_search_words", "case_search", ["words", "marks"], postgresql_using="gin",
                        postgresql_with={"gin_pending_list_limit": 256})  # fmt: skip


def downgrade() -> None:
    """Take it away again: it is only worked out."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE case_words")
    op.drop_table("case_search")
