"""Records to rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from feedback_nlp.records import Analysis, Feedback, ModelId, OwnLabel, SentenceSentiment, TopicFinding
from feedback_nlp.store.labels import Labels
from feedback_nlp.store.plain import storable
from feedback_nlp.store.tables import analyses, feedback, models
from feedback_nlp.store.values import StoredDetails, StoredFeedback, TopicLabel

__all__ = [
    "ANALYSIS_COLUMNS",
    "PAGE_COLUMNS",
    "Arrival",
    "analysis_from",
    "analysis_row",
    "feedback_row",
    "prepared",
    "stored_from",
]

#: What a page of a list reads.
ANALYSIS_COLUMNS = (
    *(column.label(f"analysis_{column.name}") for column in analyses.c if column is not analyses.c.id),
    models.c.name.label("model_name"),
    models.c.version.label("model_version"),
    models.c.digest.label("model_digest"),
)
PAGE_COLUMNS = (*feedback.c, *ANALYSIS_COLUMNS)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One piece of feedback ready to be stored: values that both databases can hold, digest, labels."""

    feedback: Feedback
    analysis: Analysis
    labels: Labels
    digest: bytes


def prepared(given: Feedback, received_at: datetime) -> Feedback:
    """Return feedback whose values can be stored; one without a date is dated when it was received."""
    return Feedback(
        storable(given.id),
        storable(given.text),
        # A moment without a zone is taken as UTC, as in files.
        _in_utc(given.created_at or received_at),
        storable(given.channel)[:200] if given.channel else None,
        storable(given.product)[:200] if given.product else None,
        given.rating,
        storable(given.customer_ref)[:512] if given.customer_ref else None,
    )


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # in the first or last hours that there are
        return moment.replace(tzinfo=UTC)


def feedback_row(
    key: int, revision: int, one: Arrival, *, received_at: datetime, masked: bool, job: str | None,
    analysis_id: int, model_id: int,
) -> tuple[Any, ...]:  # fmt: skip
    """Return the row of `feedback`, values in the order of its columns."""
    said, labels = one.feedback, one.labels
    return (
        key,
        said.id,
        revision,
        said.text,
        one.digest,
        said.created_at,
        received_at,
        said.channel,
        said.product,
        said.rating,
        said.customer_ref,
        masked,
        job,
        analysis_id,
        model_id,
        labels.status,
        labels.language,
        labels.sentiment,
        labels.score,
        labels.confidence,
        labels.uncertain,
        labels.kind,
        labels.mismatch,
        labels.corrected,
    )


def analysis_row(
    key: int, feedback_key: int, revision: int, model_id: int, analysed_at: datetime, said: Analysis
) -> tuple[Any, ...]:
    """Return the row of `analyses`, values in the order of its columns."""
    topics = [[found.topic, found.probability, found.sentiment, found.sentences] for found in said.topics]
    sentences = [[part.start, part.end, part.sentiment, part.score] for part in said.sentences]
    own = said.own
    return (
        key,
        feedback_key,
        revision,
        model_id,
        analysed_at,
        said.status,
        said.language,
        said.language_confidence,
        said.sentiment,
        said.sentiment_score,
        said.p_negative,
        said.p_neutral,
        said.p_positive,
        said.mixed_probability,
        said.confidence,
        said.uncertain,
        said.kind,
        said.kind_confidence,
        "|".join(said.flags)[:200],
        topics or None,
        sentences or None,
        own.label if own else None,
        own.probability if own else None,
    )


def analysis_from(row: Any) -> Analysis:
    """Build the analysis from a row that holds ANALYSIS_COLUMNS."""
    topics = tuple(
        TopicFinding(name, p, own, tuple(where)) for name, p, own, where in row.analysis_topics or ()
    )
    sentences = tuple(SentenceSentiment(*part) for part in row.analysis_sentences or ())
    owned = row.analysis_own_label is not None or row.analysis_own_probability is not None
    return Analysis(
        status=row.analysis_status,
        language=row.analysis_language,
        language_confidence=row.analysis_language_confidence,
        sentiment=row.analysis_sentiment,
        sentiment_score=row.analysis_score,
        p_negative=row.analysis_p_negative,
        p_neutral=row.analysis_p_neutral,
        p_positive=row.analysis_p_positive,
        mixed_probability=row.analysis_mixed_probability,
        confidence=row.analysis_confidence,
        uncertain=row.analysis_uncertain,
        kind=row.analysis_kind,
        kind_confidence=row.analysis_kind_confidence,
        flags=tuple(row.analysis_flags.split("|")) if row.analysis_flags else (),
        model=ModelId(row.model_name, row.model_version, row.model_digest),
        own=OwnLabel(row.analysis_own_label, row.analysis_own_probability) if owned else None,
        _details=StoredDetails(topics, sentences),
    )


def stored_from(row: Any, topics: Sequence[TopicLabel]) -> StoredFeedback:
    """Build the record from a row that holds PAGE_COLUMNS, and its effective topics."""
    return StoredFeedback(
        key=row.id,
        id=row.external_id,
        revision=row.revision,
        text=row.text,
        created_at=row.created_at,
        received_at=row.received_at,
        channel=row.channel,
        product=row.product,
        rating=row.rating,
        customer_ref=row.customer_ref,
        masked=row.pii_masked,
        job=row.source_job,
        sentiment=row.sentiment,
        kind=row.kind,
        uncertain=row.uncertain,
        topics=tuple(topics),
        corrected=tuple(row.corrected.split("|")) if row.corrected else (),
        analysis=analysis_from(row),
    )
