"""The words of a report: terms and quotes for whichever group of texts, and what a report was asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from feedback_nlp.report.quotes import choose_quotes, mask_text
from feedback_nlp.report.rows import ScoredRow
from feedback_nlp.report.summary import Alert, EmergingTerms, Summary, TopicSummary
from feedback_nlp.report.terms import TermTable

__all__ = ["ReportOptions", "Words"]

#: Terms are taken from a random sample of at most this many texts.
_TERM_TEXTS = 20_000
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

    def of_topic(self, topic: TopicSummary) -> TopicSummary:
        """Return a topic with its terms and quotes."""
        name = topic.topic
        inside = [place for place, row in enumerate(self.sample) if any(t == name for t, _ in row.topics)]
        terms = self._table.telling(inside, self._others(inside))
        felt = "negative" if topic.net_sentiment.value <= 0 else "positive"
        group = [row for row in self._rows if (name, felt) in row.topics]
        quotes = choose_quotes(group, topic=name, most=self._options.quotes, mask=self._options.mask)
        return replace(topic, terms=tuple(terms), quotes=tuple(quotes))

    def of_alert(self, alert: Alert) -> Alert:
        """Return an alert with its terms and quotes."""

        def belongs(row: ScoredRow) -> bool:
            when = row.created_at
            return (
                when is not None
                and alert.first <= when.date() <= alert.last
                and (alert.topic, "negative") in row.topics
            )

        inside = [place for place, row in enumerate(self.sample) if belongs(row)]
        terms = self._table.telling(inside, self._others(inside))
        group = [row for row in self._rows if belongs(row)]
        quotes = choose_quotes(group, topic=alert.topic, most=self._options.quotes, mask=self._options.mask)
        return replace(alert, terms=tuple(terms), quotes=tuple(quotes))

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

    def _others(self, inside: Sequence[int]) -> list[int]:
        excluded = set(inside)
        return [place for place in range(len(self.sample)) if place not in excluded]


def _has(row: ScoredRow, topic: str) -> bool:
    return any(name == topic for name, _ in row.topics) if topic else not row.topics
