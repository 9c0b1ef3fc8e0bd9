"""The audit log: who did what to the service itself, and when. Never what a customer wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from feedback_nlp.store.engine import Database
from feedback_nlp.store.service_tables import audit_log

__all__ = ["AuditEntry", "AuditLog", "add_entry"]

#: Most entries in one answer.
MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act.

    Parameters
    ----------
    id : int
        Grows with time.
    at : datetime
        Moment, in UTC.
    actor : str
        Who: ``key:PREFIX``, ``cli:USER``, or ``local`` for a caller on this machine where no keys are asked for.
    action : str
        What, such as ``key.create``.
    target : str
        On what: an id or a name.
    detail : dict or None
        Further particulars.
    """

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: dict[str, Any] | None


def add_entry(
    connection: Connection,
    actor: str,
    action: str,
    target: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry in the transaction of the act itself: both happen, or neither."""
    connection.execute(
        insert(audit_log).values(
            at=datetime.now(UTC),
            actor=actor[:200],
            action=action,
            target=target[:200],
            detail=None if detail is None else dict(detail),
        )
    )


class AuditLog:
    """Entries are added and read; nothing here changes or removes one.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, actor: str, action: str, target: str, detail: Mapping[str, Any] | None = None) -> None:
        """Write an entry about an act that has no transaction of its own.

        Parameters
        ----------
        actor, action, target, detail
            See `AuditEntry`; longer names than 200 characters are cut.
        """
        with self.database.write() as connection:
            add_entry(connection, actor, action, target, detail)

    def page(self, limit: int = 100, before: int | None = None) -> list[AuditEntry]:
        """Return entries, newest first.

        Parameters
        ----------
        limit : int, default=100
            At most 1,000.
        before : int or None
            Only entries with a smaller id: the last one of the page before.
        """
        query = select(audit_log).order_by(audit_log.c.id.desc()).limit(max(1, min(limit, MAX_PAGE)))
        if before is not None:
            query = query.where(audit_log.c.id < before)
        with self.database.read() as connection:
            return [AuditEntry(**row._mapping) for row in connection.execute(query)]
