"""What customers say in their own words: typical texts, no two alike, one a customer, personal details masked.

References
----------
.. [1] J. Carbonell, J. Goldstein (1998), The use of MMR, diversity-based reranking for reordering documents and
   producing summaries, SIGIR.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.report.rows import ScoredRow
from feedback_nlp.report.terms import text_terms

__all__ = ["Quote", "choose_quotes", "mask_text"]

_SHORTEST, _LONGEST = 20, 320
_MOST_CANDIDATES = 300
#: How much being typical counts against being different from the quotes before.
_TYPICAL = 0.6
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+?\d[\d\s()./-]{5,}\d")


@dataclass(frozen=True, slots=True)
class Quote:
    """A masked text that speaks for others.

    Parameters
    ----------
    id, text : str
    day : date or None
    sentiment : str
        Of the topic it is quoted for, else of the text.
    """

    id: str
    text: str
    day: date | None
    sentiment: str


def mask_text(text: str) -> str:
    """Return a text without mail addresses and long numbers.

    Examples
    --------
    >>> mask_text("Call 0151 555 0199 or write to ann@example.com about order 12")
    'Call [number] or write to [email] about order 12'
    """
    return _NUMBER.sub("[number]", _ADDRESS.sub("[email]", text))


def choose_quotes(
    rows: Sequence[ScoredRow],
    *,
    topic: str = "",
    sentiment: str | None = None,
    most: int = 3,
    mask: Callable[[str], str] = mask_text,
) -> list[Quote]:
    """Return typical texts that differ from each other.

    Only certain labels are quoted, each customer once. Candidates are ranked by maximal marginal relevance [1]_:
    near to what the group says on the whole, far from what is quoted already.

    Parameters
    ----------
    rows : sequence of ScoredRow
        The group.
    topic : str, default=""
        What they are quoted for.
    sentiment : str or None, default=None
        Only texts of this sentiment (towards the topic, if there is one).
    most : int, default=3
    mask : callable, default=mask_text
        Hides personal details.

    Examples
    --------
    >>> rows = [ScoredRow("1", "Card declined twice today"), ScoredRow("2", "ok"), ScoredRow("3", "?", uncertain=True)]
    >>> [quote.id for quote in choose_quotes(rows)]
    ['1']
    """
    candidates: list[tuple[ScoredRow, str]] = []
    customers: set[str] = set()
    for row in rows:
        felt = dict(row.topics).get(topic, row.sentiment) if topic else row.sentiment
        if row.uncertain or row.status != "ok" or (sentiment and felt != sentiment):
            continue
        if not _SHORTEST <= len(row.text.strip()) <= _LONGEST or (row.customer_ref or "") in customers:
            continue
        if row.customer_ref:
            customers.add(row.customer_ref)
        candidates.append((row, felt))
    step = max(1, len(candidates) // _MOST_CANDIDATES)
    candidates = candidates[::step][:_MOST_CANDIDATES]
    chosen = _diverse([row.text for row, _ in candidates], most)
    return [_quote(*candidates[place], mask) for place in chosen]


def _quote(row: ScoredRow, felt: str, mask: Callable[[str], str]) -> Quote:
    day = None if row.created_at is None else row.created_at.date()
    return Quote(row.id, " ".join(mask(row.text).split()), day, felt)


def _diverse(texts: Sequence[str], most: int) -> list[int]:
    if len(texts) <= 1:
        return list(range(len(texts)))[:most]
    vectors = _vectors(texts)
    typical = vectors @ vectors.mean(axis=0)
    closest = np.zeros(len(texts))
    chosen: list[int] = []
    for _ in range(min(most, len(texts))):
        gain = _TYPICAL * typical / max(typical.max(), 1e-9) - (1 - _TYPICAL) * closest
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        closest = np.maximum(closest, vectors @ vectors[best])
    return chosen


def _vectors(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return term vectors of length 1, weighted by inverse document frequency."""
    used = [text_terms(text) for text in texts]
    frequency = Counter(itertools.chain.from_iterable(used))
    place = {term: number for number, term in enumerate(frequency)}
    vectors = np.zeros((len(texts), max(1, len(place))))
    for row, terms in enumerate(used):
        for term in terms:
            vectors[row, place[term]] = math.log((1 + len(texts)) / (1 + frequency[term])) + 1
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    weighted: NDArray[np.float64] = vectors / lengths
    return weighted
