"""The shared English sets: the shipped bundle beside the word lists, a set at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._figures import arg_max, cut, macro_f1
from benchmarks._gold import probabilities_of
from benchmarks._rivals import textblob_scores, vader_scores
from benchmarks._sources import classes_of, read_test_rows
from feedback_nlp import Analyzer
from feedback_nlp.metrics import calibration_error
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path

__all__ = ["SET_COLUMNS", "measure_sets"]

SET_COLUMNS = (
    "set", "in training", "rows", "classes", "no label", "accuracy", "macro-F1", "calibration error",
    "VADER macro-F1", "TextBlob macro-F1",
)  # fmt: skip


def measure_sets(analyzer: Analyzer, data: Path, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return one line of figures a set; texts that got no label count as wrong."""
    trained = {part.file for part in load_recipe(shipped_recipe_path()).sets}
    return [_measure(analyzer, data, name, in_training=name in trained) for name in names]


def _measure(analyzer: Analyzer, data: Path, name: str, *, in_training: bool) -> dict[str, Any]:
    test = read_test_rows(data, name)
    truth, classes = test.labels, classes_of(test.labels)
    three = probabilities_of(analyzer.analyze_many(test.texts))
    labelled = three.sum(axis=1) > 0
    found = np.where(labelled, arg_max(three, classes), -1)
    chosen = np.where(labelled[:, None], three[:, list(classes)], 1)
    chosen = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1e-12)
    right_places = np.where(labelled, np.searchsorted(classes, truth), -1)
    values = (
        name,
        "yes" if in_training else "no",
        len(truth),
        len(classes),
        int((~labelled).sum()),
        float((found == truth).mean()),
        macro_f1(truth, found, classes),
        calibration_error(chosen, right_places),
        macro_f1(truth, cut(vader_scores(test.texts), classes), classes),
        macro_f1(truth, cut(textblob_scores(test.texts), classes), classes),
    )
    return dict(zip(SET_COLUMNS, values, strict=True))
