"""The overview, the page of a topic, and the alerts: what a manager reads on Monday."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from flask import abort, render_template

from api.periods import LENGTHS, Chosen, chosen_days
from api.quoting import options_of, quotes_about, terms_about
from api.service import current_service
from api.shell import page_blueprint
from feedback_nlp.report import DayCounts, Summary
from feedback_nlp.report.build import list_alerts
from feedback_nlp.report.changes import sample_of
from feedback_nlp.report.charts import (
    Chart,
    alert_chart,
    changes_chart,
    impact_chart,
    topic_chart,
    trend_chart,
)
from feedback_nlp.report.statistics import net_estimate
from feedback_nlp.report.stored import day_start, spread_rows, summarize_store
from feedback_nlp.report.summary import SegmentSummary, TopicSummary
from feedback_nlp.report.wording import headlines
from feedback_nlp.store import Store
from feedback_nlp.store.values import Filters

__all__ = ["blueprint"]

#: Alerts with chart and quotes on their page, latest first; older ones are listed in a line each.
_DETAILED = 5
_MOST_SEGMENTS = 12

blueprint = page_blueprint("overview", __name__)


@blueprint.get("/overview")
def overview() -> str:
    """Show volume, net sentiment over time, what changed, and topics by impact."""
    store = current_service().ready_store()
    chosen = chosen_days(store)
    if chosen is None:
        return render_template("nothing_stored.html")
    summary = _summary(store, chosen)
    charts = _drawn(_Figures(summary))
    return _render("overview.html", chosen, summary=summary, charts=charts, headlines=headlines(summary))


class _Figures:
    """A summary that is equal to another with the same figures, so that the same charts are drawn once."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary
        self._key = repr(summary)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Figures) and self._key == other._key


@lru_cache(maxsize=32)
def _drawn(figures: _Figures) -> dict[str, Chart | None]:
    summary = figures.summary
    return {
        "trend": trend_chart(summary),
        "impact": impact_chart(summary),
        "changes": changes_chart(summary),
    }


@blueprint.get("/topics/<path:name>")
def topic(name: str) -> str:
    """Show one topic: trend, kinds, segments, terms, quotes."""
    store = current_service().ready_store()
    chosen = chosen_days(store)
    if chosen is None:
        return render_template("nothing_stored.html")
    summary = _summary(store, chosen)
    found = next((one for one in summary.topics if one.topic == name), None)
    if found is None:
        if name not in dict(store.counts.names("topic")):
            abort(HTTPStatus.NOT_FOUND)
        return _render("topic.html", chosen, topic=None, name=name)
    alerts = [alert for alert in summary.alerts if alert.topic == name]
    return _render(
        "topic.html",
        chosen,
        name=name,
        topic=found,
        summary=summary,
        alerts=alerts,
        chart=topic_chart(summary, name, alerts, "criticism"),
        findings=_findings(summary, name),
        segments=_segments(store, found, chosen.first, chosen.last),
        terms=_terms(store, name, chosen),
        quotes={
            felt: _quotes(store, name, felt, chosen.first, chosen.last) for felt in ("negative", "positive")
        },
    )


@blueprint.get("/alerts")
def alerts() -> str:
    """Show every alert there was, latest first."""
    store = current_service().ready_store()
    days = store.counts.days()
    if days is None:
        return render_template("nothing_stored.html")
    found = sorted(
        list_alerts(DayCounts.from_cells(store.counts.cells(dimensions=("all", "topic")))),
        key=lambda alert: alert.last,
        reverse=True,
    )
    told = [
        (alert, *_around(store, alert.topic, alert.first, alert.last, alert)) for alert in found[:_DETAILED]
    ]
    return render_template("alerts.html", told=told, rest=found[_DETAILED:], first=days[0], last=days[1])


def _around(store: Store, name: str, first: date, last: date, alert: Any) -> tuple[Any, Any]:
    """Return chart and quotes of an alert: the 13 weeks around it, its own days."""
    stored = store.counts.days() or (first, last)
    begin = max(stored[0], date.fromordinal(first.toordinal() - 63))
    end = min(stored[1], date.fromordinal(last.toordinal() + 28))
    chart = alert_chart(summarize_store(store, begin, end), alert)
    return chart, _quotes(store, name, "negative", first, last)


def _summary(store: Store, chosen: Chosen) -> Summary:
    return summarize_store(store, chosen.first, chosen.last, options_of(current_service().settings))


def _quotes(store: Store, name: str, felt: str, first: date, last: date) -> Any:
    return quotes_about(store, options_of(current_service().settings), name, felt, first, last)


def _terms(store: Store, name: str, chosen: Chosen) -> Any:
    about = spread_rows(store, Filters(topic=name), chosen.first, chosen.last)
    everything = spread_rows(store, Filters(status="ok"), chosen.first, chosen.last, most=640)
    others = [row for row in everything if all(one != name for one, _ in row.topics)]
    return terms_about(about, others)


def _findings(summary: Summary, name: str) -> list[Any]:
    findings = summary.comparison.findings if summary.comparison else ()
    return [finding for finding in findings if (finding.dimension, finding.name) == ("topic", name)]


def _segments(store: Store, found: TopicSummary, first: date, last: date) -> list[SegmentSummary]:
    """Return kinds, channels and products of the texts about a topic, with its own net sentiment there."""
    until = day_start(date.fromordinal(last.toordinal() + 1))
    counts = DayCounts.from_cells(store.counts.within_topic(found.topic, day_start(first), until))
    return [
        SegmentSummary(dimension, name, found.share, net_estimate(sample_of(counts.whole(dimension, name))))
        for dimension in ("kind", "channel", "product")
        for name in counts.names(dimension)[:_MOST_SEGMENTS]
    ]


def _render(template: str, chosen: Chosen, **values: Any) -> str:
    return render_template(template, chosen=chosen, lengths=LENGTHS, **values)
