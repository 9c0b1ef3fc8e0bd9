"""What a report says, as plain values: JSON-able, without a connection, a model or a picture in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any

from feedback_nlp.report.changes import Comparison
from feedback_nlp.report.impact import Driver
from feedback_nlp.report.quotes import Quote
from feedback_nlp.report.statistics import Estimate
from feedback_nlp.report.terms import Term

__all__ = [
    "Alert",
    "Corrected",
    "EmergingTerms",
    "RowCounts",
    "SegmentSummary",
    "Share",
    "Summary",
    "TopicSummary",
    "TrendPoint",
    "plain",
]

#: Name of the format that `Summary.to_dict` writes; a change that breaks readers raises the number.
FORMAT = "feedback-nlp-report/1"


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of the rows.

    Parameters
    ----------
    read : int
        All of them: analysed + repeated + not analysed.
    analysed : int
        Those that every figure rests on.
    repeated : int
        Near-duplicates of an earlier row, counted once.
    by_status : dict of str to int
        Rows that are not "ok", by status.
    rejected : int
        Rows that could not be read at all.
    uncertain, undated : int
        Analysed texts with an uncertain label, and without a date.
    with_topic : int
        Analysed texts with a topic at least.
    """

    read: int
    analysed: int
    repeated: int
    by_status: dict[str, int]
    rejected: int
    uncertain: int
    undated: int
    with_topic: int


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the analysed texts."""

    name: str
    share: Estimate


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A figure over the days from `first` to `last`."""

    first: date
    last: date
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class SegmentSummary:
    """Net sentiment of a channel, a product or a kind."""

    dimension: str
    name: str
    share: Estimate
    net_sentiment: Estimate


@dataclass(frozen=True, slots=True)
class TopicSummary:
    """One topic.

    Parameters
    ----------
    topic : str
    texts : int
    share, negative_share : Estimate
        Of all texts: those that mention it, those that criticise it.
    net_sentiment : Estimate
        By the topic's own sentiment.
    impact : Estimate
        Net sentiment of all texts minus that without the topic's.
    trend : tuple of TrendPoint
        Share of all texts that criticise it.
    terms : tuple of Term
        What its texts say more than others.
    quotes : tuple of Quote
    """

    topic: str
    texts: int
    share: Estimate
    negative_share: Estimate
    net_sentiment: Estimate
    impact: Estimate
    trend: tuple[TrendPoint, ...]
    terms: tuple[Term, ...] = ()
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """A run of days in which far more texts than usual criticised a topic.

    Parameters
    ----------
    topic : str
    first, last : date
        Both included.
    before, after : float
        Share of all texts that criticise it: in the up to eight weeks before, and in those days.
    low, high : float
        Interval of after minus before.
    texts, critical : int
        All texts of those days, and those that criticise the topic.
    expected : float
        How many of them would have, had it been as before.
    open : bool
        Whether it reaches into the last seven days.
    terms : tuple of Term
        What these texts say more than all others.
    quotes : tuple of Quote
    """

    topic: str
    first: date
    last: date
    before: float
    after: float
    low: float
    high: float
    texts: int
    critical: int
    expected: float
    open: bool
    terms: tuple[Term, ...] = ()
    quotes: tuple[Quote, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the days are called "from" and "to"."""
        values = {name: plain(getattr(self, name)) for name in self.__slots__}
        return {
            "topic": values.pop("topic"),
            "from": values.pop("first"),
            "to": values.pop("last"),
            "measure": "negative_share",
            **values,
        }


@dataclass(frozen=True, slots=True)
class EmergingTerms:
    """Terms that are more frequent in the last period than in the one before; topic "" is texts without a topic."""

    topic: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A share as the model sees it, and corrected for its errors on reviewed texts.

    Parameters
    ----------
    name : str
    raw : Estimate
    by_confusion, by_review : Estimate or None
        None where there are too few reviewed texts.
    """

    name: str
    raw: Estimate
    by_confusion: Estimate | None
    by_review: Estimate | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that a report says.

    Parameters
    ----------
    title, source, model : str
    rows : RowCounts
    first_day, last_day : date or None
    net_sentiment : Estimate
    sentiment, kinds : tuple of Share
    trend_unit : {"day", "week", "month"}
    trend : tuple of TrendPoint
        Net sentiment.
    topics : tuple of TopicSummary
        Largest impact first.
    segments : tuple of SegmentSummary
    comparison : Comparison or None
        None without dates.
    alerts : tuple of Alert
        In order of time.
    drivers : tuple of Driver
    emerging : tuple of EmergingTerms
    corrected : tuple of Corrected
        Empty unless texts were reviewed.
    notes : tuple of str
        Sentences for people: what to take with care.
    """

    title: str
    source: str
    model: str
    rows: RowCounts
    first_day: date | None
    last_day: date | None
    net_sentiment: Estimate
    sentiment: tuple[Share, ...]
    kinds: tuple[Share, ...]
    trend_unit: str
    trend: tuple[TrendPoint, ...]
    topics: tuple[TopicSummary, ...]
    segments: tuple[SegmentSummary, ...]
    comparison: Comparison | None
    alerts: tuple[Alert, ...]
    drivers: tuple[Driver, ...] = ()
    emerging: tuple[EmergingTerms, ...] = ()
    corrected: tuple[Corrected, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; dates are ISO 8601, figures that do not exist are None."""
        return {"format": FORMAT, **plain(self)}


def plain(value: Any) -> Any:
    """Return a record as plain JSON types."""
    if isinstance(value, Alert):
        return value.to_dict()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return value
