"""The plain path: spaCy documents, lists of terms and scikit-learn's vectorizers. Slow, and the definition.

`scoring` must give the same numbers; tests/test_fastpath.py and benchmarks/equality.py compare the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from feedback_nlp.bundle import Floats, LinearPart
from feedback_nlp.features import SpellingVectorizer, build_term_vectorizer, spellings_of, terms_of
from feedback_nlp.preprocess import Prepared, Preprocessor
from feedback_nlp.terms import term_names

__all__ = ["ReferenceScorer"]


class ReferenceScorer:
    """Scores texts one step after the other, as `train` does.

    Parameters
    ----------
    linear : LinearPart
    """

    def __init__(self, linear: LinearPart) -> None:
        self.preprocessor = Preprocessor()
        self._terms = build_term_vectorizer(vocabulary=term_names(linear))
        self._terms.idf_ = linear.term_idf
        self._spellings = SpellingVectorizer(vocabulary=linear.grams, idf=linear.gram_idf).fit([])
        self._linear = linear

    def score(self, texts: Sequence[str]) -> Floats:
        """Return the linear outputs of whole texts, shape (n_texts, n_outputs)."""
        return self._apply([(self.preprocessor.prepare(text), None) for text in texts])

    def score_clauses(self, text: str) -> Floats:
        """Return the linear outputs of the clauses of one text, shape (n_clauses, n_outputs)."""
        prepared = self.preprocessor.prepare(text)
        clauses = range(prepared.clauses[-1] + 1 if prepared.clauses else 0)
        return self._apply([(prepared, clause) for clause in clauses])

    def blocks(self, items: Sequence[tuple[Prepared, int | None]]) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Return terms and spellings of texts or single clauses of them."""
        return (
            self._terms.transform([terms_of(prepared, clause) for prepared, clause in items]),
            self._spellings.transform([spellings_of(prepared, clause) for prepared, clause in items]),
        )

    def _apply(self, items: list[tuple[Prepared, int | None]]) -> Floats:
        if not items:
            return np.zeros((0, self._linear.term_weights.shape[1]), dtype=np.float32)
        terms, spellings = self.blocks(items)
        scores = terms @ self._linear.term_weights + spellings @ self._linear.gram_weights
        return np.asarray(scores, dtype=np.float32)
