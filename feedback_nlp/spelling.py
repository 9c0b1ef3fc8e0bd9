"""The spelling of words: character n-grams and their TF-IDF profiles, which depend on the word alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["spell", "spelling_profiles"]

#: Lengths of character n-grams. Two letters say nothing, six are nearly the word.
SPELLING_RANGE = (3, 5)
#: A longer word is cut for its spelling: nobody misspells the 31st letter.
LONGEST_SPELLED = 30


def spell(word: str) -> list[str]:
    """Return the character n-grams of a word, with a space at both ends.

    Examples
    --------
    >>> spell("bad")
    [' ba', 'bad', 'ad ', ' bad', 'bad ', ' bad ']
    """
    framed = f" {word[:LONGEST_SPELLED]} "
    low, high = SPELLING_RANGE
    return [framed[i : i + n] for n in range(low, high + 1) for i in range(len(framed) - n + 1)]


def spelling_profiles(
    words: Sequence[str], vocabulary: Mapping[str, int], idf: NDArray[np.float32]
) -> sp.csr_matrix:
    """Return the TF-IDF profile of each word, scaled to length 1; shape (n_words, n_ngrams).

    Parameters
    ----------
    words : sequence of str
    vocabulary : mapping of str to int
        Columns of the n-grams; others are left out.
    idf : ndarray of shape (n_ngrams,)

    Examples
    --------
    >>> spelling_profiles(["bad", "sad"], {" ba": 0, "ad ": 1}, np.array([3, 4], dtype=np.float32)).toarray().tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 1.0]]
    """
    columns: list[int] = []
    ends = [0]
    for word in words:
        columns += [vocabulary[gram] for gram in spell(word) if gram in vocabulary]
        ends.append(len(columns))
    matrix = sp.csr_matrix(
        (idf[np.array(columns, dtype=np.int64)], columns, ends), shape=(len(words), len(vocabulary))
    )
    matrix.sum_duplicates()
    rows = np.repeat(np.arange(len(words)), np.diff(matrix.indptr))
    lengths = np.sqrt(np.bincount(rows, matrix.data.astype(np.float64) ** 2, len(words)))
    matrix.data /= lengths[rows].astype(np.float32)
    return matrix
