"""The review queue: which texts people look at next, and with which probability each was drawn.

Three slices are mixed. A random one keeps figures about the model honest: of every text that arrived by then, each
has the same chance at a draw, and the chance of having been drawn by now is kept with the item. The others are where
a look pays most: what the model is least certain of, and where stars and words contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from feedback_nlp.errors import NotStoredError
from feedback_nlp.store.correcting import record_correction
from feedback_nlp.store.drawing import (
    at_random,
    contradicting,
    count_open,
    draws_so_far,
    last_position,
    least_certain,
    not_queued,
    put_items,
    still_new,
)
from feedback_nlp.store.engine import Database
from feedback_nlp.store.finding import load_rows
from feedback_nlp.store.relabelling import active_taxonomy, latest_corrections
from feedback_nlp.store.review_values import CorrectedLabels, ReviewedText, ReviewItem
from feedback_nlp.store.service_tables import review_items
from feedback_nlp.store.tables import corrections, feedback
from feedback_nlp.store.taxonomy import Taxonomy
from feedback_nlp.store.values import StoredFeedback

__all__ = ["ReviewQueue"]

#: Shares of a draw; the rest is what the model is least certain of.
RANDOM_SHARE = 0.1
CONFLICT_SHARE = 0.2
#: Newest texts among which those with unsure topics are looked for: each is analysed again.
TOPIC_POOL = 2_000
#: How long a text that was shown to somebody is kept from the others.
HELD = timedelta(minutes=10)
_i, _f = review_items.c, feedback.c


class ReviewQueue:
    """Texts for people to look at.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def draw(self, size: int = 50, nearest: Callable[[Sequence[str]], Sequence[int]] | None = None) -> int:
        """Fill the queue up to `size` open texts; return how many came in.

        A tenth is drawn at random from all texts with labels, a fifth are texts whose stars contradict them, the rest
        what the model is least certain of. Where there are too few of those, more are drawn at random.

        Parameters
        ----------
        size : int, default=50
        nearest : callable or None, default=None
            Orders texts by how unsure the model is of their topics, as `review.choosing.nearest_first` does; half of
            the last slice is then chosen by it among the newest 2,000 texts, the other half by sentiment.
        """
        unsure = self._unsure_topics(size, nearest) if nearest else []
        with self._database.write() as connection:
            draws = draws_so_far(connection)
            wanted = size - count_open(connection)
            if wanted <= 0:
                return 0
            conflicts = contradicting(connection, round(CONFLICT_SHARE * wanted))
            least = wanted - len(conflicts) - max(1, round(RANDOM_SHARE * wanted))
            topics = still_new(connection, unsure, besides=conflicts)[: max(0, least // 2)]
            taken = [*conflicts, *topics]
            uncertain = [*topics, *least_certain(connection, least - len(topics), besides=taken)]
            chances = at_random(connection, wanted - len(conflicts) - len(uncertain), draws)
            slices: dict[str, list[tuple[int, float | None]]] = {
                "random": [*chances.items()],
                "uncertain": [(key, None) for key in uncertain],
                "conflict": [(key, None) for key in conflicts],
            }
            return put_items(connection, slices)

    def _unsure_topics(self, size: int, nearest: Callable[[Sequence[str]], Sequence[int]]) -> list[int]:
        """Return numbers of new texts, the most unsure first; looked at before anybody is kept waiting."""
        query = select(_f.id, _f.text).where(_f.sentiment.is_not(None), _f.corrected.is_(None), not_queued())
        query = query.order_by(_f.created_at.desc(), _f.id.desc()).limit(TOPIC_POOL)
        with self._database.read() as connection:
            if count_open(connection) >= size:
                return []
            rows = connection.execute(query).all()
        return [rows[place].id for place in nearest([row.text for row in rows])] if rows else []

    def open(self, limit: int = 50) -> list[ReviewItem]:
        """Return what waits, in order, whoever it is held for."""
        with self._database.read() as connection:
            query = select(review_items).where(_i.done_at.is_(None)).order_by(_i.position, _i.id)
            return _items(connection, connection.execute(query.limit(limit)).all())

    def get(self, key: int) -> ReviewItem:
        """Return one item, done or not.

        Raises
        ------
        NotStoredError
            If there is no such item.
        """
        with self._database.read() as connection:
            return _items(connection, [_item_row(connection, key)])[0]

    def next(self, reviewer: str) -> ReviewItem | None:
        """Return what this person looks at next, kept from the others for ten minutes; None if nothing waits."""
        now = datetime.now(UTC)
        free = or_(_i.assigned_until.is_(None), _i.assigned_until < now, _i.assigned_to == reviewer[:200])
        with self._database.write() as connection:
            query = select(review_items).where(_i.done_at.is_(None), free).order_by(_i.position, _i.id)
            row = connection.execute(query.limit(1).with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            held = {"assigned_to": reviewer[:200], "assigned_until": now + HELD}
            connection.execute(update(review_items).where(_i.id == row.id).values(held))
            return _items(connection, [row])[0]

    def answer(
        self, key: int, changes: dict[str, Any], *, reviewer: str = "", revision: int | None = None
    ) -> StoredFeedback:
        """Take what a person says of an item; it counts at once, and the item is done.

        Parameters
        ----------
        key : int
            Of the item.
        changes, reviewer, revision
            See `Corrections.add`; say the same as the model to confirm it.

        Raises
        ------
        NotStoredError
            If there is no such item.
        InputError
            For labels that cannot be, and for a text that was revised meanwhile.
        """
        with self._database.write() as connection:
            item = _item_row(connection, key)
            drawn = connection.execute(
                select(_i.sampling_probability).where(
                    _i.feedback_id == item.feedback_id, _i.slice == "random"
                )
            ).scalar_one_or_none()
            one = load_rows(connection, [item.feedback_id])[0]
            said = record_correction(
                connection,
                one.id,
                changes,
                reviewer=reviewer,
                slice=item.slice if drawn is None else "random",
                sampling_probability=drawn,
                revision=revision,
            )
            done = (_i.feedback_id == item.feedback_id) & _i.done_at.is_(None)
            connection.execute(update(review_items).where(done).values(done_at=datetime.now(UTC)))
            return said

    def skip(self, key: int) -> None:
        """Put an item behind all others: one that was drawn at random must be answered some day.

        Raises
        ------
        NotStoredError
            If there is no such item.
        """
        with self._database.write() as connection:
            _item_row(connection, key)
            new = {"position": last_position(connection) + 1, "assigned_to": None, "assigned_until": None}
            connection.execute(update(review_items).where(_i.id == key, _i.done_at.is_(None)).values(new))

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many items are open and done, by slice."""
        query = select(_i.slice, func.count() - func.count(_i.done_at), func.count(_i.done_at))
        with self._database.read() as connection:
            found = connection.execute(query.group_by(_i.slice)).all()
        return {slice_: (waiting, done) for slice_, waiting, done in found}

    def random_sample(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> list[ReviewedText]:
        """Return the texts of the random slice that people have looked at, as they now are.

        Parameters
        ----------
        since, until : datetime or None
            Written from, and before.
        """
        query = select(feedback, _i.sampling_probability).select_from(
            review_items.join(feedback, _f.id == _i.feedback_id)
        )
        query = query.where(_i.slice == "random", _i.done_at.is_not(None), _f.sentiment.is_not(None))
        if since is not None:
            query = query.where(_f.created_at >= since)
        if until is not None:
            query = query.where(_f.created_at < until)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_i.id)).all()
            said = latest_corrections(connection, rows)
            chances = {row.id: row.sampling_probability for row in rows}
            taxonomy = active_taxonomy(connection)
            texts = load_rows(connection, [key for key in chances if key in said])
        return [
            ReviewedText(
                one, _renamed(said[one.key], taxonomy), chances[one.key] or 1.0, _model_topics(one, taxonomy)
            )
            for one in texts
        ]

    def corrected_labels(self, since: datetime, until: datetime) -> list[CorrectedLabels]:
        """Return the labels of all texts of a period that people corrected, beside those of the model."""
        # From the few corrections to their texts: an index of texts by period is walked for many that have none.
        corrected = select(corrections.c.feedback_id).where(corrections.c.superseded_by.is_(None))
        query = select(_f.id).where(
            _f.id.in_(corrected), _f.corrected.is_not(None), _f.sentiment.is_not(None)
        )
        query = query.where(_f.created_at >= since, _f.created_at < until)
        with self._database.read() as connection:
            texts = load_rows(connection, connection.execute(query).scalars().all())
            taxonomy = active_taxonomy(connection)
        return [
            CorrectedLabels(
                one.sentiment or "neutral",
                one.analysis.sentiment or "neutral",
                tuple(label.topic for label in one.topics),
                _model_topics(one, taxonomy),
            )
            for one in texts
        ]


def _model_topics(one: StoredFeedback, taxonomy: Taxonomy) -> tuple[str, ...]:
    return tuple(name for name, _ in taxonomy.of_model(one.text, one.analysis))


def _renamed(truth: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, Any]:
    """Return what people said, topics under the names that count now."""
    if "topics" not in truth:
        return dict(truth)
    topics = [{"topic": name, "sentiment": felt} for name, felt in taxonomy.of_person(truth["topics"])]
    return {**truth, "topics": topics}


def _item_row(connection: Connection, key: int) -> Any:
    row = connection.execute(select(review_items).where(_i.id == key)).one_or_none()
    if row is None:
        raise NotStoredError("There is no such item in the review queue.")
    return row


def _items(connection: Connection, rows: Sequence[Any]) -> list[ReviewItem]:
    texts = {one.key: one for one in load_rows(connection, [row.feedback_id for row in rows])}
    return [
        ReviewItem(row.id, row.slice, row.sampling_probability, row.done_at, texts[row.feedback_id])
        for row in rows
        if row.feedback_id in texts
    ]
