"""Feedback goes in: once for each id and text, in batches, all of a batch or nothing of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.store.bulk import insert_new, insert_rows, next_keys
from feedback_nlp.store.counting import add_cells
from feedback_nlp.store.labels import Cells, count_cells, effective_labels
from feedback_nlp.store.plain import text_digest
from feedback_nlp.store.registry import model_key
from feedback_nlp.store.relabelling import active_taxonomy, stored_labels
from feedback_nlp.store.rows import Arrival, analysis_row, feedback_row, prepared
from feedback_nlp.store.service_tables import job_chunks
from feedback_nlp.store.tables import analyses, feedback, feedback_revisions, feedback_topics
from feedback_nlp.store.taxonomy import Taxonomy
from feedback_nlp.store.values import Added

__all__ = ["Origin", "add_batch", "begin_chunk"]

#: Values in one IN (...); SQLite takes 32,766.
GROUP = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """What all feedback of a batch has in common."""

    received_at: datetime
    masked: bool
    job: str | None


def begin_chunk(
    connection: Connection, job: str, number: int, rows: int, *, rejected: int = 0, result: Any = None
) -> bool:
    """Note that a chunk of a job is done once this transaction is; return False if it already was.

    Another worker that has the same chunk in hand is waited for.
    """
    insert_once = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    noted = connection.execute(
        insert_once(job_chunks)
        .values(
            job_id=job,
            number=number,
            rows=rows,
            rows_rejected=rejected,
            result=result,
            finished_at=datetime.now(UTC),
        )
        .on_conflict_do_nothing()
        .returning(job_chunks.c.number)
    )
    return noted.first() is not None


def add_batch(
    connection: Connection, given: Sequence[tuple[Feedback, Analysis]], origin: Origin
) -> list[Added]:
    """Store a batch; see `FeedbackTable.add`."""
    taxonomy = active_taxonomy(connection)
    arrivals = [_arrival(said, analysis, origin.received_at, taxonomy) for said, analysis in given]
    added: list[Added | None] = [None] * len(arrivals)
    waiting = list(range(len(arrivals)))
    while waiting:
        # An id that stands twice in a batch waits for the next round: its second text may revise the first.
        first = {arrivals[place].feedback.id: place for place in reversed(waiting)}
        now = sorted(first.values())
        outcomes = _add_round(connection, [arrivals[place] for place in now], origin)
        for place, outcome in zip(now, outcomes, strict=True):
            added[place] = outcome
        chosen = set(now)
        waiting = [place for place in waiting if place not in chosen]
    return [outcome for outcome in added if outcome is not None]


def _arrival(said: Feedback, analysis: Analysis, received_at: datetime, taxonomy: Taxonomy) -> Arrival:
    ready = prepared(said if said.id else replace(said, id=f"fb-{secrets.token_hex(10)}"), received_at)
    labels = effective_labels(analysis, text=ready.text, taxonomy=taxonomy)
    return Arrival(ready, analysis, labels, text_digest(ready.text))


def _add_round(connection: Connection, arrivals: Sequence[Arrival], origin: Origin) -> list[Added]:
    """Store arrivals with different ids."""
    known = _existing(connection, [one.feedback.id for one in arrivals])
    new = [one for one in arrivals if one.feedback.id not in known]
    lost = _insert(connection, new, origin)
    if lost:  # another writer was first
        known |= _existing(connection, lost)
    outcomes = []
    for one in arrivals:
        there = known.get(one.feedback.id)
        if there is None:
            outcomes.append(Added(one.feedback.id, "created", 1))
        elif there.text_digest == one.digest:
            outcomes.append(Added(one.feedback.id, "unchanged", there.revision))
        else:
            _revise(connection, there, one, origin)
            outcomes.append(Added(one.feedback.id, "revised", there.revision + 1))
    return outcomes


def _existing(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    query = select(feedback).where(feedback.c.external_id.in_(bindparam("ids", expanding=True)))
    # PostgreSQL: nobody else revises them until we are done. SQLite has one writer anyway.
    query = query.order_by(feedback.c.id).with_for_update()
    found = {}
    for start in range(0, len(ids), GROUP):
        rows = connection.execute(query, {"ids": list(ids[start : start + GROUP])})
        found.update({row.external_id: row for row in rows})
    return found


def _insert(connection: Connection, arrivals: Sequence[Arrival], origin: Origin) -> list[str]:
    """Insert feedback that is not there; return the ids of what was there after all."""
    if not arrivals:
        return []
    models = {model: model_key(connection, model) for model in {one.analysis.model for one in arrivals}}
    keys = next_keys(connection, feedback, len(arrivals))
    analysis_keys = next_keys(connection, analyses, len(arrivals))
    placed = list(zip(keys, analysis_keys, arrivals, strict=True))
    rows = [
        feedback_row(
            key,
            1,
            one,
            received_at=origin.received_at,
            masked=origin.masked,
            job=origin.job,
            analysis_id=analysis_id,
            model_id=models[one.analysis.model],
        )
        for key, analysis_id, one in placed
    ]
    # By id: writers that bring the same ones wait for each other, and never in a circle.
    rows.sort(key=lambda row: str(row[1]))
    inserted = insert_new(connection, feedback, rows, feedback.c.external_id)
    here = [(key, analysis_id, one) for key, analysis_id, one in placed if key in inserted]
    insert_rows(
        connection,
        analyses,
        [
            analysis_row(analysis_id, key, 1, models[one.analysis.model], origin.received_at, one.analysis)
            for key, analysis_id, one in here
        ],
    )
    insert_rows(
        connection,
        feedback_topics,
        [
            (key, topic, sentiment, one.feedback.created_at)
            for key, _, one in here
            for topic, sentiment in one.labels.topics
        ],
    )
    cells = Cells()
    for _, _, one in here:
        _count(cells, one)
    add_cells(connection, cells)
    return [one.feedback.id for key, _, one in placed if key not in inserted]


def _count(cells: Cells, one: Arrival) -> None:
    said = one.feedback
    assert said.created_at is not None  # noqa: S101 (prepared)
    count_cells(cells, one.labels, said.created_at, said.channel, said.product)


def _revise(connection: Connection, there: Any, one: Arrival, origin: Origin) -> None:
    """Put a new text in the place of the one that is there, which is kept as an older revision."""
    cells = Cells()
    count_cells(
        cells, stored_labels(connection, there), there.created_at, there.channel, there.product, by=-1
    )
    said = replace(one, feedback=replace(one.feedback, created_at=_written_at(there, one, origin)))
    revision = there.revision + 1
    model = model_key(connection, one.analysis.model)
    analysis_id = next_keys(connection, analyses, 1)[0]
    row = feedback_row(
        there.id,
        revision,
        said,
        received_at=origin.received_at,
        masked=origin.masked,
        job=origin.job,
        analysis_id=analysis_id,
        model_id=model,
    )
    older = {
        "feedback_id": there.id,
        "revision": there.revision,
        "text": there.text,
        "replaced_at": origin.received_at,
    }
    connection.execute(insert(feedback_revisions).values(older))
    changed = dict(zip(feedback.c.keys(), row, strict=True))
    connection.execute(update(feedback).where(feedback.c.id == there.id).values(changed))
    connection.execute(delete(feedback_topics).where(feedback_topics.c.feedback_id == there.id))
    analysed = analysis_row(analysis_id, there.id, revision, model, origin.received_at, one.analysis)
    insert_rows(connection, analyses, [analysed])
    topics = [(there.id, topic, own, said.feedback.created_at) for topic, own in one.labels.topics]
    insert_rows(connection, feedback_topics, topics)
    _count(cells, said)
    add_cells(connection, cells)


def _written_at(there: Any, one: Arrival, origin: Origin) -> datetime:
    """Return when it was written; of a new text without a date, when the first was."""
    given = one.feedback.created_at
    if given is None or given == origin.received_at:
        return there.created_at  # type: ignore[no-any-return]  # a row's value
    return given
