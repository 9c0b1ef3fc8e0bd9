"""Scored rows, from wherever they come: a scored file, a raw one that is scored first, a table of the store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from feedback_nlp.batch import score_file
from feedback_nlp.batch.scoring import AnalyzerLike
from feedback_nlp.batch.summary import ProgressCallback
from feedback_nlp.errors import InputError
from feedback_nlp.ingest import FeedbackReader, open_table
from feedback_nlp.ingest.columns import COLUMN_ALIASES
from feedback_nlp.records import Feedback
from feedback_nlp.report.counts import ALL, CHANNEL, KIND, PRODUCT, TOPIC, TOPIC_TEXTS, Cell

__all__ = ["ScoredFile", "ScoredRow", "cells_of"]

_READ = ("fb_status", "fb_sentiment", "fb_confidence", "fb_uncertain", "fb_kind", "fb_topics", "fb_model")


class ScoredRow(NamedTuple):
    """One scored text.

    Attributes
    ----------
    id, text : str
    created_at : datetime or None
        In UTC.
    channel, product, customer_ref : str or None
    rating : float or None
        Stars.
    status : str
        Only rows that are "ok" have the rest.
    sentiment, kind : str
    confidence : float
    uncertain : bool
    topics : tuple of (topic, sentiment)
    """

    id: str
    text: str
    created_at: datetime | None = None
    channel: str | None = None
    product: str | None = None
    customer_ref: str | None = None
    rating: float | None = None
    status: str = "ok"
    sentiment: str = "neutral"
    confidence: float = 1.0
    uncertain: bool = False
    kind: str = "other"
    topics: tuple[tuple[str, str], ...] = ()


class ScoredFile:
    """Iterates over the rows of a scored file; a file that was not scored yet is scored on the way.

    Parameters
    ----------
    path : str or Path
        Whatever `score_file` reads.
    mapping : mapping of str to str or None, default=None
        Column names by field (text, id, created_at, channel, product, rating, customer_ref).
    analyzer : Analyzer, path of a bundle, or None, default=None
        For files that were not scored; None is the shipped bundle.
    progress : callable or None, default=None
        Called while scoring.

    Attributes
    ----------
    model : str
        Bundles that made the labels, once rows were read.
    rejected : int
        Rows that could not be read.
    scored_here : bool
        Whether the file came without labels.

    Raises
    ------
    MissingColumnError
        There is no column for the text.
    InputError
        The file has some columns of a scored file and lacks others.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        mapping: Mapping[str, str] | None = None,
        analyzer: AnalyzerLike | str | Path | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        self.path, self.mapping = Path(path), dict(mapping or {})
        self._analyzer, self._progress = analyzer, progress
        unknown = sorted(set(self.mapping) - set(COLUMN_ALIASES))
        if unknown:
            raise InputError(f"{unknown[0]!r} is no field of feedback.")
        columns = open_table(self.path).columns
        there = [name for name in _READ if name in columns]
        self.scored_here = not there
        if there and len(there) < len(_READ):
            lacking = next(name for name in _READ if name not in columns)
            raise InputError(
                f"{self.path.name} is a scored file without its column {lacking!r}.",
                remedy="Score the original file again, or take all fb_ columns away.",
            )
        self.rejected = 0
        self.warnings: list[str] = []
        self._models: dict[str, None] = {}

    @property
    def model(self) -> str:
        """Names of the bundles that made the labels."""
        return ", ".join(self._models)

    def __iter__(self) -> Iterator[ScoredRow]:
        if not self.scored_here:
            yield from self._rows(self.path)
            return
        with tempfile.TemporaryDirectory(prefix="feedback-nlp-") as folder:
            target = Path(folder) / "scored.parquet"
            summary = score_file(
                self.path,
                target,
                analyzer=self._analyzer,
                text_column=self.mapping.get("text"),
                rating_column=self.mapping.get("rating"),
                progress=self._progress,
            )
            self.warnings += summary.warnings
            yield from self._rows(target)
            self.rejected = summary.rows_rejected

    def _rows(self, path: Path) -> Iterator[ScoredRow]:
        reader = FeedbackReader(path, mapping=self.mapping)
        for feedback, labels in reader.with_columns(_READ):
            if labels[-1]:
                self._models.setdefault(str(labels[-1]))
            yield _row(feedback, labels)
        self.rejected = len(reader.rejected)
        self.warnings += reader.warnings


def _row(feedback: Feedback, labels: tuple[Any, ...]) -> ScoredRow:
    status, sentiment, confidence, uncertain, kind, topics, _ = labels
    is_ok = status == "ok"
    return ScoredRow(
        feedback.id,
        feedback.text,
        feedback.created_at,
        feedback.channel,
        feedback.product,
        feedback.customer_ref,
        feedback.rating,
        str(status or "error"),
        sentiment if is_ok else "neutral",
        float(confidence) if is_ok else 0.0,
        uncertain is True or uncertain == "true",
        kind if is_ok else "other",
        tuple(_pair(part) for part in topics.split("|")) if topics else (),
    )


def _pair(part: str) -> tuple[str, str]:
    topic, _, sentiment = part.rpartition(":")
    return topic, sentiment


def cells_of(rows: Iterable[ScoredRow]) -> Iterator[Cell]:
    """Yield what each analysed row adds to the counts."""
    for row in rows:
        day = None if row.created_at is None else row.created_at.date()
        yield day, ALL, "", row.sentiment, 1
        yield day, KIND, row.kind, row.sentiment, 1
        if row.channel:
            yield day, CHANNEL, row.channel, row.sentiment, 1
        if row.product:
            yield day, PRODUCT, row.product, row.sentiment, 1
        for topic, sentiment in row.topics:
            yield day, TOPIC, topic, sentiment, 1
            yield day, TOPIC_TEXTS, topic, row.sentiment, 1
