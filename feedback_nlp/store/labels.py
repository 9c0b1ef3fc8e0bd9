"""Effective labels: what the latest correction says, else the current analysis; and the counts that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from feedback_nlp.records import MISMATCH, Analysis
from feedback_nlp.store.taxonomy import Taxonomy

__all__ = ["CORRECTABLE", "Cells", "Labels", "count_cells", "effective_labels"]

#: Fields that people correct, in the order in which they are named.
CORRECTABLE = ("sentiment", "kind", "topics")
MODELS_OWN = Taxonomy()

#: Texts by (dimension, name, day, sentiment), the key of `daily_counts`.
Cells = Counter[tuple[str, str, date, str]]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels under which a piece of feedback is found and counted; see `StoredFeedback`."""

    status: str
    language: str
    sentiment: str | None
    score: float | None
    confidence: float | None
    uncertain: bool | None
    kind: str | None
    mismatch: bool
    corrected: str | None
    topics: tuple[tuple[str, str | None], ...]


def effective_labels(
    analysis: Analysis,
    corrections: Mapping[str, Any] | None = None,
    *,
    text: str = "",
    taxonomy: Taxonomy = MODELS_OWN,
) -> Labels:
    """Return what counts.

    Parameters
    ----------
    analysis : Analysis
        The current one.
    corrections : mapping of str to Any, optional
        Latest correction of this revision by field: a sentiment, a kind, or a list of
        ``{"topic": ..., "sentiment": ...}``.
    text : str, default=""
        What was analysed; phrases of the taxonomy are looked for in it.
    taxonomy : Taxonomy
        By default the model's own.
    """
    said = corrections or {}
    corrected = "topics" in said
    topics = taxonomy.of_person(said["topics"]) if corrected else taxonomy.of_model(text, analysis)
    return Labels(
        status=analysis.status,
        language=analysis.language,
        sentiment=said.get("sentiment", analysis.sentiment),
        score=analysis.sentiment_score,
        confidence=analysis.confidence,
        uncertain=False if "sentiment" in said else analysis.uncertain,
        kind=said.get("kind", analysis.kind),
        mismatch=MISMATCH in analysis.flags,
        corrected="|".join(field for field in CORRECTABLE if field in said) or None,
        topics=topics,
    )


def count_cells(
    cells: Cells, labels: Labels, created_at: datetime, channel: str | None, product: str | None, by: int = 1
) -> None:
    """Add one piece of feedback to `cells`, or take it away with `by` = -1.

    Dimensions: "all" (name ""), "channel", "product", "kind", "topic" (the topic's own sentiment), "topic_texts" (that
    of the texts about it), "uncertain" (name ""), and "status" of the texts without labels (sentiment "").
    """
    day = created_at.date()
    sentiment = labels.sentiment
    if sentiment is None:
        cells["status", labels.status, day, ""] += by
        return
    cells["all", "", day, sentiment] += by
    if channel:
        cells["channel", channel, day, sentiment] += by
    if product:
        cells["product", product, day, sentiment] += by
    if labels.kind:
        cells["kind", labels.kind, day, sentiment] += by
    if labels.uncertain:
        cells["uncertain", "", day, sentiment] += by
    for topic, own in labels.topics:
        cells["topic_texts", topic, day, sentiment] += by
        cells["topic", topic, day, own or sentiment] += by
