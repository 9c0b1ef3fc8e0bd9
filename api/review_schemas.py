"""The shapes of requests and answers about the review queue and corrections."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.feedback_schemas import FeedbackRecord, StrictQuery
from api.schemas import Sentiment, Strict, Text

__all__ = [
    "AddedItems",
    "CorrectionsImport",
    "CorrectionsQuery",
    "CorrectionsRead",
    "DrawRequest",
    "ItemPath",
    "OwnTaxonomy",
    "PreviewBody",
    "PreviewTopicRequest",
    "QualityResponse",
    "RetrainRequest",
    "ReviewAnswer",
    "ReviewQuery",
    "ReviewResponse",
    "SavedTaxonomy",
    "Suggestions",
    "TaxonomyRequest",
]

Slice = Literal["random", "uncertain", "conflict"]


class ReviewQuery(StrictQuery):
    """How many."""

    limit: int = Field(50, ge=1, le=500)


class ReviewItemBody(Strict):
    """A text that waits for a person."""

    item: int
    slice: Slice
    sampling_probability: float | None = Field(description="Chance of having been drawn; random slice only.")
    feedback: FeedbackRecord


class SliceCounts(Strict):
    """Items of a slice."""

    open: int
    done: int


class ReviewResponse(Strict):
    """The queue, in order."""

    items: list[ReviewItemBody]
    counts: dict[str, SliceCounts] = Field(description="By slice.")


class DrawRequest(Strict):
    """How far to fill the queue."""

    size: int = Field(50, ge=1, le=1000, description="Open items that there are to be afterwards.")


class AddedItems(Strict):
    """What came in."""

    added: int


class ItemPath(BaseModel):
    """Which item."""

    item: int = Field(ge=0, lt=1 << 62)


class TopicSaid(Strict):
    """A topic of the text."""

    topic: Annotated[Text, Field(min_length=1, max_length=100)]
    sentiment: Sentiment | None = None


class ReviewAnswer(Strict):
    """What a person says; fields left out are not said. Say what the model said to confirm it."""

    revision: int = Field(ge=1, lt=1 << 31, description="Of the text that was looked at.")
    sentiment: Sentiment | None = None
    kind: Annotated[Text, Field(min_length=1, max_length=50)] | None = None
    topics: Annotated[list[TopicSaid], Field(max_length=50)] | None = None


class Share(Strict):
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


class LabelQualityBody(Strict):
    """How the model does on a label; null where no text was reviewed."""

    field: Literal["sentiment", "kind", "topics"]
    label: str
    precision: Share | None
    recall: Share | None


class QualityResponse(Strict):
    """What the random slice says of the model in use."""

    reviewed: int
    labels: list[LabelQualityBody]


class CorrectionsQuery(StrictQuery):
    """As what."""

    format: Literal["jsonl", "csv"] = "jsonl"


class CorrectionsImport(Strict):
    """Corrections as the export gives them; needed are feedback_id, field and value."""

    corrections: Annotated[list[dict[str, Any]], Field(max_length=10_000)]


class RejectedBody(Strict):
    """A row that was not taken."""

    line: int = Field(description="Its place in the list, from 1.")
    reason: str


class CorrectionsRead(Strict):
    """What became of them."""

    added: int
    unchanged: int
    rejected: list[RejectedBody]


class RetrainRequest(Strict):
    """How a candidate is treated."""

    activate_if_better: bool = Field(
        False, description="Whether to activate it if it is better beyond noise and breaks no gate."
    )


class TaxonomyRequest(Strict):
    """Entries: name, and any of from, phrases, within, instead, retired."""

    topics: Annotated[list[dict[str, Any]], Field(max_length=200)]


class OwnTaxonomy(Strict):
    """The entries in force; version 0 is the model's own taxonomy."""

    version: int
    topics: list[dict[str, Any]]


class SavedTaxonomy(Strict):
    """The new version, and the job that walks the history."""

    version: int
    job: str


class PreviewTopicRequest(Strict):
    """Phrases as they stand in an entry."""

    phrases: Annotated[list[Text], Field(min_length=1, max_length=50)]


class ExampleText(Strict):
    """A stored text."""

    id: str
    text: str


class PreviewBody(Strict):
    """How many of the newest texts have one of the phrases."""

    looked_at: int
    found: int
    examples: list[ExampleText]


class SuggestionBody(Strict):
    """A group of texts without a topic."""

    name: str
    terms: list[str]
    texts: int
    weeks: list[int] = Field(description="Texts in each of the last eight weeks, oldest first.")
    examples: list[ExampleText]


class Suggestions(Strict):
    """Groups, the largest first."""

    suggestions: list[SuggestionBody]
