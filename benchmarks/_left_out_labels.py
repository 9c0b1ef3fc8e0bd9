"""Sentiment as teachers see it that never saw the set left out: one teacher a set, labels by fingerprint, no text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats

__all__ = ["LABELS", "LeftOutLabels", "load_left_out_labels"]

#: Made with benchmarks/teacher.py --leave-out: at most 4,000 whole texts a set (by fingerprint) and the gold texts.
LABELS = Path(__file__).parent / "transfer-labels.npz"


@dataclass(frozen=True, slots=True)
class LeftOutLabels:
    """Probabilities in steps of 1/255.

    Parameters
    ----------
    sets : tuple of str
        Sets that a teacher was trained without.
    keys : ndarray of uint64, shape (n_texts,)
        Fingerprints.
    steps : ndarray of uint8, shape (n_sets, 4, n_texts)
        Negative, neutral, positive, mixed; all 0 for texts of the set itself and those it shares.
    """

    sets: tuple[str, ...]
    keys: NDArray[np.uint64]
    steps: NDArray[np.uint8]

    def without(self, name: str) -> dict[int, Floats]:
        """Return the probabilities of each text that is not of the set `name`, by fingerprint.

        Examples
        --------
        >>> steps = np.array([[[255, 0], [0, 0], [0, 0], [0, 0]]], dtype=np.uint8)
        >>> LeftOutLabels(("shoes",), np.array([5, 6], dtype=np.uint64), steps).without("shoes")
        {5: array([1., 0., 0., 0.], dtype=float32)}
        """
        steps = self.steps[self.sets.index(name)].T.astype(np.float32)
        sums = steps.sum(axis=1)
        return {
            key: row / total for key, row, total in zip(self.keys.tolist(), steps, sums, strict=True) if total
        }


def load_left_out_labels(path: Path = LABELS) -> LeftOutLabels:
    """Read the file."""
    with np.load(path, allow_pickle=False) as stored:
        return LeftOutLabels(tuple(stored["sets"].tolist()), stored["keys"], stored["steps"])
