"""Moves a fitted model toward corrected labels, and no further than they ask.

The weights of the bundle stay as they are; a change of them is learned, and every change costs (a ridge penalty
toward the bundle's weights, as in Chelba and Acero 2006, "Adaptation of maximum entropy capitalizer"). Nothing that the
bundle was trained on is needed: with no corrections the change is none.

The heads are linear in the weights once the clauses that stand for a text are chosen, so the change is learned through
them: every head gives its log-odds as a sum of (features of a stretch of text) x (weights) x (a small matrix).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

__all__ = ["Shift", "Stretch", "fit_shift"]

Doubles = NDArray[np.float64]
#: Steps of the solver; the penalty makes the problem well-conditioned.
_ITERATIONS = 30
#: Penalty of a shifted intercept against that of a weight.
_INTERCEPT_PENALTY = 1.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Features of one stretch of each text, and how its scores enter the log-odds.

    Parameters
    ----------
    features : sparse matrix, shape (n_texts, n_features)
    mixing : ndarray, shape (n_outputs, n_classes)
        Log-odds of a class for a score of 1.
    """

    features: sp.csr_matrix
    mixing: Doubles


@dataclass(frozen=True, slots=True)
class Shift:
    """What is added.

    Parameters
    ----------
    weights : ndarray, shape (n_features, n_outputs)
    intercepts : ndarray, shape (n_classes,)
    """

    weights: Doubles
    intercepts: Doubles


def fit_shift(
    stretches: Sequence[Stretch], odds: Doubles, truth: Doubles, penalty: float, *, several: bool
) -> Shift:
    """Learn what to add to weights and intercepts.

    Parameters
    ----------
    stretches : sequence of Stretch
        All with the same features and outputs.
    odds : ndarray, shape (n_texts, n_classes)
        Log-odds as the bundle gives them.
    truth : ndarray, shape (n_texts, n_classes)
        1 where people say the class, else 0.
    penalty : float
        Of the squared change, against the loss summed over texts.
    several : bool
        Whether a text can have several classes, each decided alone; else exactly one.

    Examples
    --------
    >>> word = Stretch(sp.csr_matrix(np.array([[1.0], [0.0]])), np.array([[1.0]]))
    >>> moved = fit_shift([word], np.zeros((2, 1)), np.array([[1.0], [0.0]]), 1.0, several=True)
    >>> bool(moved.weights[0, 0] > 0)
    True
    """
    stretches = _joined(stretches)
    size, n_outputs = stretches[0].features.shape[1], stretches[0].mixing.shape[0]
    n_classes = odds.shape[1]
    cut = size * n_outputs
    transposed = [part.features.T.tocsr() for part in stretches]

    def cost(flat: Doubles) -> tuple[float, Doubles]:
        weights, intercepts = flat[:cut].reshape(size, n_outputs), flat[cut:]
        moved = odds + intercepts
        for part in stretches:
            moved = moved + (part.features @ weights) @ part.mixing
        loss, residual = _loss(moved, truth, several=several)
        slope = penalty * weights
        for part, columns in zip(stretches, transposed, strict=True):
            slope = slope + columns @ (residual @ part.mixing.T)
        loss += penalty / 2 * float((weights**2).sum() + _INTERCEPT_PENALTY * (intercepts**2).sum())
        at_intercepts = residual.sum(axis=0) + penalty * _INTERCEPT_PENALTY * intercepts
        return loss, np.concatenate([slope.ravel(), at_intercepts])

    start = np.zeros(cut + n_classes)
    with threadpool_limits(1):  # the steps are small: threads would only wait for each other
        found = minimize(
            cost,
            start,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _ITERATIONS, "ftol": 1e-5, "gtol": 1e-3},
        )
    return Shift(found.x[:cut].reshape(size, n_outputs), found.x[cut:])


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Return one stretch where a single score enters a single class: their features add up. One type all through."""
    if stretches[0].mixing.shape != (1, 1):
        return [Stretch(part.features.astype(np.float64), part.mixing) for part in stretches]
    features = sum(part.features.astype(np.float64) * part.mixing[0, 0] for part in stretches)
    return [Stretch(sp.csr_matrix(features), np.ones((1, 1)))]


def _loss(odds: Doubles, truth: Doubles, *, several: bool) -> tuple[float, Doubles]:
    """Return the log-loss over all texts, and its slope by the log-odds."""
    if several:
        return float((np.logaddexp(0, odds) - truth * odds).sum()), 1 / (1 + np.exp(-odds)) - truth
    top = odds.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(odds - top).sum(axis=1, keepdims=True))
    return float((total[:, 0] - (truth * odds).sum(axis=1)).sum()), np.exp(odds - total) - truth
