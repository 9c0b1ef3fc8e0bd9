"""The records that go into the store and come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from feedback_nlp.records import Analysis, SentenceSentiment, TopicFinding

__all__ = [
    "Added",
    "Correction",
    "Deletion",
    "Filters",
    "Page",
    "Revision",
    "StoredDetails",
    "StoredFeedback",
    "TopicLabel",
]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one piece of feedback that was given to the store.

    Parameters
    ----------
    id : str
        The caller's, or one made up here.
    outcome : {"created", "unchanged", "revised"}
        "unchanged": the same text was there under this id; nothing was written.
    revision : int
        From 1.
    """

    id: str
    outcome: Literal["created", "unchanged", "revised"]
    revision: int


@dataclass(frozen=True, slots=True)
class TopicLabel:
    """A topic that a piece of feedback counts under, and its own sentiment."""

    topic: str
    sentiment: str | None


@dataclass(frozen=True, slots=True)
class StoredDetails:
    """Topics and sentences of a stored analysis, as `Analysis` asks for them."""

    found: tuple[TopicFinding, ...]
    parts: tuple[SentenceSentiment, ...]

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        """Return the topics."""
        return self.found

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        """Return topics and their sentiments."""
        return [(finding.topic, finding.sentiment) for finding in self.found]

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        """Return the sentences."""
        return self.parts


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """One piece of feedback as it is stored, with the labels that count and what the model said.

    Parameters
    ----------
    key : int
        Number in the store; never given twice.
    id : str
        The caller's identifier.
    revision : int
        From 1; a new text under the same id raises it.
    text : str
    created_at, received_at : datetime
        In UTC; `created_at` is when it was received where nobody said when it was written.
    channel, product, customer_ref : str or None
    rating : float or None
    masked : bool
        Whether personal data was masked before storing.
    job : str or None
        The job that brought it.
    sentiment, kind : str or None
        Effective labels: the latest correction, else the model's.
    uncertain : bool or None
        False once a person has said the sentiment.
    topics : tuple of TopicLabel
        Effective topics.
    corrected : tuple of str
        Fields that people corrected.
    analysis : Analysis
        What the model said of this revision.
    """

    key: int
    id: str
    revision: int
    text: str
    created_at: datetime
    received_at: datetime
    channel: str | None
    product: str | None
    rating: float | None
    customer_ref: str | None
    masked: bool
    job: str | None
    sentiment: str | None
    kind: str | None
    uncertain: bool | None
    topics: tuple[TopicLabel, ...]
    corrected: tuple[str, ...]
    analysis: Analysis

    def to_dict(self) -> dict[str, Any]:
        """Return the shape of the API's answer; all values are plain JSON types."""
        analysis = self.analysis.to_dict()
        del analysis["id"], analysis["explanation"]
        return {
            "id": self.id,
            "revision": self.revision,
            "text": self.text,
            "created_at": self.created_at.isoformat(),
            "received_at": self.received_at.isoformat(),
            "channel": self.channel,
            "product": self.product,
            "rating": self.rating,
            "customer_ref": self.customer_ref,
            "masked": self.masked,
            "job": self.job,
            "sentiment": self.sentiment,
            "kind": self.kind,
            "uncertain": self.uncertain,
            "topics": [{"topic": label.topic, "sentiment": label.sentiment} for label in self.topics],
            "corrected": list(self.corrected),
            "analysis": analysis,
        }


@dataclass(frozen=True, slots=True)
class Filters:
    """Which feedback is meant: all that pass every filter that is set.

    Parameters
    ----------
    since, until : datetime or None
        `created_at` from, and before; aware.
    id, channel, product, customer_ref, job : str or None
    sentiment, kind, topic, status : str or None
        Effective labels.
    topic_sentiment : str or None
        Sentiment of `topic`.
    uncertain, mismatch, corrected : bool or None
        `mismatch`: stars and words contradict each other.
    search : str or None
        Words that all occur; "quoted words" occur side by side; -word does not occur.
    """

    since: datetime | None = None
    until: datetime | None = None
    id: str | None = None
    channel: str | None = None
    product: str | None = None
    customer_ref: str | None = None
    job: str | None = None
    sentiment: str | None = None
    kind: str | None = None
    topic: str | None = None
    topic_sentiment: str | None = None
    status: str | None = None
    uncertain: bool | None = None
    mismatch: bool | None = None
    corrected: bool | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some feedback, newest first, and where the rest begins.

    Parameters
    ----------
    items : tuple of StoredFeedback
    next : str or None
        Give it as `cursor` for the next page; None on the last.
    """

    items: tuple[StoredFeedback, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """An older text of a piece of feedback."""

    revision: int
    text: str
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said of a piece of feedback.

    Parameters
    ----------
    feedback_id : str
    feedback_key : int
        Its number in the store.
    revision : int
        The text that was looked at.
    field : {"sentiment", "kind", "topics"}
    value : str or list of dict
        A label; for topics ``{"topic": ..., "sentiment": ...}``.
    model_value : str, list of dict or None
        What the model had said, in the same shape.
    model : str or None
        Which model.
    reviewer : str or None
    created_at : datetime
    slice : {"random", "uncertain", "conflict", "manual"}
        Why this text was looked at.
    sampling_probability : float or None
        With which it was drawn, in (0, 1].
    in_force : bool
        False once it was replaced or withdrawn.
    """

    feedback_id: str
    feedback_key: int
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


@dataclass(frozen=True, slots=True)
class Deletion:
    """Receipt of a deletion.

    Parameters
    ----------
    receipt : str
        Its number, kept in the store.
    deleted_at : datetime
    reason : {"feedback", "customer", "retention"}
    subject_digest : str
        SHA-256 of the id or customer reference in hex: proves which one was meant without keeping it.
    counts : dict of str to int
        Rows deleted: feedback, revisions, analyses, corrections.
    jobs : tuple of str
        Jobs whose files hold deleted texts.
    """

    receipt: str
    deleted_at: datetime
    reason: str
    subject_digest: str
    counts: dict[str, int]
    jobs: tuple[str, ...] = ()
