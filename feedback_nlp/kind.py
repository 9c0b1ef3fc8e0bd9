"""Kind of a text: complaint, praise, suggestion, question or other; what the customer is doing, apart from polarity.

A multinomial logistic regression over all linear outputs of the text (its kind, sentiment and topic scores), fitted
on texts that the linear model did not see: a question about a payment and a complaint about it differ in few words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats
from feedback_nlp.scan import Longs
from feedback_nlp.sentiment import fit_classes, softmax

__all__ = ["KindHead"]


@dataclass(frozen=True, slots=True)
class KindHead:
    """Calibrated probabilities of the kinds.

    Parameters
    ----------
    weights : ndarray, shape (n_outputs, n_kinds)
    intercepts : ndarray, shape (n_kinds,)

    """

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    @classmethod
    def fit(cls, scores: Floats, labels: Longs, n_kinds: int) -> Self:
        """Fit the head on texts that the linear model has not seen."""
        spread = scores.std(axis=0) + 1e-6
        weights, intercepts = fit_classes(scores / spread, labels, n_kinds, c=0.3)
        return cls(weights / spread[:, None], intercepts)

    def probabilities(self, scores: Floats) -> NDArray[np.float64]:
        """Return the probability of each kind, shape (n_texts, n_kinds)."""
        return np.asarray(softmax(scores @ self.weights + self.intercepts))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"weights": self.weights.tolist(), "intercepts": self.intercepts.tolist()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(np.array(stored["weights"]), np.array(stored["intercepts"]))
