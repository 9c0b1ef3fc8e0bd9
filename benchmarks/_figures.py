"""Figures, their bootstrap intervals, and Markdown tables. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["arg_max", "bootstrap_interval", "class_figures", "cut", "figure_text", "macro_f1", "markdown"]

Labels = NDArray[np.int64]


def arg_max(three: NDArray[Any], classes: Sequence[int]) -> Labels:
    """Return the likeliest of `classes` for each row of (negative, neutral, positive).

    Examples
    --------
    >>> arg_max(np.array([[0.3, 0.5, 0.2]]), (0, 2)).tolist()
    [0]
    """
    return np.asarray(classes)[three[:, list(classes)].argmax(axis=1)]


def cut(scores: NDArray[Any], classes: Sequence[int], width: float = 0.05) -> Labels:
    """Return labels of a word list's scores in [-1, 1]: neutral inside +-width, as VADER's authors advise.

    Where a set has no neutral the sign decides.

    Examples
    --------
    >>> cut(np.array([-0.05, -0.04, 0.05]), (0, 1, 2)).tolist(), cut(np.array([-0.01, 0.0]), (0, 2)).tolist()
    ([0, 1, 2], [0, 2])
    """
    if 1 not in classes:
        return np.where(scores < 0, 0, 2)
    return np.where(scores <= -width, 0, np.where(scores >= width, 2, 1))


def class_figures(truth: Labels, found: Labels, n_classes: int) -> NDArray[np.float64]:
    """Return precision, recall, F1 and support, shape (4, n_classes); labels outside 0 ... n_classes-1 are no class.

    Examples
    --------
    >>> class_figures(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).round(2).tolist()
    [[1.0, 0.5], [0.5, 1.0], [0.67, 0.67], [2.0, 1.0]]
    """
    known = (found >= 0) & (found < n_classes)
    hits = np.bincount(truth[truth == found], minlength=n_classes).astype(float)
    support = np.bincount(truth, minlength=n_classes)
    shown = np.bincount(found[known], minlength=n_classes)
    f1 = 2 * hits / np.maximum(support + shown, 1)
    return np.stack([hits / np.maximum(shown, 1), hits / np.maximum(support, 1), f1, support])


def macro_f1(truth: Labels, found: Labels, classes: Sequence[int]) -> float:
    """Return the mean F1 of `classes`.

    Examples
    --------
    >>> round(macro_f1(np.array([0, 0, 2]), np.array([0, 2, 2]), (0, 2)), 2)
    0.67
    """
    return float(class_figures(truth, found, max(classes) + 1)[2][list(classes)].mean())


def bootstrap_interval(
    n_texts: int, figure: Callable[[Labels], float], *, seed: int, resamples: int = 1_000
) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of a figure over texts drawn with replacement (Efron 1979).

    Parameters
    ----------
    n_texts : int
    figure : callable
        Gets the places of the drawn texts.
    seed : int
    resamples : int, default=1000
    """
    generator = np.random.default_rng(seed)
    values = [figure(generator.integers(0, n_texts, n_texts)) for _ in range(resamples)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def figure_text(value: Any) -> str:
    """Return a cell of a table: shares with three digits, "-" for nothing.

    Examples
    --------
    >>> [figure_text(value) for value in (0.87654, None, 1500, "ours")]
    ['0.877', '-', '1,500', 'ours']
    """
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def markdown(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(markdown(["set", "F1"], [["own", 0.5]]))
    | set | F1 |
    |---|---|
    | own | 0.500 |
    """
    lines = [list(headings), *([figure_text(cell) for cell in row] for row in rows)]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(headings), *text[1:]])
