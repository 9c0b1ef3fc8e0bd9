"""What changed between two periods, over all topics and segments together, and what may be claimed of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from feedback_nlp.report.counts import (
    ALL,
    CHANNEL,
    NEGATIVE,
    POSITIVE,
    PRODUCT,
    TOPIC,
    Counts,
    DayCounts,
)
from feedback_nlp.report.differences import Change, adjust_p_values, change_of_net, change_of_share
from feedback_nlp.report.impact import Split, split_change
from feedback_nlp.report.statistics import ALIKE, Sample

__all__ = [
    "MIN_TEXTS",
    "Comparison",
    "Finding",
    "Period",
    "choose_periods",
    "compare",
    "sample_of",
    "split_net",
]

#: Below this many texts in either period nothing is claimed.
MIN_TEXTS = 30
_MIN_MENTIONS = 5
_FALSE_RATE = 0.05
_LENGTHS = (7, 28, 91)
_MIN_PERIOD = 100
_MOST_PRODUCTS = 30


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included, and the analysed texts in them."""

    first: date
    last: date
    texts: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison of the two periods.

    Parameters
    ----------
    dimension, name : str
        What is compared: "all", a topic, a channel, a product.
    measure : {"net_sentiment", "share"}
        Net sentiment of it (of a topic: by the topic's own sentiment), or the share of all texts that mention it.
    change : Change
    q_value : float or None
        p-value adjusted for all comparisons together; None where too few texts forbid a claim.
    changed : bool
        Whether a change is claimed.
    """

    dimension: str
    name: str
    measure: str
    change: Change
    q_value: float | None
    changed: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two periods, everything compared between them, and what the change of net sentiment is made of.

    Parameters
    ----------
    before, after : Period
    findings : tuple of Finding
        Claimed changes first, then by q-value.
    split_by : str
        Dimension of `split`: the one with most channels or products known; empty if neither is.
    split : tuple of Split
    """

    before: Period
    after: Period
    findings: tuple[Finding, ...]
    split_by: str = ""
    split: tuple[Split, ...] = ()


def choose_periods(counts: DayCounts, days: int | None = None) -> tuple[slice, slice] | None:
    """Return the last period and the one before it, of equal length, as slices of days.

    Parameters
    ----------
    counts : DayCounts
    days : int or None, default=None
        Their length; if None the shortest of 7, 28 and 91 days that holds 100 texts in both, else half of all days.

    Returns
    -------
    (before, after) or None
        None where there are fewer than two days.

    Examples
    --------
    >>> cells = [(date(2026, 9, 1 + day), "all", "", "neutral", 20) for day in range(28)]
    >>> choose_periods(DayCounts.from_cells(cells))
    (slice(14, 21, None), slice(21, 28, None))
    """
    if counts.days < 2:
        return None
    texts = counts.dated(ALL).sum(axis=1)
    half = counts.days // 2
    lengths = [min(days, half)] if days else [*(length for length in _LENGTHS if length <= half), half]
    for length in lengths:
        after = slice(counts.days - length, counts.days)
        before = slice(after.start - length, after.start)
        if days or min(texts[before].sum(), texts[after].sum()) >= _MIN_PERIOD:
            break
    return before, after


def sample_of(counts: Counts, alike: float = ALIKE) -> Sample:
    """Return the net-sentiment sample of counts by day and sentiment."""
    return Sample.of_days(counts[:, POSITIVE], counts[:, NEGATIVE], counts.sum(axis=1), alike=alike)


def compare(counts: DayCounts, before: slice, after: slice) -> Comparison:
    """Compare two periods in everything that has a name.

    All comparisons with enough texts are adjusted together; a change is claimed where the adjusted p-value is at most
    0.05.

    Parameters
    ----------
    counts : DayCounts
    before, after : slice
        Of days.
    """
    tested = list(_changes(counts, before, after))
    enough = [_is_enough(measure, change) for _, _, measure, change in tested]
    adjusted = iter(
        adjust_p_values([t[3].p_value for t, is_enough in zip(tested, enough, strict=True) if is_enough])
    )
    findings = []
    for (dimension, name, measure, change), is_enough in zip(tested, enough, strict=True):
        q = next(adjusted) if is_enough else None
        findings.append(Finding(dimension, name, measure, change, q, q is not None and q <= _FALSE_RATE))
    findings.sort(
        key=lambda f: (not f.changed, 2.0 if f.q_value is None else f.q_value, -abs(f.change.value))
    )
    split_by, split = split_net(counts, before, after)
    return Comparison(_period(counts, before), _period(counts, after), tuple(findings), split_by, split)


def _changes(counts: DayCounts, before: slice, after: slice) -> Iterator[tuple[str, str, str, Change]]:
    def net(dimension: str, name: str = "") -> tuple[str, str, str, Change]:
        days = counts.dated(dimension, name)
        return (
            dimension,
            name,
            "net_sentiment",
            change_of_net(sample_of(days[before]), sample_of(days[after])),
        )

    yield net(ALL)
    texts = counts.dated(ALL).sum(axis=1)
    for topic in counts.names(TOPIC):
        yield net(TOPIC, topic)
        mentions = np.minimum(counts.dated(TOPIC, topic).sum(axis=1), texts)
        change = change_of_share((mentions[before], texts[before]), (mentions[after], texts[after]))
        yield TOPIC, topic, "share", change
    for dimension in (CHANNEL, PRODUCT):
        names = counts.names(dimension)[:_MOST_PRODUCTS]
        yield from (net(dimension, name) for name in names if len(names) > 1)


def _is_enough(measure: str, change: Change) -> bool:
    before, after = change.before, change.after
    if min(before.n, after.n) < MIN_TEXTS:
        return False
    mentions = before.n * before.value + after.n * after.value
    return measure != "share" or mentions >= _MIN_MENTIONS


def _period(counts: DayCounts, days: slice) -> Period:
    texts = int(counts.dated(ALL)[days].sum())
    return Period(counts.day(days.start), counts.day(days.stop - 1), texts)


def split_net(counts: DayCounts, before: slice, after: slice) -> tuple[str, tuple[Split, ...]]:
    """Split the change of net sentiment over channels, or over products where there is one channel at most."""
    for dimension in (CHANNEL, PRODUCT):
        names = counts.names(dimension)
        if 1 < len(names) <= _MOST_PRODUCTS:
            groups = [_groups(counts, dimension, names, period) for period in (before, after)]
            return dimension, tuple(split_change(*groups))
    return "", ()


def _groups(
    counts: DayCounts, dimension: str, names: list[str], period: slice
) -> dict[str, tuple[float, float]]:
    """Return signs and texts of each group; texts in none are a group of their own, with an empty name."""
    groups = {name: _signs(counts.dated(dimension, name)[period]) for name in names}
    signs, n = _signs(counts.dated(ALL)[period])
    rest = signs - sum(s for s, _ in groups.values()), n - sum(n for _, n in groups.values())
    return {name: group for name, group in {**groups, "": rest}.items() if group[1] > 0}


def _signs(counts: Counts) -> tuple[float, float]:
    return float(counts[:, POSITIVE].sum() - counts[:, NEGATIVE].sum()), float(counts.sum())
