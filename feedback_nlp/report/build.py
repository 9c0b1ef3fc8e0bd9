"""From counts or rows to a Summary."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from feedback_nlp.records import SENTIMENTS
from feedback_nlp.report.changes import choose_periods, compare, sample_of
from feedback_nlp.report.counts import (
    ALL,
    CHANNEL,
    KIND,
    NEGATIVE,
    POSITIVE,
    PRODUCT,
    TOPIC,
    TOPIC_TEXTS,
    Counts,
    DayCounts,
)
from feedback_nlp.report.differences import change_of_share
from feedback_nlp.report.duplicates import first_of_each
from feedback_nlp.report.impact import rating_drivers, topic_impact
from feedback_nlp.report.rows import ScoredRow, cells_of
from feedback_nlp.report.spikes import Spike, find_spikes
from feedback_nlp.report.statistics import net_estimate, share_estimate
from feedback_nlp.report.summary import (
    Alert,
    RowCounts,
    SegmentSummary,
    Share,
    Summary,
    TopicSummary,
    TrendPoint,
)
from feedback_nlp.report.words import ReportOptions, Words

__all__ = ["build_summary", "list_alerts", "summarize_counts"]

_OPEN_DAYS = 7
_MOST_SEGMENTS = 30


def summarize_counts(
    counts: DayCounts, options: ReportOptions | None = None, *, rows: RowCounts | None = None
) -> Summary:
    """Return all of a summary that needs no texts: it costs the same for a thousand texts and for a million.

    Parameters
    ----------
    counts : DayCounts
    options : ReportOptions or None, default=None
    rows : RowCounts or None, default=None
        What became of the rows; made of the counts if None.

    Examples
    --------
    >>> counts = DayCounts.from_cells([(None, "all", "", "positive", 60), (None, "all", "", "negative", 40)])
    >>> round(summarize_counts(counts).net_sentiment.value, 2)
    0.2
    """
    options = options or ReportOptions()
    everything = counts.whole(ALL)
    if rows is None:
        n = int(everything.sum())
        undated = int(sum(counts.undated[key].sum() for key in counts.undated if key == (ALL, "")))
        rows = RowCounts(n, n, 0, {}, 0, 0, undated, 0)
    unit, parts = _calendar(counts)
    periods = choose_periods(counts, options.days)
    return Summary(
        title=options.title,
        source=options.source,
        model=options.model,
        rows=rows,
        first_day=counts.first_day,
        last_day=counts.last_day,
        net_sentiment=net_estimate(sample_of(everything)),
        sentiment=_sentiment_shares(everything),
        kinds=tuple(
            Share(name, share_estimate(counts.whole(KIND, name).sum(axis=1), everything.sum(axis=1)))
            for name in counts.names(KIND)
        ),
        trend_unit=unit,
        trend=tuple(
            TrendPoint(*_span(counts, part), net_estimate(sample_of(counts.dated(ALL)[part])))
            for part in parts
        ),
        topics=_topics(counts, parts),
        segments=_segments(counts),
        comparison=compare(counts, *periods) if periods else None,
        alerts=list_alerts(counts),
    )


def build_summary(
    rows: Iterable[ScoredRow], options: ReportOptions | None = None, *, rejected: int = 0
) -> Summary:
    """Return the summary of scored rows, from wherever they come.

    Parameters
    ----------
    rows : iterable of ScoredRow
    options : ReportOptions or None, default=None
    rejected : int, default=0
        Rows that could not be read.

    Examples
    --------
    >>> rows = [ScoredRow(str(n), f"Text {'abcdefghij'[n]}", sentiment="positive") for n in range(10)]
    >>> summary = build_summary(rows)
    >>> summary.rows.analysed, summary.net_sentiment.value
    (10, 1.0)
    """
    options = options or ReportOptions()
    read = list(rows)
    ok = [row for row in read if row.status == "ok"]
    once = [row for row, is_first in zip(ok, first_of_each(ok), strict=True) if is_first]
    counts = DayCounts.from_cells(cells_of(once))
    statuses = Counter(row.status for row in read if row.status != "ok")
    counted = RowCounts(
        read=len(read),
        analysed=len(once),
        repeated=len(ok) - len(once),
        by_status=dict(sorted(statuses.items())),
        rejected=rejected,
        uncertain=sum(row.uncertain for row in once),
        undated=sum(row.created_at is None for row in once),
        with_topic=sum(bool(row.topics) for row in once),
    )
    summary = summarize_counts(counts, options, rows=counted)
    rated = [row for row in once if row.rating is not None]
    drivers = rating_drivers([row.rating or 0 for row in rated], [row.topics for row in rated])
    words = Words(once, options)
    return replace(
        summary,
        topics=tuple(words.of_topic(topic) for topic in summary.topics),
        alerts=tuple(words.of_alert(alert) for alert in summary.alerts),
        drivers=tuple(drivers),
        emerging=words.emerging(summary),
        notes=_notes(counted, len(words.sample)),
    )


def _calendar(counts: DayCounts) -> tuple[str, list[slice]]:
    """Return the unit of trends and its parts: days up to five weeks, weeks up to two years, then months."""
    if counts.first_day is None:
        return "day", []
    days = [counts.day(place) for place in range(counts.days)]
    unit = "day" if len(days) <= 35 else "week" if len(days) <= 731 else "month"
    keys = [_calendar_key(day, unit) for day in days]
    starts = [0, *(place for place in range(1, len(days)) if keys[place] != keys[place - 1])]
    return unit, [slice(start, stop) for start, stop in zip(starts, [*starts[1:], len(days)], strict=True)]


def _calendar_key(day: date, unit: str) -> int:
    if unit == "month":
        return 12 * day.year + day.month
    return day.toordinal() if unit == "day" else (day.toordinal() - 1) // 7  # day 1 was a Monday


def _span(counts: DayCounts, part: slice) -> tuple[date, date]:
    return counts.day(part.start), counts.day(part.stop - 1)


def _sentiment_shares(everything: Counts) -> tuple[Share, ...]:
    texts = everything.sum(axis=1)
    return tuple(
        Share(name, share_estimate(everything[:, column], texts)) for column, name in enumerate(SENTIMENTS)
    )


def _topics(counts: DayCounts, parts: Sequence[slice]) -> tuple[TopicSummary, ...]:
    everything = counts.whole(ALL)
    texts = everything.sum(axis=1)
    signs = everything[:, POSITIVE] - everything[:, NEGATIVE]
    topics = []
    for name in counts.names(TOPIC):
        own, whole = counts.whole(TOPIC, name), counts.whole(TOPIC_TEXTS, name)
        daily = counts.dated(TOPIC, name)[:, NEGATIVE]
        all_daily = counts.dated(ALL).sum(axis=1)
        trend = tuple(
            TrendPoint(*_span(counts, part), share_estimate(daily[part], all_daily[part])) for part in parts
        )
        impact = topic_impact(signs, texts, whole[:, POSITIVE] - whole[:, NEGATIVE], whole.sum(axis=1))
        topics.append(
            TopicSummary(
                name,
                int(own.sum()),
                share_estimate(own.sum(axis=1), texts),
                share_estimate(own[:, NEGATIVE], texts),
                net_estimate(sample_of(own)),
                impact,
                trend,
            )
        )
    return tuple(sorted(topics, key=lambda topic: (-_size(topic.impact.value), topic.topic)))


def _size(value: float) -> float:
    """Return the absolute value; -1 for NaN, the impact of a topic that every text has."""
    return -1.0 if math.isnan(value) else abs(value)


def _segments(counts: DayCounts) -> tuple[SegmentSummary, ...]:
    texts = counts.whole(ALL).sum(axis=1)
    return tuple(
        SegmentSummary(
            dimension,
            name,
            share_estimate(counts.whole(dimension, name).sum(axis=1), texts),
            net_estimate(sample_of(counts.whole(dimension, name))),
        )
        for dimension in (CHANNEL, PRODUCT, KIND)
        for name in counts.names(dimension)[:_MOST_SEGMENTS]
    )


def list_alerts(counts: DayCounts) -> tuple[Alert, ...]:
    """Return the days in which a topic drew far more criticism than usual, without terms and quotes."""
    texts = counts.dated(ALL).sum(axis=1)
    critical = {topic: counts.dated(TOPIC, topic)[:, NEGATIVE] for topic in counts.names(TOPIC)}
    spikes = find_spikes({topic: days.astype(float) for topic, days in critical.items()}, texts.astype(float))
    alerts = (_alert(counts, spike, critical[spike.topic], texts) for spike in spikes)
    # Two tests must agree: the prediction for the window, and the interval of the change over the days it is dated to.
    return tuple(alert for alert in alerts if alert.low > 0)


def _alert(counts: DayCounts, spike: Spike, critical: Counts, texts: Counts) -> Alert:
    usual, days = list(spike.baseline), slice(spike.first, spike.last + 1)
    change = change_of_share((critical[usual], texts[usual]), (critical[days], texts[days]))
    n = int(texts[days].sum())
    return Alert(
        topic=spike.topic,
        first=counts.day(spike.first),
        last=counts.day(spike.last),
        before=change.before.value,
        after=change.after.value,
        low=change.low,
        high=change.high,
        texts=n,
        critical=int(critical[days].sum()),
        expected=change.before.value * n,
        open=spike.last >= counts.days - _OPEN_DAYS,
    )


def _notes(rows: RowCounts, in_sample: int) -> tuple[str, ...]:
    notes = []
    if rows.analysed == 0:
        notes.append("No text could be analysed, so there is nothing to report.")
    if rows.undated == rows.analysed > 0:
        notes.append(
            "No text has a date: no trend, no changes, no alerts. Name the column with --date-column."
        )
    elif rows.undated:
        notes.append(
            f"{rows.undated:,} texts have no date; they count everywhere but in trends, changes and alerts."
        )
    if rows.repeated:
        notes.append(f"{rows.repeated:,} repeated texts were counted once.")
    if in_sample < rows.analysed:
        notes.append(f"Terms come from a random sample of {in_sample:,} texts.")
    return tuple(notes)
