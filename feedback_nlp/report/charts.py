"""Charts made for reading: intervals drawn, axes honest, told apart without colour, a table behind each.

SVG by matplotlib, the same bytes every time. Colours are Okabe and Ito's blue and vermilion, which people see
apart whatever their sight; marks repeat what they say.
"""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from feedback_nlp.report.changes import Finding
from feedback_nlp.report.statistics import Estimate
from feedback_nlp.report.summary import Alert, Summary, TopicSummary, TrendPoint
from feedback_nlp.report.wording import days_text, finding_name, percent, points, readable

__all__ = [
    "Chart",
    "alert_chart",
    "changes_chart",
    "drivers_chart",
    "findings_chart",
    "impact_chart",
    "topic_chart",
    "trend_chart",
]

INK, QUIET, LINE = "#1b2430", "#566170", "#dfe3e9"
POSITIVE, NEGATIVE, PLAIN = "#2b7cc9", "#d9622b", "#8791a0"
_MOST = 12
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a product may be called "$ave"
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
#: matplotlib's settings and fonts belong to the whole process; two threads would draw with each other's.
_DRAWING = threading.Lock()
_PROLOGUE = re.compile(r"<\?xml.*?<svg", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_SCREEN = {INK: "var(--ink)", QUIET: "var(--quiet)", LINE: "var(--line)"}


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and the table it is drawn from.

    Parameters
    ----------
    name : str
        For the name of a downloaded file.
    title : str
        What it says, for those who do not see it.
    svg : str
        With colours of its own, on white.
    columns : tuple of str
    rows : tuple of tuple of str
    """

    name: str
    title: str
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def inline(self) -> str:
        """The picture for a page, whose light or dark colours it takes over."""
        svg = self.svg
        for fixed, variable in _SCREEN.items():
            svg = svg.replace(fixed, variable)
        return svg.replace("<svg ", '<svg role="img" aria-hidden="true" ', 1)


def trend_chart(summary: Summary) -> Chart | None:
    """Draw net sentiment over time with its band, alerts marked; None without at least two points."""
    if len(summary.trend) < 2:
        return None

    def draw(axes: Any) -> None:
        _band(axes, summary.trend, POSITIVE)
        axes.axhline(0, color=QUIET, linewidth=0.8)
        axes.set(ylim=(-1, 1), ylabel="net sentiment, points")
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:+.0f}" if value else "0")
        for alert in summary.alerts:
            _mark(axes, alert)

    title = f"Net sentiment by {summary.trend_unit} with 95 % intervals"
    rows = tuple((_days(point), *_cells(point.estimate), f"{point.estimate.n:,}") for point in summary.trend)
    return Chart(
        "net-sentiment", title, _svg(draw, "trend"), ("days", "net sentiment", "from", "to", "texts"), rows
    )


def alert_chart(summary: Summary, alert: Alert) -> Chart | None:
    """Draw the share of texts that criticise an alert's topic, with the alert's days marked."""
    name = f"alert-{readable(alert.topic).replace(' ', '-')}-{alert.first}"
    return topic_chart(summary, alert.topic, (alert,), name)


def topic_chart(summary: Summary, topic_name: str, alerts: Sequence[Alert], name: str) -> Chart | None:
    """Draw the share of texts that criticise a topic, with the days of its alerts marked."""
    topic = next((topic for topic in summary.topics if topic.topic == topic_name), None)
    if topic is None or len(topic.trend) < 2:
        return None

    def draw(axes: Any) -> None:
        _band(axes, topic.trend, NEGATIVE)
        for alert in alerts:
            _mark(axes, alert)
        axes.set_ylabel("share of texts")
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")

    title = f"Share of all texts that criticise {readable(topic_name)}, by {summary.trend_unit}"
    rows = tuple(
        (_days(point), *_share_cells(point.estimate), f"{point.estimate.n:,}") for point in topic.trend
    )
    return Chart(name, title, _svg(draw, name), ("days", "share", "from", "to", "all texts"), rows)


def impact_chart(summary: Summary) -> Chart | None:
    """Draw what each topic adds to net sentiment; None without topics."""
    topics = [topic for topic in summary.topics if not math.isnan(topic.impact.value)][:_MOST]
    if not topics:
        return None
    estimates = [topic.impact for topic in topics]
    names = [readable(topic.topic) for topic in topics]
    svg = _svg(lambda axes: _forest(axes, names, estimates, "points of net sentiment"), "impact", len(topics))
    columns = ("topic", "impact", "from", "to", "texts", "net sentiment of the topic")
    rows = tuple(_impact_row(topic) for topic in topics)
    return Chart("impact", "What each topic adds to or takes from net sentiment", svg, columns, rows)


def changes_chart(summary: Summary) -> Chart | None:
    """Draw the changes between the two periods; None without periods or anything to compare."""
    if summary.comparison is None:
        return None
    title = "Changes between the two periods; * is more than chance"
    return findings_chart(summary.comparison.findings, title)


def findings_chart(findings: Sequence[Finding], title: str) -> Chart | None:
    """Draw comparisons with enough texts for a claim; None without any."""
    found = [f for f in findings if f.q_value is not None][:_MOST]
    if not found:
        return None
    names = [finding_name(finding) + (" *" if finding.changed else "") for finding in found]
    estimates, colors = [_difference(f) for f in found], [_color_of(f) for f in found]

    def draw(axes: Any) -> None:
        _forest(axes, names, estimates, "points, after minus before", colors=colors)

    svg = _svg(draw, "changes", len(found))
    columns = ("what", "before", "after", "change", "from", "to", "adjusted p", "claimed")
    rows = tuple(
        (
            finding_name(f),
            *_both(f.measure, f.change.before.value, f.change.after.value),
            points(f.change.value),
            points(f.change.low),
            points(f.change.high),
            f"{f.q_value:.3f}",
            "yes" if f.changed else "no",
        )
        for f in found
    )
    return Chart("changes", title, svg, columns, rows)


def drivers_chart(summary: Summary) -> Chart | None:
    """Draw how many stars go with each criticised or praised topic; None where there are no ratings."""
    drivers = summary.drivers[:_MOST]
    if not drivers:
        return None
    names = [f"{readable(driver.topic)}, {driver.sentiment}" for driver in drivers]
    estimates = [driver.stars for driver in drivers]

    def draw(axes: Any) -> None:
        _forest(axes, names, estimates, "stars", scale=1)

    columns = ("topic", "stars", "from", "to", "rated texts")
    rows = tuple(
        (name, *(f"{v:+.2f}" for v in (e.value, e.low, e.high)), f"{e.n:,}")
        for name, e in zip(names, estimates, strict=True)
    )
    return Chart(
        "stars",
        "Stars that go with each topic, others held equal",
        _svg(draw, "stars", len(drivers)),
        columns,
        rows,
    )


def _svg(draw: Callable[[Any], None], salt: str, lines: int = 0) -> str:
    """Return what `draw` draws; `lines` horizontal lines make it as high as they need."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with _DRAWING, mpl.rc_context({**_STYLE, "svg.hashsalt": salt}):
        figure = Figure(figsize=(7.2, 1.1 + 0.34 * lines if lines else 2.9), layout="constrained")
        draw(figure.subplots())
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _METADATA.sub("", _PROLOGUE.sub("<svg", stream.getvalue(), count=1)).strip()


def _band(axes: Any, trend: Sequence[TrendPoint], color: str) -> None:
    """Draw points in time with their intervals; days without texts leave a gap."""
    when = [_middle(point) for point in trend]
    values = [point.estimate.value if point.estimate.n else math.nan for point in trend]
    low = [point.estimate.low if point.estimate.n else math.nan for point in trend]
    high = [point.estimate.high if point.estimate.n else math.nan for point in trend]
    axes.fill_between(when, low, high, color=color, alpha=0.22, linewidth=0)
    axes.plot(when, values, color=color, marker="o", markersize=3.5, linewidth=1.6)
    axes.grid(axis="y", color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    from matplotlib import dates

    untyped: Any = dates
    locator = untyped.AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator))


def _mark(axes: Any, alert: Alert) -> None:
    axes.axvspan(alert.first, alert.last + timedelta(days=1), color=NEGATIVE, alpha=0.18, linewidth=0)
    top = axes.get_ylim()[1]
    axes.annotate(
        readable(alert.topic),
        (alert.first, top),
        xytext=(-4, -10),
        textcoords="offset points",
        ha="right",
        color=INK,
        fontsize=9,
    )


def _forest(
    axes: Any,
    names: Sequence[str],
    estimates: Sequence[Estimate],
    label: str,
    *,
    scale: float = 100,
    colors: Sequence[str] = (),
) -> None:
    """Draw one line a figure: a mark at its value, a bar over its interval, zero in sight."""
    for place, estimate in enumerate(estimates):
        color = colors[place] if colors else _color(estimate)
        mark = {NEGATIVE: "v", POSITIVE: "^"}.get(color, "o")
        reach = [estimate.low * scale, estimate.high * scale]
        axes.plot(reach, [place, place], color=color, linewidth=2.2, alpha=0.7)
        axes.plot([estimate.value * scale], [place], color=color, marker=mark, markersize=7)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.set_yticks(range(len(names)), labels=names)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.grid(axis="x", color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)


def _color(estimate: Estimate) -> str:
    """Return a colour that claims a direction only where the interval leaves zero out."""
    return NEGATIVE if estimate.high < 0 else POSITIVE if estimate.low > 0 else PLAIN


def _color_of(finding: Finding) -> str:
    """Return the colour of a change: a direction where one is claimed; more mentions are not good or bad."""
    if not finding.changed:
        return PLAIN
    return INK if finding.measure == "share" else _color(_difference(finding))


def _difference(finding: Finding) -> Estimate:
    change = finding.change
    return Estimate(change.value, change.low, change.high, change.after.n)


def _middle(point: TrendPoint) -> date:
    return point.first + (point.last - point.first) / 2


def _days(point: TrendPoint) -> str:
    return days_text(point.first, point.last)


def _cells(estimate: Estimate) -> tuple[str, ...]:
    return tuple(points(value, sign=True) for value in (estimate.value, estimate.low, estimate.high))


def _share_cells(estimate: Estimate) -> tuple[str, ...]:
    return tuple(percent(value) for value in (estimate.value, estimate.low, estimate.high))


def _impact_row(topic: TopicSummary) -> tuple[str, ...]:
    return (
        readable(topic.topic),
        *_cells(topic.impact),
        f"{topic.texts:,}",
        points(topic.net_sentiment.value),
    )


def _both(measure: str, before: float, after: float) -> tuple[str, str]:
    show = percent if measure == "share" else points
    return show(before), show(after)
