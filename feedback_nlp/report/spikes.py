"""Days and weeks in which a topic drew far more criticism than usual.

Every day, and every seven days together, are compared with the same weekdays of the eight weeks before, the best and
the worst of them left out. All topics and days are tested together, so that a long report does not cry wolf. What is
found is then dated to the run of days that stands out most (Kulldorff's scan statistic).

References
----------
.. [1] M. Kulldorff (1997), A spatial scan statistic, Communications in Statistics 26.
.. [2] P. McCullagh, J. A. Nelder (1989), Generalized Linear Models, 4.5 (dispersion of binomial counts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from feedback_nlp.report.differences import adjust_p_values

__all__ = ["Spike", "find_spikes"]

_WEEKS = 8
_MIN_WEEKS = 4
_WINDOWS = (1, 7)
_MIN_TEXTS = 5
_MIN_RATIO = 1.5
#: Windows of one topic closer than this belong to one spike.
_APART = 7
_LONGEST = 56

Days = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spike:
    """A run of days with more criticism of a topic than usual.

    Parameters
    ----------
    topic : str
    first, last : int
        Days, both included.
    p_value : float
        Smallest adjusted p-value of its windows.
    baseline : tuple of int
        Days that it was compared with.
    """

    topic: str
    first: int
    last: int
    p_value: float
    baseline: tuple[int, ...]


def find_spikes(critical: Mapping[str, Days], texts: Days, *, rate: float = 0.01) -> list[Spike]:
    """Find spikes of all topics together.

    Parameters
    ----------
    critical : mapping of str to ndarray, shape (n_days,)
        Texts that criticise the topic, by day.
    texts : ndarray, shape (n_days,)
        All texts, by day.
    rate : float, default=0.01
        Accepted share of false windows among those found (Benjamini and Hochberg).

    Returns
    -------
    list of Spike
        In order of time; those of one topic do not touch.

    Examples
    --------
    >>> texts, late = np.full(84, 20.0), np.full(84, 1.0)
    >>> late[70:73] = 12
    >>> [(spike.topic, spike.first, spike.last) for spike in find_spikes({"delivery": late}, texts)]
    [('delivery', 70, 72)]
    """
    size = np.asarray(texts, float)
    tested = [
        (topic, window, _p_values(np.asarray(counts, float), size, window))
        for topic, counts in critical.items()
        for window in _WINDOWS
    ]
    flat = [p for _, _, p_values in tested for p in p_values[~np.isnan(p_values)]]
    adjusted = iter(adjust_p_values(flat))
    marked: dict[str, Days] = {topic: np.ones(len(size)) for topic in critical}
    for topic, window, p_values in tested:
        for end in np.flatnonzero(~np.isnan(p_values)):
            p, days = next(adjusted), slice(end - window + 1, end + 1)
            if p <= rate:
                marked[topic][days] = np.minimum(marked[topic][days], p)
    spikes = [
        spike
        for topic, p_values in marked.items()
        for spike in _spikes_of(topic, np.asarray(critical[topic], float), size, p_values)
    ]
    return sorted(spikes, key=lambda spike: (spike.first, spike.topic))


def _p_values(counts: Days, texts: Days, window: int) -> Days:
    """Return for each day how likely so much criticism in the window that ends there would be; NaN if untested."""
    x, n = _rolling(counts, window), _rolling(texts, window)
    base_x, base_n = _baseline(x, n)
    dispersion = _dispersion(counts, texts, window)
    found = np.full(len(x), np.nan)
    # What is not above the baseline is no spike and needs no exact figure.
    tested = (base_n > 0) & (n > 0)
    found[tested] = 1.0
    above = tested & (x >= _MIN_TEXTS) & (x * base_n > _MIN_RATIO * base_x * n)
    x, n, base_x, base_n, spread = (values[above] for values in (x, n, base_x, base_n, dispersion))
    share = (base_x + 0.5) / (base_n + 1)
    # The baseline is uncertain, too; what it leaves open widens the prediction.
    spread = np.minimum(spread * (1 + n / base_n), n - 0.5)
    strength = (n - 1) / np.maximum(spread - 1, 1e-6) - 1
    beta = (share * strength, (1 - share) * strength)
    found[above] = [beta_binomial_tail(*values) for values in zip(x, n, *beta, strict=True)]
    return found


def beta_binomial_tail(x: float, n: float, a: float, b: float) -> float:
    """Return how likely a beta-binomial count of n draws is at least x.

    Examples
    --------
    >>> round(beta_binomial_tail(2, 2, 1, 1), 4)  # uniform over 0, 1 and 2
    0.3333
    """
    k = np.arange(x, n + 1)
    logs = (
        special.betaln(k + a, n - k + b)
        - special.betaln(a, b)
        - special.betaln(n - k + 1, k + 1)
        - np.log(n + 1)
    )
    return float(min(1.0, np.exp(logs).sum()))


def _rolling(values: Days, window: int) -> Days:
    total = np.concatenate([[0.0], np.cumsum(values)])
    rolled = np.zeros(len(values))
    if len(values) >= window:
        rolled[window - 1 :] = total[window:] - total[:-window]
    return rolled


def _baseline(x: Days, n: Days) -> tuple[Days, Days]:
    """Return counts of the same weekday in the weeks before, without the best and the worst of them."""
    days = len(x)
    before_x, before_n = np.zeros((_WEEKS, days)), np.zeros((_WEEKS, days))
    for week in range(1, _WEEKS + 1):
        shift = 7 * week
        if shift < days:
            before_x[week - 1, shift:], before_n[week - 1, shift:] = x[:-shift], n[:-shift]
    there = before_n > 0
    share = np.where(there, before_x / np.where(there, before_n, 1), np.nan)
    highest = np.where(there, share, -1.0).argmax(axis=0)
    lowest = np.where(there, share, 2.0).argmin(axis=0)
    columns = np.arange(days)
    kept = there.copy()
    kept[highest, columns] = False
    kept[lowest, columns] = False
    enough = there.sum(axis=0) >= _MIN_WEEKS
    return np.sum(before_x * kept, axis=0) * enough, np.sum(before_n * kept, axis=0) * enough


def _dispersion(counts: Days, texts: Days, window: int) -> Days:
    """Return by how much the days before each window spread more than binomial counts would, at least 1 [2]_.

    Pearson's statistic of the eight weeks before over its degrees of freedom. A spike is not among its own days
    before.
    """
    squares: Days = np.divide(counts**2, texts, out=np.zeros(len(counts)), where=texts > 0)
    length = 7 * _WEEKS
    open_days = (texts > 0).astype(np.float64)
    x2, x, n, days = (_before(values, length, window) for values in (squares, counts, texts, open_days))
    share = (x + 0.5) / (n + 1)
    pearson = (x2 - 2 * share * x + share**2 * n) / (share * (1 - share))
    # Its own chance of being too low is allowed for: with few days, a lucky calm is taken for the rule.
    calm = special.chdtri(np.maximum(days - 1, 1), 0.9) / np.maximum(days - 1, 1)
    return np.maximum(1.0, pearson / np.maximum(days - 1, 1) / calm)


def _before(values: Days, length: int, window: int) -> Days:
    """Return the sum over up to `length` days that end before the window of `window` days that ends at each day."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    stop = np.clip(np.arange(len(values)) - window + 1, 0, None)
    return np.asarray(total[stop] - total[np.clip(stop - length, 0, None)])


def _spikes_of(topic: str, counts: Days, texts: Days, p_values: Days) -> list[Spike]:
    marked = np.flatnonzero(p_values < 1)
    spikes: list[Spike] = []
    for run in np.split(marked, np.flatnonzero(np.diff(marked) > _APART) + 1):
        if len(run):
            start, end = int(run[0]), int(run[-1])
            taken = {day for spike in spikes for day in range(spike.first, spike.last + 1)}
            baseline = tuple(d for d in range(max(0, start - 7 * _WEEKS), start) if d not in taken)
            first, last = _most_telling(counts, texts, start, end, baseline)
            spikes.append(Spike(topic, first, last, float(p_values[run].min()), baseline))
    return spikes


def _most_telling(
    counts: Days, texts: Days, start: int, end: int, baseline: tuple[int, ...]
) -> tuple[int, int]:
    """Return the run of days within [start, end] whose share stands out most from the baseline [1]_."""
    days = list(baseline)
    usual = (counts[days].sum() + 0.5) / (texts[days].sum() + 1)
    total_x = np.concatenate([[0.0], np.cumsum(counts)])
    total_n = np.concatenate([[0.0], np.cumsum(texts)])
    best, place = -1.0, (start, end)
    for first in range(start, end + 1):
        for last in range(first, min(end, first + _LONGEST) + 1):
            x, n = total_x[last + 1] - total_x[first], total_n[last + 1] - total_n[first]
            if n and x / n > usual:
                share = min(x / n, 1 - 1e-9)
                gain = x * np.log(share / usual) + (n - x) * np.log((1 - share) / (1 - usual))
                if gain > best:
                    best, place = gain, (first, last)
    return place
