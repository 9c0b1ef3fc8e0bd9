"""Two periods, or two channels, products or kinds, beside each other."""

from __future__ import annotations

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from flask import render_template, request

from api.periods import LENGTHS, chosen_days, day_named
from api.problems import Problem
from api.service import current_service
from api.shell import page_blueprint
from feedback_nlp.report import DayCounts
from feedback_nlp.report.changes import choose_periods
from feedback_nlp.report.changes import compare as compare_periods
from feedback_nlp.report.charts import findings_chart
from feedback_nlp.report.segments import compare_segments
from feedback_nlp.store import Store

__all__ = ["blueprint"]

SEGMENTS = ("channel", "product", "kind")
#: Longest stretch that two periods may span; ten years of days.
_MOST_DAYS = 3660

blueprint = page_blueprint("compare", __name__)


@blueprint.get("/compare")
def compare() -> str:
    """Show two periods, or with `by` two segments, beside each other."""
    store = current_service().ready_store()
    stored = store.counts.days()
    if stored is None:
        return render_template("nothing_stored.html")
    by = request.args.get("by", "")
    if by and by not in SEGMENTS:
        raise _refused("by", "must be channel, product or kind")
    shown = _segments(store, by) if by else _periods(store, *stored)
    names = {dimension: store.counts.names(dimension, 100) for dimension in SEGMENTS}
    return render_template("compare.html", by=by, names=names, lengths=LENGTHS, **shown)


def _periods(store: Store, first: date, last: date) -> dict[str, Any]:
    before, after = _named("before_from", "before_to"), _named("from", "to")
    if before is None or after is None:
        recent = max(first, last - timedelta(days=364))
        chosen = choose_periods(DayCounts.from_cells(store.counts.cells(recent)))
        if chosen is None:
            return {"comparison": None, "chart": None}
        counts = DayCounts.from_cells(store.counts.cells(recent))
        before, after = ((counts.day(part.start), counts.day(part.stop - 1)) for part in chosen)
    begin, end = min(before[0], after[0]), max(before[1], after[1])
    if (end - begin).days > _MOST_DAYS:
        raise _refused("from", "and `before_from` lie more than ten years apart")
    cells = list(store.counts.cells(begin, end + timedelta(days=1)))
    # A text that is none on the first and last day keeps the calendar as long as both periods.
    edges = [(begin, "all", "", "neutral", 0), (end, "all", "", "neutral", 0)]
    counts = DayCounts.from_cells([*cells, *edges])
    first_slice, second_slice = (
        slice((one[0] - begin).days, (one[1] - begin).days + 1) for one in (before, after)
    )
    comparison = compare_periods(counts, first_slice, second_slice)
    chart = findings_chart(comparison.findings, "Second period minus first; * is more than chance")
    return {
        "comparison": comparison,
        "chart": chart,
        "findings": comparison.findings,
        "before": before,
        "after": after,
    }


def _named(start: str, stop: str) -> tuple[date, date] | None:
    first, last = day_named(start), day_named(stop)
    if first is None or last is None:
        return None
    if last < first:
        raise _refused(stop, f"lies before `{start}`")
    return first, last


def _segments(store: Store, by: str) -> dict[str, Any]:
    chosen = chosen_days(store)
    there = [name for name, _ in store.counts.names(by)]
    given = [request.args.get(name, "") for name in ("first", "second")]
    pair = [name if name in there else "" for name in given]
    if not any(pair) and len(there) > 1:
        pair = there[:2]
    if chosen is None or not all(pair):
        return {"comparison": None, "chart": None, "chosen": chosen, "pair": pair}
    cells = store.counts.cells(chosen.first, chosen.last + timedelta(days=1), [by])
    counts = DayCounts.from_cells(cells)
    findings = compare_segments(counts, by, *pair)
    texts = [int(counts.whole(by, name).sum()) for name in pair]
    chart = findings_chart(findings, "Second minus first; * is more than chance")
    return {
        "comparison": None, "chart": chart, "findings": findings, "chosen": chosen, "pair": pair, "texts": texts
    }  # fmt: skip


def _refused(name: str, why: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", f"`{name}` {why}.")
