"""Sentiment of a text from the scores of the whole and of its clauses.

The linear model gives four scores (negative, neutral, positive, mixed) to the text and to each clause. The head
sees, for every class, the score of the text, the mean over clauses (weighted by words) and the last clause, and the
best and the worst clause (positive minus negative score). Clauses that are asides (see roles) do not count; where there
are any, the mean of the others stands for the text. A multinomial logistic regression over these 14 numbers,
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
from feedback_nlp.scan import Longs, run_starts
from feedback_nlp.scoring import BatchScores

__all__ = ["MIXED", "N_SENTIMENTS", "ClausePools", "SentimentHead", "pool_clauses", "softmax"]

N_SENTIMENTS = 4
NEGATIVE, NEUTRAL, POSITIVE, MIXED = range(N_SENTIMENTS)
#: Where the inputs of the head stand: three blocks of four scores, best and worst clause.
TEXT, MEAN, LAST = (slice(k * N_SENTIMENTS, (k + 1) * N_SENTIMENTS) for k in range(3))
BEST, WORST = 12, 13
N_INPUTS = 14
#: Log-odds of what was never seen in training.
NEVER = -30.0


@dataclass(frozen=True, slots=True)
class ClausePools:
    """Which clauses stand for a text; texts without words have none (-1).

    Parameters
    ----------
    inputs : ndarray of float32, shape (n_texts, 14)
    shares : ndarray of float32, shape (n_clauses,)
        Weight of each clause in the mean of its text; they sum to 1 a text. 0 for asides.
    replaced : ndarray of bool, shape (n_texts,)
        Texts with asides: the mean of their clauses stands for the whole.
    last : ndarray of int, shape (n_texts,)
        Number of the last clause in the batch.
    tilts : ndarray of float32, shape (n_clauses,)
        Positive score less negative score of each clause; NaN for asides.
    owners : ndarray of int, shape (n_clauses,)
        Text of each clause.
    """

    inputs: Floats
    shares: Floats
    replaced: NDArray[np.bool_]
    last: Longs
    tilts: Floats
    owners: Longs

    @property
    def best(self) -> Longs:
        """Number of the clause with the largest tilt of each text, shape (n_texts,); the earlier one of equals."""
        return self._extreme(self.tilts)

    @property
    def worst(self) -> Longs:
        """Number of the clause with the smallest tilt of each text, likewise."""
        return self._extreme(-self.tilts)

    def _extreme(self, values: Floats) -> Longs:
        out = np.full(len(self.inputs), -1)
        order = np.lexsort((-np.where(np.isnan(values), -np.inf, values), self.owners))
        first = run_starts(self.owners)
        out[self.owners[first]] = order[first]
        return out


def softmax(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return probabilities along the last axis.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(scores - np.maximum.reduce(scores, axis=-1, keepdims=True))
    return np.asarray(powers / np.add.reduce(powers, axis=-1, keepdims=True), dtype=np.float64)


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
    clauses, asides = scores.clauses[:, :N_SENTIMENTS], scores.tokens.asides
    first = run_starts(owners)
    texts, ends = owners[first], np.concatenate([first[1:], [len(owners)]])[: len(first)]
    last = np.full(n_texts, -1)
    last[texts] = ends - 1
    tilts = clauses[:, POSITIVE] - clauses[:, NEGATIVE]
    # Clauses of marks only ("!!!") count where nothing else is there.
    words = np.maximum(scores.clause_words, 1e-3)
    replaced = np.zeros(n_texts, dtype=np.bool_)
    if asides.any():
        kept = ~asides
        kept |= (np.bincount(owners, kept, n_texts) == 0)[
            owners
        ]  # where all are asides, they are all there is
        words = words * kept
        tilts = np.where(kept, tilts, np.float32(np.nan))
        last[owners[kept]] = kept.nonzero()[0]  # of several the last one stays
        replaced[owners[~kept]] = True
    shares = (words / np.bincount(owners, words, n_texts)[owners]).astype(np.float32)
    inputs = np.zeros((n_texts, N_INPUTS), dtype=np.float32)
    inputs[:, TEXT] = scores.texts[:, :N_SENTIMENTS]
    if len(first):
        inputs[texts, MEAN] = np.add.reduceat(clauses * shares[:, None], first, dtype=np.float64)
        inputs[texts, LAST] = clauses[last[texts]]
        inputs[texts, BEST] = np.fmax.reduceat(tilts, first)
        inputs[texts, WORST] = np.fmin.reduceat(tilts, first)
    if len(asides) and replaced.any():
        inputs[replaced, TEXT] = inputs[replaced, MEAN]
    return ClausePools(inputs, shares, replaced, last, tilts, owners)


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
    def fit(
        cls,
        inputs: Floats,
        labels: Longs,
        mixed_threshold: float = 0.5,
        sample_weights: NDArray[np.floating[Any]] | None = None,
    ) -> Self:
        """Fit the head on texts that the linear model has not seen.

        Parameters
        ----------
        inputs : ndarray, shape (n_texts, 14)
        labels : ndarray of int, shape (n_texts,)
            Places in records.SENTIMENTS.
        mixed_threshold : float, default=0.5
        sample_weights : ndarray or None, shape (n_texts,)
        """
        spread = inputs.std(axis=0) + 1e-6
        weights, intercepts = fit_classes(
            inputs / spread, labels, N_SENTIMENTS, sample_weights=sample_weights
        )
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
