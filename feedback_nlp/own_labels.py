"""A company's own labels: a second linear part beside the shipped one, and the head that makes probabilities of it.

The margin of a label is the own linear model's score plus a weighted sum of the shipped model's scores for the same
text and its clauses (what the shipped model knows of praise, complaints and topics helps where own labels are few) plus
an intercept.
One scale and one offset a label, fitted on margins of texts left out of the fit, turn margins into probabilities:
softmax for one label a text (temperature scaling: Guo et al. 2017, ICML), a logistic curve each for several
(Platt 1999 with a common slope).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

from feedback_nlp.bundle import Floats, LinearPart
from feedback_nlp.records import OwnLabel
from feedback_nlp.scoring import BatchScores, LinearScorer
from feedback_nlp.sentiment import N_SENTIMENTS, NEGATIVE, POSITIVE, ClausePools, pool_clauses

__all__ = ["LABEL_SEPARATOR", "OwnHead", "OwnModel", "shipped_inputs"]

Doubles = NDArray[np.float64]
#: Joins several labels of a text.
LABEL_SEPARATOR: Final = "|"
#: Keeps offsets near 0 where few texts speak for them.
_OFFSET_PENALTY: Final = 1.0
_LEAST_SCALE: Final = 1e-2


@dataclass(frozen=True, slots=True)
class OwnHead:
    """Probabilities of own labels.

    Parameters
    ----------
    labels : tuple of str
    several : bool
        Whether a text may have several labels, or none.
    task : {"sentiment", "kind", "topics"} or None
        Which shipped labels they replace.
    shipped_weights : ndarray, shape (n_shipped_inputs, n_labels)
        For the first of `shipped_inputs`: older bundles know only the scores of whole texts.
    intercepts : ndarray, shape (n_labels,)
    scale : float
    offsets : ndarray, shape (n_labels,)
    precisions : list of [wanted precision, threshold, coverage]
        Measured on texts left out of the fit; empty for several labels a text.
    threshold : float, default=0.5
        Probability from which one of several labels is shown.
    mapped : tuple of int, default=()
        The sentiment (0 negative, 1 neutral, 2 positive) that each label stands for, where the company said so; then
        `precisions` are those of the sentiment.
    """

    labels: tuple[str, ...]
    several: bool
    task: str | None
    shipped_weights: Doubles
    intercepts: Doubles
    scale: float
    offsets: Doubles
    precisions: list[list[float]]
    threshold: float = 0.5
    mapped: tuple[int, ...] = ()

    def margins(self, own: Floats, shipped: Floats) -> Doubles:
        """Return margins from the own model's scores and `shipped_inputs`, shape (n_texts, n_labels)."""
        known = shipped[:, : len(self.shipped_weights)]
        return np.asarray(own + known @ self.shipped_weights + self.intercepts)

    def probabilities(self, margins: Doubles) -> Doubles:
        """Return calibrated probabilities, shape (n_texts, n_labels)."""
        return apply_curve(margins, self.scale, self.offsets, several=self.several)

    def shown(self, probabilities: Doubles) -> list[OwnLabel]:
        """Return the label shown for each text, or the labels from the threshold on where there may be several."""
        if not self.several:
            best = probabilities.argmax(axis=1)
            return [OwnLabel(self.labels[b], float(p[b])) for b, p in zip(best, probabilities, strict=True)]
        out = []
        for row in probabilities.tolist():
            chosen = [place for place, share in enumerate(row) if share >= self.threshold]
            certainty = min(row[place] for place in chosen) if chosen else 1 - max(row)
            out.append(OwnLabel(LABEL_SEPARATOR.join(self.labels[place] for place in chosen), certainty))
        return out

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "labels": list(self.labels),
            "several": self.several,
            "task": self.task,
            "shipped_weights": self.shipped_weights.tolist(),
            "intercepts": self.intercepts.tolist(),
            "scale": self.scale,
            "offsets": self.offsets.tolist(),
            "precisions": self.precisions,
            "threshold": self.threshold,
            "mapped": list(self.mapped),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(
            tuple(stored["labels"]),
            bool(stored["several"]),
            stored["task"],
            np.array(stored["shipped_weights"]),
            np.array(stored["intercepts"]),
            float(stored["scale"]),
            np.array(stored["offsets"]),
            stored["precisions"],
            float(stored.get("threshold", 0.5)),
            tuple(stored.get("mapped", ())),
        )

    def sentiments(self, probabilities: Doubles) -> Doubles:
        """Return P(negative, neutral, positive) of mapped labels, shape (n_texts, 3)."""
        return probabilities @ np.eye(3)[list(self.mapped)]


class OwnModel:
    """Own labels of texts.

    Parameters
    ----------
    linear : LinearPart
    head : OwnHead
    """

    def __init__(self, linear: LinearPart, head: OwnHead) -> None:
        self.head = head
        self._scorer = LinearScorer(linear, handles=True)

    def probabilities(self, texts: list[str], shipped: Floats) -> Doubles:
        """Return calibrated probabilities, shape (n_texts, n_labels).

        Parameters
        ----------
        texts : list of str
        shipped : ndarray, shape (n_texts, n_shipped_inputs)
            What `shipped_inputs` returns for the same texts.
        """
        return self.head.probabilities(self.head.margins(self._scorer.score(texts).texts, shipped))

    def clause_margins(self, texts: list[str], scores: BatchScores) -> tuple[Doubles, Doubles]:
        """Return margins of texts and of their clauses, shape (n_texts or n_clauses, n_labels)."""
        own = self._scorer.score(texts)
        whole = shipped_inputs(scores, pool_clauses(scores))
        return self.head.margins(own.texts, whole), self.head.margins(own.clauses, _inputs_of_clauses(scores))

    def in_order(self, probabilities: Doubles, names: tuple[str, ...]) -> Doubles:
        """Return the probabilities in the order of `names`; 0 for names that were not trained."""
        out = np.zeros((len(probabilities), len(names)))
        out[:, [names.index(label) for label in self.head.labels]] = probabilities
        return out


def shipped_inputs(scores: BatchScores, pools: ClausePools) -> Floats:
    """Return the shipped model's scores of whole texts and, as its head of sentiment sees them, of their clauses.

    Returns
    -------
    ndarray of float32, shape (n_texts, n_shipped_outputs + 14)
    """
    return np.hstack([scores.texts, pools.inputs])


def _inputs_of_clauses(scores: BatchScores) -> Floats:
    """Return `shipped_inputs` of each clause as if it were a text of its own."""
    sentiments = scores.clauses[:, :N_SENTIMENTS]
    tilts = sentiments[:, [POSITIVE]] - sentiments[:, [NEGATIVE]]
    return np.hstack([scores.clauses, sentiments, sentiments, sentiments, tilts, tilts])


def apply_curve(margins: Doubles, scale: float, offsets: Doubles, *, several: bool) -> Doubles:
    """Return probabilities of margins."""
    logits = scale * margins + offsets
    return np.asarray(expit(logits) if several else softmax(logits, axis=1))


def fit_curve(margins: Doubles, truth: Doubles, *, several: bool) -> tuple[float, Doubles]:
    """Fit scale and offsets by likelihood to margins of texts that were left out of the fit.

    Parameters
    ----------
    margins, truth : ndarray, shape (n_texts, n_labels)
        `truth` holds 0 and 1.
    several : bool

    Returns
    -------
    scale : float
    offsets : ndarray, shape (n_labels,)
    """

    def loss(parameters: Doubles) -> tuple[float, Doubles]:
        offsets = parameters[1:]
        logits = parameters[0] * margins + offsets
        if several:
            value = float((np.logaddexp(0, logits) - truth * logits).sum())
            error = expit(logits) - truth
        else:
            value = -float((log_softmax(logits, axis=1) * truth).sum())
            error = softmax(logits, axis=1) - truth
        value += _OFFSET_PENALTY / 2 * float(offsets @ offsets)
        return value, np.r_[(error * margins).sum(), error.sum(axis=0) + _OFFSET_PENALTY * offsets]

    start = np.r_[2.0, np.zeros(margins.shape[1])]
    bounds = [(_LEAST_SCALE, None), *[(None, None)] * margins.shape[1]]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), np.asarray(found[1:])
