"""The records of the review queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedback_nlp.store.values import StoredFeedback

__all__ = ["CorrectedLabels", "ReviewItem", "ReviewedText"]


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A text in the review queue.

    Parameters
    ----------
    key : int
        Number of the item.
    slice : {"random", "uncertain", "conflict"}
        Why it is looked at.
    sampling_probability : float or None
        Chance of having been drawn by now; None outside the random slice.
    done_at : datetime or None
        When somebody answered.
    feedback : StoredFeedback
    """

    key: int
    slice: str
    sampling_probability: float | None
    done_at: datetime | None
    feedback: StoredFeedback


@dataclass(frozen=True, slots=True)
class ReviewedText:
    """A text of the random slice that somebody looked at.

    Parameters
    ----------
    feedback : StoredFeedback
        Its `analysis` is what the current model says.
    truth : dict
        What people said, by field: a sentiment, a kind, a list of ``{"topic": ..., "sentiment": ...}``.
    sampling_probability : float
    model_topics : tuple of str
        What the current model finds, under the names that count.
    """

    feedback: StoredFeedback
    truth: dict[str, Any]
    sampling_probability: float
    model_topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectedLabels:
    """What counts of a text that people corrected, and what the model says of it."""

    sentiment: str
    model_sentiment: str
    topics: tuple[str, ...]
    model_topics: tuple[str, ...]
