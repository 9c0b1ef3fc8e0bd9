"""The features of a company's texts, counted on whole batches of tokens.

They are those of the shipped model (words, pairs, triples, negated words; spellings of words), handles that stand in
several texts, the meanings of words (`word_vectors`; summed as spellings are) and the shipped model's scores.
`features` defines the first two, `counted` counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats, LinearPart
from feedback_nlp.features import SpellingVectorizer
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.training.counted import Counted, name_terms, weigh_terms
from feedback_nlp.training.word_vectors import load_word_vectors

__all__ = ["MEANING_SHARE", "SHIPPED_SHARE", "Features"]

#: Length of the shipped scores beside the term block's 1, after dividing by their spread.
SHIPPED_SHARE: Final = 0.1
#: Length of a text in the block of meanings, on average, beside the term block's 1.
MEANING_SHARE: Final = 1.2
#: From so many texts on a term or spelling must stand in two: single ones are mostly names and numbers.
_LEAST_TEXTS_FOR_MIN_DF: Final = 20_000
#: From so many texts on there are no meanings: the words stand often enough to be learned one by one, and full columns
#: would take most of the time.
_LEAST_TEXTS_WITHOUT_MEANINGS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Features:
    """The block of all texts, and what is needed to write a model over it.

    Parameters
    ----------
    block : sparse matrix, shape (n_texts, n_features)
    sizes : tuple of int
        Columns of its four blocks: terms, spellings, meanings, shipped scores.
    words : tuple of str
        Normal forms that stand in terms.
    terms : ndarray of int32, shape (n_terms, 4)
        Scope and word numbers, as a bundle has them.
    term_idf : ndarray of float32, shape (n_terms,)
    grams : tuple of str
    gram_idf : ndarray of float32, shape (n_grams,)
    shipped_factors : ndarray of float32, shape (n_shipped_inputs,)
        What the shipped scores were multiplied with.
    """

    block: sp.csr_matrix
    sizes: tuple[int, ...]
    words: tuple[str, ...]
    terms: NDArray[np.int32]
    term_idf: Floats
    grams: tuple[str, ...]
    gram_idf: Floats
    shipped_factors: Floats

    @classmethod
    def of(cls, texts: list[str], shipped: LinearPart) -> Self:
        """Count vocabulary and frequencies in `texts`; labels play no part in it."""
        min_df = 2 if len(texts) >= _LEAST_TEXTS_FOR_MIN_DF else 1
        counted = Counted.of(texts, LinearScorer(shipped, handles=True))
        keys, held = counted.term_presence(min_df)
        term_block, term_idf = weigh_terms(held)
        words, terms = name_terms(keys, counted.forms)
        presence, spelled = counted.spelled()
        speller = SpellingVectorizer(min_df=min_df).fit_presence(presence, spelled)
        factors = (SHIPPED_SHARE / (counted.scores.std(axis=0) + 1e-6)).astype(np.float32)
        parts = [
            term_block,
            speller.transform_presence(presence, spelled),
            _meanings(presence, spelled, columns=0 if len(texts) >= _LEAST_TEXTS_WITHOUT_MEANINGS else None),
            sp.csr_matrix(counted.scores * factors),
        ]
        block, sizes = sp.hstack(parts).tocsr(), tuple(part.shape[1] for part in parts)
        return cls(block, sizes, words, terms, term_idf, tuple(speller.vocabulary_), speller.idf_, factors)


def _meanings(presence: sp.csr_matrix, words: list[str], *, columns: int | None) -> sp.csr_matrix:
    """Return the sum of the vectors of each text's words, divided by the root of their number; the first columns."""
    known = load_word_vectors()
    number = {word: row for row, word in enumerate(known.words)}
    rows = np.array([number.get(word, -1) for word in words], dtype=np.int64)
    found = np.flatnonzero(rows >= 0)
    roots = 1 / np.sqrt(np.maximum(np.diff(presence.indptr), 1)).astype(np.float32)
    sums = presence[:, found] @ known.vectors[rows[found], :columns]
    return sp.csr_matrix(sums * (MEANING_SHARE * roots)[:, None])
