"""How right the model is on a company's own texts: precision and recall by label, from the random slice.

A text that was drawn with half the chance of another stands for twice as many. Weighted shares get the interval of
as many evenly drawn texts as they are worth (Kish's effective size), by Wilson's formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.report.statistics import Estimate, wilson_interval
from feedback_nlp.store.review_values import ReviewedText

__all__ = ["LabelQuality", "label_quality"]

_SAID: dict[str, Callable[[ReviewedText], set[str | None]]] = {
    "sentiment": lambda one: {one.feedback.analysis.sentiment},
    "kind": lambda one: {one.feedback.analysis.kind},
    "topics": lambda one: {*one.model_topics},
}


@dataclass(frozen=True, slots=True)
class LabelQuality:
    """How a model does on one label.

    Parameters
    ----------
    field : {"sentiment", "kind", "topics"}
    label : str
    precision : Estimate
        Of the texts that the model gives this label, the share that people give it too; `n` of them were reviewed.
    recall : Estimate
        Of the texts that people give this label, the share that the model finds.
    """

    field: str
    label: str
    precision: Estimate
    recall: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; a figure without texts is null."""
        return {
            "field": self.field,
            "label": self.label,
            "precision": _plain(self.precision),
            "recall": _plain(self.recall),
        }


def label_quality(reviewed: Iterable[ReviewedText]) -> list[LabelQuality]:
    """Return precision and recall of the model that is in use, by field and label, labels in alphabetical order.

    Parameters
    ----------
    reviewed : iterable of ReviewedText
        From `store.review.random_sample()`. A text counts for the fields that people said something about.

    Examples
    --------
    >>> label_quality([])
    []
    """
    texts = list(reviewed)
    found: list[LabelQuality] = []
    for field, labels_of in _SAID.items():
        about = [one for one in texts if field in one.truth]
        said = [labels_of(one) for one in about]
        true = [_true(field, one.truth[field]) for one in about]
        weights = np.array([1 / one.sampling_probability for one in about])
        for label in sorted({label for labels in (*said, *true) for label in labels if label}):
            model = np.array([label in labels for labels in said])
            people = np.array([label in labels for labels in true])
            found.append(
                LabelQuality(
                    field,
                    label,
                    _share(people[model], weights[model]),
                    _share(model[people], weights[people]),
                )
            )
    return found


def _true(field: str, value: Any) -> set[str | None]:
    return {item["topic"] for item in value} if field == "topics" else {value}


def _share(hits: NDArray[np.bool_], weights: NDArray[np.float64]) -> Estimate:
    if not len(hits):
        return Estimate(float("nan"), 0.0, 1.0, 0)
    size = float(weights.sum() ** 2 / (weights**2).sum())
    share = float(weights[hits].sum() / weights.sum())
    return Estimate(share, *wilson_interval(share * size, size), len(hits))


def _plain(figure: Estimate) -> dict[str, Any] | None:
    if not figure.n:
        return None
    return {
        "value": round(figure.value, 4),
        "low": round(figure.low, 4),
        "high": round(figure.high, 4),
        "n": figure.n,
    }
