"""Transfer: train without a set, test on it; ours beside the naive pipeline on the same rows and two word lists.

The shipped bundle learns from a teacher that saw these sets, so its recipe is varied here: no teacher, the sets' own
labels, fewer rows. With the set go the gold rows drawn from it and every text it shares with another set.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._figures import arg_max, cut, macro_f1
from benchmarks._rivals import NaivePipeline, textblob_scores, vader_scores
from benchmarks._sources import SEED, LabelledTexts, classes_of, read_test_rows
from feedback_nlp.metrics import calibration_error
from feedback_nlp.records import SENTIMENTS
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.sentiment import MIXED, SentimentHead, pool_clauses
from feedback_nlp.training.corpus import Corpus, read_corpus
from feedback_nlp.training.linear import fit_linear
from feedback_nlp.training.recipe import Recipe, load_recipe, shipped_recipe_path

__all__ = ["COLUMNS", "even_out", "measure_transfer", "transfer_recipe"]

#: Chosen on sets that are not among the nine (docs/quality.md says which, and what else was tried).
MAX_ROWS = 2_500
GOLD_WEIGHT = 3.0
PRIOR_POWER = 0.5

#: Our macro-F1 with the head's probabilities as they are, as the bundle shows them.
AS_SHOWN = "ours, not evened out"

COLUMNS = (
    "ours",
    "naive",
    "VADER",
    "TextBlob",
    "ours minus naive",
    "accuracy, ours",
    "calibration error, ours",
    AS_SHOWN,
)

_silent: Callable[[str], None] = lambda message: None  # noqa: E731


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
    )


def even_out(three: NDArray[np.float64], labels: NDArray[np.int64], power: float) -> NDArray[np.float64]:
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
    """Linear scores, head and the spread of labels it was fitted on."""

    scorer: LinearScorer
    head: SentimentHead
    labels: NDArray[np.int64]

    def probabilities(self, texts: list[str]) -> NDArray[np.float64]:
        return self.head.probabilities(pool_clauses(self.scorer.score(texts)).inputs)[0]


def _fit_ours(corpus: Corpus, recipe: Recipe) -> _Ours:
    scorer = LinearScorer(fit_linear(corpus, recipe.linear, _silent))
    labels = np.array([SENTIMENTS.index(row.sentiment) for row in corpus.calibration])
    inputs = pool_clauses(scorer.score([row.text for row in corpus.calibration])).inputs
    return _Ours(scorer, SentimentHead.fit(inputs, labels), labels[labels < MIXED])


def _fit_naive(corpus: Corpus) -> NaivePipeline:
    """Fit on the same rows and the calibration ones too; mixed ones left out: three classes have no place for them."""
    texts = corpus.texts + [row.text for row in corpus.calibration]
    labels = [int(target.argmax()) for target in corpus.sentiment]
    labels += [SENTIMENTS.index(row.sentiment) for row in corpus.calibration]
    kept = [place for place, label in enumerate(labels) if label < MIXED]
    return NaivePipeline(3).fit([texts[place] for place in kept], [labels[place] for place in kept])


def _judge(test: LabelledTexts, ours: NDArray[np.float64], naive: NDArray[np.float64]) -> dict[str, Any]:
    truth, classes = test.labels, classes_of(test.labels)
    found = {
        "ours": arg_max(ours, classes),
        "naive": arg_max(naive, classes),
        "VADER": cut(vader_scores(test.texts), classes),
        "TextBlob": cut(textblob_scores(test.texts), classes),
    }
    figures: dict[str, Any] = {name: macro_f1(truth, labels, classes) for name, labels in found.items()}
    figures["ours minus naive"] = figures["ours"] - figures["naive"]
    figures["accuracy, ours"] = float((found["ours"] == truth).mean())
    figures["calibration error, ours"] = _calibration(ours, truth, classes)
    return figures


def _calibration(three: NDArray[np.float64], truth: NDArray[np.int64], classes: Sequence[int]) -> float:
    chosen = three[:, list(classes)]
    chosen = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1e-12)
    return calibration_error(chosen, np.searchsorted(classes, truth))


def measure_transfer(
    data: Path, names: Sequence[str], progress: Callable[[str], None] = _silent
) -> dict[str, dict[str, Any]]:
    """Return the figures of each set left out, and their means under "mean"."""
    recipe = transfer_recipe(load_recipe(shipped_recipe_path()))
    out: dict[str, dict[str, Any]] = {}
    for name in names:
        started = time.perf_counter()
        corpus = read_corpus(recipe, data, leave_out=frozenset([name]))
        test = read_test_rows(data, name)
        model = _fit_ours(corpus, recipe)
        shown = model.probabilities(test.texts)
        naive = _fit_naive(corpus).probabilities(test.texts)
        rows = len(corpus.texts) + len(corpus.calibration)
        out[name] = {
            "test rows": len(test.texts),
            "training rows": rows,
            **_judge(test, even_out(shown, model.labels, PRIOR_POWER), naive),
        }
        classes = classes_of(test.labels)
        out[name][AS_SHOWN] = macro_f1(test.labels, arg_max(shown, classes), classes)
        figures = ", ".join(f"{key} {out[name][key]:.3f}" for key in COLUMNS[:4])
        progress(f"without {name}: {figures} ({time.perf_counter() - started:.0f} s, seed {SEED})")
    out["mean"] = {key: float(np.mean([figures[key] for figures in out.values()])) for key in COLUMNS}
    return out
