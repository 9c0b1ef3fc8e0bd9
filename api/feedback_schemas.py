"""The shapes of requests and answers about stored feedback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    SkipValidation,
    Tag,
    WithJsonSchema,
)

from api.schemas import (
    DocumentError,
    KindOfText,
    Language,
    Model,
    Sentence,
    Sentiment,
    SentimentOfText,
    Status,
    Strict,
    Text,
    Topic,
)

__all__ = [
    "CustomerPath",
    "DeletionReceipt",
    "ExportResponse",
    "FeedbackBatch",
    "FeedbackDocument",
    "FeedbackItem",
    "FeedbackPage",
    "FeedbackPath",
    "FeedbackQuery",
    "FeedbackRequest",
    "StoredResults",
    "StrictQuery",
]

FIRST_YEAR, LAST_YEAR = 1900, 2199


def _moment(value: object) -> object:
    """Read a date or a date and time; a number would be a guess at what it counts."""
    if not isinstance(value, str):
        raise ValueError("write a date and time as a text, such as 2025-03-01T12:00:00Z")
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("write a date and time as ISO 8601, such as 2025-03-01T12:00:00Z") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return found


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2025-03-01T12:00:00Z"]}),
]
Identifier = Annotated[Text, Field(min_length=1, max_length=512)]
Label = Annotated[Text, Field(min_length=1, max_length=200)]


class StrictQuery(BaseModel):
    """Query parameters: read from text, unknown ones refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedbackDocument(Strict):
    """One piece of feedback to analyse and keep."""

    id: Identifier | None = Field(
        None,
        description="Your identifier. The same id and text again changes nothing, another text is a new revision; "
        "without an id one is made up, and a repeated request is kept twice.",
    )
    text: Text = Field(description="The customer's words.")
    created_at: Moment | None = Field(
        None, description="When it was written (ISO 8601; UTC unless it says otherwise); null is now."
    )
    channel: Label | None = Field(None, description="Where it came from, such as app-store.")
    product: Label | None = Field(None, description="What it is about.")
    customer_ref: Identifier | None = Field(
        None,
        description="Your reference to the customer, by which everything of theirs is exported or deleted.",
    )
    rating: float | None = Field(None, ge=1, le=5, description="Stars that came with the text.")
    language: str | None = Field(
        None, pattern="^[a-z]{2,3}$", description="ISO 639 code if you know it; null to have it found."
    )


class FeedbackBatch(Strict):
    """Up to 1,000 documents, each checked by itself: a bad one never fails the others."""

    documents: Annotated[list[SkipValidation[FeedbackDocument]], Field(max_length=1000)]


def _shape(value: Any) -> str:
    many = "documents" in value if isinstance(value, dict) else isinstance(value, FeedbackBatch)
    return "many" if many else "one"


class FeedbackRequest(
    RootModel[
        Annotated[
            Annotated[FeedbackDocument, Tag("one")] | Annotated[FeedbackBatch, Tag("many")],
            Discriminator(_shape),
        ]
    ]
):
    """One document, or many."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "documents": [
                    {
                        "id": "T-1",
                        "text": "Lovely shoes, but my card was declined twice.",
                        "created_at": "2025-03-01T12:00:00Z",
                        "channel": "app",
                        "rating": 2,
                        "customer_ref": "C-17",
                    },
                    {"id": "T-2", "text": "Still waiting for my refund."},
                ]
            }
        }
    )


class TopicLabel(Strict):
    """A topic that the text counts under."""

    topic: str
    sentiment: str | None


class StoredAnalysis(Strict):
    """What the model says of the text."""

    status: Status
    language: Language
    sentiment: SentimentOfText | None
    kind: KindOfText | None
    topics: list[Topic] | None
    sentences: list[Sentence] | None
    flags: list[str]
    warnings: list[str]
    model: Model


class FeedbackRecord(Strict):
    """One piece of stored feedback. `sentiment`, `kind`, `topics`: what counts (corrections first)."""

    id: str
    revision: int = Field(ge=1)
    text: str
    created_at: str
    received_at: str
    channel: str | None
    product: str | None
    rating: float | None
    customer_ref: str | None
    masked: bool = Field(description="Whether personal data was masked before storing.")
    job: str | None
    sentiment: Sentiment | None
    kind: str | None
    uncertain: bool | None
    topics: list[TopicLabel]
    corrected: list[str] = Field(description="Fields that people corrected.")
    analysis: StoredAnalysis


class OlderText(Strict):
    """A text that stood under this id before."""

    revision: int
    text: str
    replaced_at: str


class CorrectionItem(Strict):
    """What a person said."""

    revision: int
    field: str
    value: Any
    model_value: Any
    model: str | None
    reviewer: str | None
    created_at: str
    slice: str
    in_force: bool


class FeedbackItem(FeedbackRecord):
    """One piece of stored feedback with its history."""

    revisions: list[OlderText]
    corrections: list[CorrectionItem]


class MaskedSpan(Strict):
    """Personal data that was masked: offsets are code points into the text as sent."""

    kind: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class StoredResult(Strict):
    """What became of one document."""

    id: str | None
    outcome: Literal["created", "unchanged", "revised", "rejected"]
    revision: int | None
    feedback: FeedbackRecord | None
    masked_spans: list[MaskedSpan]
    error: DocumentError | None = Field(description='Only if `outcome` is "rejected".')


class StoredResults(Strict):
    """One result a document, in the order of the request."""

    results: list[StoredResult]


class FeedbackQuery(StrictQuery):
    """Filters; all that are given must hold."""

    since: Moment | None = Field(None, description="Written at or after.")
    until: Moment | None = Field(None, description="Written before.")
    id: Identifier | None = None
    channel: Label | None = None
    product: Label | None = None
    customer_ref: Identifier | None = None
    job: Annotated[str, Field(max_length=36)] | None = Field(None, description="The job that brought it.")
    sentiment: Sentiment | None = None
    kind: Label | None = None
    topic: Label | None = None
    topic_sentiment: Sentiment | None = Field(None, description="Sentiment of `topic`.")
    status: Status | None = None
    uncertain: bool | None = None
    mismatch: bool | None = Field(None, description="Whether stars and words contradict each other.")
    corrected: bool | None = Field(None, description="Whether a person corrected a label.")
    q: Annotated[str, Field(max_length=1000)] | None = Field(
        None, description='Words that all occur; "words side by side"; -word for one that does not.'
    )
    limit: int = Field(50, ge=1, le=500)
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="`next` of the page before, with the same filters."
    )
    count: bool = Field(False, description="Whether to count all that pass, up to 10,000.")


class FeedbackPage(Strict):
    """Some feedback: latest written first; found by words: latest arrived first."""

    items: list[FeedbackRecord]
    next: str | None = Field(description="Cursor of the next page; null on the last.")
    count: int | None = Field(description="How many pass the filters; null unless asked for.")
    count_is_capped: bool = Field(description="Whether there are more than `count`.")


class FeedbackPath(BaseModel):
    """Which feedback."""

    feedback_id: str = Field(max_length=2048, description="Your identifier, percent-encoded.")


class CustomerPath(BaseModel):
    """Which customer."""

    customer_ref: str = Field(max_length=2048, description="Your reference, percent-encoded.")


class DeletionReceipt(Strict):
    """Proof of a deletion that holds nothing of what was deleted."""

    receipt: str
    deleted_at: str
    reason: Literal["feedback", "customer", "retention"]
    subject_digest: str = Field(description="SHA-256 of the id or reference that was deleted.")
    counts: dict[str, int] = Field(description="Rows deleted: feedback, revisions, analyses, corrections.")
    jobs: list[str] = Field(description="Jobs that had brought it; their files are deleted too.")


class ExportedFeedback(FeedbackItem):
    """Everything about one piece of feedback."""

    analyses: list[dict[str, Any]] = Field(description="What each model said of each revision.")


class ExportResponse(Strict):
    """Everything that is stored about a customer."""

    customer_ref: str
    exported_at: str
    feedback: list[ExportedFeedback]
