"""Sentiment of a text from the scores of the whole and of its clauses.

The linear model gives four scores (negative, neutral, positive, mixed) to the text and to each clause. The head
sees, for every class, the score of the text, the mean over clauses (weighted by words) and the last clause, and the
best and the worst clause (positive minus negative score). A multinomial logistic regression over these 14 numbers,
fitted on texts that neither the linear model nor its teacher saw, gives calibrated probabilities. Each input is linear
in the terms once the clauses are chosen, so the decision can be explained exactly; and none grows with length, so
saying a thing twice changes nothing.

A text is *mixed* where P(mixed) reaches the bundle's threshold; otherwise the label is the largest of the three
class probabilities, which are those given that the text is not mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats
from feedback_nlp.scan import Longs
from feedback_nlp.scoring import BatchScores

__all__ = ["MIXED", "N_SENTIMENTS", "ClausePools", "SentimentHead", "pool_clauses", "softmax"]

N_SENTIMENTS = 4
NEGATIVE, NEUTRAL, POSITIVE, MIXED = range(N_SENTIMENTS)
#: Inputs of the head: three blocks of four scores, best and worst clause.
N_INPUTS = 3 * N_SENTIMENTS + 2
#: Log-odds of what was never seen in training.
NEVER = -30.0


@dataclass(frozen=True, slots=True)
class ClausePools:
    """Which clauses stand for a text; texts without words have none (-1).

    Parameters
    ----------
    inputs : ndarray of float32, shape (n_texts, 14)
    shares : ndarray of float32, shape (n_clauses,)
        Weight of each clause in the mean of its text; they sum to 1 a text.
    last, best, worst : ndarray of int, shape (n_texts,)
        Numbers of clauses in the batch.
    """

    inputs: Floats
    shares: Floats
    last: Longs
    best: Longs
    worst: Longs


def softmax(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return probabilities along the last axis.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float64)


def fit_classes(
    inputs: NDArray[np.floating[Any]],
    labels: Longs,
    n_classes: int,
    c: float = 1.0,
    sample_weights: NDArray[np.floating[Any]] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a multinomial logistic regression; a class that no label names is never shown.

    Parameters
    ----------
    inputs : ndarray, shape (n_texts, n_inputs)
    labels : ndarray of int, shape (n_texts,)
    n_classes : int
    c : float, default=1.0
        Inverse regularisation.
    sample_weights : ndarray or None, shape (n_texts,)

    Returns
    -------
    weights : ndarray, shape (n_inputs, n_classes)
    intercepts : ndarray, shape (n_classes,)
    """
    from sklearn.linear_model import LogisticRegression  # training only: half the time of a cold start

    weights = np.zeros((inputs.shape[1], n_classes))
    intercepts = np.full(n_classes, NEVER)
    seen = np.unique(labels)
    if len(seen) < 2:
        intercepts[seen] = 0.0
        return weights, intercepts
    model = LogisticRegression(C=c, max_iter=2000, tol=1e-6).fit(inputs, labels, sample_weight=sample_weights)
    weights[:, seen] = both_classes(model.coef_).T
    intercepts[seen] = both_classes(model.intercept_[:, None])[:, 0]
    return weights, intercepts


def both_classes(one: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return one row a class: scikit-learn gives a single one for two classes."""
    return np.vstack([-one / 2, one / 2]) if len(one) == 1 else one


def pool_clauses(scores: BatchScores) -> ClausePools:
    """Return the inputs of the head for every text of a batch."""
    n_texts, owners = len(scores.texts), scores.clause_texts
    clauses = scores.clauses[:, :N_SENTIMENTS]
    # Clauses of marks only ("!!!") count where nothing else is there.
    words = np.maximum(scores.clause_words, 1e-3)
    totals = np.bincount(owners, words, n_texts)
    shares = (words / totals[owners]).astype(np.float32)
    mean = np.stack(
        [np.bincount(owners, clauses[:, k] * shares, n_texts) for k in range(N_SENTIMENTS)], axis=1
    )
    has_clause = totals > 0
    last = np.where(has_clause, np.searchsorted(owners, np.arange(n_texts), side="right") - 1, -1)
    tilt = clauses[:, POSITIVE] - clauses[:, NEGATIVE]
    first = np.searchsorted(owners, np.arange(n_texts), side="left")
    best, worst = _extreme(tilt, owners, first, has_clause), _extreme(-tilt, owners, first, has_clause)
    inputs = np.zeros((n_texts, N_INPUTS), dtype=np.float32)
    inputs[:, :4] = scores.texts[:, :N_SENTIMENTS]
    inputs[:, 4:8] = mean
    inputs[has_clause, 8:12] = clauses[last[has_clause]]
    inputs[has_clause, 12] = tilt[best[has_clause]]
    inputs[has_clause, 13] = tilt[worst[has_clause]]
    return ClausePools(inputs, shares, last, best, worst)


def _extreme(values: Floats, owners: Longs, first: Longs, has_clause: NDArray[np.bool_]) -> Longs:
    """Return the number of the clause with the largest value of each text; the earlier one of equals."""
    if not len(values):
        return np.full(len(first), -1, dtype=np.int64)
    order = np.lexsort((-values, owners))
    return np.where(has_clause, order[np.minimum(first, len(order) - 1)], -1)


@dataclass(frozen=True, slots=True)
class SentimentHead:
    """Calibrated probabilities from pooled scores.

    Parameters
    ----------
    weights : ndarray, shape (14, 4)
    intercepts : ndarray, shape (4,)
    mixed_threshold : float
        P(mixed) from which on a text is called mixed.
    """

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    mixed_threshold: float

    @classmethod
    def fit(cls, inputs: Floats, labels: Longs, mixed_threshold: float = 0.5) -> Self:
        """Fit the head on texts that the linear model has not seen.

        Parameters
        ----------
        inputs : ndarray, shape (n_texts, 14)
        labels : ndarray of int, shape (n_texts,)
            Places in records.SENTIMENTS.
        """
        spread = inputs.std(axis=0) + 1e-6
        weights, intercepts = fit_classes(inputs / spread, labels, N_SENTIMENTS)
        return cls(weights / spread[:, None], intercepts, mixed_threshold)

    def decision(self, inputs: Floats) -> NDArray[np.float64]:
        """Return the log-odds (up to a constant a text), shape (n_texts, 4)."""
        return inputs @ self.weights + self.intercepts

    def probabilities(self, inputs: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return P(negative, neutral, positive | not mixed), shape (n_texts, 3), and P(mixed)."""
        every = softmax(self.decision(inputs))
        three = every[:, :MIXED]
        return np.asarray(three / three.sum(axis=1, keepdims=True)), every[:, MIXED]

    def labels(self, three: NDArray[np.float64], mixed: NDArray[np.float64]) -> Longs:
        """Return the place of the label shown in records.SENTIMENTS."""
        return np.where(mixed >= self.mixed_threshold, MIXED, three.argmax(axis=1))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "weights": self.weights.tolist(),
            "intercepts": self.intercepts.tolist(),
            "mixed_threshold": self.mixed_threshold,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(
            np.array(stored["weights"]), np.array(stored["intercepts"]), float(stored["mixed_threshold"])
        )
