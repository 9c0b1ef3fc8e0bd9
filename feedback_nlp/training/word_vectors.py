"""What words mean, as a transformer sees them in unlabelled sentences (benchmarks/word_vectors.py).

A company has few labels and many words: "parcel" may stand in ten of its texts and "package" in none. With the vectors
what is learned of one reaches the other. They are linear inputs like all others, so after training they are folded
into one weight a word and label.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats

__all__ = ["WordVectors", "load_word_vectors", "rarities", "save_word_vectors"]

_FILE: Final = "word-vectors-en.npz"
_STEPS: Final = 127


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Vectors of words.

    Parameters
    ----------
    words : tuple of str
        Normal forms, commonest first.
    vectors : ndarray of float32, shape (n_words, n_dimensions)
        Times the word's rarity. The sum of a sentence's vectors, divided by the root of the number of its words, has
        length 1 on average.
    """

    words: tuple[str, ...]
    vectors: Floats


def rarities(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what words count by how rare they are: the logarithm of the inverse frequency, with mean 1.

    Examples
    --------
    >>> rarities(np.array([100.0, 10.0])).round(2).tolist()
    [0.08, 1.92]
    """
    rarity = np.log(counts.sum() / counts)
    return np.asarray(rarity / rarity.mean())


def save_word_vectors(
    path: Path, words: list[str], counts: NDArray[np.float64], vectors: NDArray[np.float64]
) -> None:
    """Write words, their counts and their vectors without rarity, in steps of 1/127 of the largest a column."""
    largest = np.abs(vectors).max(axis=0)
    steps = np.round(vectors / largest * _STEPS).astype(np.int8)
    letters = np.frombuffer("\n".join(words).encode(), dtype=np.uint8)
    np.savez_compressed(
        path, words=letters, counts=counts.astype(np.int64), steps=steps, largest=largest.astype(np.float32)
    )


@cache
def load_word_vectors() -> WordVectors:
    """Read the vectors that come with the package.

    Examples
    --------
    >>> found = load_word_vectors()
    >>> rows = {word: row for row, word in enumerate(found.words)}
    >>> def likeness(one, other):
    ...     a, b = found.vectors[rows[one]], found.vectors[rows[other]]
    ...     return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    >>> likeness("late", "delayed") > likeness("late", "tasty")
    True
    """
    content = BytesIO(files("feedback_nlp").joinpath("recipes", _FILE).read_bytes())
    with np.load(content, allow_pickle=False) as stored:
        words = tuple(stored["words"].tobytes().decode().split("\n"))
        units = stored["steps"].astype(np.float32) / _STEPS * stored["largest"]
        counts = stored["counts"]
    weights = rarities(counts.astype(np.float64)).astype(np.float32)
    return WordVectors(words, units * weights[:, None])
