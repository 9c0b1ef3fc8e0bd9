"""Shares corrected for the model's own mistakes, from texts that people reviewed.

Two ways. The confusion matrix [1]_ [2]_ says how the model errs and turns its counts back; it holds as long as the
model errs as it did on the reviewed texts. Prediction-powered inference [3]_ takes the model's figure and moves it
by the mean error seen on a random sample of the very texts that are reported; its interval is valid whatever the
model's errors.

References
----------
.. [1] W. J. Rogan, B. Gladen (1978), Estimating prevalence from the results of a screening test, Am. J. Epidemiology
   107.
.. [2] P. S. Levy, E. H. Kass (1970), A three-population model for sequential screening for bacteriuria, Am. J.
   Epidemiology 91 (the matrix form).
.. [3] A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic (2023), Prediction-powered inference,
   Science 382.
.. [4] A. Agresti, Y. Min (2005), Simple improved confidence intervals for comparing matched proportions, Statistics in
   Medicine 24.
.. [5] L. Kish (1965), Survey Sampling: the effective size of a weighted sample, (sum w)^2 / sum w^2.
.. [6] A. N. Angelopoulos, J. C. Duchi, T. Zrnic (2023), PPI++: efficient prediction-powered inference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.report.statistics import LEVEL, Estimate, quantile

__all__ = ["correct_by_confusion", "correct_by_review", "correct_net_by_review"]

_SMALLEST_SINGULAR = 0.1


def correct_by_confusion(
    predicted: ArrayLike, confusion: ArrayLike, *, level: float = LEVEL
) -> list[Estimate]:
    """Return the true share of each class, from the model's counts and how it errs.

    The share found is q = M' p for true shares p and M[i, j] = P(model says j | truth is i); solved for p, which for
    two classes is Rogan and Gladen's formula. The variance (delta method) holds that of q and that of every row of M.

    Parameters
    ----------
    predicted : array_like of int, shape (n_classes,)
        How many texts the model put into each class.
    confusion : array_like of int, shape (n_classes, n_classes)
        Reviewed texts by true class (row) and the model's class (column).
    level : float, default=0.95

    Returns
    -------
    list of Estimate
        One a class, in order; `n` is the number of reviewed texts.

    Raises
    ------
    InputError
        A class was never seen in review, or the model hardly tells the classes apart.

    Examples
    --------
    >>> figures = correct_by_confusion([300, 700], [[80, 20], [10, 90]])
    >>> round(figures[0].value, 4)  # (0.3 + 0.9 - 1) / (0.8 + 0.9 - 1)
    0.2857
    """
    counts, matrix = np.asarray(predicted, float), np.asarray(confusion, float)
    seen = matrix.sum(axis=1)
    if counts.sum() <= 0 or (seen < 2).any():
        raise InputError(
            "A confusion matrix needs at least two reviewed texts of every class.",
            remedy="Review more texts, or correct by the reviewed sample.",
        )
    rows = matrix / seen[:, None]
    if np.linalg.svd(rows, compute_uv=False)[-1] < _SMALLEST_SINGULAR:
        raise InputError(
            "The model hardly tells these classes apart, so its counts cannot be turned back.",
            remedy="Correct by the reviewed sample instead.",
        )
    found, n = counts / counts.sum(), counts.sum()
    back = np.linalg.inv(rows.T)
    shares = back @ found
    spread = _multinomial(found) / n
    for share, row, size in zip(
        shares, (matrix + 0.5) / (seen + matrix.shape[1] / 2)[:, None], seen, strict=True
    ):
        spread = spread + share**2 * _multinomial(row) / size
    variances = np.diag(back @ spread @ back.T)
    z, reviewed = quantile(level), round(float(seen.sum()))
    return [
        Estimate(min(1.0, max(0.0, float(s))), *_within(float(s), z * math.sqrt(v)), reviewed)
        for s, v in zip(shares, variances, strict=True)
    ]


def _multinomial(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the covariance matrix of one draw."""
    matrix: NDArray[np.float64] = np.diag(shares) - np.outer(shares, shares)
    return matrix


def _within(centre: float, half: float, lowest: float = 0.0) -> tuple[float, float]:
    return max(lowest, min(1.0, centre - half)), min(1.0, max(lowest, centre + half))


def correct_by_review(
    successes: int,
    n: int,
    predicted: Sequence[bool] | NDArray[np.bool_],
    truth: Sequence[bool] | NDArray[np.bool_],
    probabilities: ArrayLike | None = None,
    *,
    level: float = LEVEL,
) -> Estimate:
    """Return a share that is valid whatever the model's errors: prediction-powered inference [3]_.

    Parameters
    ----------
    successes, n : int
        Texts that the model put into the class, and all texts of the period.
    predicted, truth : sequence of bool, length n_reviewed
        What the model and what a person said of each reviewed text of the period.
    probabilities : array_like or None, default=None
        With which probability each came into the review sample; equal ones if None. Weighted inversely.
    level : float, default=0.95

    Returns
    -------
    Estimate
        `n` is the number of reviewed texts.

    Raises
    ------
    InputError
        Nothing was reviewed, or a probability is not in (0, 1].

    Examples
    --------
    >>> predicted, truth = [True] * 40 + [False] * 60, [True] * 30 + [False] * 70
    >>> round(correct_by_review(450, 1000, predicted, truth).value, 3)  # 0.3 reviewed; the model found 0.05 more
    0.334
    """
    said, true = np.asarray(predicted, bool), np.asarray(truth, bool)
    weights = _weights(len(said), probabilities)
    size = float(1 / np.sum(weights**2))
    table = np.array(
        [[weights[(said == s) & (true == t)].sum() for t in (False, True)] for s in (False, True)]
    )
    value, _ = _tuned(table, size, successes / n, n)
    # Half a text more in each of the four cells keeps small samples honest [4]_.
    centre, variance = _tuned((table * size + 0.5) / (size + 2), size + 2, successes / n, n)
    low, high = _within(centre, quantile(level, size) * math.sqrt(variance))
    value = min(1.0, max(0.0, value))
    return Estimate(value, min(low, value), max(high, value), len(said))


def _tuned(table: NDArray[np.float64], size: float, found: float, n: int) -> tuple[float, float]:
    """Return the power-tuned estimate [6]_ and its variance.

    `table` holds shares of reviewed texts by the model's word (row) and the truth (column). The model's figure
    counts for as much as its labels tell about the truth: fully at its best, not at all when they tell nothing.
    """
    said, true, both = table[1].sum(), table[:, 1].sum(), table[1, 1]
    spread, together = said * (1 - said), both - said * true
    power = 0.0 if spread <= 0 else max(0.0, min(1.0, together / spread / (1 + size / n)))
    residual = true * (1 - true) - 2 * power * together + power**2 * spread
    variance = max(0.0, residual) / size + power**2 * found * (1 - found) / n
    return float(true + power * (found - said)), float(variance)


def correct_net_by_review(
    net: float, n: int, predicted: ArrayLike, truth: ArrayLike, probabilities: ArrayLike | None = None
) -> Estimate:
    """Return net sentiment that is valid whatever the model's errors.

    Parameters
    ----------
    net : float
        Of all `n` texts of the period, as the model labels them.
    n : int
    predicted, truth : array_like, shape (n_reviewed,)
        Signs: -1 negative, 1 positive, 0 neither.
    probabilities : array_like or None, default=None
        As in `correct_by_review`.

    Examples
    --------
    >>> figure = correct_net_by_review(0.2, 1000, [1, 0, -1, 1] * 25, [1, 0, -1, 0] * 25)
    >>> round(figure.value, 3)
    -0.05
    """
    said, true = np.asarray(predicted, float), np.asarray(truth, float)
    weights = _weights(len(said), probabilities)
    size = float(1 / np.sum(weights**2))
    errors = true - said
    error = float(weights @ errors)
    # Two more texts, one wrong each way, as for shares.
    spread = (float(weights @ (errors - error) ** 2) * size + 2) / (size + 2)
    variance = spread / (size + 2) + max(0.0, 1 - net**2) / n
    half = quantile(LEVEL, max(size - 1, 1.0)) * math.sqrt(variance)
    value = max(-1.0, min(1.0, net + error))
    return Estimate(value, *_within(net + error, half, -1.0), len(said))


def _weights(size: int, probabilities: ArrayLike | None) -> NDArray[np.float64]:
    """Return weights that sum to 1, inverse to the sampling probabilities."""
    if size == 0:
        raise InputError("No text of this period was reviewed.", remedy="Review some, or report raw shares.")
    chances = np.ones(size) if probabilities is None else np.asarray(probabilities, float)
    if chances.shape != (size,) or not np.all((chances > 0) & (chances <= 1)):
        raise InputError("Sampling probabilities must be in (0, 1], one for each reviewed text.")
    # A weighted sample tells as much as an even one of Kish's effective size [5]_.
    weights: NDArray[np.float64] = (1 / chances) / np.sum(1 / chances)
    return weights
