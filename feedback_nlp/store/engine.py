"""One engine a process for SQLite or PostgreSQL, opened on first use, with our choices for each.

SQLite: write-ahead log, so that readers never wait; every commit is on disk before it returns; writers say so
at the start (BEGIN IMMEDIATE), because one that starts as a reader cannot wait for its turn.
PostgreSQL: connections are tried before use, so that a restart of the server costs nobody an answer.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from feedback_nlp.errors import SettingError, StoreUnavailableError

__all__ = ["Database", "database_url"]

SQLITE_FILE = "feedback.sqlite3"
#: Seconds that a statement waits for another writer, and a connection for the server.
BUSY_SECONDS = 30
CONNECT_SECONDS = 10
#: External-content full-text tables with every statement that we use, RETURNING and upserts.
MIN_SQLITE = (3, 35, 0)
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-32768",
    "mmap_size=1073741824",
    "secure_delete=ON",  # what is deleted is overwritten, not only unlinked
)
WRITES = "writes"


def database_url(url: str | None, data_dir: Path) -> URL:
    """Return where the store lies: `url`, else an SQLite file in the data folder.

    Parameters
    ----------
    url : str or None
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME``.
    data_dir : Path
        Folder of the SQLite file where `url` is None.

    Raises
    ------
    SettingError
        For anything else. The message never repeats the address: it may hold a password.

    Examples
    --------
    >>> database_url(None, Path("var")).render_as_string()
    'sqlite:///var/feedback.sqlite3'
    >>> database_url("postgresql://shop@localhost/feedback", Path("var")).drivername
    'postgresql+psycopg'
    """
    if not url:
        return URL.create("sqlite", database=str(data_dir / SQLITE_FILE))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _refused("cannot be read") from None
    backend = parsed.drivername.split("+")[0]
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise _refused("names no file")
        return parsed.set(drivername="sqlite")
    raise _refused("names another database than SQLite or PostgreSQL")


def _refused(reason: str) -> SettingError:
    remedy = "Write sqlite:////folder/feedback.sqlite3 or postgresql://user:password@host:5432/name."
    return SettingError(f"The database URL {reason}.", remedy=remedy)


class Database:
    """A place to read and write; safe to share between threads and to carry over a fork.

    Parameters
    ----------
    url : sqlalchemy.URL
        From `database_url`.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._process = 0

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite; else PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be reached or used now.
        """
        with self._told_plainly(), self._open().connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that is committed at the end, or undone if an error leaves it.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be reached or used now; nothing was written then.
        """
        with self._told_plainly(), self._open().connect() as connection:
            writing = connection.execution_options(**{WRITES: True})
            with writing.begin():
                yield writing

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        with self._lock:
            engine, self._engine = self._engine, None
            if engine is not None:
                # After a fork the sockets are the parent's: forget them without a word to the server.
                engine.dispose(close=self._process == os.getpid())

    def _open(self) -> Engine:
        if self._engine is None or self._process != os.getpid():
            with self._lock:
                if self._engine is None or self._process != os.getpid():
                    if self._engine is not None:
                        self._engine.dispose(close=False)
                    self._engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)
                    self._process = os.getpid()
        return self._engine

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        # The driver's message is left out: it may quote the values of the statement, which are customers' words.
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            raise StoreUnavailableError(self._trouble(error), remedy="Try again in a moment.") from error

    def _trouble(self, error: DBAPIError | PoolTimeoutError) -> str:
        if not self.is_sqlite:
            return "The PostgreSQL server cannot be reached or does not answer."
        name = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
        reasons = {
            "SQLITE_BUSY": "The database is locked by another writer",
            "SQLITE_FULL": "The disk is full",
            "SQLITE_READONLY": "The database file cannot be written",
            "SQLITE_CANTOPEN": "The database file cannot be opened",
        }
        reason = next(
            (text for start, text in reasons.items() if name.startswith(start)), "The database failed"
        )
        return f"{reason} ({name or 'no code'})."


def _sqlite(url: URL) -> Engine:
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        wanted = ".".join(map(str, MIN_SQLITE))
        raise SettingError(
            f"SQLite {sqlite3.sqlite_version} is too old; {wanted} is the oldest that works.",
            remedy="Use a newer Python, or PostgreSQL by FEEDBACK_DATABASE_URL.",
        )
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, pool_size=32, max_overflow=-1)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    # The driver's own transactions are off: it starts them too late and without our word for writers.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": "-c timezone=utc -c lock_timeout=30s -c idle_in_transaction_session_timeout=10min "
                # A plan made when a table was small would be kept for days, and walk over all of it.
                "-c plan_cache_mode=force_custom_plan",
            },
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=4,
            max_overflow=28,
        )
    except (ImportError, NoSuchModuleError):
        raise SettingError(
            "The driver for PostgreSQL is not installed.", remedy='Run pip install "feedback-nlp[postgres]".'
        ) from None
