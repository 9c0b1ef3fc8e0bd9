"""Changes between two periods: differences with intervals, tests, and what many tests together may claim.

Whole days that differ are respected as in `feedback_nlp.report.statistics`.

References
----------
.. [1] R. G. Newcombe (1998), Interval estimation for the difference between independent proportions, Statistics in
   Medicine 17 (method 10).
.. [2] Y. Benjamini, Y. Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
.. [3] F. E. Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from feedback_nlp.report.statistics import (
    ALIKE_FOR_CLAIMS,
    LEVEL,
    Estimate,
    Sample,
    net_estimate,
    quantile,
    share_estimate,
)

__all__ = ["Change", "adjust_p_values", "change_of_net", "change_of_share"]


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two periods: after minus before.

    Parameters
    ----------
    before, after : Estimate
    value, low, high : float
        The difference and its interval.
    p_value : float
        Two-sided, of no difference; before any adjustment for many comparisons.
    """

    before: Estimate
    after: Estimate
    value: float
    low: float
    high: float
    p_value: float


def _degrees(first: float, first_degrees: float, second: float, second_degrees: float) -> float:
    """Return the degrees of freedom of a sum of two variances (Satterthwaite [3]_)."""
    below = first**2 / first_degrees + second**2 / second_degrees
    return (first + second) ** 2 / below if below > 0 else math.inf


def _two_sided(statistic: float, degrees: float) -> float:
    lower = special.ndtr(-abs(statistic)) if math.isinf(degrees) else special.stdtr(degrees, -abs(statistic))
    return float(min(1.0, 2 * lower))


def change_of_net(before: Sample, after: Sample, *, level: float = LEVEL) -> Change:
    """Return how net sentiment changed, tested by the difference over its standard error.

    Examples
    --------
    >>> change = change_of_net(Sample.of_days(60, 20, 100), Sample.of_days(40, 40, 100))
    >>> round(change.value, 2), change.p_value < 0.001
    (-0.4, True)
    """
    first, second = before.net_variance, after.net_variance
    degrees = _degrees(first, before.degrees, second, after.degrees)
    value, error = after.net - before.net, math.sqrt(first + second)
    if not math.isfinite(value):
        return Change(net_estimate(before), net_estimate(after), math.nan, -2.0, 2.0, 1.0)
    half = quantile(level, degrees) * error
    low, high = max(-2.0, value - half), min(2.0, value + half)
    estimates = net_estimate(before, level=level), net_estimate(after, level=level)
    return Change(*estimates, value, low, high, _two_sided(value / error, degrees))


def change_of_share(
    before: tuple[ArrayLike, ArrayLike], after: tuple[ArrayLike, ArrayLike], *, level: float = LEVEL
) -> Change:
    """Return how a share changed: pooled two-proportion z test, Fisher's exact test where counts are small.

    The interval is Newcombe's hybrid of two Wilson intervals [1]_.

    Parameters
    ----------
    before, after : (successes, n)
        Counts by day, or single numbers.
    level : float, default=0.95

    Examples
    --------
    >>> change = change_of_share((56, 70), (48, 80))
    >>> [round(figure, 4) for figure in (change.value, change.low, change.high, change.p_value)]
    [-0.2, -0.3339, -0.0524, 0.008]
    """
    samples = [
        Sample.of_days(x, np.zeros_like(np.asarray(n, float)), n, alike=ALIKE_FOR_CLAIMS)
        for x, n in (before, after)
    ]
    first, second = (share_estimate(x, n, level=level) for x, n in (before, after))
    if not first.n or not second.n:
        return Change(first, second, math.nan, -1.0, 1.0, 1.0)
    value = second.value - first.value
    low = value - math.hypot(second.value - second.low, first.high - first.value)
    high = value + math.hypot(second.high - second.value, first.value - first.low)
    return Change(first, second, value, max(-1.0, low), min(1.0, high), _p_of_shares(*samples))


def _p_of_shares(before: Sample, after: Sample) -> float:
    pooled = (before.positive + after.positive) / (before.n + after.n)
    if pooled in (0.0, 1.0):
        return 1.0
    if min(before.n, after.n) * min(pooled, 1 - pooled) < 5:
        return _fisher(before, after)
    variances = [pooled * (1 - pooled) / sample.n for sample in (before, after)]
    degrees = _degrees(variances[0], before.degrees, variances[1], after.degrees)
    return _two_sided((after.net - before.net) / math.sqrt(sum(variances)), degrees)


def _fisher(before: Sample, after: Sample) -> float:
    """Return the two-sided p-value of Fisher's exact test: all tables as unlikely as this one, or more.

    Written out since importing scipy.stats takes longer than many a report.
    """
    x1, x2 = round(before.positive), round(after.positive)
    n1, n2 = max(round(before.n), x1), max(round(after.n), x2)
    total = x1 + x2
    k = np.arange(max(0, total - n2), min(n1, total) + 1)
    logs = _log_choose(n1, k) + _log_choose(n2, total - k) - _log_choose(n1 + n2, total)
    likely = np.exp(logs)
    return float(min(1.0, likely[likely <= likely[x1 - k[0]] * (1 + 1e-7)].sum()))


def _log_choose(n: int, k: ArrayLike) -> NDArray[np.float64]:
    chosen = np.asarray(k, float)
    return np.asarray(-np.log(n + 1.0) - special.betaln(n - chosen + 1, chosen + 1))


def adjust_p_values(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for all comparisons together after Benjamini and Hochberg [2]_.

    Examples
    --------
    >>> [round(p, 4) for p in adjust_p_values([0.01, 0.02, 0.03, 0.5])]
    [0.04, 0.04, 0.04, 0.5]
    """
    p = np.asarray(p_values, float)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return [float(q) for q in adjusted]
