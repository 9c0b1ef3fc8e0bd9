"""Summaries of what the store holds, without loading the texts: a few thousand counts, and some texts for quotes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from feedback_nlp.report.build import list_alerts, summarize_counts
from feedback_nlp.report.counts import DayCounts
from feedback_nlp.report.reviewed import corrected_shares
from feedback_nlp.report.rows import ScoredRow
from feedback_nlp.report.summary import RowCounts, Summary
from feedback_nlp.report.words import ReportOptions

if TYPE_CHECKING:
    from feedback_nlp.store import Store
    from feedback_nlp.store.values import Filters, StoredFeedback

__all__ = ["StoredRows", "day_start", "row_of", "spread_rows", "summarize_store"]

#: Alerts compare with the eight weeks before; so many days in front of a period are counted for them alone.
_BASELINE = timedelta(days=63)
#: Parts of a period that texts for terms and quotes are taken from, as many from each.
_PARTS = 8
_COUNTED = ("status", "uncertain")


def summarize_store(store: Store, first: date, last: date, options: ReportOptions | None = None) -> Summary:
    """Return the summary of the stored texts of a period, without terms and quotes.

    It reads the counts that the store keeps by day, so a million texts cost what a thousand do. Alerts of the period
    compare with the weeks before it.

    Parameters
    ----------
    store : Store
    first, last : date
        Both included, in UTC.
    options : ReportOptions or None, default=None

    Examples
    --------
    >>> import tempfile
    >>> from feedback_nlp.store import Store
    >>> with tempfile.TemporaryDirectory() as folder, Store.open(data_dir=folder) as store:
    ...     summarize_store(store, date(2026, 9, 1), date(2026, 9, 30)).rows.analysed
    0
    """
    until = last + timedelta(days=1)
    cells = list(store.counts.cells(first - _BASELINE, until))
    inside = [cell for cell in cells if cell[0] >= first]
    counts = DayCounts.from_cells(inside)
    rows = _row_counts(store, first, until, counts)
    alerts = list_alerts(counts if len(inside) == len(cells) else DayCounts.from_cells(cells))
    summary = summarize_counts(counts, options, rows=rows)
    corrected = corrected_shares(store, day_start(first), day_start(until), counts)
    return replace(
        summary, alerts=tuple(alert for alert in alerts if alert.last >= first), corrected=corrected
    )


def _row_counts(store: Store, first: date, until: date, counts: DayCounts) -> RowCounts:
    by_status: dict[str, int] = {}
    uncertain = 0
    for _, dimension, name, _, count in store.counts.cells(first, until, _COUNTED):
        if dimension == "uncertain":
            uncertain += count
        else:
            by_status[name] = by_status.get(name, 0) + count
    analysed = int(counts.whole("all").sum())
    return RowCounts(
        read=analysed + sum(by_status.values()),
        analysed=analysed,
        repeated=0,
        by_status=dict(sorted(by_status.items())),
        rejected=0,
        uncertain=uncertain,
        undated=0,
        with_topic=0,
    )


def day_start(day: date) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.combine(day, time(), UTC)


def row_of(stored: StoredFeedback) -> ScoredRow:
    """Return stored feedback as a report reads it, with the labels that count: people's before the model's."""
    labelled = stored.sentiment is not None
    return ScoredRow(
        stored.id,
        stored.text,
        stored.created_at,
        stored.channel,
        stored.product,
        stored.customer_ref,
        stored.rating,
        stored.analysis.status,
        stored.sentiment or "neutral",
        (stored.analysis.confidence or 0.0) if labelled else 0.0,
        bool(stored.uncertain),
        stored.kind or "other",
        tuple((label.topic, label.sentiment or stored.sentiment or "neutral") for label in stored.topics),
    )


class StoredRows:
    """Iterates over stored feedback as scored rows.

    Parameters
    ----------
    store : Store
    filters : Filters
        Which feedback.

    Attributes
    ----------
    model : str
        Bundles that made the labels, once rows were read.
    """

    def __init__(self, store: Store, filters: Filters) -> None:
        self._store, self._filters = store, filters
        self._models: dict[str, None] = {}

    @property
    def model(self) -> str:
        """Names of the bundles that made the labels."""
        return ", ".join(self._models)

    def __iter__(self) -> Iterator[ScoredRow]:
        for stored in self._store.feedback.walk(self._filters):
            self._models.setdefault(str(stored.analysis.model))
            yield row_of(stored)


def spread_rows(store: Store, filters: Filters, first: date, last: date, most: int = 320) -> list[ScoredRow]:
    """Return some texts of a period, as many from each eighth of it: what terms and quotes are taken from.

    Parameters
    ----------
    store : Store
    filters : Filters
        Which feedback; its own days are not looked at.
    first, last : date
        Both included.
    most : int, default=320
    """
    begin, end = day_start(first), day_start(last + timedelta(days=1))
    step = (end - begin) / _PARTS
    found: list[ScoredRow] = []
    for part in range(_PARTS):
        span = replace(filters, since=begin + part * step, until=begin + (part + 1) * step)
        found += [row_of(stored) for stored in store.feedback.page(span, limit=most // _PARTS).items]
    return found
