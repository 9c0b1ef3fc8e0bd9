"""Which features a head sees of a text: all, those of the clause that stands for it, those of whole words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from feedback_nlp.scoring import BatchScores
from feedback_nlp.training.shift import Shift, Stretch, fit_shift

__all__ = ["best_clauses", "fit_present", "of_clauses", "whole_word_block"]

Rows = NDArray[np.int64]


def whole_word_block(words: Sequence[Sequence[str]], place: Mapping[str, int]) -> sp.csr_matrix:
    """Return what whole words add to their spelling: each text's known ones, by the root of all its words."""
    rows = [
        (n, place[word], 1 / np.sqrt(len(of))) for n, of in enumerate(words) for word in of if word in place
    ]
    table = np.array(rows).reshape(-1, 3)
    return sp.csr_matrix(
        (table[:, 2].astype(np.float32), (table[:, 0].astype(int), table[:, 1].astype(int))),
        shape=(len(words), len(place)),
    )


def of_clauses(clauses: sp.csr_matrix, which: Rows) -> sp.csr_matrix:
    """Return the features of one clause a text; none for -1."""
    at = np.flatnonzero(which >= 0)
    pick = sp.csr_matrix(
        (np.ones(len(at), np.float32), (at, which[at])), shape=(len(which), clauses.shape[0])
    )
    return sp.csr_matrix(pick @ clauses)


def best_clauses(scores: BatchScores, column: int) -> Rows:
    """Return the number of the clause with the highest score of each text; -1 where there is none."""
    best = np.full(len(scores.texts), -1, dtype=np.int64)
    order = np.argsort(scores.clauses[:, column], kind="stable")
    best[scores.clause_texts[order]] = order  # the last one written is the highest
    return best


def fit_present(
    stretches: Sequence[Stretch],
    rows: Rows,
    odds: NDArray[np.float64],
    truth: NDArray[np.float64],
    penalty: float,
    *,
    several: bool,
) -> Shift:
    """Fit over the features that these texts have at all; the others stay."""
    size, n_outputs = stretches[0].features.shape[1], stretches[0].mixing.shape[0]
    weights = np.zeros((size, n_outputs))
    if not len(rows):
        return Shift(weights, np.zeros(odds.shape[1]))
    parts = [part.features[rows] for part in stretches]
    present = np.flatnonzero(np.asarray(sum(part.getnnz(axis=0) for part in parts)))
    used = [Stretch(part[:, present].tocsr(), one.mixing) for part, one in zip(parts, stretches, strict=True)]
    shift = fit_shift(used, odds, truth, penalty, several=several)
    weights[present] = shift.weights
    return Shift(weights, shift.intercepts)
