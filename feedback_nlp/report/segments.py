"""Two channels, products or kinds beside each other over the same days."""

from __future__ import annotations

from feedback_nlp.records import SENTIMENTS
from feedback_nlp.report.changes import MIN_TEXTS, Finding, sample_of
from feedback_nlp.report.counts import DayCounts
from feedback_nlp.report.differences import Change, adjust_p_values, change_of_net, change_of_share

__all__ = ["compare_segments"]

_FALSE_RATE = 0.05


def compare_segments(counts: DayCounts, dimension: str, first: str, second: str) -> list[Finding]:
    """Compare net sentiment and the share of each sentiment; `first` is called before, `second` after.

    All five comparisons are adjusted together. Nothing is claimed where either has fewer than 30 texts.

    Parameters
    ----------
    counts : DayCounts
    dimension : {"channel", "product", "kind"}
    first, second : str

    Examples
    --------
    >>> cells = [(None, "channel", "app", "negative", 60), (None, "channel", "app", "positive", 40),
    ...          (None, "channel", "shop", "negative", 20), (None, "channel", "shop", "positive", 80)]
    >>> found = compare_segments(DayCounts.from_cells(cells), "channel", "app", "shop")
    >>> found[0].measure, round(found[0].change.value, 2), found[0].changed
    ('net_sentiment', 0.8, True)
    """
    one, other = counts.whole(dimension, first), counts.whole(dimension, second)
    texts = one.sum(axis=1), other.sum(axis=1)
    tested: list[tuple[str, str, str, Change]] = [
        ("all", "", "net_sentiment", change_of_net(sample_of(one), sample_of(other)))
    ]
    tested += [
        (
            "sentiment",
            name,
            "share",
            change_of_share((one[:, column], texts[0]), (other[:, column], texts[1])),
        )
        for column, name in enumerate(SENTIMENTS)
    ]
    if min(texts[0].sum(), texts[1].sum()) < MIN_TEXTS:
        return [Finding(*test, None, False) for test in tested]
    adjusted = adjust_p_values([test[3].p_value for test in tested])
    return [Finding(*test, q, q <= _FALSE_RATE) for test, q in zip(tested, adjusted, strict=True)]
