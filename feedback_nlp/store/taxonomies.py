"""The taxonomy in force, its versions, and the way of the whole history under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from feedback_nlp.store.audit import add_entry
from feedback_nlp.store.engine import Database
from feedback_nlp.store.relabelling import active_taxonomy, relabel
from feedback_nlp.store.rows import ANALYSIS_COLUMNS, analysis_from
from feedback_nlp.store.service_tables import taxonomies
from feedback_nlp.store.tables import analyses, feedback, feedback_topics, models
from feedback_nlp.store.taxonomy import OwnTopic, Taxonomy

__all__ = ["Taxonomies"]

_GROUP = 2_000
_WITH_ANALYSIS = select(feedback, *ANALYSIS_COLUMNS).select_from(
    feedback.join(analyses, analyses.c.id == feedback.c.analysis_id).join(
        models, models.c.id == analyses.c.model_id
    )
)


class Taxonomies:
    """A company's own taxonomy.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self) -> Taxonomy:
        """Return the taxonomy in force; without one of its own the model's, version 0."""
        with self._database.read() as connection:
            return active_taxonomy(connection)

    def save(self, topics: Sequence[OwnTopic], *, actor: str) -> Taxonomy:
        """Put a taxonomy in force: for what comes in at once, for the history as it is relabelled."""
        t = taxonomies.c
        with self._database.write() as connection:
            last = connection.execute(select(func.max(t.version))).scalar_one() or 0
            connection.execute(update(taxonomies).where(t.active).values(active=False))
            row = {
                "version": last + 1,
                "content": [one.to_dict() for one in topics],
                "created_at": datetime.now(UTC),
                "created_by": actor[:200],
                "active": True,
            }
            connection.execute(insert(taxonomies).values(row))
            add_entry(connection, actor, "taxonomy.save", str(last + 1))
        return Taxonomy(tuple(topics), last + 1)

    def relabel(self, after: int, limit: int = 1000) -> tuple[int, int]:
        """Give the next texts the topics that count now; return how many, and the number of the last."""
        with self._database.write() as connection:
            query = _WITH_ANALYSIS.where(feedback.c.id > after).order_by(feedback.c.id).limit(limit)
            rows = connection.execute(query.with_for_update(of=feedback)).all()
            relabel(
                connection,
                rows,
                {row.id: (row.analysis_id, row.model_id, analysis_from(row)) for row in rows},
            )
        return len(rows), rows[-1].id if rows else after

    def last_key(self) -> int:
        """Return the largest number of any feedback, 0 for none."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.max(feedback.c.id))).scalar_one() or 0)

    def newest_texts(self, most: int, *, without_topic: bool = False) -> Iterator[tuple[int, datetime, str]]:
        """Yield number, date and text of the newest feedback with labels, in constant memory.

        Parameters
        ----------
        most : int
        without_topic : bool, default=False
            Only texts that count under no topic.
        """
        f = feedback.c
        query = select(f.id, f.created_at, f.text).where(f.sentiment.is_not(None)).order_by(f.id.desc())
        if without_topic:
            query = query.where(f.id.not_in(select(feedback_topics.c.feedback_id)))
        last: int | None = None
        while most > 0:
            with self._database.read() as connection:
                rows = _next(connection, query, last, min(_GROUP, most))
            yield from rows
            if len(rows) < min(_GROUP, most):
                return
            most, last = most - len(rows), rows[-1][0]


def _next(
    connection: Connection, query: Select[Any], last: int | None, limit: int
) -> list[tuple[int, datetime, str]]:
    behind = query if last is None else query.where(feedback.c.id < last)
    return [(key, moment, text) for key, moment, text in connection.execute(behind.limit(limit))]
