"""What a topic does to the overall figure, what a change is made of, and what goes with the stars.

References
----------
.. [1] E. M. Kitagawa (1955), Components of a difference between two rates, JASA 50.
.. [2] J. G. MacKinnon, H. White (1985), Some heteroskedasticity-consistent covariance matrix estimators with improved
   finite sample properties, J. Econometrics 29 (HC3).
.. [3] W. G. Cochran (1977), Sampling Techniques, chapter 6 (ratio estimators, linearization).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from feedback_nlp.report.statistics import LEVEL, Estimate, quantile

__all__ = ["Driver", "Split", "rating_drivers", "split_change", "topic_impact"]

_MIN_TEXTS = 20


@dataclass(frozen=True, slots=True)
class Split:
    """The share of one group in a change of net sentiment.

    Parameters
    ----------
    group : str
    mix : float
        Because the group became more or less frequent.
    rate : float
        Because its own net sentiment changed.
    """

    group: str
    mix: float
    rate: float


@dataclass(frozen=True, slots=True)
class Driver:
    """How many stars go with a topic being criticised or praised, other topics held equal.

    Parameters
    ----------
    topic, sentiment : str
    stars : Estimate
        Coefficient of the regression; `n` is the number of texts with it.
    """

    topic: str
    sentiment: str
    stars: Estimate


def topic_impact(
    signs: ArrayLike, n: ArrayLike, topic_signs: ArrayLike, topic_n: ArrayLike, *, level: float = LEVEL
) -> Estimate:
    """Return what the texts of a topic add to net sentiment: all texts' minus that of all texts without the topic.

    It equals n_t / (n - n_t) * (S_t - S). The interval is by linearization [3]_, with days as clusters where that is
    wider.

    Parameters
    ----------
    signs, n : array_like, shape (n_days,)
        Positive minus negative texts, and all texts, by day.
    topic_signs, topic_n : array_like, shape (n_days,)
        The same of the texts that have the topic.
    level : float, default=0.95

    Returns
    -------
    Estimate
        In [-2, 2]; NaN where the topic has no text or every text.

    Examples
    --------
    >>> impact = topic_impact([20], [100], [-15], [20])
    >>> round(impact.value, 4)  # 0.2 with the topic, 35 / 80 without it
    -0.2375
    """
    s, size, ts, tn = (np.atleast_1d(np.asarray(a, float)) for a in (signs, n, topic_signs, topic_n))
    texts, with_topic = size.sum(), tn.sum()
    without = texts - with_topic
    if not with_topic or not without:
        return Estimate(math.nan, -2.0, 2.0, round(float(with_topic)))
    score, rest = s.sum() / texts, (s.sum() - ts.sum()) / without
    # How much each day pulls at the figure: the linear terms of a difference of two ratios.
    pulls = (s - score * size) / texts - ((s - ts) - rest * (size - tn)) / without
    days = int((size > 0).sum())
    variance, degrees = (
        _text_variance(score, rest, float(texts), float(with_topic), float(ts.sum())),
        math.inf,
    )
    clustered = float(days / (days - 1) * np.sum(pulls**2)) if days > 2 else 0.0
    if clustered > variance:
        variance, degrees = clustered, days - 1.0
    value, half = float(score - rest), quantile(level, degrees) * math.sqrt(variance)
    return Estimate(value, value - half, value + half, round(float(with_topic)))


def _text_variance(score: float, rest: float, n: float, with_topic: float, topic_signs: float) -> float:
    """Return the variance if texts were independent; a text's square is taken as 1, which is never too little."""
    without = n - with_topic
    topic_score = topic_signs / with_topic
    inside = with_topic * (1 - topic_score**2 + (topic_score - score) ** 2) / n**2
    # A text without the topic pulls at both ratios.
    difference = 1 / n - 1 / without
    outside = without * ((1 - rest**2) * difference**2 + ((rest - score) / n) ** 2)
    return inside + outside


def split_change(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> list[Split]:
    """Split a change of net sentiment into what the mix of groups and what their own sentiment did.

    Kitagawa's symmetric decomposition [1]_: all parts together are exactly the change.

    Parameters
    ----------
    before, after : mapping of str to (signs, n)
        Positive minus negative texts, and all texts, by group. Every text is in one group.

    Returns
    -------
    list of Split
        Largest first; empty where a period has no texts.

    Examples
    --------
    >>> split_change({"app": (50, 100), "mail": (0, 100)}, {"app": (25, 50), "mail": (0, 150)})
    [Split(group='app', mix=-0.078125, rate=0.0), Split(group='mail', mix=-0.046875, rate=0.0)]
    """
    first_n, second_n = (sum(n for _, n in period.values()) for period in (before, after))
    if not first_n or not second_n:
        return []
    middle = (
        sum(s for s, _ in before.values()) / first_n / 2 + sum(s for s, _ in after.values()) / second_n / 2
    )
    parts = []
    for group in sorted({*before, *after}):
        (s1, n1), (s2, n2) = before.get(group, (0.0, 0.0)), after.get(group, (0.0, 0.0))
        # A group that is in one period only has that period's sentiment in both: its coming or going is mix.
        rate1 = s1 / n1 if n1 else s2 / n2
        rate2 = s2 / n2 if n2 else rate1
        w1, w2 = n1 / first_n, n2 / second_n
        mix, rate = (w2 - w1) * ((rate1 + rate2) / 2 - middle), (w1 + w2) / 2 * (rate2 - rate1)
        parts.append(Split(group, mix, rate))
    return sorted(parts, key=lambda part: (-abs(part.mix + part.rate), part.group))


def rating_drivers(
    ratings: ArrayLike, topics: Sequence[Sequence[tuple[str, str]]], *, level: float = LEVEL
) -> list[Driver]:
    """Return how many stars go with each criticised or praised topic, by linear regression on all of them.

    Intervals are HC3 [2]_, which hold where the spread of the stars differs. They say what goes together, not what
    causes what.

    Parameters
    ----------
    ratings : array_like, shape (n_texts,)
        Stars.
    topics : sequence of sequence of (topic, sentiment), length n_texts
        Topics of each text. Only "negative" and "positive" count; those with fewer than 20 texts are left out.
    level : float, default=0.95

    Returns
    -------
    list of Driver
        Strongest first; empty where there are too few rated texts.

    Examples
    --------
    >>> topics = [[("delivery", "negative")]] * 40 + [[]] * 40
    >>> drivers = rating_drivers([1, 2] * 20 + [4, 5] * 20, topics)
    >>> drivers[0].topic, round(drivers[0].stars.value, 2)
    ('delivery', -3.0)
    """
    stars = np.asarray(ratings, float)
    found: dict[tuple[str, str], list[int]] = {}
    for row, pairs in enumerate(topics):
        for pair in set(pairs):
            if pair[1] in ("negative", "positive"):
                found.setdefault(pair, []).append(row)
    names = sorted(pair for pair, rows in found.items() if len(rows) >= _MIN_TEXTS)
    if not names or len(stars) < 2 * _MIN_TEXTS + 2 * len(names):
        return []
    design = np.zeros((len(stars), len(names) + 1))
    design[:, -1] = 1
    for column, pair in enumerate(names):
        design[found[pair], column] = 1
    coefficients, errors = _regress(design, stars)
    half = quantile(level, len(stars) - len(names) - 1) * errors
    drivers = [
        Driver(*pair, Estimate(float(b), float(b - h), float(b + h), len(found[pair])))
        for pair, b, h in zip(names, coefficients, half, strict=False)
    ]
    return sorted(drivers, key=lambda driver: (-abs(driver.stars.value), driver.topic, driver.sentiment))


def _regress(design: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return least-squares coefficients and their HC3 standard errors."""
    inverse = np.linalg.pinv(design.T @ design)
    projection = design @ inverse
    coefficients = projection.T @ target
    leverage = np.clip(np.sum(projection * design, axis=1), 0, 0.9999)
    residuals = (target - design @ coefficients) / (1 - leverage)
    covariance = (projection * residuals[:, None] ** 2).T @ projection
    return coefficients, np.sqrt(np.diag(covariance))
