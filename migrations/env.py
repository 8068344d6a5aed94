"""Owns how Alembic reaches the database: through the connection that ``tracker.models.migrate`` hands it."""

from alembic import context

import tracker.models.schema  # noqa: F401 - makes every table known to the metadata
from tracker.models.base import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
    transaction_per_migration=False,
    transactional_ddl=True,
)
context.run_migrations()
