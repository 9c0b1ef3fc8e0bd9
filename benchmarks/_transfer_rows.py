"""What transfer measurements train on: the other sets' own labels, or their texts with a teacher's labels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.corpus import Corpus, fingerprint, is_kept_for_calibration, read_rows
from feedback_nlp.training.recipe import Recipe

__all__ = ["Held", "Taught", "read_texts", "teach", "transfer_recipe"]

#: Chosen on sets that are not among the nine (docs/quality.md says which, and what else was tried).
MAX_ROWS = 2_500
GOLD_WEIGHT = 3.0
ITERATIONS = 30
#: Taught texts kept from the linear model for the head, in percent, and what those of a set weigh together there.
HELD_PERCENT = 15
HELD_WEIGHT = 300.0
#: Smaller probabilities are noise and cost time.
LEAST_SHARE = 0.02

_NOTHING = (np.zeros(len(KINDS), np.float32), np.zeros(len(TOPICS), np.float32))


def transfer_recipe(shipped: Recipe) -> Recipe:
    """Return the shipped recipe without teacher, kinds, topics and own sentences, with at most MAX_ROWS rows a set."""
    return replace(
        shipped,
        teacher=None,
        plain_sentences_weight=0.0,
        own_sentences_weight=0.0,
        own_head_weight=0.0,
        sets=tuple(replace(part, max_rows=MAX_ROWS, weight=1.0) for part in shipped.sets),
        gold=replace(shipped.gold, sentiment_weight=GOLD_WEIGHT, kind_weight=0.0, topics_weight=0.0),
        linear=replace(shipped.linear, iterations=ITERATIONS),
    )


@dataclass
class Held:
    """Taught texts for the head, which the linear model does not see: text, set, probabilities."""

    texts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    shares: list[Floats] = field(default_factory=list)

    def weighted_labels(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return text, label and weight, a row a label; all sets weigh the same, however many texts they have."""
        shares = np.array(self.shares, dtype=np.float64).reshape(-1, len(SENTIMENTS))
        texts, labels = np.nonzero(shares > LEAST_SHARE)
        _, number, counts = np.unique(self.sources, return_inverse=True, return_counts=True)
        weights = np.zeros(0) if not self.texts else HELD_WEIGHT / counts[number[texts]]
        return texts, labels, weights * shares[texts, labels]


@dataclass(frozen=True, slots=True)
class Taught:
    """Rows for the linear model and those held back for the head."""

    corpus: Corpus
    held: Held


def read_texts(recipe: Recipe, data: Path, keys: set[int]) -> dict[int, tuple[str, str]]:
    """Return set and text of every fingerprint in `keys`; of sets that share a text the first counts."""
    out: dict[int, tuple[str, str]] = {}
    for part in recipe.sets:
        for row in read_rows(data / "datasets" / f"{part.file}.csv"):
            key = fingerprint(row["text"])
            if key in keys:
                out.setdefault(key, (part.file, row["text"].strip()))
    return out


def teach(
    labelled: Corpus,
    texts: dict[int, tuple[str, str]],
    labels: dict[int, Floats],
    share: float,
) -> Taught:
    """Return the gold rows of `labelled` and every text with a teacher's label.

    Parameters
    ----------
    labelled : Corpus
        Without the set left out; its gold rows stand first.
    texts : dict of int to (str, str)
        Set and text of each fingerprint.
    labels : dict of int to ndarray
        What the teacher without the set says.
    share : float
        Of the teacher in the targets of gold rows.
    """
    corpus, held = Corpus(calibration=labelled.calibration, gold=labelled.gold), Held()
    for place, row in enumerate(labelled.gold):
        said = labels.get(fingerprint(row.text))
        own = labelled.sentiment[place]
        target = own if said is None else share * said + (1 - share) * own
        corpus.add(row.text, "gold", (target, *_NOTHING), labelled.weights[place])
    for key, (source, text) in texts.items():
        if key not in labels:
            continue
        if is_kept_for_calibration(key, HELD_PERCENT):
            held.texts.append(text)
            held.sources.append(source)
            held.shares.append(labels[key])
        else:
            corpus.add(text, source, (labels[key], *_NOTHING), (1.0, 0.0, 0.0))
    return Taught(corpus, held)
