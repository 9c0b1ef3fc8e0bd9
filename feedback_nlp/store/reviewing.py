"""The review queue: which texts people look at next, and with which probability each was drawn.

Three slices are mixed. A random one keeps figures about the model honest: of every text that arrived by then, each
has the same chance at a draw, and the chance of having been drawn by now is kept with the item. The others are where
a look pays most: what the model is least certain of, and where stars and words contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from feedback_nlp.errors import NotStoredError
from feedback_nlp.store.correcting import record_correction
from feedback_nlp.store.engine import Database
from feedback_nlp.store.finding import load_rows
from feedback_nlp.store.relabelling import active_taxonomy, latest_corrections
from feedback_nlp.store.review_values import CorrectedLabels, ReviewedText, ReviewItem
from feedback_nlp.store.service_tables import review_items, state
from feedback_nlp.store.tables import corrections, feedback
from feedback_nlp.store.taxonomy import Taxonomy
from feedback_nlp.store.values import StoredFeedback

__all__ = ["ReviewQueue"]

#: Shares of a draw; the rest is what the model is least certain of.
RANDOM_SHARE = 0.1
CONFLICT_SHARE = 0.2
#: Newest uncertain texts among which the least certain ones are looked for.
POOL = 20_000
#: Newest texts among which those with unsure topics are looked for: each is analysed again.
TOPIC_POOL = 2_000
#: How long a text that was shown to somebody is kept from the others.
HELD = timedelta(minutes=10)
_DRAWS = "review.draws"
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
            draws = _draws_so_far(connection)
            wanted = size - _count_open(connection)
            if wanted <= 0:
                return 0
            conflicts = _conflicts(connection, round(CONFLICT_SHARE * wanted))
            least = wanted - len(conflicts) - max(1, round(RANDOM_SHARE * wanted))
            topics = _still_new(connection, unsure, besides=conflicts)[: max(0, least // 2)]
            taken = [*conflicts, *topics]
            uncertain = [*topics, *_least_certain(connection, least - len(topics), besides=taken)]
            chances = _random(connection, wanted - len(conflicts) - len(uncertain), draws)
            slices: dict[str, list[tuple[int, float | None]]] = {
                "random": [*chances.items()],
                "uncertain": [(key, None) for key in uncertain],
                "conflict": [(key, None) for key in conflicts],
            }
            return _put(connection, slices)

    def _unsure_topics(self, size: int, nearest: Callable[[Sequence[str]], Sequence[int]]) -> list[int]:
        """Return numbers of new texts, the most unsure first; looked at before anybody is kept waiting."""
        query = select(_f.id, _f.text).where(_f.sentiment.is_not(None), _f.corrected.is_(None), _not_queued())
        query = query.order_by(_f.created_at.desc(), _f.id.desc()).limit(TOPIC_POOL)
        with self._database.read() as connection:
            if _count_open(connection) >= size:
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
            new = {"position": _last_position(connection) + 1, "assigned_to": None, "assigned_until": None}
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


def _draws_so_far(connection: Connection) -> list[tuple[int, float]]:
    """Return the draws so far, newest number and chance of each, under a lock that other draws wait for."""
    made = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"name": _DRAWS, "value": [], "changed_at": datetime.now(UTC)}
    connection.execute(made(state).values(row).on_conflict_do_nothing())
    query = select(state.c.value).where(state.c.name == _DRAWS).with_for_update()
    return [(int(last), float(chance)) for last, chance in connection.execute(query).scalar_one()]


def _count_open(connection: Connection) -> int:
    query = select(func.count()).select_from(review_items).where(_i.done_at.is_(None))
    return int(connection.execute(query).scalar_one())


def _last_position(connection: Connection) -> float:
    return float(connection.execute(select(func.coalesce(func.max(_i.position), 0.0))).scalar_one())


def _not_queued(*slices: str) -> ColumnElement[bool]:
    queued = select(_i.feedback_id)
    return _f.id.not_in(queued.where(_i.slice.in_(slices)) if slices else queued)


def _conflicts(connection: Connection, count: int) -> list[int]:
    query = select(_f.id).where(_f.rating_mismatch, _f.corrected.is_(None), _not_queued())
    return list(connection.execute(query.order_by(_f.created_at.desc(), _f.id.desc()).limit(count)).scalars())


def _still_new(connection: Connection, keys: Sequence[int], besides: Sequence[int]) -> list[int]:
    """Return the numbers that nobody corrected or queued meanwhile, in their order."""
    query = select(_f.id).where(_f.id.in_(list(keys)), _f.corrected.is_(None), _not_queued())
    new = set(connection.execute(query).scalars()) - set(besides)
    return [key for key in keys if key in new]


def _least_certain(connection: Connection, count: int, besides: Sequence[int]) -> list[int]:
    newest = (
        select(_f.id, _f.confidence)
        .where(_f.uncertain, _f.corrected.is_(None), _f.id.not_in(list(besides)), _not_queued())
        .order_by(_f.created_at.desc(), _f.id.desc())
        .limit(POOL)
        .subquery()
    )
    query = select(newest.c.id).order_by(newest.c.confidence, newest.c.id).limit(max(0, count))
    return list(connection.execute(query).scalars())


def _random(connection: Connection, count: int, draws: list[tuple[int, float]]) -> dict[int, float]:
    """Draw texts at random; return the chance of each to have been drawn by now, and note the draw."""
    eligible = _f.sentiment.is_not(None) & _not_queued("random")
    total = connection.execute(select(func.count()).select_from(feedback).where(eligible)).scalar_one()
    if not total or count <= 0:
        return {}
    keys = connection.execute(select(_f.id).where(eligible).order_by(func.random()).limit(count)).scalars()
    drawn = list(keys)
    chance = len(drawn) / total
    # Who was drawn before had the chance of this draw too, had it not been.
    for table in (review_items, corrections):
        c = table.c
        at_random = (c.slice == "random") & c.sampling_probability.is_not(None)
        later = 1 - (1 - c.sampling_probability) * (1 - chance)
        connection.execute(update(table).where(at_random).values(sampling_probability=later))
    last = connection.execute(select(func.max(_f.id))).scalar_one()
    draws = [*draws, (int(last), chance)]
    noted = {"value": draws, "changed_at": datetime.now(UTC)}
    connection.execute(update(state).where(state.c.name == _DRAWS).values(noted))
    return {key: _chance_of(key, draws) for key in drawn}


def _chance_of(key: int, draws: Sequence[tuple[int, float]]) -> float:
    """Return the chance of a text to have been drawn by now: numbers grow, so it missed the draws before it came."""
    missed = 1.0
    for last, chance in draws:
        if key <= last:
            missed *= 1 - chance
    return 1 - missed


def _put(connection: Connection, slices: dict[str, list[tuple[int, float | None]]]) -> int:
    """Add items so that each slice is spread evenly over them."""
    start, now = _last_position(connection), datetime.now(UTC)
    placed = [
        ((n + 0.5) / len(found), key, name, chance)
        for name, found in slices.items()
        for n, (key, chance) in enumerate(found)
    ]
    rows = [
        {
            "feedback_id": key,
            "slice": name,
            "sampling_probability": chance,
            "position": start + at,
            "added_at": now,
        }
        for at, (_, key, name, chance) in enumerate(sorted(placed), 1)
    ]
    if rows:
        connection.execute(review_items.insert(), rows)
    return len(rows)


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
