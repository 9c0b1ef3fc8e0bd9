"""What the review queue is filled with: random texts with their chances, contradictions, what the model doubts.

All functions work inside the transaction of one draw, which holds a lock from `draws_so_far` on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from feedback_nlp.store.service_tables import review_items, state
from feedback_nlp.store.tables import corrections, feedback

__all__ = [
    "at_random",
    "contradicting",
    "count_open",
    "draws_so_far",
    "last_position",
    "least_certain",
    "not_queued",
    "put_items",
    "still_new",
]

#: Newest uncertain texts among which the least certain ones are looked for.
POOL = 20_000
_DRAWS = "review.draws"
_i, _f = review_items.c, feedback.c


def draws_so_far(connection: Connection) -> list[tuple[int, float]]:
    """Return the draws so far, newest number and chance of each, under a lock that other draws wait for."""
    made = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"name": _DRAWS, "value": [], "changed_at": datetime.now(UTC)}
    connection.execute(made(state).values(row).on_conflict_do_nothing())
    query = select(state.c.value).where(state.c.name == _DRAWS).with_for_update()
    return [(int(last), float(chance)) for last, chance in connection.execute(query).scalar_one()]


def count_open(connection: Connection) -> int:
    """Return how many items wait."""
    query = select(func.count()).select_from(review_items).where(_i.done_at.is_(None))
    return int(connection.execute(query).scalar_one())


def last_position(connection: Connection) -> float:
    """Return the position behind which new items go."""
    return float(connection.execute(select(func.coalesce(func.max(_i.position), 0.0))).scalar_one())


def not_queued(*slices: str) -> ColumnElement[bool]:
    """Return the condition that a text never was in these slices, or in none at all."""
    queued = select(_i.feedback_id)
    return _f.id.not_in(queued.where(_i.slice.in_(slices)) if slices else queued)


def contradicting(connection: Connection, count: int) -> list[int]:
    """Return new texts whose stars contradict their words, newest first."""
    query = select(_f.id).where(_f.rating_mismatch, _f.corrected.is_(None), not_queued())
    return list(connection.execute(query.order_by(_f.created_at.desc(), _f.id.desc()).limit(count)).scalars())


def still_new(connection: Connection, keys: Sequence[int], besides: Sequence[int]) -> list[int]:
    """Return the numbers that nobody corrected or queued meanwhile, in their order."""
    query = select(_f.id).where(_f.id.in_(list(keys)), _f.corrected.is_(None), not_queued())
    new = set(connection.execute(query).scalars()) - set(besides)
    return [key for key in keys if key in new]


def least_certain(connection: Connection, count: int, besides: Sequence[int]) -> list[int]:
    """Return new texts whose sentiment is least certain, among the newest uncertain ones."""
    newest = (
        select(_f.id, _f.confidence)
        .where(_f.uncertain, _f.corrected.is_(None), _f.id.not_in(list(besides)), not_queued())
        .order_by(_f.created_at.desc(), _f.id.desc())
        .limit(POOL)
        .subquery()
    )
    query = select(newest.c.id).order_by(newest.c.confidence, newest.c.id).limit(max(0, count))
    return list(connection.execute(query).scalars())


def at_random(connection: Connection, count: int, draws: list[tuple[int, float]]) -> dict[int, float]:
    """Draw texts at random; return the chance of each to have been drawn by now, and note the draw."""
    eligible = _f.sentiment.is_not(None) & not_queued("random")
    total = connection.execute(select(func.count()).select_from(feedback).where(eligible)).scalar_one()
    if not total or count <= 0:
        return {}
    keys = connection.execute(select(_f.id).where(eligible).order_by(func.random()).limit(count)).scalars()
    drawn = list(keys)
    chance = len(drawn) / total
    # Who was drawn before had the chance of this draw too, had it not been.
    for table in (review_items, corrections):
        c = table.c
        by_chance = (c.slice == "random") & c.sampling_probability.is_not(None)
        later = 1 - (1 - c.sampling_probability) * (1 - chance)
        connection.execute(update(table).where(by_chance).values(sampling_probability=later))
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


def put_items(connection: Connection, slices: dict[str, list[tuple[int, float | None]]]) -> int:
    """Add items so that each slice is spread evenly over them."""
    start, now = last_position(connection), datetime.now(UTC)
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
