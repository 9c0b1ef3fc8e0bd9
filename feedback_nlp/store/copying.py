"""Corrections leave a store and come back, or into another one with the same feedback, as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from feedback_nlp.store.engine import Database
from feedback_nlp.store.plain import storable
from feedback_nlp.store.relabelling import relabel
from feedback_nlp.store.rows import ANALYSIS_COLUMNS, analysis_from
from feedback_nlp.store.service_tables import review_items
from feedback_nlp.store.tables import analyses, corrections, feedback, models

__all__ = ["CorrectionCopy", "copy_corrections", "restore_corrections"]

#: Rows of one statement.
GROUP = 500
_c, _f = corrections.c, feedback.c


@dataclass(frozen=True, slots=True)
class CorrectionCopy:
    """A correction as it is written to files; see `Correction`.

    Parameters
    ----------
    text_digest : str
        Of the text that was looked at, in hex; empty for a text that is not the newest.
    """

    feedback_id: str
    text_digest: str
    revision: int
    field: str
    value: Any
    model_value: Any
    model: str | None
    reviewer: str | None
    created_at: datetime
    slice: str
    sampling_probability: float | None
    in_force: bool


def copy_corrections(database: Database) -> Iterator[CorrectionCopy]:
    """Yield all corrections, oldest first, those not in force too."""
    query = (
        select(_f.external_id, _f.text_digest, _f.revision.label("newest"), models.c.model, *corrections.c)
        .select_from(
            corrections.join(feedback, _f.id == _c.feedback_id).outerjoin(models, models.c.id == _c.model_id)
        )
        .order_by(_c.id)
    )
    last = 0
    while True:
        with database.read() as connection:
            rows = connection.execute(query.where(_c.id > last).limit(GROUP)).all()
        for row in rows:
            yield CorrectionCopy(
                row.external_id,
                row.text_digest.hex() if row.revision == row.newest else "",
                row.revision,
                row.field,
                row.value,
                row.model_value,
                row.model,
                row.reviewer,
                row.created_at,
                row.slice,
                row.sampling_probability,
                row.superseded_by is None,
            )
        if len(rows) < GROUP:
            return
        last = rows[-1].id


def restore_corrections(database: Database, copies: Sequence[CorrectionCopy]) -> list[str]:
    """Write corrections of feedback that is stored; those that are there already change nothing.

    Where two speak of one field, the later one counts.

    Returns
    -------
    list of str
        What became of each: "added", "unchanged", or why it was refused.
    """
    with database.write() as connection:
        texts = _texts(connection, {storable(copy.feedback_id) for copy in copies})
        known = dict(connection.execute(select(models.c.model, models.c.id)).all())
        there = _there(connection, [row.id for row in texts.values()])
        outcomes = [_restored(connection, copy, texts, known, there) for copy in copies]
        touched = {
            texts[storable(copy.feedback_id)].id: texts[storable(copy.feedback_id)]
            for copy, outcome in zip(copies, outcomes, strict=True)
            if outcome == "added"
        }
        withdrawn = {
            (texts[storable(copy.feedback_id)].id, copy.field, copy.created_at)
            for copy in copies
            if storable(copy.feedback_id) in texts and not copy.in_force
        }
        rows = [*touched.values()]
        for start in range(0, len(rows), GROUP):
            group = rows[start : start + GROUP]
            _order(connection, [row.id for row in group], withdrawn)
            current = {row.id: (row.analysis_id, row.model_id, analysis_from(row)) for row in group}
            relabel(connection, group, current)
        return outcomes


def _texts(connection: Connection, ids: set[str]) -> dict[str, Any]:
    joined = feedback.join(analyses, analyses.c.id == _f.analysis_id).join(
        models, models.c.id == analyses.c.model_id
    )
    query = select(feedback, *ANALYSIS_COLUMNS).select_from(joined)
    query = query.where(_f.external_id.in_(bindparam("ids", expanding=True)))
    wanted = sorted(ids)
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), GROUP):
        # Locked in one order, so that two imports never wait for each other.
        locked = query.order_by(_f.id).with_for_update(of=feedback)
        rows = connection.execute(locked, {"ids": wanted[start : start + GROUP]})
        found |= {row.external_id: row for row in rows}
    return found


def _there(connection: Connection, keys: Sequence[int]) -> set[tuple[int, int, str, datetime]]:
    query = select(_c.feedback_id, _c.revision, _c.field, _c.created_at)
    query = query.where(_c.feedback_id.in_(bindparam("keys", expanding=True)))
    return {
        tuple(row)
        for start in range(0, len(keys), GROUP)
        for row in connection.execute(query, {"keys": list(keys[start : start + GROUP])})
    }


def _restored(
    connection: Connection,
    copy: CorrectionCopy,
    texts: dict[str, Any],
    known: dict[str, int],
    there: set[tuple[int, int, str, datetime]],
) -> str:
    row = texts.get(storable(copy.feedback_id))
    if row is None:
        return "There is no feedback with this id."
    if not 1 <= copy.revision <= row.revision:
        return f"The stored text is revision {row.revision}."
    if copy.revision == row.revision and copy.text_digest not in ("", row.text_digest.hex()):
        return "The stored text is another one."
    mark = (row.id, copy.revision, copy.field, copy.created_at)
    if mark in there:
        return "unchanged"
    there.add(mark)
    connection.execute(
        insert(corrections).values(
            feedback_id=row.id,
            revision=copy.revision,
            field=copy.field,
            value=copy.value,
            model_value=copy.model_value,
            model_id=known.get(copy.model or ""),
            reviewer=copy.reviewer,
            created_at=copy.created_at,
            slice=copy.slice,
            sampling_probability=copy.sampling_probability,
        )
    )
    if copy.slice == "random" and copy.sampling_probability is not None:
        _note_draw(connection, row.id, copy)
    return "added"


def _note_draw(connection: Connection, key: int, copy: CorrectionCopy) -> None:
    """Keep a text that was drawn at random elsewhere among the drawn ones."""
    i = review_items.c
    drawn = select(i.id).where(i.feedback_id == key, i.slice == "random")
    if connection.execute(drawn).first() is None:
        moments = {"added_at": copy.created_at, "done_at": copy.created_at}
        row = {"feedback_id": key, "slice": "random", "position": 0.0, **moments}
        connection.execute(
            insert(review_items).values(row | {"sampling_probability": copy.sampling_probability})
        )


def _order(connection: Connection, keys: Sequence[int], withdrawn: set[tuple[int, str, datetime]]) -> None:
    """Let the latest correction of each field count, unless it is known to be withdrawn."""
    query = select(_c.id, _c.feedback_id, _c.field, _c.created_at, _c.superseded_by)
    query = query.where(_c.feedback_id.in_(bindparam("keys", expanding=True)))
    of_field: dict[tuple[int, str], list[Any]] = {}
    for row in connection.execute(query.order_by(_c.created_at, _c.id), {"keys": list(keys)}):
        of_field.setdefault((row.feedback_id, row.field), []).append(row)
    for (key, field), rows in of_field.items():
        followers = [*(row.id for row in rows[1:]), None]
        if (key, field, rows[-1].created_at) in withdrawn or rows[-1].superseded_by == rows[-1].id:
            followers[-1] = rows[-1].id  # its own successor: withdrawn
        for row, follower in zip(rows, followers, strict=True):
            if row.superseded_by != follower:
                connection.execute(update(corrections).where(_c.id == row.id).values(superseded_by=follower))
