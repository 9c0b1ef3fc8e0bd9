"""Scores of many words by their spelling at once: what `spelling.spelling_profiles` and a product give, in flat arrays.

Words of ASCII letters, nearly all, are laid out in one row of bytes; each n-gram of it is one integer, looked up in a
hash table. Other words take the plain way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse._sparsetools import csr_matvecs

from feedback_nlp.bundle import Floats
from feedback_nlp.spelling import LONGEST_SPELLED, SPELLING_RANGE, spelling_profiles
from feedback_nlp.term_table import Longs, TermTable

__all__ = ["SpellingScorer", "Whole", "sparse_product"]

#: int32 or int64, by what has to fit.
Whole = NDArray[np.int32] | NDArray[np.int64]
#: Bits of an ASCII character: five of them fit into an integer, and above them their number.
_LETTER_BITS: Final = 7
_SIZE_BIT: Final = _LETTER_BITS * SPELLING_RANGE[1]


class SpellingScorer:
    """Multiplies the spellings of words with weights.

    Parameters
    ----------
    grams : sequence of str
        The n-grams that have weights.
    idf : ndarray of float32, shape (n_grams,)
    weights : ndarray of float32, shape (n_grams, n_outputs)

    Examples
    --------
    >>> scorer = SpellingScorer(
    ...     [" ba", "ad "], np.array([3, 4], dtype=np.float32), np.array([[1], [10]], dtype=np.float32)
    ... )
    >>> scorer.score(["bad", "sad", "müde"]).round(2).tolist()
    [[8.600000381469727], [10.0], [0.0]]
    """

    def __init__(self, grams: Sequence[str], idf: Floats, weights: Floats) -> None:
        self._grams = {gram: column for column, gram in enumerate(grams)}
        self._idf, self._weights = idf, weights
        plain = [gram for gram in grams if gram.isascii() and len(gram) <= SPELLING_RANGE[1]]
        sizes = np.fromiter(map(len, plain), np.int64, len(plain))
        keys = np.zeros(len(plain), dtype=np.int64)
        letters = np.frombuffer("".join(plain).encode(), dtype=np.uint8).astype(np.int64)
        first = sizes.cumsum() - sizes
        for place in range(SPELLING_RANGE[1]):
            longer = (sizes > place).nonzero()[0]
            keys[longer] = keys[longer] << _LETTER_BITS | letters[first[longer] + place]
        columns = np.fromiter((self._grams[gram] for gram in plain), np.int32, len(plain))
        self._table = TermTable(keys | sizes << _SIZE_BIT, columns)

    def score(self, words: list[str]) -> Floats:
        """Return the scores of words, shape (n_words, n_outputs)."""
        plain = [word.isascii() for word in words]
        if all(plain):
            return self._score_plain(words)
        scores = np.zeros((len(words), self._weights.shape[1]), dtype=np.float32)
        rows = np.array(plain)
        scores[rows] = self._score_plain([word for word in words if word.isascii()])
        others = [word for word in words if not word.isascii()]
        scores[~rows] = spelling_profiles(others, self._grams, self._idf) @ self._weights
        return scores

    def _score_plain(self, words: list[str]) -> Floats:
        owners, columns = self._look_up(words)
        width = max(len(self._grams), 1)
        keys = np.sort(owners * width + columns)
        begins = np.empty(len(keys), dtype=np.bool_)
        begins[:1] = True
        np.not_equal(keys[1:], keys[:-1], out=begins[1:])
        first = begins.nonzero()[0]
        owners = keys[first] // width
        columns = keys[first] - owners * width
        counted = self._idf[columns] * np.diff(first, append=len(keys))
        lengths = np.sqrt(np.bincount(owners, counted * counted, len(words)))
        values: Floats = (counted / lengths[owners]).astype(np.float32)
        return sparse_product(owners, columns, values, len(words), self._weights)

    def _look_up(self, words: list[str]) -> tuple[Longs, Longs]:
        """Return the word and the column of every known n-gram."""
        framed = [f" {word[:LONGEST_SPELLED]} " for word in words]
        letters = np.frombuffer("".join(framed).encode(), dtype=np.uint8).astype(np.int64)
        sizes = np.fromiter(map(len, framed), np.int64, len(framed))
        owner = np.arange(len(words)).repeat(sizes)
        room = sizes.cumsum().repeat(sizes) - np.arange(len(letters))
        low, high = SPELLING_RANGE
        keys = letters
        found_owners, found_columns = [], []
        for size in range(2, high + 1):
            keys = keys[: max(len(letters) - size + 1, 0)] << _LETTER_BITS | letters[size - 1 :]
            if size < low:
                continue
            whole = (room[: len(keys)] >= size).nonzero()[0]
            columns = self._table.find(keys[whole] | size << _SIZE_BIT)
            known = (columns >= 0).nonzero()[0]
            found_owners.append(owner[whole[known]])
            found_columns.append(columns[known].astype(np.int64))
        return np.concatenate(found_owners), np.concatenate(found_columns)


def sparse_product(owners: Whole, columns: Whole, values: Floats, n: int, weights: Floats) -> Floats:
    """Multiply a sparse matrix, given by sorted owners, with a dense one.

    This is ``csr_matrix((values, columns, ends)) @ weights`` without its checks, which cost a single text more than
    the product.
    """
    ends: NDArray[Any] = np.searchsorted(owners, np.arange(n + 1, dtype=owners.dtype)).astype(columns.dtype)
    out = np.zeros((n, weights.shape[1]), dtype=np.float32)
    csr_matvecs(n, len(weights), weights.shape[1], ends, columns, values, weights.ravel(), out.ravel())
    return out
