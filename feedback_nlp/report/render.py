"""A Summary as files for people and machines: HTML, PDF, Markdown, JSON."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from feedback_nlp.errors import OutputError
from feedback_nlp.report.charts import alert_chart, changes_chart, drivers_chart, impact_chart, trend_chart
from feedback_nlp.report.statistics import Estimate
from feedback_nlp.report.summary import Summary
from feedback_nlp.report.wording import (
    alert_sentence,
    days_text,
    finding_name,
    headlines,
    percent,
    points,
    readable,
    with_interval,
)

__all__ = ["render_html", "render_json", "render_markdown", "render_pdf"]

#: Alerts that get a section of their own, those with most texts above what was expected; all are in the JSON.
_MOST_ALERTS = 8
_TEMPLATES = Path(__file__).parent / "templates"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")


def render_html(summary: Summary) -> str:
    """Return one HTML file that needs nothing else: no script, no address outside itself.

    Customers' words are escaped; the page's own policy forbids everything but its styles and pictures.

    Examples
    --------
    >>> from feedback_nlp.report import ScoredRow, build_summary
    >>> "Customer feedback" in render_html(build_summary([ScoredRow("1", "Fine.")]))
    True
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        points=points,
        readable=readable,
        interval=with_interval,
        share=_share,
        base64=_base64,
    )
    environment.globals.update(days=days_text, sentence=alert_sentence, finding_name=finding_name)
    charts = {
        "trend": trend_chart(summary),
        "impact": impact_chart(summary),
        "changes": changes_chart(summary),
        "drivers": drivers_chart(summary),
    }
    told = sorted(summary.alerts, key=lambda alert: alert.expected - alert.critical)[:_MOST_ALERTS]
    alerts = [(alert, alert_chart(summary, alert)) for alert in summary.alerts if alert in told]
    template = environment.get_template("report.html")
    return template.render(summary=summary, charts=charts, alerts=alerts, headlines=headlines(summary))


def render_pdf(summary: Summary) -> bytes:
    """Return the page as a PDF.

    Raises
    ------
    OutputError
        WeasyPrint, the extra "pdf", is not installed or cannot work here.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise OutputError(
            f"A PDF needs WeasyPrint and its libraries ({error}).",
            remedy='Run: pip install "feedback-nlp[pdf]"',
        ) from error
    document: bytes = HTML(string=render_html(summary)).write_pdf(pdf_variant="pdf/ua-1")
    return document


def render_json(summary: Summary) -> str:
    """Return the summary as JSON; alerts are objects with topic, from, to, before, after, low, high and more."""
    return json.dumps(summary.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def render_markdown(summary: Summary) -> str:
    """Return the main figures, and the alerts also for machines, as Markdown."""
    rows = summary.rows
    lines = [f"# {_escaped(summary.title)}", "", _basis(summary), ""]
    lines += [f"- {_escaped(line)}" for line in headlines(summary)]
    lines += [f"- Note: {_escaped(note)}" for note in summary.notes]
    lines += [
        "",
        f"Net sentiment: **{with_interval(summary.net_sentiment)}** points, {rows.analysed:,} texts",
        "",
    ]
    lines += _table(
        ("sentiment", "share (95 % interval)"),
        [(share.name, with_interval(share.share, share=True)) for share in summary.sentiment],
    )
    lines += ["", "## Topics by impact", ""]
    lines += _table(
        ("topic", "texts", "net sentiment", "impact"),
        [
            (readable(t.topic), f"{t.texts:,}", with_interval(t.net_sentiment), with_interval(t.impact))
            for t in summary.topics
        ],
    )
    for topic in summary.topics[:5]:
        lines += ["", *(f"> {_escaped(quote.text)}" for quote in topic.quotes[:1])]
    alerts = json.dumps([_short(alert.to_dict()) for alert in summary.alerts], ensure_ascii=False, indent=2)
    lines += ["", "## Alerts", "", "```json", alerts, "```", ""]
    return "\n".join(lines)


def _short(alert: dict[str, Any]) -> dict[str, Any]:
    return {name: alert[name] for name in ("topic", "from", "to", "before", "after", "low", "high")}


def _basis(summary: Summary) -> str:
    rows = summary.rows
    when = (
        f", {days_text(summary.first_day, summary.last_day)}"
        if summary.first_day is not None and summary.last_day is not None
        else ""
    )
    return _escaped(f"{rows.analysed:,} of {rows.read:,} texts analysed{when}.")


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *(tuple(map(_escaped, row)) for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it stands."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _share(estimate: Estimate) -> str:
    return with_interval(estimate, share=True)


def _base64(svg: str) -> str:
    white = svg.replace("<svg ", '<svg style="background:#fff" ', 1)
    return base64.b64encode(white.encode()).decode()
