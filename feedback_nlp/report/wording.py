"""Figures and findings in words: the same ones in the page, in Markdown and in the terminal."""

from __future__ import annotations

import math
from datetime import date

from feedback_nlp.report.changes import Finding
from feedback_nlp.report.statistics import Estimate
from feedback_nlp.report.summary import Alert, Summary

__all__ = [
    "alert_sentence",
    "change_sentence",
    "days_text",
    "finding_name",
    "headlines",
    "percent",
    "points",
    "readable",
    "with_interval",
]

#: A product's name may be a whole sentence; charts and tables have no room for it.
_LONGEST_NAME = 48
_MOST_ALERTS = 5


def readable(name: str) -> str:
    """Return a code as words, a long name cut, without characters that cannot be shown.

    Examples
    --------
    >>> readable("checkout_payment")
    'checkout payment'
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in name.replace("_", " ")).split())
    return words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1] + "…"


def percent(share: float) -> str:
    """Return a share in percent; a dash where there is none.

    Examples
    --------
    >>> percent(0.0312), percent(0.4), percent(float("nan"))
    ('3.1 %', '40 %', '–')
    """
    if math.isnan(share):
        return "–"
    return f"{share:.1%}".replace("%", " %") if abs(share) < 0.0995 else f"{share:.0%}".replace("%", " %")


def points(value: float, *, sign: bool = True) -> str:
    """Return net sentiment, or a change, in points from -100 to 100.

    Examples
    --------
    >>> points(-0.134), points(0.02), points(float("nan"))
    ('-13', '+2.0', '–')
    """
    if math.isnan(value):
        return "–"
    scaled = 100 * value
    return f"{scaled:{'+' if sign else ''}.{0 if abs(scaled) >= 9.95 else 1}f}"


def with_interval(estimate: Estimate, *, share: bool = False) -> str:
    """Return a figure with its interval.

    Examples
    --------
    >>> with_interval(Estimate(-0.134, -0.209, -0.059, 662))
    '-13 (-21 to -5.9)'
    """
    show = percent if share else points
    return f"{show(estimate.value)} ({show(estimate.low)} to {show(estimate.high)})"


def days_text(first: date, last: date) -> str:
    """Return days from first to last.

    Examples
    --------
    >>> days_text(date(2026, 9, 14), date(2026, 9, 18))
    '14 – 18 September 2026'
    """
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {last.day} {last:%B %Y}"
    beginning = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{beginning} – {last.day} {last:%B %Y}"


def finding_name(finding: Finding) -> str:
    """Return what a comparison is about."""
    if finding.dimension == "all":
        return "all texts: net sentiment"
    measure = "share of texts" if finding.measure == "share" else "net sentiment"
    return f"{readable(finding.name)}: {measure}"


def alert_sentence(alert: Alert) -> str:
    """Return an alert as one sentence with its days and figures."""
    words = f", often with the words {_list(alert)}" if alert.terms else ""
    return (
        f"{days_text(alert.first, alert.last)}: {alert.critical:,} of {alert.texts:,} texts ({percent(alert.after)}) "
        f"criticised {readable(alert.topic)}{words}; as many texts would usually hold {alert.expected:.1f} "
        f"({percent(alert.before)}). The rise is {points(alert.low)} to {points(alert.high)} points."
    )


def _list(alert: Alert) -> str:
    return ", ".join(f"“{term.term}”" for term in alert.terms[:4])


def change_sentence(finding: Finding) -> str:
    """Return a claimed change as one sentence."""
    change, show = finding.change, percent if finding.measure == "share" else points
    direction = "rose" if change.value > 0 else "fell"
    return (
        f"{finding_name(finding)} {direction} from {show(change.before.value)} to {show(change.after.value)} "
        f"(change {points(change.low)} to {points(change.high)} points)."
    )


def headlines(summary: Summary) -> list[str]:
    """Return what a reader should know first, most urgent first."""
    told = sorted(summary.alerts, key=lambda alert: alert.expected - alert.critical)[:_MOST_ALERTS]
    lines = [alert_sentence(alert) for alert in summary.alerts if alert in told]
    if len(told) < len(summary.alerts):
        lines.append(f"{len(summary.alerts) - len(told)} smaller alerts are in the JSON.")
    comparison = summary.comparison
    if comparison is not None:
        periods = (
            f"{days_text(comparison.after.first, comparison.after.last)} against "
            f"{days_text(comparison.before.first, comparison.before.last)}"
        )
        claimed = [change_sentence(finding) for finding in comparison.findings if finding.changed]
        lines += [f"{periods}: {sentence}" for sentence in claimed[:5]]
        if not claimed:
            lines.append(f"{periods}: nothing changed by more than chance.")
    worst = [topic for topic in summary.topics if topic.impact.high < 0][:1]
    best = [topic for topic in summary.topics if topic.impact.low > 0][:1]
    for topic, verb in [(t, "takes most from") for t in worst] + [(t, "adds most to") for t in best]:
        lines.append(f"{readable(topic.topic)} {verb} net sentiment: {with_interval(topic.impact)} points.")
    return [line[:1].upper() + line[1:] for line in lines]
