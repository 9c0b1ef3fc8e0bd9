"""Figures that judge an analyzer: agreement with labels, calibration, coverage. Plain numpy and scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

__all__ = ["calibration_error", "coverage_at_precision", "macro_f1", "pair_f1", "risk_coverage"]


def calibration_error(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64], bins: int = 15
) -> float:
    """Return the expected calibration error of the class shown (Guo et al. 2017, ICML, eq. 3).

    Parameters
    ----------
    probabilities : ndarray, shape (n_texts, n_classes)
    labels : ndarray of int, shape (n_texts,)
    bins : int, default=15
        Of equal width over [0, 1].

    Examples
    --------
    >>> calibration_error(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
    0.0
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, right.astype(float) - confidence, bins)
    return float(np.abs(gaps).sum() / len(labels))


def risk_coverage(confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of right labels among the k most confident, for k = 1 ... n.

    Examples
    --------
    >>> risk_coverage(np.array([0.9, 0.8]), np.array([True, False])).tolist()
    [1.0, 0.5]
    """
    order = np.argsort(-confidence, kind="stable")
    return np.asarray(np.cumsum(right[order]) / np.arange(1, len(order) + 1))


def coverage_at_precision(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], threshold: float
) -> tuple[float, float]:
    """Return the share of texts at or above a threshold, and the share of right labels among them."""
    sure = confidence >= threshold
    return float(sure.mean()), float(right[sure].mean()) if sure.any() else float("nan")


def pair_f1(truth: Sequence[set[Any]], found: Sequence[set[Any]]) -> float:
    """Return micro-F1 over sets, such as topics with their sentiment.

    Examples
    --------
    >>> pair_f1([{"a", "b"}], [{"a", "c"}])
    0.5
    """
    hits = sum(len(t & f) for t, f in zip(truth, found, strict=True))
    total = sum(map(len, truth)) + sum(map(len, found))
    return 2 * hits / total if total else 1.0


def macro_f1(truth: Any, found: Any, labels: Sequence[Any] | None = None) -> float:
    """Return the unweighted mean of the classes' F1."""
    return float(f1_score(truth, found, labels=labels, average="macro", zero_division=0))
