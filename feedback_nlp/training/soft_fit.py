"""Fits logistic regressions to probabilities, over terms and spellings that are never multiplied out.

scikit-learn's regressions take labels, so a text with soft targets has to stand there once for each class, and the
spellings of half a million texts would be a matrix of many gigabytes. Here the objective is written down: cross-entropy
with soft targets and a quadratic penalty, minimised by scipy's L-BFGS, the solver that scikit-learn calls, too. Each
coefficient is scaled by an estimate of its curvature first (a diagonal preconditioner; Nocedal & Wright 2006, ch. 5.1),
without which common words and rare ones pull the solver to and fro: it gets as far in ten steps as in sixty otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from feedback_nlp.bundle import Floats

__all__ = ["Design", "fit_soft"]

#: Variance of a prediction that the curvature is estimated with: p(1 - p) of a rather sure model.
_VARIANCE: Final = 0.12
#: The solver stops where a step changes the objective by less than this share.
_TOLERANCE: Final = 1e-7
#: Steps that the solver remembers; each takes two arrays of the size of all coefficients.
_MEMORY: Final = 6

#: Returns the cross-entropy of a row of scores with its target, and its derivative by the scores.
_Loss = Callable[[Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Design:
    """The features of all texts.

    Parameters
    ----------
    terms : sparse matrix, shape (n_texts, n_terms)
    words : sparse matrix, shape (n_texts, n_words)
        What each spelled word counts in each text.
    profiles : sparse matrix, shape (n_words, n_grams)
        Spellings of the words; those of a text are ``words @ profiles``.

    Examples
    --------
    >>> design = Design(*(sp.csr_matrix(np.eye(2, dtype=np.float32)) for _ in range(3)))
    >>> design.scores(np.array([[1.0], [2.0], [3.0], [4.0]], dtype=np.float32)).ravel().tolist()
    [4.0, 6.0]
    """

    terms: sp.csr_matrix
    words: sp.csr_matrix
    profiles: sp.csr_matrix

    @property
    def n_features(self) -> int:
        """Terms and n-grams of letters."""
        return int(self.terms.shape[1] + self.profiles.shape[1])

    @cached_property
    def _flipped(self) -> tuple[sp.csr_matrix, sp.csr_matrix, sp.csr_matrix]:
        return tuple(part.T.tocsr() for part in (self.terms, self.words, self.profiles))  # type: ignore[return-value]

    def scores(self, coefficients: Floats) -> Floats:
        """Return the product with coefficients of shape (n_features, n_outputs)."""
        n_terms = self.terms.shape[1]
        spelled = self.words @ (self.profiles @ coefficients[n_terms:])
        return np.asarray(self.terms @ coefficients[:n_terms] + spelled)

    def gradient(self, by_scores: Floats) -> Floats:
        """Return the derivative by the coefficients from that by the scores, shape (n_texts, n_outputs)."""
        terms, words, profiles = self._flipped
        return np.concatenate([terms @ by_scores, profiles @ (words @ by_scores)])

    def squares(self, weights: Floats) -> Floats:
        """Return about what each squared feature sums to over texts of these weights, shape (n_features,)."""
        terms, words, profiles = self._flipped
        # Of two words with the same letters only their average counts is known here.
        alone = profiles.power(2) @ (words.power(2) @ weights)
        together = (profiles @ (words @ weights)) ** 2 / max(float(weights.sum()), 1e-9)
        return np.concatenate([terms.power(2) @ weights, alone + together])


def _softmax_loss(scores: Floats, targets: Floats) -> tuple[Floats, Floats]:
    scores = scores - scores.max(axis=1, keepdims=True)
    shares = np.exp(scores)
    sums = shares.sum(axis=1, keepdims=True)
    losses = (np.log(sums) - (targets * scores).sum(axis=1, keepdims=True)).ravel()
    return losses, shares / sums - targets


def _sigmoid_loss(scores: Floats, targets: Floats) -> tuple[Floats, Floats]:
    losses = (np.logaddexp(0, scores) - targets * scores).sum(axis=1)
    return losses, np.asarray(1 / (1 + np.exp(-scores)) - targets, dtype=np.float32)


def fit_soft(
    design: Design, targets: Floats, weights: Floats, *, exclusive: bool, c: float, iterations: int
) -> Floats:
    """Fit a multinomial logistic regression, or one for each column, to probabilities.

    Parameters
    ----------
    design : Design
    targets : ndarray of float32, shape (n_texts, n_outputs)
        Probabilities; rows sum to 1 where `exclusive`.
    weights : ndarray of float32, shape (n_texts,)
    exclusive : bool
        Whether just one of the outputs is true of a text.
    c : float
        Inverse regularisation; intercepts are free.
    iterations : int
        At most so many steps.

    Returns
    -------
    ndarray of float32, shape (n_features, n_outputs)
        Without intercepts. 0 for outputs that no text has or, unless `exclusive`, that all have.
    """
    coefficients = np.zeros((design.n_features, targets.shape[1]), np.float32)
    shares = weights @ targets
    told_apart = np.flatnonzero((shares > 0) & (exclusive | (shares < weights.sum())))
    if len(told_apart) > int(exclusive):
        coefficients[:, told_apart] = _minimize(
            design,
            np.ascontiguousarray(targets[:, told_apart]),
            weights,
            _softmax_loss if exclusive else _sigmoid_loss,
            c,
            iterations,
        )
    return coefficients


def _minimize(
    design: Design, targets: Floats, weights: Floats, loss: _Loss, c: float, iterations: int
) -> Floats:
    n_features, n_outputs = design.n_features, targets.shape[1]
    curvature = 1 + c * _VARIANCE * np.r_[design.squares(weights), weights.sum()]
    scale = (1 / np.sqrt(curvature)).astype(np.float32)[:, None]

    def objective(scaled: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        all_coefficients = scaled.reshape(-1, n_outputs).astype(np.float32) * scale
        inner = all_coefficients[:-1]
        losses, slopes = loss(design.scores(inner) + all_coefficients[-1], targets)
        slopes *= c * weights[:, None]
        gradient = np.concatenate([design.gradient(slopes) + inner, slopes.sum(axis=0, keepdims=True)])
        value = c * float(losses.astype(np.float64) @ weights) + 0.5 * float(
            np.square(inner, dtype=np.float64).sum()
        )
        return value, (gradient * scale).ravel().astype(np.float64)

    with threadpool_limits(1):
        found = minimize(
            objective,
            np.zeros((n_features + 1) * n_outputs),
            jac=True,
            method="L-BFGS-B",
            options={
                "maxiter": iterations,
                "maxfun": 2 * iterations,
                "maxcor": _MEMORY,
                "ftol": _TOLERANCE,
                "gtol": 1e-9,
            },
        )
    return np.asarray(found.x.reshape(-1, n_outputs)[:-1] * scale[:-1], dtype=np.float32)
