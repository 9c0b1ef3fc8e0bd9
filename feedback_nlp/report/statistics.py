"""Shares and net sentiment with their intervals, valid also where whole days differ.

Texts of one day share their weather, outage or campaign, so they are no independent draws. Wherever the days differ
by more than chance, every interval and test here counts fewer texts than there are: the effective sample size of
cluster sampling (Kish 1965; Korn and Graubard 1998), with the days as clusters and Student's t for the few of them.

References
----------
.. [1] E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
.. [2] D. G. Bonett, R. M. Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions
   based on paired data, J. Educational and Behavioral Statistics 37.
.. [3] E. L. Korn, B. I. Graubard (1998), Confidence intervals for proportions with small expected number of positive
   counts estimated from survey data, Survey Methodology 24.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = [
    "ALIKE",
    "ALIKE_FOR_CLAIMS",
    "LEVEL",
    "Estimate",
    "Sample",
    "net_estimate",
    "quantile",
    "share_estimate",
    "wilson_interval",
]

#: Nominal coverage of every interval unless asked otherwise.
LEVEL = 0.95
#: Days are taken as clusters where a chi-squared test of "the days are alike" gives less than this. Lower: intervals
#: too narrow with mild day effects; higher: too wide without any (benchmarks/intervals.py shows both).
ALIKE = 0.2
#: The same where changes are claimed, which is to be wrong rarely: any sign of differing days counts.
ALIKE_FOR_CLAIMS = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval.

    Parameters
    ----------
    value, low, high : float
        NaN, and the widest possible interval, where there are no texts.
    n : int
        Texts it rests on.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts by sentiment that count as fewer, where their days differ.

    Parameters
    ----------
    positive, negative, n : float
        Effective counts: the true ones divided by the design effect.
    texts : int
        True number of texts.
    degrees : float
        Degrees of freedom of the variance; infinite where days are taken as alike.
    """

    positive: float
    negative: float
    n: float
    texts: int
    degrees: float

    @classmethod
    def of_days(
        cls, positive: ArrayLike, negative: ArrayLike, n: ArrayLike, *, alike: float = ALIKE
    ) -> Sample:
        """Build one from counts, one of each a day (or single numbers for a single day).

        Parameters
        ----------
        positive, negative, n : array_like, shape (n_days,)
        alike : float, default=0.2
            p-value up to which days are taken as clusters.

        Examples
        --------
        >>> Sample.of_days([5, 5], [0, 0], [10, 10])
        Sample(positive=10.0, negative=0.0, n=20.0, texts=20, degrees=inf)
        """
        plus, minus, size = (np.atleast_1d(np.asarray(a, float)) for a in (positive, negative, n))
        ups, downs, texts = float(plus.sum()), float(minus.sum()), float(size.sum())
        effect, degrees = _day_effect(plus - minus, size, ups + downs, alike)
        return cls(ups / effect, downs / effect, texts / effect, round(texts), degrees)

    @property
    def net(self) -> float:
        """Positive minus negative share, in [-1, 1]; NaN without texts."""
        return (self.positive - self.negative) / self.n if self.n else math.nan

    @property
    def net_variance(self) -> float:
        """Variance of `net` after Bonett and Price: one text added to each side."""
        plus, minus = (self.positive + 1) / (self.n + 2), (self.negative + 1) / (self.n + 2)
        return (plus + minus - (plus - minus) ** 2) / (self.n + 2)


def _day_effect(
    totals: NDArray[np.float64], sizes: NDArray[np.float64], squares: float, alike: float
) -> tuple[float, float]:
    """Return the design effect of days and its degrees of freedom; (1, infinite) where the days look alike.

    Parameters
    ----------
    totals, sizes : ndarray, shape (n_days,)
        Sum of the values and number of texts, by day.
    squares : float
        Sum of all squared values.
    alike : float
        p-value up to which days are taken as clusters.
    """
    there = sizes > 0
    totals, sizes = totals[there], sizes[there]
    days, n = len(sizes), sizes.sum()
    if days < 3:
        return 1.0, math.inf
    mean = totals.sum() / n
    independent = (squares / n - mean**2) / n
    if independent <= 0:
        return 1.0, math.inf
    clustered = days / (days - 1) * np.sum((totals - mean * sizes) ** 2) / n**2
    effect = float(clustered / independent)
    if effect <= 1 or special.chdtrc(days - 1, effect * (days - 1)) > alike:
        return 1.0, math.inf
    return effect, days - 1.0


def quantile(level: float = LEVEL, degrees: float = math.inf) -> float:
    """Return how many standard errors an interval reaches to each side.

    Examples
    --------
    >>> round(quantile(), 3), round(quantile(degrees=10), 3)
    (1.96, 2.228)
    """
    upper = (1 + level) / 2
    return float(special.ndtri(upper) if math.isinf(degrees) else special.stdtrit(degrees, upper))


def wilson_interval(
    successes: float, n: float, *, level: float = LEVEL, degrees: float = math.inf
) -> tuple[float, float]:
    """Return Wilson's score interval of a share [1]_.

    Parameters
    ----------
    successes, n : float
        Counts, or effective counts (then with the degrees of freedom of their variance [3]_).
    level : float, default=0.95
    degrees : float, default=inf

    Returns
    -------
    low, high : float
        In [0, 1]; (0, 1) for n = 0.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson_interval(15, 100)]
    [0.0931, 0.2328]
    """
    if n <= 0:
        return 0.0, 1.0
    z = quantile(level, degrees)
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(max(share * (1 - share), 0) / n + z**2 / (4 * n**2))
    low = 0.0 if successes <= 0 else max(0.0, centre - half)
    return low, 1.0 if successes >= n else min(1.0, centre + half)


def share_estimate(successes: ArrayLike, n: ArrayLike, *, level: float = LEVEL) -> Estimate:
    """Return a share with Wilson's interval.

    Parameters
    ----------
    successes, n : array_like, shape (n_days,)
        Counts by day, or single numbers.
    level : float, default=0.95

    Examples
    --------
    >>> share_estimate(15, 100).value
    0.15
    """
    sample = Sample.of_days(successes, np.zeros_like(np.asarray(n, float)), n)
    low, high = wilson_interval(sample.positive, sample.n, level=level, degrees=sample.degrees)
    return Estimate(sample.net, low, high, sample.texts)


def net_estimate(sample: Sample, *, level: float = LEVEL) -> Estimate:
    """Return net sentiment, the positive minus the negative share, with its interval.

    Positive and negative shares of the same texts are paired, so the interval is Bonett and Price's [2]_.

    Examples
    --------
    >>> figure = net_estimate(Sample.of_days(60, 20, 100))
    >>> round(figure.value, 2), round(figure.low, 3), round(figure.high, 3)
    (0.4, 0.236, 0.549)
    """
    if sample.texts == 0:
        return Estimate(math.nan, -1.0, 1.0, 0)
    centre = (sample.positive - sample.negative) / (sample.n + 2)
    half = quantile(level, sample.degrees) * math.sqrt(sample.net_variance)
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return Estimate(sample.net, min(low, sample.net), max(high, sample.net), sample.texts)
