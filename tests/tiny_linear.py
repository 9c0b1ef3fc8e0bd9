"""A linear part of a few terms, and scores of a batch written down by hand."""

from __future__ import annotations

import numpy as np

from feedback_nlp.bundle import LinearPart
from feedback_nlp.preprocess import NEGATED, PLAIN
from feedback_nlp.scan import Tokens
from feedback_nlp.scoring import BatchScores

#: 4 sentiments, 5 kinds, 12 topics.
N_OUTPUTS = 21
WORDS = ("app", "bad", "good", "great", "not", "slow", "the", "very", "!", "<glad>", "😀", "...")
_TERMS = (
    "app", "bad", "good", "great", "not", "slow", "!", "<glad>", "😀", "...", "NOT_bad", "NOT_good",
    "not good", "very good", "not very good", "the app", "great app", "great great", "<glad> app",
)  # fmt: skip
_GRAMS = (" ba", " go", " great ", "ad ", "bad", "goo", "grea", "low", "ood", "slo")


def tiny_linear(n_outputs: int = N_OUTPUTS) -> LinearPart:
    """Return the part; idf and weights are drawn once from a seed, at the precision that a bundle stores."""
    rng = np.random.default_rng(5)
    terms = np.full((len(_TERMS), 4), -1, dtype=np.int32)
    for row, name in enumerate(_TERMS):
        words = name.removeprefix("NOT_").split()
        terms[row, 0] = NEGATED if name.startswith("NOT_") else PLAIN
        terms[row, 1 : 1 + len(words)] = [WORDS.index(word) for word in words]
    return LinearPart(
        words=WORDS,
        terms=terms,
        term_idf=rng.uniform(1, 5, len(_TERMS)).astype(np.float32),
        term_weights=rng.normal(0, 1, (len(_TERMS), n_outputs)).astype(np.float16).astype(np.float32),
        grams=_GRAMS,
        gram_idf=rng.uniform(1, 5, len(_GRAMS)).astype(np.float32),
        gram_weights=rng.normal(0, 1, (len(_GRAMS), n_outputs)).astype(np.float16).astype(np.float32),
    )


def batch_scores(
    texts: list[list[float]], clauses: list[list[float]], owners: list[int], words: list[int]
) -> BatchScores:
    """Return scores as if a scorer had computed them; every clause is a sentence of its own."""
    nothing, counts = np.zeros(0, dtype=np.int64), np.zeros(len(texts), dtype=np.int64)
    narrow = nothing.astype(np.int32)
    tokens = Tokens(
        nothing,
        narrow,
        narrow,
        nothing,
        nothing,
        nothing.astype(np.int8),
        np.zeros(len(owners), np.bool_),
        len(texts),
    )
    width = len(texts[0]) if texts else N_OUTPUTS
    return BatchScores(
        tokens,
        np.array(texts, dtype=np.float32).reshape(-1, width),
        np.array(clauses, dtype=np.float32).reshape(-1, width),
        np.array(owners, dtype=np.int64),
        np.arange(len(owners)),
        np.array(words, dtype=np.int64),
        counts,
        counts,
        counts,
        narrow,
    )
