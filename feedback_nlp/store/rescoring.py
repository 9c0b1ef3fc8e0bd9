"""The whole history is analysed by another bundle, beside what the present one said or in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from feedback_nlp.records import Analysis
from feedback_nlp.store.adding import begin_chunk
from feedback_nlp.store.bulk import insert_rows, next_keys
from feedback_nlp.store.engine import Database
from feedback_nlp.store.relabelling import relabel
from feedback_nlp.store.rows import ANALYSIS_COLUMNS, analysis_from, analysis_row
from feedback_nlp.store.service_tables import job_chunks
from feedback_nlp.store.tables import analyses, feedback, models

__all__ = ["Rescoring", "StoredText"]

_MODELS = analyses.join(models, models.c.id == analyses.c.model_id)


@dataclass(frozen=True, slots=True)
class StoredText:
    """A text with what two bundles say of it.

    Parameters
    ----------
    key : int
        Number of the feedback in the store.
    revision : int
    text : str
    rating : float or None
    before : Analysis
        The current one: its labels count, unless a person said otherwise.
    after : Analysis or None
        That of the other bundle; None if it has not seen this text.
    """

    key: int
    revision: int
    text: str
    rating: float | None
    before: Analysis
    after: Analysis | None


class Rescoring:
    """Walks the history for another bundle, chunk by chunk.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_key(self) -> int:
        """Return the largest number of any feedback, 0 for none."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.max(feedback.c.id))).scalar_one() or 0)

    def texts(self, model: int, after: int, until: int, limit: int) -> list[StoredText]:
        """Return the next texts in the order of their numbers.

        Parameters
        ----------
        model : int
            Key of the other bundle in the store.
        after, until : int
            Only feedback with larger numbers than `after`, up to `until`.
        limit : int
        """
        f = feedback.c
        query = (
            select(f.id, f.revision, f.text, f.rating, *ANALYSIS_COLUMNS)
            .select_from(_MODELS.join(feedback, f.analysis_id == analyses.c.id))
            .where(f.id > after, f.id <= until)
            .order_by(f.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            said = _said_by(connection, model, [row.id for row in rows])
        return [
            StoredText(row.id, row.revision, row.text, row.rating, analysis_from(row), _newest(said, row))
            for row in rows
        ]

    def keep(
        self,
        job: str,
        number: int,
        model: int,
        given: Sequence[tuple[StoredText, Analysis]],
        result: dict[str, Any],
        *,
        apply: bool,
    ) -> bool:
        """Store a chunk: all of it with its mark, or nothing.

        Parameters
        ----------
        job : str
        number : int
            Of the chunk.
        model : int
            Key of the bundle that said it.
        given : sequence of (StoredText, Analysis)
            A text that was revised or deleted meanwhile is passed over.
        result : dict
            Kept with the mark.
        apply : bool
            Whether its labels count from now on.

        Returns
        -------
        bool
            False if the chunk was stored before; nothing is written then.
        """
        wanted = {text.key: (text.revision, analysis) for text, analysis in given}
        query = select(feedback).where(feedback.c.id.in_(bindparam("keys", expanding=True)))
        with self._database.write() as connection:
            if not begin_chunk(connection, job, number, len(given), result=result):
                return False
            found = connection.execute(
                query.order_by(feedback.c.id).with_for_update(), {"keys": list(wanted)}
            ).all()
            rows = [row for row in found if row.revision == wanted[row.id][0]]
            keys = _analysis_keys(connection, model, rows, {key: said for key, (_, said) in wanted.items()})
            if apply:
                other = [row for row in rows if row.analysis_id != keys[row.id]]
                relabel(
                    connection, other, {row.id: (keys[row.id], model, wanted[row.id][1]) for row in other}
                )
        return True

    def chunks(self, job: str) -> list[tuple[int, int, dict[str, Any]]]:
        """Return number, rows and result of each stored chunk of a job, in order."""
        c = job_chunks.c
        query = select(c.number, c.rows, c.result).where(c.job_id == job).order_by(c.number)
        with self._database.read() as connection:
            return [(number, rows, result) for number, rows, result in connection.execute(query)]


def _said_by(connection: Connection, model: int, keys: Sequence[int]) -> Mapping[tuple[int, int], Any]:
    """Return rows of what a bundle said of feedback, by number and revision."""
    rows = connection.execute(_by(model, *ANALYSIS_COLUMNS).select_from(_MODELS), {"keys": list(keys)})
    return {(row.feedback_id, row.revision): row for row in rows}


def _by(model: int, *columns: Any) -> Any:
    c = analyses.c
    chosen = select(c.id, c.feedback_id, c.revision, *columns)
    return chosen.where(c.feedback_id.in_(bindparam("keys", expanding=True)), c.model_id == model)


def _newest(said: Mapping[tuple[int, int], Any], row: Any) -> Analysis | None:
    found = said.get((row.id, row.revision))
    return None if found is None else analysis_from(found)


def _analysis_keys(
    connection: Connection, model: int, rows: Sequence[Any], said: Mapping[int, Analysis]
) -> dict[int, int]:
    """Insert the analyses that are not there yet; return their numbers, by that of the feedback."""
    found = connection.execute(_by(model), {"keys": [row.id for row in rows]})
    there = {(feedback_key, revision): key for key, feedback_key, revision in found}
    keys = {row.id: there[row.id, row.revision] for row in rows if (row.id, row.revision) in there}
    new = [row for row in rows if row.id not in keys]
    numbers = next_keys(connection, analyses, len(new)) if new else ()
    moment = datetime.now(UTC)
    made = [
        analysis_row(number, row.id, row.revision, model, moment, said[row.id])
        for number, row in zip(numbers, new, strict=True)
    ]
    insert_rows(connection, analyses, made)
    return keys | {row.id: number for number, row in zip(numbers, new, strict=True)}
