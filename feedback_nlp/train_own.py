"""Makes a bundle with a company's own labels beside the shipped ones."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from feedback_nlp.analyzer import Analyzer
from feedback_nlp.bundle import Bundle, load_bundle, save_bundle
from feedback_nlp.metrics import risk_coverage
from feedback_nlp.own_labels import LABEL_SEPARATOR, Doubles, OwnHead, apply_curve, fit_curve
from feedback_nlp.training.own_features import Features
from feedback_nlp.training.own_fit import choose_c, fit_margins, make_linear, split_folds
from feedback_nlp.training.own_report import (
    judge,
    judge_left_out,
    learning_curve,
    likely_label_errors,
    render_own_card,
)
from feedback_nlp.training.own_rows import OwnRows, read_labelled, read_own_rows

__all__ = ["evaluate_own_labels", "fit_own", "train_own_labels"]

_PRECISIONS = (0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
#: A share right among fewer texts is luck.
_LEAST_SURE = 20


def _silent(message: str) -> None:
    pass


def train_own_labels(
    path: str | Path,
    out: str | Path,
    *,
    text_column: str | None = None,
    label_column: str = "label",
    task: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = _silent,
) -> Bundle:
    """Train a bundle on own labels and write it.

    Parameters
    ----------
    path : str or Path
        CSV, JSON Lines, Parquet or XLSX with a text and a label a row; several labels are joined by "|".
    out : str or Path
        Folder of the new bundle.
    text_column : str or None, default=None
        Found by its name if None.
    label_column : str, default="label"
    task : {"sentiment", "kind"} or None, default=None
        Replace the shipped labels of this task; the labels must be the product's names.
    seed : int, default=0
    progress : callable
        Gets a line a step.

    Returns
    -------
    Bundle
        Its manifest holds what was measured under "metrics", "own_labels".

    Raises
    ------
    TrainingDataError
        Fewer than two labels, or fewer than 8 examples of one; the message names them.
    InputError
        The file cannot be read or a column is missing.
    """
    rows = read_own_rows(path, text_column=text_column, label_column=label_column, task=task)
    progress(f"{len(rows.texts):,} texts with {len(rows.labels)} labels")
    shipped = load_bundle()
    linear, head, metrics = fit_own(rows, shipped, task=task, seed=seed, progress=progress)
    metrics |= {"left_out": rows.left_out}
    if task is not None:
        metrics["shipped_bundle"] = _compare(rows, shipped, task)
    name = f"{shipped.model.name}-own-{task or 'labels'}"
    manifest = {
        **{key: shipped.manifest[key] for key in ("version", "language", "labels", "taxonomy")},
        "name": name,
        "seed": seed,
        "trained_with": {
            "python": platform.python_version(),
            **{library: version(library) for library in ("scikit-learn", "numpy", "scipy", "spacy")},
        },
        "built_on": str(shipped.model),
        "own": {"labels": list(rows.labels), "several": rows.several, "task": task},
        "metrics": {"own_labels": metrics},
    }
    card = render_own_card(name, task, metrics, str(shipped.model))
    heads = {**shipped.heads, "own": head.to_json()}
    return save_bundle(out, shipped.linear, heads, manifest, card, own=linear)


def fit_own(
    rows: OwnRows,
    shipped: Bundle,
    *,
    task: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = _silent,
) -> tuple[Any, OwnHead, dict[str, Any]]:
    """Fit linear part and head, and measure them in cross-validation, without writing anything."""
    features = Features.of(rows.texts, shipped.linear)
    progress(f"{features.block.shape[1]:,} features")
    folds = split_folds(rows.truth, several=rows.several, seed=seed)
    c, margins = choose_c(features.block, rows.truth, folds, several=rows.several, seed=seed)
    progress(f"cross-validated, C = {c}")
    scale, offsets = fit_curve(margins, rows.truth, several=rows.several)
    probabilities = _left_out_probabilities(rows, margins, folds)
    metrics = {
        "c": c,
        **judge_left_out(rows, probabilities),
        "learning_curve": learning_curve(features.block, rows, folds, c, seed),
        "likely_label_errors": likely_label_errors(rows, probabilities),
    }
    weights, intercepts = fit_margins(features.block, rows.truth, c, seed)
    linear, shipped_weights = make_linear(features, weights)
    precisions = [] if rows.several else _precisions(rows, probabilities)
    head = OwnHead(rows.labels, rows.several, task, shipped_weights, intercepts, scale, offsets, precisions)
    progress("final model fitted")
    return linear, head, metrics


def _left_out_probabilities(rows: OwnRows, margins: Doubles, folds: list[Any]) -> Doubles:
    """Return probabilities by curves fitted without the fold that they are for."""
    out = np.zeros(margins.shape)
    for fitted, judged in folds:
        scale, offsets = fit_curve(margins[fitted], rows.truth[fitted], several=rows.several)
        out[judged] = apply_curve(margins[judged], scale, offsets, several=rows.several)
    return out


def _precisions(rows: OwnRows, probabilities: Doubles) -> list[list[float]]:
    """Return for each wanted precision the lowest confidence that gives it, and the coverage; 1 and 0 where none."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == rows.truth.argmax(axis=1)
    shares = risk_coverage(confidence, right)
    ordered = -np.sort(-confidence)
    out = []
    for wanted in _PRECISIONS:
        reached = np.flatnonzero(shares >= wanted)
        last = int(reached[-1]) if len(reached) else -1
        enough = last + 1 >= _LEAST_SURE
        threshold, coverage = (float(ordered[last]), (last + 1) / len(ordered)) if enough else (1.0, 0.0)
        out.append([wanted, threshold, round(coverage, 4)])
    return out


def _compare(rows: OwnRows, shipped: Bundle, task: str) -> dict[str, Any]:
    """Return what the shipped bundle gets right of the same texts; one that it gives no label counts as wrong."""
    from sklearn.metrics import f1_score

    analyses = list(Analyzer(shipped).analyze_many(rows.texts))
    truth = [rows.labels[place] for place in rows.truth.argmax(axis=1)]
    if task == "sentiment":  # as published figures: the likeliest of the three, not "mixed"
        ours = [_likeliest(one, rows.labels) for one in analyses]
    else:
        ours = [one.kind or "no label" for one in analyses]
    return {
        "accuracy": round(float(np.mean([a == b for a, b in zip(truth, ours, strict=True)])), 4),
        "macro_f1": round(
            float(f1_score(truth, ours, labels=list(rows.labels), average="macro", zero_division=0)), 4
        ),
    }


def _likeliest(one: Any, labels: tuple[str, ...]) -> str:
    if one.sentiment is None:
        return "no label"
    return max(labels, key=lambda label: float(getattr(one, f"p_{label}")))


def evaluate_own_labels(
    analyzer: Analyzer, path: str | Path, *, text_column: str | None = None, label_column: str = "label"
) -> dict[str, Any]:
    """Compare an analyzer's own labels with the right ones in a file.

    Parameters
    ----------
    analyzer : Analyzer
        Of a bundle with own labels.
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
    found = []
    for one in analyzer.analyze_many(rows.texts):
        shown = one.own.label if one.own is not None else None
        found.append(None if shown is None else frozenset(filter(None, shown.split(LABEL_SEPARATOR))))
    names = tuple(sorted({*analyzer.own_labels, *(name for labels in rows.labels for name in labels)}))
    truth, ours = (
        np.array([[name in (labels or ()) for name in names] for labels in column], dtype=bool)
        for column in (rows.labels, found)
    )
    several = bool((truth.sum(axis=1) > 1).any())
    return {
        "model": str(analyzer.model),
        "without_our_label": found.count(None),
        "left_out": rows.left_out,
        **judge(names, truth, ours, several=several),
    }
