"""Which texts are worth a person's look: those where a topic is nearly found, or was nearly not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest_first", "topics_in_turn"]


def topics_in_turn(margins: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return texts in the order in which they are worth a look: each topic's nearest one in turn.

    Without turns the frequent topics would take all places, and the rare ones learn nothing.

    Parameters
    ----------
    margins : ndarray, shape (n_texts, n_topics)
        Log-odds above the topic's threshold.

    Examples
    --------
    >>> topics_in_turn(np.array([[0.1, 9.0], [0.2, 8.0], [5.0, -3.0]])).tolist()
    [0, 2, 1]
    """
    ranks = np.argsort(np.argsort(np.abs(margins), axis=0, kind="stable"), axis=0)
    turn = (ranks * margins.shape[1] + np.arange(margins.shape[1])).min(axis=1)
    order: NDArray[np.int64] = np.argsort(turn, kind="stable")
    return order


def nearest_first(analyzer: Any) -> Callable[[Sequence[str]], list[int]] | None:
    """Return what orders texts for `ReviewQueue.draw`; None for an analyzer that tells no margins.

    Parameters
    ----------
    analyzer : Analyzer
    """
    margins = getattr(analyzer, "topic_margins", None)
    if margins is None:
        return None
    return lambda texts: topics_in_turn(margins(texts)).tolist()
