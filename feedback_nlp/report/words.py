"""The words of a report: terms and quotes for whichever group of texts, and what a report was asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from feedback_nlp.report.quotes import Quote, choose_quotes, mask_text
from feedback_nlp.report.rows import ScoredRow
from feedback_nlp.report.summary import Alert, EmergingTerms, Summary, TopicSummary
from feedback_nlp.report.terms import Term, TermTable

__all__ = ["ReportOptions", "Words"]

#: Terms are taken from a random sample of at most this many texts.
_TERM_TEXTS = 10_000
_SEED = 20_260_914


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report should look at.

    Parameters
    ----------
    title : str, default="Customer feedback"
    source : str, default=""
        Where the texts come from, in words.
    model : str, default=""
    days : int or None, default=None
        Length of the last period and of the one before it; None chooses it by how many texts there are.
    quotes : int, default=3
        Most quotes a topic; 0 for a report without customers' words.
    mask : callable, default=mask_text
        Hides personal details in quotes.
    """

    title: str = "Customer feedback"
    source: str = ""
    model: str = ""
    days: int | None = None
    quotes: int = 3
    mask: Callable[[str], str] = mask_text


class Words:
    """Terms and quotes, for whichever group of texts."""

    def __init__(self, rows: Sequence[ScoredRow], options: ReportOptions) -> None:
        self._rows, self._options = rows, options
        self.sample = list(rows)
        if len(rows) > _TERM_TEXTS:
            self.sample = random.Random(_SEED).sample(self.sample, _TERM_TEXTS)  # noqa: S311 - no secret
        self._table = TermTable([row.text for row in self.sample])
        self._by_topic = _by_topic(rows)
        self._sampled = _by_topic(self.sample)

    def of_topic(self, topic: TopicSummary) -> TopicSummary:
        """Return a topic with its terms and quotes."""
        name = topic.topic
        inside = [place for place, _, _ in self._sampled.get(name, ())]
        felt = "negative" if topic.net_sentiment.value <= 0 else "positive"
        group = [row for _, row, sentiment in self._by_topic.get(name, ()) if sentiment == felt]
        return replace(topic, terms=self._terms(inside), quotes=self._quotes(group, name))

    def of_alert(self, alert: Alert) -> Alert:
        """Return an alert with its terms and quotes."""
        inside = [
            place for place, row, felt in self._sampled.get(alert.topic, ()) if _belongs(row, felt, alert)
        ]
        group = [row for _, row, felt in self._by_topic.get(alert.topic, ()) if _belongs(row, felt, alert)]
        return replace(alert, terms=self._terms(inside), quotes=self._quotes(group, alert.topic))

    def _terms(self, inside: Sequence[int]) -> tuple[Term, ...]:
        others = np.ones(len(self.sample), bool)
        others[list(inside)] = False
        return tuple(self._table.telling(inside, np.flatnonzero(others).tolist()))

    def _quotes(self, group: Sequence[ScoredRow], topic: str) -> tuple[Quote, ...]:
        return tuple(choose_quotes(group, topic=topic, most=self._options.quotes, mask=self._options.mask))

    def emerging(self, summary: Summary) -> tuple[EmergingTerms, ...]:
        """Return what the last period says more than the one before, without a topic and within each."""
        if summary.comparison is None:
            return ()
        before, after = summary.comparison.before, summary.comparison.after
        found = []
        for topic in ("", *(topic.topic for topic in summary.topics)):
            places = [place for place, row in enumerate(self.sample) if _has(row, topic)]
            days = {place: when.date() for place in places if (when := self.sample[place].created_at)}
            now = [place for place, day in days.items() if after.first <= day <= after.last]
            then = [place for place, day in days.items() if before.first <= day <= before.last]
            terms = self._table.telling(now, then)
            if terms:
                found.append(EmergingTerms(topic, tuple(terms)))
        return tuple(found)


def _by_topic(rows: Sequence[ScoredRow]) -> dict[str, list[tuple[int, ScoredRow, str]]]:
    """Return place, row and felt sentiment of the texts of each topic."""
    found: dict[str, list[tuple[int, ScoredRow, str]]] = {}
    for place, row in enumerate(rows):
        for topic, sentiment in row.topics:
            found.setdefault(topic, []).append((place, row, sentiment))
    return found


def _belongs(row: ScoredRow, felt: str, alert: Alert) -> bool:
    when = row.created_at
    return felt == "negative" and when is not None and alert.first <= when.date() <= alert.last


def _has(row: ScoredRow, topic: str) -> bool:
    return any(name == topic for name, _ in row.topics) if topic else not row.topics
