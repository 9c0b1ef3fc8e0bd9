"""The teacher's probabilities, stored by fingerprint of the text: no text can be read from the file.

The teacher is a transformer that is used at training time only (benchmarks/teacher.py says how it was
trained). Its labels ship with the repository, so that the bundle can be made again without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import TrainingDataError

__all__ = ["TeacherLabels", "load_teacher_labels", "save_teacher_labels"]

#: Columns: sentiment, kind, topics.
_ENDS: Final = (4, 9, 21)
_STEPS: Final = 255


@dataclass(frozen=True, slots=True)
class TeacherLabels:
    """Probabilities in steps of 1/255, sorted by fingerprint.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n,)
    steps : ndarray of uint8, shape (n, 21)
    index : dict of int to int
        Row of each key.
    """

    keys: NDArray[np.uint64]
    steps: NDArray[np.uint8]
    index: dict[int, int]

    def find(self, key: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]] | None:
        """Return probabilities of sentiment, kind and topics of a text, or None."""
        row = self.index.get(key)
        if row is None:
            return None
        values = self.steps[row].astype(np.float32) / _STEPS
        sentiment, kind = values[: _ENDS[0]], values[_ENDS[0] : _ENDS[1]]
        return sentiment / max(sentiment.sum(), 1e-6), kind / max(kind.sum(), 1e-6), values[_ENDS[1] :]


def save_teacher_labels(path: Path, keys: NDArray[np.uint64], probabilities: NDArray[np.float32]) -> None:
    """Write the file, sorted by key."""
    order = np.argsort(keys)
    steps = np.round(probabilities[order] * _STEPS).astype(np.uint8)
    np.savez_compressed(path, keys=keys[order], steps=steps)


def load_teacher_labels(path: Path) -> TeacherLabels:
    """Read the file.

    Raises
    ------
    TrainingDataError
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            keys, steps = stored["keys"], stored["steps"]
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise TrainingDataError(f"Teacher labels {path} cannot be read: {error}.") from error
    return TeacherLabels(keys, steps, {key: row for row, key in enumerate(keys.tolist())})
