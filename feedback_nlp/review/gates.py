"""Whether a candidate unlearned something: the behaviour suite, case by case, beside the bundle it is to follow.

The limits of a release are tight, a failure more breaks them; two models that are equally good differ by as much.
A candidate is therefore held against the failures of the other bundle, beyond noise. The held-out half alone judges:
on the other one the candidate was held to the old answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from feedback_nlp.behaviour import BehaviourTest

__all__ = ["MEAN", "failed_cases", "worse_tests"]

#: Chance of naming a test on which the two are equally good, and of naming the mean.
_LEVEL: Final = 0.01
#: The name of the gate over all tests.
MEAN: Final = "mean"

Flags = NDArray[np.bool_]


def failed_cases(analyzer: Any, suite: Sequence[BehaviourTest]) -> list[Flags]:
    """Return for each test which cases of its held-out half fail.

    Parameters
    ----------
    analyzer : Analyzer
    suite : sequence of BehaviourTest
    """
    cases = [test.half("held_out") for test in suite]
    texts = list(dict.fromkeys(text for some in cases for case in some for text in case.texts))
    told = dict(zip(texts, analyzer.analyze_many(texts), strict=True))
    return [
        np.array(
            [
                test.expectation.fault(told[case.text], told[case.changed] if case.changed else None)
                is not None
                for case in some
            ],
            dtype=bool,
        )
        for test, some in zip(suite, cases, strict=True)
    ]


def worse_tests(
    suite: Sequence[BehaviourTest], before: Sequence[Flags], after: Sequence[Flags]
) -> tuple[str, ...]:
    """Return the tests that fail more often beyond noise; "mean" if all of them together do.

    A test by the cases that one of the two gets right alone (McNemar 1947, exact, one-sided, 1 %); the mean of the
    failure rates by its change from template to template (1 %), as cases of one template fail together.

    Parameters
    ----------
    suite : sequence of BehaviourTest
    before, after : sequence of ndarray of bool
        As `failed_cases` returns them, of the other bundle and of the candidate.
    """
    named = [
        test.name for test, old, new in zip(suite, before, after, strict=True) if _p_worse(old, new) < _LEVEL
    ]
    changes, variances = zip(*map(_change, suite, before, after), strict=True)
    if sum(changes) > norm.ppf(1 - _LEVEL) * np.sqrt(sum(variances)):
        named.append(MEAN)
    return tuple(named)


def _p_worse(old: Flags, new: Flags) -> float:
    lost, won = int((new & ~old).sum()), int((old & ~new).sum())
    return float(binomtest(lost, lost + won, alternative="greater").pvalue) if lost + won else 1.0


def _change(test: BehaviourTest, old: Flags, new: Flags) -> tuple[float, float]:
    """Return the change of the failure rate and its variance, templates drawn at random."""
    if not len(old):
        return 0.0, 0.0
    template = np.array([case.template for case in test.half("held_out")])
    moved = new.astype(float) - old
    parts = np.bincount(template, moved - moved.mean())
    groups = len(np.unique(template))
    spread = float((parts**2).sum()) / len(old) ** 2 * groups / max(1, groups - 1)
    return float(moved.mean()), spread
