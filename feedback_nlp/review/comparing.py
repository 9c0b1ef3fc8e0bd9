"""Two sets of labels for the same corrected texts: which is right more often, beyond noise.

Texts are drawn again with replacement, both sets together (paired bootstrap; Efron 1979, Koehn 2004), so that what
makes texts hard for both cancels out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from feedback_nlp.training.adapt import Adapter, Predictions

__all__ = ["FieldGain", "compare_predictions"]

_DRAWS: Final = 2000
_SEED: Final = 0
#: With fewer texts nothing is claimed of a field.
_LEAST: Final = 20

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FieldGain:
    """What changes in one field.

    Parameters
    ----------
    field : {"sentiment", "kind", "topics", "all"}
        "all" is the mean of the others.
    before, after : float
        Share of right labels; of topics F1 over all pairs of text and topic.
    gain, low, high : float
        After minus before, with its 95 % interval.
    n : int
        Texts.
    """

    field: str
    before: float
    after: float
    gain: float
    low: float
    high: float
    n: int


def compare_predictions(
    truth: Adapter, before: Predictions, after: Predictions, chosen: NDArray[np.bool_]
) -> tuple[FieldGain, ...]:
    """Compare on the chosen texts; fields with fewer than 20 texts are left out.

    Parameters
    ----------
    truth : Adapter
        Holds what people said.
    before, after : Predictions
    chosen : ndarray of bool, shape (n_texts,)
    """
    parts: dict[str, tuple[Doubles, Doubles, int]] = {}
    for field, said in (("sentiment", truth.sentiment), ("kind", truth.kind)):
        rows = np.flatnonzero(chosen & (said >= 0))
        if len(rows) >= _LEAST:
            ones = np.ones(len(rows))
            was, now = (np.asarray(getattr(one, field)[rows] == said[rows], float) for one in (before, after))
            parts[field] = _drawn(rows, chosen, (was, ones), (now, ones))
    rows = np.flatnonzero(chosen & truth.has_topics)
    if len(rows) >= _LEAST:
        pairs = [_overlap(one.topics[rows], truth.topics[rows]) for one in (before, after)]
        parts["topics"] = _drawn(rows, chosen, *pairs)
    gains = [_gain(field, *part) for field, part in parts.items()]
    if parts:
        old = np.mean([part[0] for part in parts.values()], axis=0)
        new = np.mean([part[1] for part in parts.values()], axis=0)
        gains.append(_gain("all", old, new, max(n for _, _, n in parts.values())))
    return tuple(gains)


def _overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    """Return what F1 is the quotient of, for each text."""
    hits = 2.0 * (found & true).sum(axis=1)
    return hits, (found.sum(axis=1) + true.sum(axis=1)).astype(np.float64)


def _drawn(
    rows: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    old: tuple[Doubles, Doubles],
    new: tuple[Doubles, Doubles],
) -> tuple[Doubles, Doubles, int]:
    """Return the figure before and after: first of the texts as they are, then of each draw; and their number.

    Every field draws the same texts, so that the mean over fields is of one sample. Both sides come as hits and sizes.
    """
    random, everyone = np.random.default_rng(_SEED), np.flatnonzero(chosen)
    counts = np.zeros((_DRAWS + 1, len(chosen)), dtype=np.int32)
    counts[0, everyone] = 1
    for draw in range(1, _DRAWS + 1):
        counts[draw] = np.bincount(random.choice(everyone, len(everyone)), minlength=len(chosen))
    times = counts[:, rows].astype(np.float64)
    before, after = ((times @ hits) / np.maximum(times @ sizes, 1e-9) for hits, sizes in (old, new))
    return before, after, len(rows)


def _gain(field: str, before: Doubles, after: Doubles, n: int) -> FieldGain:
    change = after - before
    low, high = np.quantile(change[1:], [0.025, 0.975])
    figures = (before[0], after[0], change[0], low, high)
    old, new, gain, least, most = (round(float(figure), 4) for figure in figures)
    return FieldGain(field, old, new, gain, least, most, n)
