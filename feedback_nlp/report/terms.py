"""Words and word pairs that one group of texts uses far more than another.

Log-odds with an informative Dirichlet prior: rare words, whose odds swing wildly, are held back by how often all
texts use them.

References
----------
.. [1] B. L. Monroe, M. P. Colaresi, K. M. Quinn (2008), Fightin' words: lexical feature selection and evaluation for
   identifying the content of political conflict, Political Analysis 16.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Term", "TermTable", "log_odds", "text_terms"]

#: Standard errors above zero that a term must stand: with thousands of terms, 2 would be chance.
_MIN_Z = 3.0
_MIN_TEXTS = 3
_PRIOR_WEIGHT = 500.0
_WORD = re.compile(r"[^\W\d_]{2,}")
_STOP_WORDS = frozenset(
    """a about after again all also am an and any are aren as at be been before being both but by can could couldn did
    didn do does doesn doing don done down each even every few for from further get gets getting go got had hasn has
    have haven having he her here him his how if in into is isn it its itself just ll me more most much my no nor not
    now of off on once one only or other our out over own re really same she should so some such than that the their
    them then there these they this those through to too under until up us ve very was wasn we were weren what when
    where which while who whom why will with won would wouldn you your yours im ive id dont didnt doesnt cant wont isnt
    wasnt""".split()
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word or pair of words.

    Parameters
    ----------
    term : str
    texts, others : int
        Texts with it in the group and in the other one.
    z : float
        Log-odds over its standard error.
    """

    term: str
    texts: int
    others: int
    z: float


def text_terms(text: str) -> set[str]:
    """Return the words of a text, without the commonest, and the pairs of words that are neighbours then.

    Examples
    --------
    >>> sorted(text_terms("My card was declined!"))
    ['card', 'card declined', 'declined']
    """
    words = [word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]
    return {*words, *map(" ".join, itertools.pairwise(words))}


def log_odds(counts: ArrayLike, others: ArrayLike, prior: ArrayLike) -> NDArray[np.float64]:
    """Return the z-score of each term's log-odds in a group against another [1]_.

    Parameters
    ----------
    counts, others : array_like, shape (n_terms,)
        How often each group uses the terms.
    prior : array_like, shape (n_terms,)
        Dirichlet parameters: how often a typical text would, all positive.

    Examples
    --------
    >>> log_odds([30, 10], [10, 30], [1, 1]).round(2).tolist()
    [5.9, -5.9]
    """
    y1, y2, a = (np.asarray(values, float) for values in (counts, others, prior))
    n1, n2, a0 = y1.sum(), y2.sum(), a.sum()
    difference = np.log((y1 + a) / (n1 + a0 - y1 - a)) - np.log((y2 + a) / (n2 + a0 - y2 - a))
    z: NDArray[np.float64] = difference / np.sqrt(1 / (y1 + a) + 1 / (y2 + a))
    return z


class TermTable:
    """Which texts use which words and word pairs.

    Parameters
    ----------
    texts : sequence of str

    Examples
    --------
    >>> texts = ["my card was declined"] * 40 + ["parcel came late"] * 40
    >>> table = TermTable(texts)
    >>> [term.term for term in table.telling(range(40), range(40, 80))]
    ['card declined']
    """

    def __init__(self, texts: Sequence[str]) -> None:
        used = [text_terms(text) for text in texts]
        frequency = Counter(itertools.chain.from_iterable(used))
        self.terms = sorted(term for term, count in frequency.items() if count >= _MIN_TEXTS)
        place = {term: number for number, term in enumerate(self.terms)}
        rows = [[place[term] for term in terms if term in place] for terms in used]
        self._ends = np.cumsum([0, *map(len, rows)])
        self._places = np.fromiter(itertools.chain.from_iterable(rows), np.int64, int(self._ends[-1]))
        self._all = np.bincount(self._places, minlength=len(self.terms)).astype(float)

    def _counts(self, texts: Sequence[int]) -> NDArray[np.int64]:
        """Return in how many of these texts each term stands."""
        chosen = np.zeros(len(self._ends) - 1, bool)
        chosen[list(texts)] = True
        inside = np.repeat(chosen, np.diff(self._ends))
        return np.bincount(self._places[inside], minlength=len(self.terms))

    def telling(self, texts: Sequence[int], others: Sequence[int], most: int = 8) -> list[Term]:
        """Return the terms that `texts` use significantly more than `others`, most telling first.

        Parameters
        ----------
        texts, others : sequence of int
            Places of the texts of both groups.
        most : int, default=8
        """
        if not self.terms or len(texts) < _MIN_TEXTS or not len(others):
            return []
        counts, rest = self._counts(texts), self._counts(others)
        weight = min(_PRIOR_WEIGHT, float(counts.sum() + rest.sum()) / 4)
        z = log_odds(counts, rest, np.maximum(self._all / self._all.sum() * weight, 0.01))
        order = np.argsort(-z, kind="stable")
        found = [
            Term(self.terms[place], int(counts[place]), int(rest[place]), round(float(z[place]), 2))
            for place in order[: 4 * most]
            if z[place] >= _MIN_Z and counts[place] >= _MIN_TEXTS
        ]
        return _without_parts(found)[:most]


def _without_parts(terms: list[Term]) -> list[Term]:
    """Leave out what says the same again: a word of a pair, a pair with a word of another."""
    kept: list[Term] = []
    for term in (_longest(term, terms) for term in terms):
        words = set(term.term.split())
        if not any(words & set(other.term.split()) for other in kept):
            kept.append(term)
    return kept


def _longest(term: Term, terms: list[Term]) -> Term:
    """Return the pair that holds the word in nearly all of its texts, else the word."""
    words = set(term.term.split())
    for other in terms:
        if words < set(other.term.split()) and other.texts >= 0.8 * term.texts:
            return other
    return term
