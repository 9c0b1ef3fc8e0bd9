"""`daily_counts`: texts by day, dimension, name and sentiment, kept in step by whoever writes labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, literal_column, select

from feedback_nlp.store.bulk import run_in_groups
from feedback_nlp.store.engine import Database
from feedback_nlp.store.labels import Cells
from feedback_nlp.store.tables import daily_counts, feedback, feedback_topics

__all__ = ["DailyCounts", "add_cells"]

#: Dimensions that hold texts with a sentiment, as reports read them.
DIMENSIONS = ("all", "topic", "topic_texts", "channel", "product", "kind")

_SQLITE_UPSERT = """
    INSERT INTO daily_counts (dimension, name, day, sentiment, count) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (dimension, name, day, sentiment) DO UPDATE SET count = count + excluded.count
"""
_POSTGRESQL_UPSERT = """
    INSERT INTO daily_counts (dimension, name, day, sentiment, count)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[], %s::int[])
    ON CONFLICT (dimension, name, day, sentiment) DO UPDATE SET count = daily_counts.count + excluded.count
"""


def add_cells(connection: Connection, cells: Cells) -> None:
    """Add counts, which may be negative, to those that are there.

    In the order of the key: two writers that add to the same cells wait for each other, and never in a circle.
    """
    rows = [(*key, count) for key, count in sorted(cells.items()) if count]
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        given = [(dimension, name, day.isoformat(), said, n) for dimension, name, day, said, n in rows]
        run_in_groups(connection, _SQLITE_UPSERT, given)
    else:
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        connection.exec_driver_sql(_POSTGRESQL_UPSERT, columns)
    if any(count < 0 for *_, count in rows):
        connection.execute(delete(daily_counts).where(daily_counts.c.count <= 0))


class DailyCounts:
    """Counts of texts by day.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def cells(
        self,
        since: date | None = None,
        until: date | None = None,
        dimensions: Sequence[str] = DIMENSIONS,
    ) -> Iterator[tuple[date, str, str, str, int]]:
        """Yield (day, dimension, name, sentiment, count), as `feedback_nlp.report.DayCounts.from_cells` takes them.

        Parameters
        ----------
        since, until : date or None
            First day, and the day after the last; in UTC.
        dimensions : sequence of str
            Some of "all", "topic", "topic_texts", "channel", "product", "kind"; also "uncertain", and "status",
            whose texts have no sentiment: it is "" there.
        """
        c = daily_counts.c
        query = select(c.day, c.dimension, c.name, c.sentiment, c.count).where(c.dimension.in_(dimensions))
        if since is not None:
            query = query.where(c.day >= since)
        if until is not None:
            query = query.where(c.day < until)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        yield from rows

    def names(self, dimension: str, limit: int = 1000) -> list[tuple[str, int]]:
        """Return the names of a dimension with how many texts each has, most first: choices for a filter."""
        total = func.sum(daily_counts.c.count)
        query = (
            select(daily_counts.c.name, total)
            .where(daily_counts.c.dimension == dimension)
            .group_by(daily_counts.c.name)
            .order_by(total.desc(), daily_counts.c.name)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [(name, int(count)) for name, count in connection.execute(query)]

    def within_topic(
        self, topic: str, since: datetime, until: datetime
    ) -> Iterator[tuple[date, str, str, str, int]]:
        """Yield (day, dimension, name, sentiment, count) of the texts about a topic, by kind, channel and product.

        Parameters
        ----------
        topic : str
        since, until : datetime
            From, and before; aware. The sentiment is the topic's own.
        """
        t, f = feedback_topics.c, feedback.c
        felt = func.coalesce(t.sentiment, f.sentiment)
        if self._database.is_sqlite:
            day = func.substr(t.created_at, *map(literal_column, ("1", "10")))
        else:
            in_utc = func.timezone(literal_column("'UTC'"), t.created_at)
            day = func.to_char(in_utc, literal_column("'YYYY-MM-DD'"))
        parts = (day, f.kind, f.channel, f.product, felt)
        query = (
            select(*parts, func.count())
            .select_from(feedback_topics.join(feedback, feedback.c.id == t.feedback_id))
            .where(t.topic == topic, t.created_at >= since, t.created_at < until)
            .group_by(*parts)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        for written, *names, sentiment, count in rows:
            for dimension, name in zip(("kind", "channel", "product"), names, strict=True):
                if name and sentiment:
                    yield date.fromisoformat(written), dimension, name, sentiment, count

    def days(self) -> tuple[date, date] | None:
        """Return the first and the last day with a text, None where there is none."""
        query = select(func.min(daily_counts.c.day), func.max(daily_counts.c.day))
        with self._database.read() as connection:
            first, last = connection.execute(
                query.where(daily_counts.c.dimension.in_(("all", "status")))
            ).one()
        return None if first is None else (first, last)
