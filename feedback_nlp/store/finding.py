"""Feedback is found: by filters, by words, page by page.

Pages are cut by key, not by number: the cursor names the last row of a page, the next page starts behind it, and no
page is slower than the first. Lists go newest first by `created_at`; what is searched for by words goes in the
order of arrival, latest first, since both full-text indexes can walk in that order and stop.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TextClause,
    any_,
    column,
    exists,
    func,
    literal,
    select,
    table,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import FromClause

from feedback_nlp.errors import InputError
from feedback_nlp.store.plain import storable
from feedback_nlp.store.relabelling import topics_of
from feedback_nlp.store.rows import PAGE_COLUMNS, stored_from
from feedback_nlp.store.tables import analyses, feedback, feedback_topics, models
from feedback_nlp.store.values import Filters, Page, StoredFeedback

__all__ = ["count_found", "find_page", "fts5_query", "load_rows"]

#: Words of one search that are looked at.
MAX_WORDS = 32
#: PostgreSQL: up to so many texts with the words are taken from the index of words and sorted; where there are more,
#: the walk from the latest text on soon meets a page of them. Left to itself it walks for rare words, too: for long.
MOST_SORTED = 5_000
#: Where PostgreSQL itself expects so many, they are not looked up first.
SURELY_MANY = 10_000
_WORD = re.compile(r'-?"[^"]*"?|[^\s"]+')
_search = table("feedback_search", column("rowid"))


def find_page(connection: Connection, filters: Filters, *, limit: int, cursor: str | None) -> Page:
    """Return a page; see `FeedbackTable.page`."""
    chosen = _Chosen(connection, filters)
    if chosen.is_empty:
        return Page((), None)
    if filters.search is not None and connection.dialect.name == "postgresql":
        chosen.look_up(connection)
    query = chosen.query(select(feedback.c.id, *chosen.order)).order_by(
        *(part.desc() for part in chosen.order)
    )
    if cursor is not None:
        query = query.where(chosen.behind(cursor))
    # First the keys, which the index gives; then the rows of those alone.
    keys = connection.execute(query.limit(limit + 1), chosen.parameters).all()
    items = load_rows(connection, [key for key, *_ in keys[:limit]])
    return Page(tuple(items), _cursor(keys[limit - 1][1:]) if len(keys) > limit else None)


def count_found(connection: Connection, filters: Filters, cap: int) -> int:
    """Return how many there are, at most `cap`."""
    chosen = _Chosen(connection, filters)
    if chosen.is_empty:
        return 0
    some = chosen.query(select(feedback.c.id)).limit(cap).subquery()
    return int(connection.execute(select(func.count()).select_from(some), chosen.parameters).scalar_one())


def load_rows(connection: Connection, keys: Sequence[int]) -> list[StoredFeedback]:
    """Return feedback by number, in the order of `keys`."""
    if not keys:
        return []
    joined = feedback.outerjoin(analyses, analyses.c.id == feedback.c.analysis_id).outerjoin(
        models, models.c.id == analyses.c.model_id
    )
    rows = connection.execute(select(*PAGE_COLUMNS).select_from(joined).where(feedback.c.id.in_(keys)))
    topics = topics_of(connection, keys)
    found = {row.id: stored_from(row, topics.get(row.id, ())) for row in rows}
    return [found[key] for key in keys if key in found]


class _Chosen:
    """The part of a query that says which feedback is meant, and in which order it comes."""

    def __init__(self, connection: Connection, filters: Filters) -> None:
        self._filters = filters
        self._sqlite = connection.dialect.name == "sqlite"
        self._words = _words(filters.search) if filters.search is not None else []
        self.is_empty = filters.search is not None and not any(
            not word.startswith("-") for word in self._words
        )
        # A topic leads where nothing else picks out a few rows.
        narrow = filters.id or filters.customer_ref or filters.job or filters.search
        self._topic_leads = filters.topic is not None and narrow is None
        self._looked_up: list[int] | None = None
        self.parameters: dict[str, Any] = {}
        self.order = self._order()

    def _order(self) -> tuple[ColumnElement[Any], ...]:
        if self._filters.search is not None:
            return (_search.c.rowid if self._sqlite else feedback.c.id,)
        if self._topic_leads:
            return (feedback_topics.c.created_at, feedback_topics.c.feedback_id)
        return (feedback.c.created_at, feedback.c.id)

    def query(self, start: Select[Any]) -> Select[Any]:
        """Add tables and conditions to a query."""
        query = start.select_from(self._tables()).where(*_conditions(self._filters))
        if self._looked_up is not None:
            query = query.where(feedback.c.id == any_(literal(self._looked_up, ARRAY(feedback.c.id.type))))
        elif self._filters.search is not None:
            query = query.where(self._matches())
        if self._filters.topic is not None:
            query = query.where(*self._about_topic())
        return query

    def look_up(self, connection: Connection) -> None:
        """Take the texts with the words from their index where they are few (PostgreSQL)."""
        expected = text("EXPLAIN (FORMAT JSON) SELECT FROM feedback WHERE " + self._matches().text)
        plan = connection.execute(expected, self.parameters).scalar_one()
        if plan[0]["Plan"]["Plan Rows"] >= SURELY_MANY:
            return
        some = select(feedback.c.id).where(self._matches()).limit(MOST_SORTED + 1)
        found = list(connection.execute(some, self.parameters).scalars())
        if len(found) <= MOST_SORTED:
            self._looked_up = found
            self.parameters = {}

    def _tables(self) -> FromClause:
        if self._filters.search is not None and self._sqlite:
            return _search.join(feedback, feedback.c.id == _search.c.rowid)
        if self._topic_leads:
            return feedback_topics.join(feedback, feedback.c.id == feedback_topics.c.feedback_id)
        return feedback

    def _matches(self) -> TextClause:
        if self._sqlite:
            self.parameters["words"] = fts5_query(self._words)
            return text("feedback_search MATCH :words")
        self.parameters["words"] = " ".join(self._words)
        return text("feedback.search_vector @@ websearch_to_tsquery('english', :words)")

    def _about_topic(self) -> list[ColumnElement[bool]]:
        t, filters = feedback_topics.c, self._filters
        about: list[ColumnElement[bool]] = [t.topic == storable(filters.topic or "")]
        if filters.topic_sentiment is not None:
            about.append(t.sentiment == filters.topic_sentiment)
        if not self._topic_leads:
            return [exists().where(t.feedback_id == feedback.c.id, *about)]
        # The index of topics has the date too; the other table's would be looked up first.
        if filters.since is not None:
            about.append(t.created_at >= filters.since)
        if filters.until is not None:
            about.append(t.created_at < filters.until)
        return about

    def behind(self, cursor: str) -> ColumnElement[bool]:
        """Return the condition for what comes after a cursor."""
        last = _place(cursor, len(self.order))
        if len(self.order) == 1:
            return self.order[0] < literal(last[0])
        values = [literal(value, part.type) for value, part in zip(last, self.order, strict=True)]
        return tuple_(*self.order) < tuple_(*values)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    c = feedback.c
    equal = {
        c.external_id: filters.id,
        c.channel: filters.channel,
        c.product: filters.product,
        c.customer_ref: filters.customer_ref,
        c.source_job: filters.job,
        c.sentiment: filters.sentiment,
        c.kind: filters.kind,
        c.status: filters.status,
    }
    found: list[ColumnElement[bool]] = [
        place == storable(value) for place, value in equal.items() if value is not None
    ]
    if filters.uncertain is not None:
        found.append(c.uncertain == filters.uncertain)
    if filters.mismatch is not None:
        found.append(c.rating_mismatch if filters.mismatch else ~c.rating_mismatch)
    if filters.corrected is not None:
        found.append(c.corrected.is_not(None) if filters.corrected else c.corrected.is_(None))
    if filters.since is not None:
        found.append(c.created_at >= filters.since)
    if filters.until is not None:
        found.append(c.created_at < filters.until)
    return found


def _words(search: str) -> list[str]:
    """Return the words and quoted phrases of a search that hold a letter or digit, as people type them."""
    found = []
    for part in _WORD.findall(storable(search)):
        excluded = "-" if part.startswith("-") else ""
        bare = " ".join(part.removeprefix("-").replace('"', " ").split())
        if any(letter.isalnum() for letter in bare):
            found.append(f'{excluded}"{bare}"')
    return found[:MAX_WORDS]


def fts5_query(words: Sequence[str]) -> str:
    """Return a search in FTS5's language from quoted words, excluded ones with a minus before them.

    Everything stands in quotes: whatever a customer or analyst types, it is words and never an operator.

    Examples
    --------
    >>> fts5_query(['"card"', '"was declined"', '-"paypal"'])
    '("card" "was declined") NOT "paypal"'
    """
    wanted = " ".join(word for word in words if not word.startswith("-"))
    unwanted = [word[1:] for word in words if word.startswith("-")]
    return f"({wanted})" + "".join(f" NOT {word}" for word in unwanted)


def _cursor(last: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in last]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).rstrip(b"=").decode()


def _place(cursor: str, length: int) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        values = json.loads(raw)
        key = values[-1]
        if len(values) == length and type(key) is int and abs(key) < 2**63:
            return [key] if length == 1 else [_moment(values[0]), key]
    except (binascii.Error, ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
        pass
    raise InputError(
        "The cursor is not one of this list.", remedy="Take it as it came, with the same filters."
    )


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment
