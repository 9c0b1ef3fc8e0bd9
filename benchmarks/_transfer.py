"""Transfer: train without a set, test on it; ours beside the naive pipeline and two word lists on the same rows.

The shipped bundle learns from a teacher that saw these sets. So for each set left out ours learns from a teacher that
was trained without it, too; with the set go the gold rows drawn from it and every text it shares with another set.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._figures import arg_max, cut, macro_f1
from benchmarks._left_out_labels import LeftOutLabels, load_left_out_labels
from benchmarks._rivals import NaivePipeline, textblob_scores, vader_scores
from benchmarks._sources import SEED, LabelledTexts, classes_of, read_test_rows
from benchmarks._transfer_rows import (
    Held,
    Taught,
    read_texts,
    teach,
    transfer_recipe,
)
from feedback_nlp.bundle import Floats
from feedback_nlp.metrics import calibration_error
from feedback_nlp.records import SENTIMENTS
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.sentiment import MIXED, SentimentHead, pool_clauses
from feedback_nlp.training.corpus import Corpus, read_corpus
from feedback_nlp.training.linear import fit_linear
from feedback_nlp.training.recipe import LinearPartRecipe, load_recipe, shipped_recipe_path

__all__ = ["COLUMNS", "even_out", "measure_transfer", "middle"]

#: Chosen on sets that are not among the nine.
PRIOR_POWER = 0.5
NEUTRAL = 1

COLUMNS = (
    "ours",
    "naive",
    "VADER",
    "TextBlob",
    "ours minus naive",
    "accuracy, ours",
    "calibration error, ours",
    "ours, evened out",
    "ours, no teacher",
    "naive, mixed as neutral",
)

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]
_silent: Callable[[str], None] = lambda message: None  # noqa: E731


def middle(three: Doubles, mixed: Doubles) -> Doubles:
    """Return three probabilities with P(mixed) counted as neutral: three classes have no other place for it.

    Examples
    --------
    >>> middle(np.array([[0.5, 0.0, 0.5]]), np.array([0.5])).tolist()
    [[0.25, 0.5, 0.25]]
    """
    out = three * (1 - mixed[:, None])
    out[:, NEUTRAL] += mixed
    return out


def even_out(three: Doubles, labels: Labels, power: float) -> Doubles:
    """Return probabilities as if the classes were more evenly spread than in the calibration texts.

    Dividing by the prior to the power of 1 would assume equally many texts a class (Saerens et al. 2002, eq. 2.4).

    Examples
    --------
    >>> even_out(np.array([[0.5, 0.0, 0.5]]), np.array([0, 0, 0, 2]), 1.0).tolist()
    [[0.25, 0.0, 0.75]]
    """
    prior = np.maximum(np.bincount(labels, minlength=3)[:3], 1) / len(labels)
    shifted = three / prior**power
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class _Ours:
    """Linear scores and head."""

    scorer: LinearScorer
    head: SentimentHead

    @classmethod
    def fit(cls, corpus: Corpus, held: Held, recipe: LinearPartRecipe) -> _Ours:
        scorer = LinearScorer(fit_linear(corpus, recipe, _silent))
        labels = np.array([SENTIMENTS.index(row.sentiment) for row in corpus.calibration])
        inputs = _inputs(scorer, [row.text for row in corpus.calibration])
        texts, taught, weights = held.weighted_labels()
        head = SentimentHead.fit(
            np.concatenate([inputs, _inputs(scorer, held.texts)[texts]]) if len(texts) else inputs,
            np.concatenate([labels, taught]),
            sample_weights=np.concatenate([np.ones(len(labels)), weights]),
        )
        return cls(scorer, head)

    def probabilities(self, texts: list[str]) -> Doubles:
        return middle(*self.head.probabilities(_inputs(self.scorer, texts)))


def _inputs(scorer: LinearScorer, texts: list[str]) -> Floats:
    return pool_clauses(scorer.score(texts)).inputs


def _fit_naive(corpus: Corpus, *, mixed: bool) -> NaivePipeline:
    """Fit on the sets' own labels, gold rows and the calibration ones too; mixed ones are neutral or left out."""
    texts = corpus.texts + [row.text for row in corpus.calibration]
    places = [int(target.argmax()) for target in corpus.sentiment]
    places += [SENTIMENTS.index(row.sentiment) for row in corpus.calibration]
    kept = [place for place, label in enumerate(places) if mixed or label < MIXED]
    labels = [NEUTRAL if places[place] == MIXED else places[place] for place in kept]
    return NaivePipeline(3).fit([texts[place] for place in kept], labels)


def _judge(test: LabelledTexts, three: dict[str, Doubles]) -> dict[str, Any]:
    truth, classes = test.labels, classes_of(test.labels)
    found = {
        **{name: arg_max(shares, classes) for name, shares in three.items()},
        "VADER": cut(vader_scores(test.texts), classes),
        "TextBlob": cut(textblob_scores(test.texts), classes),
    }
    figures: dict[str, Any] = {name: macro_f1(truth, labels, classes) for name, labels in found.items()}
    figures["ours minus naive"] = figures["ours"] - figures["naive"]
    figures["accuracy, ours"] = float((found["ours"] == truth).mean())
    figures["calibration error, ours"] = _calibration(three["ours"], truth, classes)
    return figures


def _calibration(three: Doubles, truth: Labels, classes: Sequence[int]) -> float:
    chosen = three[:, list(classes)]
    chosen = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1e-12)
    return calibration_error(chosen, np.searchsorted(classes, truth))


class _Folds:
    """Reads the texts once and measures one set left out after the other."""

    def __init__(self, data: Path, labels: LeftOutLabels) -> None:
        self._data = data
        self._labels = labels
        self._recipe = transfer_recipe(load_recipe(shipped_recipe_path()))
        self._texts = read_texts(self._recipe, data, set(labels.keys.tolist()))

    def measure(self, name: str) -> dict[str, Any]:
        """Return the figures of one set."""
        labelled = read_corpus(self._recipe, self._data, leave_out=frozenset([name]))
        taught = self._teach(labelled, name)
        test = read_test_rows(self._data, name)
        linear = self._recipe.linear
        shown = _Ours.fit(taught.corpus, taught.held, linear).probabilities(test.texts)
        calibration = np.array([SENTIMENTS.index(row.sentiment) for row in labelled.calibration])
        prior = np.where(calibration == MIXED, NEUTRAL, calibration)
        three = {
            "ours": shown,
            "ours, evened out": even_out(shown, prior, PRIOR_POWER),
            "ours, no teacher": _Ours.fit(labelled, Held(), linear).probabilities(test.texts),
        }
        for column, mixed in (("naive", False), ("naive, mixed as neutral", True)):
            naive = _fit_naive(labelled, mixed=mixed)
            three[column] = naive.probabilities(test.texts)
        return {
            "test rows": len(test.texts),
            "training rows": len(taught.corpus.texts) + len(taught.held.texts) + len(labelled.calibration),
            **_judge(test, three),
        }

    def _teach(self, labelled: Corpus, name: str) -> Taught:
        share = self._recipe.gold.teacher_share
        return teach(labelled, self._texts, self._labels.without(name), share)


def measure_transfer(
    data: Path, names: Sequence[str], progress: Callable[[str], None] = _silent
) -> dict[str, dict[str, Any]]:
    """Return the figures of each set left out, and their means under "mean"."""
    folds = _Folds(data, load_left_out_labels())
    out: dict[str, dict[str, Any]] = {}
    for name in names:
        started = time.perf_counter()
        out[name] = folds.measure(name)
        figures = ", ".join(f"{key} {out[name][key]:.3f}" for key in COLUMNS)
        progress(f"without {name}: {figures} ({time.perf_counter() - started:.0f} s, seed {SEED})")
    out["mean"] = {key: float(np.mean([figures[key] for figures in out.values()])) for key in COLUMNS}
    return out
