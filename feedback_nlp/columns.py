"""The fb_ columns of a batch, written from arrays: what `Analysis.to_row` gives, without a dict a text.

Probabilities are printed at four decimals such that they sum to 1 (largest remainder method, see records). There are
ten thousand such figures, so their texts are made once and looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.records import KINDS, OWN_COLUMNS, SCORED_COLUMNS, SENTIMENTS

if TYPE_CHECKING:
    from feedback_nlp.language import Verdict
    from feedback_nlp.records import Analysis
    from feedback_nlp.scan import Longs
    from feedback_nlp.textspans import BatchDetails

__all__ = ["texts_of_columns", "texts_of_records"]

_UNITS: Final = 10_000
Doubles = NDArray[np.float64]


def texts_of_columns(
    details: BatchDetails,
    confidence: Doubles,
    uncertain: NDArray[np.bool_],
    kinds: Longs,
    verdicts: Sequence[Verdict | float],
    flags: Sequence[str],
    model: str,
) -> list[list[str]]:
    """Return one list a column of records.SCORED_COLUMNS, with one text an analysis.

    Parameters
    ----------
    details : BatchDetails
    confidence : ndarray, shape (n_texts,)
    uncertain : ndarray of bool, shape (n_texts,)
    kinds : ndarray of int, shape (n_texts,)
    verdicts : sequence of (Verdict or float)
        Of the language; a number is the confidence in English.
    flags : sequence of str
        Joined flags of each text.
    model : str
    """
    whole = ten_thousandths(details.three)
    columns = [
        _chosen(SENTIMENTS, details.labels),
        _figures(whole[:, 2] - whole[:, 0]),
        *(_figures(whole[:, place]) for place in range(3)),
        _confidences(confidence, details.three, whole),
        _chosen(("false", "true"), uncertain),
        list(flags),
        _chosen(KINDS, kinds),
        _topics(details),
    ]
    statuses, codes = ["ok"] * len(verdicts), ["en"] * len(verdicts)
    for row, verdict in enumerate(verdicts):
        if not isinstance(verdict, float):
            statuses[row], codes[row] = verdict.status, verdict.code
            if verdict.status != "ok":
                for column in columns:
                    column[row] = ""
    return [statuses, codes, *columns, [model] * len(verdicts)]


def texts_of_records(analyses: Sequence[Analysis], names: Sequence[str] = SCORED_COLUMNS) -> list[list[str]]:
    """Return the same columns of analyses that are records already, those of own labels too if they are named."""
    labelled = [one.p_negative is not None for one in analyses]
    shares = [(one.p_negative, one.p_neutral, one.p_positive) for one in analyses]
    three = np.array(shares, dtype=np.float64).reshape(-1, 3)
    three = np.where(np.isnan(three), (1.0, 0.0, 0.0), three)
    sure = [1.0 if one.confidence is None else one.confidence for one in analyses]
    whole = ten_thousandths(three)
    figures = [
        _figures(whole[:, 2] - whole[:, 0]),
        *(_figures(whole[:, place]) for place in range(3)),
        _confidences(np.array(sure, dtype=np.float64), three, whole),
    ]
    for row in (row for row, has_figures in enumerate(labelled) if not has_figures):
        for column in figures:
            column[row] = ""
    columns = [
        [one.status for one in analyses],
        [one.language for one in analyses],
        [one.sentiment or "" for one in analyses],
        *figures,
        ["" if one.uncertain is None else "true" if one.uncertain else "false" for one in analyses],
        ["|".join(one.flags) if one.flags and one.status == "ok" else "" for one in analyses],
        [one.kind or "" for one in analyses],
        ["|".join(map(":".join, one.topic_pairs)) if one.status == "ok" else "" for one in analyses],
        [str(one.model) for one in analyses],
    ]
    if names[-len(OWN_COLUMNS) :] == OWN_COLUMNS:
        rows = [one.to_row() for one in analyses]
        columns += [[row[name] for row in rows] for name in OWN_COLUMNS]
    return columns


def ten_thousandths(shares: Doubles) -> Longs:
    """Return shares of 1 as whole ten-thousandths that sum to 10,000 a row; of equal remainders the first gains.

    Examples
    --------
    >>> ten_thousandths(np.array([[1 / 3, 1 / 3, 1 / 3], [0.25, 0.5, 0.25]])).tolist()
    [[3334, 3333, 3333], [2500, 5000, 2500]]
    """
    scaled = shares * _UNITS
    whole = scaled.astype(np.int64)
    left = _UNITS - whole.sum(axis=1)
    ranks = (whole - scaled).argsort(axis=1, kind="stable").argsort(axis=1)
    whole += ranks < left[:, None]
    return whole


@cache
def _figure_texts() -> tuple[str, ...]:
    """Texts of the ten-thousandths from 0 to 1, behind them of those from -1 on, for negative places."""
    return tuple(f"{number / _UNITS:.4f}" for number in (*range(_UNITS + 1), *range(-_UNITS, 0)))


def _figures(whole: Longs) -> list[str]:
    return _chosen(_figure_texts(), whole)


def _chosen(texts: Sequence[str], places: NDArray[np.int64] | NDArray[np.bool_]) -> list[str]:
    return list(map(texts.__getitem__, places.tolist()))


def _confidences(confidence: Doubles, three: Doubles, whole: Longs) -> list[str]:
    """A confidence that is one of the three probabilities is printed like it."""
    same = three == confidence[:, None]
    places = same.argmax(axis=1)
    texts = _figures(whole[np.arange(len(whole)), places])
    for row in (~same.any(axis=1)).nonzero()[0].tolist():
        texts[row] = f"{confidence[row]:.4f}"
    return texts


def _topics(details: BatchDetails) -> list[str]:
    texts = [""] * len(details.texts)
    found = details.findings
    for row, topic, sign in zip(
        found.texts.tolist(), found.topics.tolist(), details.signs.tolist(), strict=True
    ):
        pair = f"{details.topic_names[topic]}:{SENTIMENTS[sign]}"
        texts[row] = f"{texts[row]}|{pair}" if texts[row] else pair
    return texts
