"""Corrections: what people say a text means, kept beside what models say, in force at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from feedback_nlp.errors import InputError, NotStoredError
from feedback_nlp.records import SENTIMENTS, Analysis
from feedback_nlp.store.engine import Database
from feedback_nlp.store.finding import load_rows
from feedback_nlp.store.labels import CORRECTABLE
from feedback_nlp.store.plain import storable
from feedback_nlp.store.relabelling import relabel
from feedback_nlp.store.rows import ANALYSIS_COLUMNS, analysis_from
from feedback_nlp.store.tables import analyses, corrections, feedback, models
from feedback_nlp.store.values import Correction, StoredFeedback

__all__ = ["SLICES", "Corrections", "check_changes", "record_correction"]

SLICES = ("random", "uncertain", "conflict", "manual")
_WITH_ANALYSIS = select(feedback, *ANALYSIS_COLUMNS).select_from(
    feedback.join(analyses, analyses.c.id == feedback.c.analysis_id).join(
        models, models.c.id == analyses.c.model_id
    )
)


class Corrections:
    """Corrections of labels.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        id: str,
        changes: dict[str, Any],
        *,
        reviewer: str = "",
        slice: str = "manual",
        sampling_probability: float | None = None,
        revision: int | None = None,
    ) -> StoredFeedback:
        """Say what a text means; it counts from now on, and the model's answer is kept.

        Parameters
        ----------
        id : str
            Of the feedback.
        changes : dict
            By field: "sentiment" and "kind" a label, "topics" a list of ``{"topic": str, "sentiment": str or None}``.
            To confirm what the model said, give the same value.
        reviewer : str
        slice : {"random", "uncertain", "conflict", "manual"}
            Why this text was looked at.
        sampling_probability : float or None
            With which it was drawn, in (0, 1].
        revision : int or None
            The revision that was looked at; refused if there is a newer one. None is the newest.

        Returns
        -------
        StoredFeedback
            As it now counts.

        Raises
        ------
        NotStoredError
            If there is no feedback with this id.
        InputError
            For a field or value that cannot be, and for a text that was revised meanwhile.
        """
        with self._database.write() as connection:
            return record_correction(
                connection,
                id,
                changes,
                reviewer=reviewer,
                slice=slice,
                sampling_probability=sampling_probability,
                revision=revision,
            )

    def withdraw(self, id: str, fields: Iterable[str] = CORRECTABLE) -> StoredFeedback:
        """Let the model's answer count again; what was said stays in the history.

        Raises
        ------
        NotStoredError
            If there is no feedback with this id.
        """
        c = corrections.c
        with self._database.write() as connection:
            row = _row(connection, id)
            in_force = (c.feedback_id == row.id) & (c.field.in_(list(fields))) & c.superseded_by.is_(None)
            # A correction that is its own successor is withdrawn.
            connection.execute(update(corrections).where(in_force).values(superseded_by=c.id))
            relabel(connection, [row], {row.id: (row.analysis_id, row.model_id, analysis_from(row))})
            return load_rows(connection, [row.id])[0]

    def of(self, id: str) -> list[Correction]:
        """Return all corrections of a piece of feedback, oldest first, those not in force too."""
        with self._database.read() as connection:
            return _found(connection, [_row(connection, id).id])

    def of_keys(self, keys: Sequence[int]) -> list[Correction]:
        """Return all corrections of feedback by its numbers in the store, oldest first."""
        with self._database.read() as connection:
            return _found(connection, keys)

    def in_force(self, field: str | None = None, slice: str | None = None) -> list[Correction]:
        """Return the corrections that count, of texts as they now are, oldest first.

        Parameters
        ----------
        field : {"sentiment", "kind", "topics"} or None
        slice : {"random", "uncertain", "conflict", "manual"} or None
        """
        c = corrections.c
        query = _query().where(c.superseded_by.is_(None), c.revision == feedback.c.revision)
        if field is not None:
            query = query.where(c.field == field)
        if slice is not None:
            query = query.where(c.slice == slice)
        with self._database.read() as connection:
            return [Correction(*row) for row in connection.execute(query)]


def record_correction(
    connection: Connection,
    id: str,
    changes: dict[str, Any],
    *,
    reviewer: str,
    slice: str,
    sampling_probability: float | None,
    revision: int | None,
) -> StoredFeedback:
    """Write a correction in the transaction of the act it belongs to; see `Corrections.add`."""
    checked = check_changes(changes, slice, sampling_probability)
    said = {
        "reviewer": reviewer[:200] or None,
        "slice": slice,
        "sampling_probability": sampling_probability,
        "created_at": datetime.now(UTC),
    }
    row = _row(connection, id)
    if revision is not None and row.revision != revision:
        raise InputError("The text was revised meanwhile.", remedy=f"Look at revision {row.revision}.")
    for field, value in checked.items():
        _replace(connection, row, field, value, said)
    relabel(connection, [row], {row.id: (row.analysis_id, row.model_id, analysis_from(row))})
    return load_rows(connection, [row.id])[0]


def _query() -> Any:
    c = corrections.c
    return (
        select(
            feedback.c.external_id,
            c.feedback_id,
            c.revision,
            c.field,
            c.value,
            c.model_value,
            models.c.model,
            c.reviewer,
            c.created_at,
            c.slice,
            c.sampling_probability,
            c.superseded_by.is_(None),
        )
        .select_from(
            corrections.join(feedback, feedback.c.id == c.feedback_id).outerjoin(
                models, models.c.id == c.model_id
            )
        )
        .order_by(c.id)
    )


def _found(connection: Connection, keys: Sequence[int]) -> list[Correction]:
    chosen = _query().where(corrections.c.feedback_id.in_(bindparam("keys", expanding=True)))
    return [Correction(*row) for row in connection.execute(chosen, {"keys": list(keys)})]


def _row(connection: Connection, id: str) -> Any:
    # Of the two tables only the first is locked: the others' rows never change.
    query = _WITH_ANALYSIS.where(feedback.c.external_id == storable(id)).with_for_update(of=feedback)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotStoredError("There is no feedback with this id.")
    return row


def _replace(connection: Connection, row: Any, field: str, value: Any, said: dict[str, Any]) -> None:
    new = {
        "feedback_id": row.id,
        "revision": row.revision,
        "field": field,
        "value": value,
        "model_value": _said_by_model(analysis_from(row), field),
        "model_id": row.model_id,
    }
    key = connection.execute(
        insert(corrections).values(**new, **said).returning(corrections.c.id)
    ).scalar_one()
    c = corrections.c
    older = (c.feedback_id == row.id) & (c.field == field) & c.superseded_by.is_(None) & (c.id != key)
    connection.execute(update(corrections).where(older).values(superseded_by=key))


def _said_by_model(analysis: Analysis, field: str) -> Any:
    if field == "topics":
        return [{"topic": found.topic, "sentiment": found.sentiment} for found in analysis.topics]
    return analysis.sentiment if field == "sentiment" else analysis.kind


def check_changes(changes: dict[str, Any], slice: str, probability: float | None) -> dict[str, Any]:
    """Return what is said by field, in the shape in which it is kept.

    Raises
    ------
    InputError
        For a field, label, slice or probability that cannot be.
    """
    if not changes:
        raise InputError(
            "A correction names at least one field.", remedy=f"Fields: {', '.join(CORRECTABLE)}."
        )
    for field in changes:
        if field not in CORRECTABLE:
            raise InputError(
                "There is no such field to correct.", remedy=f"Fields: {', '.join(CORRECTABLE)}."
            )
    if slice not in SLICES:
        raise InputError("There is no such slice.", remedy=f"Slices: {', '.join(SLICES)}.")
    if probability is not None and not 0 < probability <= 1:
        raise InputError("A sampling probability lies above 0 and at most at 1.")
    return {field: _value(field, changes[field]) for field in CORRECTABLE if field in changes}


def _value(field: str, value: Any) -> Any:
    if field == "sentiment":
        return _sentiment(value)
    if field == "kind":
        return _name(value, 50)
    if not isinstance(value, list) or len(value) > 50 or not all(isinstance(item, dict) for item in value):
        raise InputError("Topics are a list of at most 50 objects with the names topic and sentiment.")
    topics = {_name(item.get("topic"), 100): item.get("sentiment") for item in value}
    return [
        {"topic": topic, "sentiment": None if own is None else _sentiment(own)}
        for topic, own in topics.items()
    ]


def _sentiment(value: Any) -> str:
    if value not in SENTIMENTS:
        raise InputError("There is no such sentiment.", remedy=f"Sentiments: {', '.join(SENTIMENTS)}.")
    return str(value)


def _name(value: Any, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise InputError(f"A label is a word of 1 to {longest} printable characters.")
    return value
