"""The frozen records that travel between the stages. Plain values, no behaviour beyond their own shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, cast

from feedback_nlp.rendering import analysis_dict, analysis_row

__all__ = [
    "KINDS",
    "MISMATCH",
    "OWN_COLUMNS",
    "SCORED_COLUMNS",
    "SENTIMENTS",
    "STATUSES",
    "TOPICS",
    "Analysis",
    "Contribution",
    "Feedback",
    "ModelId",
    "OwnLabel",
    "RejectedRow",
    "SentenceSentiment",
    "TopicFinding",
    "labelled_analysis",
]

Status = Literal["ok", "empty", "unsupported_language", "unreadable", "error"]

STATUSES: tuple[str, ...] = ("ok", "empty", "unsupported_language", "unreadable", "error")
#: Order of the class probabilities everywhere; "mixed" is decided over sentences.
SENTIMENTS: tuple[str, ...] = ("negative", "neutral", "positive", "mixed")
KINDS: tuple[str, ...] = ("complaint", "praise", "suggestion", "question", "other")
#: Flag of a text that clearly says the opposite of its stars.
MISMATCH = "rating_text_mismatch"
#: The shipped taxonomy "commerce".
TOPICS: tuple[str, ...] = (
    "checkout_payment",
    "price_value",
    "delivery",
    "returns_refunds",
    "order_accuracy",
    "product_quality",
    "fit_description",
    "customer_service",
    "app_website",
    "account_privacy",
    "availability_range",
    "venue",
)
#: Columns that a scored file gains, in order.
SCORED_COLUMNS: tuple[str, ...] = (
    "fb_status",
    "fb_language",
    "fb_sentiment",
    "fb_sentiment_score",
    "fb_p_negative",
    "fb_p_neutral",
    "fb_p_positive",
    "fb_confidence",
    "fb_uncertain",
    "fb_flags",
    "fb_kind",
    "fb_topics",
    "fb_model",
)
#: Columns that it gains besides with a bundle of a company's own labels.
OWN_COLUMNS: tuple[str, ...] = ("fb_label", "fb_label_probability")


@dataclass(frozen=True, slots=True)
class Feedback:
    """One piece of customer text with what is known about it.

    Parameters
    ----------
    id : str
        The caller's identifier; two rows with one id are both kept.
    text : str
        The customer's words, never altered.
    created_at : datetime or None
        When it was written, in UTC.
    channel, product, customer_ref : str or None
        Where it came from, what about, and whose it is.
    rating : float or None
        Stars from 1 to 5.
    """

    id: str
    text: str
    created_at: datetime | None = None
    channel: str | None = None
    product: str | None = None
    rating: float | None = None
    customer_ref: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """An input row that could not be read: always reported, never dropped.

    Parameters
    ----------
    line : int
        Line of the file on which the row starts, from 1; the row number for formats without lines.
    reason : str
        What is wrong with it, in one sentence.
    raw : str, default=""
        The beginning of the row as it stands in the file.
    """

    line: int
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which bundle made an analysis.

    Examples
    --------
    >>> str(ModelId("commerce-en", "1.0.0", "0123456789abcdef"))
    'commerce-en@1.0.0+0123456789ab'
    """

    name: str
    version: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}+{self.digest[:12]}"


class SentenceSentiment(NamedTuple):
    """One sentence: code-point offsets into the text as given, label, and P(positive) - P(negative)."""

    start: int
    end: int
    sentiment: str
    score: float


class TopicFinding(NamedTuple):
    """One topic of a text: its probability, its own sentiment, and the sentences it stands in (from 0)."""

    topic: str
    probability: float
    sentiment: str
    sentences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a word or phrase adds to the log-odds of one label against another, before calibration.

    Parameters
    ----------
    text : str
        The words as they stand in the customer's text.
    start, end : int
        Code-point offsets into the text as given.
    toward : str
        The label that the contribution supports.
    weight : float
        Its size in log-odds, never negative.
    """

    text: str
    start: int
    end: int
    toward: str
    weight: float


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """What a bundle trained on a company's own labels says; both None where the text has no label.

    Parameters
    ----------
    label : str or None
        One label, or several joined by "|"; empty where none of several applies.
    probability : float or None
        Calibrated; of several labels that of the least certain one, of none that of "none of them" at the nearest.
    """

    label: str | None = None
    probability: float | None = None


#: The fields of an analysis from `sentiment` to `kind_confidence`.
Figures = tuple[str, float, float, float, float, float, float, bool, str, float]


class Details(Protocol):
    """Builds the nested parts of an analysis when they are asked for."""

    def topics(self, row: int) -> tuple[TopicFinding, ...]: ...

    def topic_pairs(self, row: int) -> list[tuple[str, str]]: ...

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]: ...


class _NoDetails:
    """Details of a text that was not analysed."""

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        return ()

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        return []

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        return ()


NO_DETAILS: Details = _NoDetails()


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a bundle says of one text.

    Label fields are None unless `status` is "ok". `topics` and `sentences` are built when asked for.

    Parameters
    ----------
    status : {"ok", "empty", "unsupported_language", "unreadable", "error"}
    language : str
        ISO 639-1 code, or "und".
    language_confidence : float
        In [0, 1].
    sentiment : {"negative", "neutral", "positive", "mixed"} or None
    sentiment_score : float or None
        P(positive) - P(negative), in [-1, 1].
    p_negative, p_neutral, p_positive : float or None
        Calibrated probabilities; they sum to 1.
    mixed_probability : float or None
        Calibrated probability that praise and criticism weigh alike.
    confidence : float or None
        Calibrated probability of the label shown.
    uncertain : bool or None
        Whether `confidence` lies below the bundle's threshold.
    kind : {"complaint", "praise", "suggestion", "question", "other"} or None
    kind_confidence : float or None
    explanation : tuple of Contribution
        Strongest first; empty unless asked for.
    flags : tuple of str
        Such as "rating_text_mismatch".
    warnings : tuple of str
        Sentences for people.
    model : ModelId
    own : OwnLabel or None
        None unless the bundle was trained on own labels.
    """

    status: str
    language: str
    language_confidence: float
    sentiment: str | None
    sentiment_score: float | None
    p_negative: float | None
    p_neutral: float | None
    p_positive: float | None
    mixed_probability: float | None
    confidence: float | None
    uncertain: bool | None
    kind: str | None
    kind_confidence: float | None
    flags: tuple[str, ...]
    model: ModelId
    warnings: tuple[str, ...] = ()
    explanation: tuple[Contribution, ...] = ()
    own: OwnLabel | None = field(default=None, kw_only=True)
    _details: Details = field(default=NO_DETAILS, repr=False, compare=False)
    _row: int = field(default=0, repr=False, compare=False)

    @property
    def topics(self) -> tuple[TopicFinding, ...]:
        """Topics above their thresholds, in the order of the taxonomy."""
        return self._details.topics(self._row)

    @property
    def topic_pairs(self) -> list[tuple[str, str]]:
        """Topics with their sentiment alone, which cost less than `topics`."""
        return self._details.topic_pairs(self._row)

    @property
    def sentences(self) -> tuple[SentenceSentiment, ...]:
        """Sentences in the order of the text."""
        return self._details.sentences(self._row)

    def to_dict(self, *, id: str | None = None) -> dict[str, Any]:
        """Return the shape of the API's answer; all values are plain JSON types.

        Parameters
        ----------
        id : str or None, default=None
            The caller's identifier, put first.
        """
        return analysis_dict(self, id)

    def to_row(self) -> dict[str, str]:
        """Return the columns of a scored file (SCORED_COLUMNS, with own labels OWN_COLUMNS too) as text."""
        return analysis_row(self)


class _Open:
    """An analysis while it is made: of the same layout, but its fields can be set, so it is cheaper."""

    __slots__ = Analysis.__slots__

    def __init__(
        self, language: str, certainty: float, figures: Figures, model: ModelId, own: OwnLabel | None,
        details: Details, row: int,
    ) -> None:  # fmt: skip
        self.status, self.language, self.language_confidence = "ok", language, certainty
        (
            self.sentiment, self.sentiment_score, self.p_negative, self.p_neutral, self.p_positive,
            self.mixed_probability, self.confidence, self.uncertain, self.kind, self.kind_confidence,
        ) = figures  # fmt: skip
        self.flags: tuple[str, ...] = ()
        self.warnings: tuple[str, ...] = ()
        self.explanation: tuple[Contribution, ...] = ()
        self.model, self.own, self._details, self._row = model, own, details, row


def labelled_analysis(
    language: str,
    certainty: float,
    figures: Figures,
    model: ModelId,
    own: OwnLabel | None,
    details: Details,
    row: int,
) -> Analysis:
    """Return the analysis of a text that has labels, as `Analysis` would make it, but faster.

    Parameters
    ----------
    language : str
    certainty : float
        Confidence in the language.
    figures : tuple
        The fields from `sentiment` to `kind_confidence`.
    model : ModelId
    own : OwnLabel or None
    details : Details
    row : int
        Number of the text in `details`.
    """
    made = _Open(language, certainty, figures, model, own, details, row)
    made.__class__ = Analysis  # type: ignore[assignment]
    return cast(Analysis, made)
