"""Backup and restore of a store in an SQLite file, while the service runs and when it is stopped.

A backup is one SQLite file of one moment: readers and writers go on while it is made. It appears under its name when
it is complete, on disk and found sound. PostgreSQL has its own tools for this.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedback_nlp.errors import InputError, OutputError, SettingError, StoreError, UnreadableFileError
from feedback_nlp.store.audit import AuditLog
from feedback_nlp.store.engine import Database, database_url
from feedback_nlp.store.migrate import migrate
from feedback_nlp.store.store import Store

__all__ = ["Backup", "back_up", "restore"]


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds, or a restored store.

    Parameters
    ----------
    path : Path
    feedback : int
        Pieces of feedback in it.
    bytes : int
    set_aside : Path or None, default=None
        Where the store lies that was there before a restore.
    """

    path: Path
    feedback: int
    bytes: int
    set_aside: Path | None = None


def back_up(store: Store, target: str | Path, *, actor: str, overwrite: bool = False) -> Backup:
    """Write a backup of a store; the service may go on working.

    Parameters
    ----------
    store : Store
    target : str or Path
        The file; it holds all texts, and only this user may read it.
    actor : str
        Who does it, for the audit log.
    overwrite : bool, default=False
        Whether a file of this name may be replaced.

    Raises
    ------
    SettingError
        If the store is not an SQLite file.
    OutputError
        If the file is there already, or cannot be written; nothing is left of it then.
    StoreError
        If the copy is not sound: so is the store.
    """
    source, target = _file_of(store.database), Path(target)
    if target.exists() and not overwrite:
        raise OutputError(f"{target} is there already.", remedy="Choose another name, or use --force.")
    store.audit.add(actor, "store.backup", target.name)
    with _growing(target) as scratch:
        _copy(source, scratch)
        if trouble := _trouble(scratch):
            raise StoreError(f"The store is damaged: {trouble}.", remedy="Restore an older backup.")
        count = _count(scratch)
    return Backup(target, count, target.stat().st_size)


def restore(
    source: str | Path, url: str | None, data_dir: Path, *, actor: str, overwrite: bool = False
) -> Backup:
    """Put a backup in the place of the store; the service has to be stopped.

    The backup is looked through, copied and brought up to date beside the store before anything is replaced. A
    store that was there is set aside under another name, never deleted.

    Parameters
    ----------
    source : str or Path
        From `back_up`.
    url : str or None
        As for `Store.open`.
    data_dir : Path
        The data folder.
    actor : str
        Who does it, for the audit log of the restored store.
    overwrite : bool, default=False
        Whether a store that is there may be replaced.

    Raises
    ------
    SettingError
        If the store is not to be an SQLite file.
    UnreadableFileError
        If the backup is none, or is damaged.
    StoreVersionError
        If it was made by a newer version of this program.
    OutputError
        If there is a store already, or it cannot be written.
    InputError
        If somebody uses the store that is there.
    """
    source, target = Path(source), _file_of(Database(database_url(url, data_dir)))
    if not source.is_file():
        raise UnreadableFileError(f"There is no file {source}.", remedy="Name one that `backup` wrote.")
    if target.exists() and not overwrite:
        raise OutputError(
            f"There is a store already: {target}.",
            remedy="Use --force to replace it; it is set aside, not deleted.",
        )
    if trouble := _trouble(source):
        raise UnreadableFileError(f"{source} is no sound backup: {trouble}.", remedy="Use another one.")
    with _growing(target) as scratch:
        _copy(source, scratch)
        _bring_up_to_date(scratch, actor, source.name)
        count = _count(scratch)
        aside = _set_aside(target) if target.exists() else None
    return Backup(target, count, target.stat().st_size, aside)


def _file_of(database: Database) -> Path:
    if not database.is_sqlite:
        raise SettingError(
            "The store is a PostgreSQL database.",
            remedy="Use pg_dump and pg_restore; docs/backup.md has the lines.",
        )
    return Path(database.url.database or "")


@contextlib.contextmanager
def _growing(target: Path) -> Iterator[Path]:
    """Yield a path for a file that gets its name at the end, when it is on disk; else nothing of it stays."""
    scratch = target.with_name(f".{target.name}.{secrets.token_hex(6)}.partial")
    try:
        try:
            os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield scratch
            with scratch.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(scratch, target)
        except (OSError, sqlite3.OperationalError) as error:
            reason = getattr(error, "strerror", None) or getattr(
                error, "sqlite_errorname", "no room or rights"
            )
            raise OutputError(
                f"{target} cannot be written: {reason}.", remedy="Look for room and rights there."
            ) from error
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            scratch.with_name(scratch.name + ending).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy one moment of a database into one file."""
    with _opened(source, read_only=True) as given, _opened(target) as taken:
        given.backup(taken)  # all pages in one step: writers go on, into the log
        taken.execute("PRAGMA journal_mode=DELETE").close()


@contextlib.contextmanager
def _opened(path: Path, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}{'?mode=ro' if read_only else ''}", uri=True, timeout=30
    )
    try:
        yield connection
    finally:
        connection.close()


def _trouble(path: Path) -> str:
    """Return what is wrong with a database, nothing if it is sound."""
    try:
        with _opened(path, read_only=True) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found[0] != "ok":
                return "its pages do not fit together"
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            return "" if {"feedback", "alembic_version"} <= names else "it has other tables than ours"
    except sqlite3.DatabaseError:
        return "it is no SQLite database, or a damaged one"


def _count(path: Path) -> int:
    with _opened(path, read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM feedback").fetchone()[0])


def _bring_up_to_date(path: Path, actor: str, name: str) -> None:
    database = Database(database_url(f"sqlite:///{path}", path.parent))
    try:
        migrate(database)
        AuditLog(database).add(actor, "store.restore", name)
    finally:
        database.close()
    with _opened(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").close()


def _set_aside(target: Path) -> Path:
    """Give the store that is there another name, unless somebody uses it."""
    try:
        with _opened(target) as connection:
            connection.execute("PRAGMA busy_timeout=0").close()
            connection.execute("PRAGMA journal_mode=DELETE").close()  # refused while anybody else has it open
    except sqlite3.OperationalError as error:
        raise InputError(
            "Somebody uses the store.", remedy="Stop the service and its workers first; nothing was changed."
        ) from error
    except sqlite3.DatabaseError:
        pass  # damaged: that may be why a backup is needed
    aside = target.with_name(
        f"{target.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    )
    target.rename(aside)
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    return aside
