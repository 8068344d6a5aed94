"""Owns the way from one shape of the database to the next: Alembic, driven from inside Suivi."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from tracker.resources import resource


def script() -> Path:
    """Return the folder of the migrations, in a checkout or in a wheel."""
    return resource("migrations")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(script()).replace("%", "%%"))
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, in one transaction; doing it again changes nothing."""
    config = _config()
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision (``base``: to nothing)."""
    config = _config()
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
