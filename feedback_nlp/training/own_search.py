"""Looks for a better balance of the blocks than the default, as long as it is given time."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from typing import Final

import numpy as np

from feedback_nlp.own_labels import Doubles
from feedback_nlp.training.own_features import Features
from feedback_nlp.training.own_fit import Balance, Folds, right_share

__all__ = ["search_balance"]

#: Values tried of C and of the factors of spellings, meanings and shipped scores.
GRID: Final = ((0.15, 0.4, 1.0, 2.5), (0.25, 0.5, 1.0), (0.0, 0.5, 1.0, 2.0), (0.0, 1.0, 3.0))


def search_balance(
    features: Features,
    truth: Doubles,
    folds: Folds,
    start: Balance,
    *,
    several: bool,
    seed: int,
    minutes: float,
    report: Callable[[float, str], None],
) -> tuple[Balance, int]:
    """Return the best of `start` and of random points of the grid (Bergstra & Bengio 2012, JMLR 13), and how many.

    Parameters
    ----------
    features, truth, folds, several, seed
        As for `left_out_margins`.
    start : Balance
        Measured first.
    minutes : float
        No try begins that is not expected to end within them.
    report : callable
        Gets the share of the time that is gone, in [0, 1], and a line on the best so far, after each try.
    """
    began = time.monotonic()
    best, best_share, tries = start, -1.0, 0
    for balance in (start, *_shuffled(seed)):
        gone = time.monotonic() - began
        if tries and gone * (tries + 1) / tries > 60 * minutes:
            break
        share = right_share(features, truth, folds, balance, several=several, seed=seed)
        tries += 1
        if share > best_share:
            best, best_share = balance, share
        gone = time.monotonic() - began
        report(min(gone / (60 * minutes), 1.0), f"{tries} tries, best {best_share:.4f}")
    report(1.0, f"{tries} tries, best {best_share:.4f}")
    return best, tries


def _shuffled(seed: int) -> list[Balance]:
    points = [Balance(*values) for values in product(*GRID)]
    return [points[place] for place in np.random.default_rng(seed).permutation(len(points))]
