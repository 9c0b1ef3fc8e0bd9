"""Real stores for tests: SQLite files, and databases of their own on a PostgreSQL server."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text

from feedback_nlp.store import Store
from feedback_nlp.store.service_tables import metadata

#: A server on which databases may be made and dropped; the tests never touch one that they did not make.
POSTGRESQL_SERVER = os.environ.get(
    "TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)


@contextmanager
def postgresql_database() -> Iterator[str]:
    """Make an empty database, yield its address, drop it. Skips the test where there is no server."""
    name = f"feedback_test_{os.getpid()}_{secrets.token_hex(4)}"
    server = create_engine(
        POSTGRESQL_SERVER, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5}
    )
    try:
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    except Exception as error:
        server.dispose()
        pytest.skip(f"no PostgreSQL server: {type(error).__name__}")
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        server.dispose()


def empty(store: Store) -> None:
    """Delete every row of a PostgreSQL store; numbers start at 1 again."""
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with store.database.write() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
