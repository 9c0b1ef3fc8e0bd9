"""Measures a bundle with own labels on a labelled file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from feedback_nlp.analyzer import Analyzer
from feedback_nlp.own_labels import LABEL_SEPARATOR
from feedback_nlp.records import KINDS, Analysis
from feedback_nlp.training.own_report import judge
from feedback_nlp.training.own_rows import read_labelled

__all__ = ["evaluate_own_labels"]


def evaluate_own_labels(
    analyzer: Analyzer, path: str | Path, *, text_column: str | None = None, label_column: str = "label"
) -> dict[str, Any]:
    """Compare an analyzer's own labels with the right ones in a file.

    Parameters
    ----------
    analyzer : Analyzer
        Of a bundle with own labels, topics or kinds.
    path, text_column, label_column
        As for `train_own_labels`.

    Returns
    -------
    dict
        Shares in [0, 1]. A text that gets no label (another language, unreadable) is wrong; so is a text whose right
        label the bundle does not know.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing or no row has a label.
    """
    rows = read_labelled(path, text_column=text_column, label_column=label_column)
    found = [_shown(one, analyzer.own_task) for one in analyzer.analyze_many(rows.texts)]
    known = {None: analyzer.own_labels, "topics": analyzer.topics, "kind": KINDS}[analyzer.own_task]
    names = tuple(sorted({*known, *(name for labels in rows.labels for name in labels)}))
    truth, ours = (
        np.array([[name in (labels or ()) for name in names] for labels in column], dtype=bool)
        for column in (rows.labels, found)
    )
    several = analyzer.own_task == "topics" or bool((truth.sum(axis=1) > 1).any())
    return {
        "model": str(analyzer.model),
        "without_our_label": found.count(None),
        "left_out": rows.left_out,
        **judge(names, truth, ours, several=several),
    }


def _shown(one: Analysis, task: str | None) -> frozenset[str] | None:
    """Return the labels of an analysis, None where it has none to give."""
    if one.status != "ok":
        return None
    if task == "topics":
        return frozenset(finding.topic for finding in one.topics)
    if task == "kind":
        return frozenset(filter(None, [one.kind]))
    shown = one.own.label if one.own is not None else None
    return None if shown is None else frozenset(filter(None, shown.split(LABEL_SEPARATOR)))
