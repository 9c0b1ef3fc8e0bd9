"""Customers' own words on pages: some texts of a period, masked."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from feedback_nlp.redact import Redactor
from feedback_nlp.report import ReportOptions, ScoredRow
from feedback_nlp.report.quotes import Quote, choose_quotes
from feedback_nlp.report.stored import spread_rows
from feedback_nlp.report.terms import Term, TermTable
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store
from feedback_nlp.store.values import Filters

__all__ = ["options_of", "quotes_about", "terms_about"]


def options_of(settings: Settings) -> ReportOptions:
    """Return what reports of this service look at; quotes are masked whether stored texts are or not."""
    return ReportOptions(
        mask=lambda text: _redactor(settings.mask_regions, settings.mask_numbers).mask(text).text
    )


@lru_cache(maxsize=4)
def _redactor(regions: tuple[str, ...], numbers: tuple[str, ...]) -> Redactor:
    return Redactor.from_words(regions=regions, numbers=numbers)


def quotes_about(
    store: Store, options: ReportOptions, topic: str, sentiment: str, first: date, last: date, most: int = 4
) -> list[Quote]:
    """Return typical, differing, certain texts about a topic, one a customer."""
    filters = Filters(topic=topic, topic_sentiment=sentiment, uncertain=False)
    rows = spread_rows(store, filters, first, last)
    return choose_quotes(rows, topic=topic, most=most, mask=options.mask)


def terms_about(rows: list[ScoredRow], others: list[ScoredRow]) -> list[Term]:
    """Return what some texts say more than others."""
    ids = {row.id for row in rows}
    texts = [row.text for row in (*rows, *(row for row in others if row.id not in ids))]
    table = TermTable(texts)
    return table.telling(range(len(rows)), range(len(rows), len(texts)))
