"""Real stores for tests: SQLite files, and databases of their own on a PostgreSQL server."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.store import Store
from feedback_nlp.store.counting import DIMENSIONS
from feedback_nlp.store.labels import Cells, Labels, count_cells
from feedback_nlp.store.service_tables import metadata
from tests.fake_analyzer import FakeAnalyzer

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


def said(id: str, words: str, day: int = 1, **known: Any) -> tuple[Feedback, Analysis]:
    """Return feedback of a day of March 2025 with what the counting analyzer says of it."""
    written = datetime(2025, 3, day, 12, tzinfo=UTC)
    feedback = Feedback(id, words, **{"created_at": written, **known})
    return feedback, FakeAnalyzer().analyze(words, rating=feedback.rating)


def counted(store: Store) -> dict[tuple[str, str, int, str], int]:
    """Return the daily counts as they are kept."""
    everything = (*DIMENSIONS, "uncertain", "status")
    return {
        (dimension, name, day.day, sentiment): count
        for day, dimension, name, sentiment, count in store.counts.cells(dimensions=everything)
    }


def counted_anew(store: Store) -> dict[tuple[str, str, int, str], int]:
    """Return the daily counts as they must be, counted from what is stored."""
    cells = Cells()
    for one in store.feedback.walk():
        labels = Labels(
            status=one.analysis.status,
            language=one.analysis.language,
            sentiment=one.sentiment,
            score=None,
            confidence=None,
            uncertain=one.uncertain,
            kind=one.kind,
            mismatch=False,
            corrected=None,
            topics=tuple((label.topic, label.sentiment) for label in one.topics),
        )
        count_cells(cells, labels, one.created_at, one.channel, one.product)
    return {(dimension, name, day.day, said): n for (dimension, name, day, said), n in cells.items()}
