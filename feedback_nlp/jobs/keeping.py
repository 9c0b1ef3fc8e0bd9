"""Scoring that also keeps the feedback: each chunk goes into the store before it counts as done.

A thread of its own stores a chunk while the next one is scored, so that neither waits for the other's disk or database.
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from operator import attrgetter
from typing import TypeVar, cast

from feedback_nlp.batch.scoring import AnalyzerLike, Texts, columns_of
from feedback_nlp.collector import collector_held
from feedback_nlp.columns import texts_of_records
from feedback_nlp.ingest import FeedbackReader
from feedback_nlp.ingest.chunks import Chunk
from feedback_nlp.jobs.analysing import analyses_of
from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.store import Store

__all__ = ["KeepingScorer"]

Carried = TypeVar("Carried")
#: Rows that are stored in one transaction, so that other writers get their turn: a whole chunk of a job.
BATCH_ROWS = 1024
#: How long a thread that comes back from the database waits for the one that scores. Python's own 5 ms, some thirty
#: times a batch, would cost more than storing it.
SWITCH_SECONDS = 0.0005


class KeepingScorer:
    """Scores chunks and stores their feedback.

    A chunk that comes again, because the worker was killed before it was noted, is stored once: its parts go by
    the lines of the file on which they begin. Call `close` at the end.

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
        self._storing = ThreadPoolExecutor(1, "storing")
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)

    def scored(self, chunks: Iterable[tuple[Carried, Texts]]) -> Iterator[tuple[Carried, list[list[str]]]]:
        """Yield each chunk with its fb_ columns, its feedback stored; the next one may be stored, too."""
        before: tuple[Carried, list[list[str]]] | None = None
        stored: Future[None] | None = None
        for carried, texts in chunks:
            with collector_held():
                analyses = analyses_of(self._analyzer, texts, self._precision)
                columns = texts_of_records(analyses, self.columns)
                # Found when first asked for, with the analyzer: the other thread would have to wait for it.
                collections.deque(map(attrgetter("sentences"), analyses), maxlen=0)
                if stored is not None:
                    stored.result()
            stored = self._storing.submit(self._keep, cast(Chunk, carried), analyses)
            if before is not None:
                yield before
            before = carried, columns
        if stored is not None and before is not None:
            stored.result()
            yield before

    def close(self) -> None:
        """Wait for the chunk that is being stored: it is all there afterwards, or nothing of it."""
        self._storing.shutdown()
        sys.setswitchinterval(self._interval)

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
