"""A title per language under letters, what is enclosed with a letter, prints that must not be posted any more.

Revision: 0004, after 0003
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tracker.models.base import Moment, seal_of_text, written_as_one

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Document = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
LANGUAGES = ("fr", "nl", "de", "en")

STAFF: dict[str, Any] = {
    "email": sa.String(254), "name": sa.String(200), "titles": Document, "phone": sa.String(60), "role": sa.String(40),
    "service_code": sa.String(60), "language": sa.String(40), "password_hash": sa.Text(), "active": sa.Boolean(),
    "is_desk": sa.Boolean(), "deputy_id": sa.BigInteger(), "away_from": sa.Date(), "away_until": sa.Date(),
    "created_at": Moment(),
}  # fmt: skip
LETTERS: dict[str, Any] = {
    "message_id": sa.BigInteger(), "run_id": sa.BigInteger(), "position": sa.Integer(), "stored_as": sa.String(80),
    "size": sa.Integer(), "pages": sa.Integer(), "enclosed": Document, "sha256": sa.String(64), "made_at": Moment(),
}  # fmt: skip
"""What the seal of a row is taken of, in that order."""
BLOCK = 1000

Change = Callable[[dict[str, Any]], dict[str, Any]]


def seal_again(name: str, key: str, sealed: dict[str, Any], change: Change, **beside: Any) -> None:
    """Change each row of a table of record, and seal it as it then stands: ``sealed`` are the columns that count."""
    columns = {key: sa.BigInteger(), **sealed, **beside, "seal": sa.BigInteger()}
    table = sa.Table(name, sa.MetaData(), *(sa.Column(column, kind) for column, kind in columns.items()))
    session, after = op.get_bind(), -1
    while rows := session.execute(
        table.select().where(table.c[key] > after).order_by(table.c[key]).limit(BLOCK)
    ).all():
        for row in rows:
            values = dict(row._mapping)
            changed = change(values)
            now = values | changed
            seal = seal_of_text(written_as_one(now[column] for column in sealed))
            session.execute(table.update().where(table.c[key] == now[key]).values(**changed, seal=seal))
        after = rows[-1]._mapping[key]


def one_title_for_all(staff: dict[str, Any]) -> dict[str, Any]:
    """Let a title that was one text for every language stand as it was, in each of them."""
    return {"titles": dict.fromkeys(LANGUAGES, staff["title"]) if staff["title"] is not None else None}


def own_title(staff: dict[str, Any]) -> dict[str, Any]:
    """Keep of the titles the one in the person's own language, else whichever there is."""
    titles = staff["titles"] or {}
    return {"title": titles.get(staff["language"]) or next(iter(titles.values()), None)}


def upgrade() -> None:
    op.add_column("staff", sa.Column("titles", Document, nullable=True))
    op.add_column("letters", sa.Column("enclosed", Document, nullable=True))
    op.create_table(
        "void_prints",
        sa.Column("id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("run_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(40), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ground IN ('contact', 'code')", name=op.f("ck_void_prints_ground")),
        sa.CheckConstraint("position >= 1", name=op.f("ck_void_prints_position_from_one")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_void_prints_message_id")),
        sa.ForeignKeyConstraint(["run_id"], ["print_runs.id"], name=op.f("fk_void_prints_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_void_prints")),
        sa.UniqueConstraint("run_id", "position", name=op.f("uq_void_prints_run_id_position")),
    )
    op.create_index("ix_void_prints_message_id", "void_prints", ["message_id"])
    seal_again("staff", "id", STAFF, one_title_for_all, title=sa.String(200))
    seal_again("letters", "message_id", LETTERS, lambda _: {})
    op.drop_column("staff", "title")


def downgrade() -> None:
    op.add_column("staff", sa.Column("title", sa.String(length=200), nullable=True))
    named = {("title" if column == "titles" else column): kind for column, kind in STAFF.items()}
    staff = named | {"title": sa.String(200)}
    letters = {column: kind for column, kind in LETTERS.items() if column != "enclosed"}
    seal_again("staff", "id", staff, own_title, titles=Document)
    seal_again("letters", "message_id", letters, lambda _: {})
    op.drop_column("staff", "titles")
    op.drop_column("letters", "enclosed")
    op.drop_table("void_prints")
