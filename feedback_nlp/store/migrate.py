"""Bring the tables up to date: at every start, by whoever comes first, all of it or nothing.

All steps run in one transaction under a lock that the others wait for (SQLite: BEGIN IMMEDIATE; PostgreSQL: an
advisory lock), so a start that is killed half-way leaves the store as it was.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from feedback_nlp.errors import StoreVersionError
from feedback_nlp.store.engine import Database

__all__ = ["HEAD", "check_version", "migrate", "stored_version"]

#: Newest step in migrations/versions. Kept here so that a start that finds it need not import Alembic.
HEAD = "0002"
FOLDER = Path(__file__).parent / "migrations"
#: Any number that no other program on the server is likely to use.
ADVISORY_LOCK = 0x66656564


def stored_version(database: Database) -> str | None:
    """Return the step at which the tables are, None for an empty database."""
    with database.read() as connection:
        return _version(connection)


def check_version(database: Database) -> None:
    """Check that the tables are at the step that this program works with.

    Raises
    ------
    StoreVersionError
        If another program has brought them to another step since the start.
    StoreUnavailableError
        If the database cannot be reached.
    """
    found = stored_version(database)
    if found != HEAD:
        raise StoreVersionError(
            f"The store is at step {found}, this program works with step {HEAD}.",
            remedy="Start the version that the store belongs to.",
        )


def migrate(database: Database) -> bool:
    """Bring the tables to the newest step.

    Returns
    -------
    bool
        Whether there was anything to do.

    Raises
    ------
    StoreVersionError
        If the tables were made by a newer version of this program, or are not ours.
    StoreUnavailableError
        If the database cannot be reached.
    """
    if stored_version(database) == HEAD:
        return False
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        before = _version(connection)
        if before != HEAD:
            _check(before, connection)
            _upgrade(connection)
    return before != HEAD


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _check(version: str | None, connection: Connection) -> None:
    if version is not None and version > HEAD:
        raise StoreVersionError(
            f"The store is at step {version}, this program knows steps up to {HEAD}.",
            remedy="Install the newer version again, or restore a backup made before it.",
        )
    if version is None and inspect(connection).has_table("feedback"):
        raise StoreVersionError(
            "The database holds a table 'feedback' that this program did not make.",
            remedy="Give it a database of its own.",
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
