"""Reports that people can trust: figures with intervals, changes beyond chance, customers' own words.

Everything but words is computed from texts counted by day (`DayCounts`), so it costs the same for a thousand rows and
for a million. `build_summary` takes rows, `summarize_counts` takes counts; both give a plain, JSON-able `Summary`.
"""

from __future__ import annotations

from feedback_nlp.report.build import build_summary, summarize_counts
from feedback_nlp.report.counts import DayCounts
from feedback_nlp.report.rows import ScoredFile, ScoredRow
from feedback_nlp.report.summary import Summary
from feedback_nlp.report.words import ReportOptions

__all__ = [
    "DayCounts",
    "ReportOptions",
    "ScoredFile",
    "ScoredRow",
    "Summary",
    "build_summary",
    "summarize_counts",
]
