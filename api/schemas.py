"""The shapes of requests and answers. Requests are checked against them; both are in /openapi.json."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SkipValidation
from pydantic_core import PydanticCustomError

__all__ = [
    "FIELDS",
    "BatchRequest",
    "BatchResponse",
    "Document",
    "HealthResponse",
    "ModelResponse",
    "ProblemBody",
    "ScoreRequest",
    "ScoreResponse",
    "TaxonomyResponse",
]

Sentiment = Literal["negative", "neutral", "positive", "mixed"]
Status = Literal["ok", "empty", "unsupported_language", "unreadable", "error"]
Share = Annotated[float, Field(ge=0, le=1)]
Precision = Annotated[float, Field(gt=0, lt=1)]


def _whole_characters(text: str) -> str:
    """Refuse halves of surrogate pairs: JSON can spell them, but they are no characters and no UTF-8."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            message = (
                "Input holds half of a surrogate pair, which is no character; cut texts between characters."
            )
            raise PydanticCustomError("string_unicode", message) from None
    return text


Text = Annotated[str, AfterValidator(_whole_characters)]
Identifier = Annotated[str, Field(max_length=512)]


class Strict(BaseModel):
    """Types are taken as sent (no "5" for 5) and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Document(Strict):
    """One piece of feedback to analyse."""

    id: Identifier | None = Field(None, description="Your identifier; comes back as it was sent.")
    text: Text = Field(
        description="The customer's words. At most 100,000 characters unless the server says otherwise."
    )
    language: str | None = Field(
        None, pattern="^[a-z]{2,3}$", description="ISO 639 code if you know it; null to have it found."
    )
    rating: float | None = Field(
        None,
        ge=1,
        le=5,
        description="Stars that came with the text; a contradiction is flagged, never blended in.",
    )
    explain: bool = Field(False, description="Whether to add what each word contributed.")


class ScoreRequest(Document):
    """One piece of feedback, and how sure to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "T-1",
                "text": "Lovely shoes, but my card was declined twice.",
                "rating": 2,
                "explain": True,
            }
        }
    )

    precision: Precision | None = Field(
        None,
        description="Wanted precision of labels not marked uncertain; null takes the bundle's threshold.",
    )


class BatchRequest(Strict):
    """Up to 1,000 documents, each checked by itself: a bad one never fails the others."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "documents": [
                    {"id": "T-1", "text": "Arrived a day early, thank you!"},
                    {"id": "T-2", "text": "Still waiting for my refund.", "rating": 1},
                ]
            }
        }
    )

    documents: Annotated[list[SkipValidation[Document]], Field(max_length=1000)]
    precision: Precision | None = Field(None, description="As for one document, for all of them.")


#: Every field that a request may have, for close-match hints.
FIELDS: tuple[str, ...] = (*ScoreRequest.model_fields, "documents")


class Language(Strict):
    """Language of a text."""

    code: str = Field(description='ISO 639-1 code, or "und".')
    confidence: Share


class Probabilities(Strict):
    """Calibrated probabilities; they sum to 1."""

    negative: Share
    neutral: Share
    positive: Share


class SentimentOfText(Strict):
    """Sentiment of a whole text."""

    label: Sentiment
    score: float = Field(ge=-1, le=1, description="P(positive) - P(negative).")
    confidence: Share = Field(description="Calibrated probability of the label shown.")
    uncertain: bool
    mixed_probability: Share | None
    probabilities: Probabilities


class KindOfText(Strict):
    """What the customer is doing."""

    label: Literal["complaint", "praise", "suggestion", "question", "other"]
    confidence: Share


class Topic(Strict):
    """A topic with its own sentiment and the sentences (from 0) it stands in."""

    topic: str
    probability: Share
    sentiment: Sentiment
    sentences: list[int]


class Sentence(Strict):
    """A sentence: offsets are Unicode code points into the text as sent."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    sentiment: Sentiment
    score: float = Field(ge=-1, le=1)


class ContributionOfWords(Strict):
    """What a word or phrase adds to the log-odds of the label shown against the runner-up."""

    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    toward: str
    weight: float = Field(ge=0)


class Model(Strict):
    """Which bundle gave the answer."""

    name: str
    version: str
    digest: str


class ErrorItem(Strict):
    """One schema error."""

    loc: list[str | int]
    msg: str


class DocumentError(Strict):
    """Why one document of a batch has no analysis."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorItem] | None = None


class ProblemBody(DocumentError):
    """Error body of every route (RFC 9457, application/problem+json)."""

    instance: str = Field(
        description="Names the request; the same id is in the X-Request-ID header and the log."
    )


class ScoreResponse(Strict):
    """What the bundle says of one text. All label fields are null unless `status` is "ok"."""

    id: str | None
    status: Status
    language: Language
    sentiment: SentimentOfText | None
    kind: KindOfText | None
    topics: list[Topic] | None
    sentences: list[Sentence] | None
    explanation: list[ContributionOfWords] | None
    flags: list[str]
    warnings: list[str]
    model: Model
    error: DocumentError | None = Field(None, description='Only in a batch, and only if `status` is "error".')


class BatchResponse(Strict):
    """One result a document, in the order of the request."""

    results: list[ScoreResponse]


class PrecisionRow(Strict):
    """What it takes to be that sure: labels at or above the threshold, and the share of texts that are."""

    precision: Share
    threshold: Share
    coverage: Share


class ModelResponse(Strict):
    """The bundle in use."""

    model: Model
    labels: dict[str, list[str]]
    precision: Share = Field(
        description="Wanted precision of labels not marked uncertain, unless a request says other."
    )
    precisions: list[PrecisionRow] = Field(
        description="Measured on texts not trained on. Between two rows the stricter one decides."
    )
    metrics: dict[str, Any]
    manifest: dict[str, Any] = Field(description="How the bundle was made: versions, seed, counts.")


class TopicName(Strict):
    """A topic of the taxonomy."""

    topic: str
    title: str
    description: str


class TaxonomyResponse(Strict):
    """The topics that the bundle knows."""

    name: str
    topics: list[TopicName]


class HealthResponse(Strict):
    """Whether the service is up, and in /readyz whether it can answer."""

    status: Literal["ok"]
