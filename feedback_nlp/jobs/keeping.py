"""Scoring that also keeps the feedback: each chunk goes into the store before it counts as done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from feedback_nlp.batch.scoring import AnalyzerLike, Texts, columns_of
from feedback_nlp.collector import collector_held
from feedback_nlp.ingest import FeedbackReader
from feedback_nlp.ingest.chunks import Chunk
from feedback_nlp.jobs.analysing import analyses_of
from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.store import Store

__all__ = ["KeepingScorer"]

Carried = TypeVar("Carried")
#: Rows that are stored in one transaction, so that other writers get their turn.
BATCH_ROWS = 1000


class KeepingScorer:
    """Scores chunks and stores their feedback.

    A chunk that comes again, because the worker was killed before it was noted, is stored once: its parts go by
    the lines of the file on which they begin.

    Parameters
    ----------
    analyzer : AnalyzerLike
    store : Store
    job_id : str
        Also stands, with the line, for the ids of rows that have none.
    reader : FeedbackReader
        Of the same file, for the fields beside the text.
    precision : float or None, default=None
    masked : bool, default=False
        Whether the texts come masked.
    """

    def __init__(
        self,
        analyzer: AnalyzerLike,
        store: Store,
        job_id: str,
        reader: FeedbackReader,
        *,
        precision: float | None = None,
        masked: bool = False,
    ) -> None:
        self.model = str(analyzer.model)
        self.columns = columns_of(analyzer)
        self._analyzer = analyzer
        self._store = store
        self._job_id = job_id
        self._reader = reader
        self._precision = precision
        self._masked = masked

    def scored(self, chunks: Iterable[tuple[Carried, Texts]]) -> Iterator[tuple[Carried, list[list[str]]]]:
        """Yield each chunk with its fb_ columns, its feedback stored."""
        for carried, texts in chunks:
            chunk = cast(Chunk, carried)
            with collector_held():
                analyses = analyses_of(self._analyzer, texts, self._precision)
                self._keep(chunk, analyses)
                rows = [analysis.to_row() for analysis in analyses]
            yield carried, [[row[name] for row in rows] for name in self.columns]

    def close(self) -> None:
        """Do nothing: there are no processes."""

    def _keep(self, chunk: Chunk, analyses: Sequence[Analysis]) -> None:
        lines = chunk.lines()
        feedback = [
            record if record.id else _named(record, f"{self._job_id}:{line}")
            for record, line in zip(self._reader.records_of(chunk), lines, strict=True)
        ]
        pairs = list(zip(feedback, analyses, strict=True))
        for start in range(0, len(pairs), BATCH_ROWS):
            self._store.feedback.add(
                pairs[start : start + BATCH_ROWS],
                masked=self._masked,
                job=self._job_id,
                chunk=int(lines[start]),
                rejected=0 if start else len(chunk.rejected),
            )


def _named(record: Feedback, id: str) -> Feedback:
    return replace(record, id=id)
