"""Feedback is deleted for good: texts, older texts, analyses, corrections, topics, counts and words of the search."""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, insert, select

from feedback_nlp.errors import NotStoredError
from feedback_nlp.store.audit import add_entry
from feedback_nlp.store.counting import add_cells
from feedback_nlp.store.engine import Database
from feedback_nlp.store.labels import Cells, count_cells
from feedback_nlp.store.plain import storable
from feedback_nlp.store.relabelling import labels_of_row, topics_of
from feedback_nlp.store.service_tables import deletions
from feedback_nlp.store.tables import analyses, corrections, feedback, feedback_revisions
from feedback_nlp.store.values import Deletion

__all__ = ["Deletions"]

#: Rows deleted in one go; all of a customer's go in one transaction.
GROUP = 500
#: From this version on SQLite's full-text index can overwrite words instead of only striking them out.
OVERWRITES_WORDS = (3, 42, 0)
MERGED_PAGES = 500
DEPENDENT: tuple[tuple[str, Table], ...] = (
    ("revisions", feedback_revisions),
    ("analyses", analyses),
    ("corrections", corrections),
)


class Deletions:
    """Deletes, and keeps receipts that hold nothing of what was deleted.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def feedback(self, id: str, actor: str = "") -> Deletion:
        """Delete one piece of feedback with all that hangs on it.

        Parameters
        ----------
        id : str
        actor : str
            Who wants it.

        Raises
        ------
        NotStoredError
            If there is none with this id.
        """
        chosen = feedback.c.external_id == storable(id)
        with self._database.write() as connection:
            done = _delete(connection, chosen, "feedback", id, actor)
            if not done.counts["feedback"]:
                raise NotStoredError("There is no feedback with this id.")
            return done

    def customer(self, customer_ref: str, actor: str = "") -> Deletion:
        """Delete all feedback of a customer; with none there, the receipt says so."""
        chosen = feedback.c.customer_ref == storable(customer_ref)
        with self._database.write() as connection:
            return _delete(connection, chosen, "customer", customer_ref, actor)

    def older_than(self, moment: datetime, actor: str = "", limit: int = 1000) -> Deletion:
        """Delete feedback received before `moment`, oldest first; at most `limit` in one transaction.

        Call it until the receipt counts none.
        """
        oldest = (
            select(feedback.c.id)
            .where(feedback.c.received_at < moment)
            .order_by(feedback.c.received_at, feedback.c.id)
            .limit(limit)
        )
        with self._database.write() as connection:
            subject = moment.astimezone(UTC).isoformat()
            return _delete(connection, feedback.c.id.in_(oldest), "retention", subject, actor)

    def scrub(self) -> None:
        """Overwrite what SQLite before 3.42 leaves in its index of words; elsewhere there is nothing to do.

        Merges the index in small transactions, so that writers get their turn. Retention does it every day.
        """
        if not self._database.is_sqlite or sqlite3.sqlite_version_info >= OVERWRITES_WORDS:
            return
        pages = -MERGED_PAGES  # the first call says: all of it
        while True:
            with self._database.write() as connection:
                before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
                merge = "INSERT INTO feedback_search(feedback_search, rank) VALUES ('merge', ?)"
                connection.exec_driver_sql(merge, (pages,))
                changes = connection.exec_driver_sql("SELECT total_changes()").scalar_one() - before
            if changes < 2:
                return
            pages = MERGED_PAGES

    def get(self, receipt: str) -> Deletion:
        """Return a receipt.

        Raises
        ------
        NotStoredError
            If there is none with this number.
        """
        with self._database.read() as connection:
            row = connection.execute(select(deletions).where(deletions.c.id == storable(receipt))).first()
        if row is None:
            raise NotStoredError("There is no receipt with this number.")
        return Deletion(row.id, row.deleted_at, row.reason, row.subject_digest, row.counts)


def _delete(
    connection: Connection, chosen: ColumnElement[bool], reason: Any, subject: str, actor: str
) -> Deletion:
    counts = {"feedback": 0} | dict.fromkeys((name for name, _ in DEPENDENT), 0)
    if connection.dialect.name == "sqlite" and sqlite3.sqlite_version_info >= OVERWRITES_WORDS:
        connection.exec_driver_sql(
            "INSERT INTO feedback_search(feedback_search, rank) VALUES ('secure-delete', 1)"
        )
    # Whoever revises or corrects them now comes first or finds them gone.
    rows = connection.execute(select(feedback).where(chosen).order_by(feedback.c.id).with_for_update()).all()
    for start in range(0, len(rows), GROUP):
        _delete_group(connection, rows[start : start + GROUP], counts)
    jobs = {row.source_job for row in rows if row.source_job}
    digest = hashlib.sha256(storable(subject).encode()).hexdigest()
    done = Deletion(str(uuid.uuid4()), datetime.now(UTC), reason, digest, counts, tuple(sorted(jobs)))
    if reason != "retention" or rows:
        kept = {name: value for name, value in asdict(done).items() if name not in ("receipt", "jobs")}
        connection.execute(insert(deletions).values(id=done.receipt, actor=actor[:200], **kept))
        # By the receipt, never by the id or reference: what is deleted is gone from here too.
        add_entry(connection, actor, f"{reason}.delete", done.receipt, counts)
    return done


def _delete_group(connection: Connection, rows: Sequence[Any], counts: dict[str, int]) -> None:
    keys = [row.id for row in rows]
    topics = topics_of(connection, keys)
    cells = Cells()
    for row in rows:
        labels = labels_of_row(row, topics.get(row.id, ()))
        count_cells(cells, labels, row.created_at, row.channel, row.product, by=-1)
    for name, table in DEPENDENT:
        of_these = table.c.feedback_id.in_(bindparam("keys", expanding=True))
        query = select(func.count()).select_from(table).where(of_these)
        counts[name] += int(connection.execute(query, {"keys": keys}).scalar_one())
    gone = delete(feedback).where(feedback.c.id.in_(bindparam("keys", expanding=True)))
    # Foreign keys take the rest along, triggers the words of the search.
    connection.execute(gone, {"keys": keys})
    counts["feedback"] += len(keys)
    add_cells(connection, cells)
