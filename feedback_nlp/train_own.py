"""Makes a bundle with a company's own labels beside the shipped ones."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from feedback_nlp.analyzer import Analyzer
from feedback_nlp.bundle import Bundle, LinearPart, load_bundle, save_bundle
from feedback_nlp.metrics import risk_coverage
from feedback_nlp.own_labels import Doubles, OwnHead, apply_curve, fit_curve
from feedback_nlp.profile import build_profile
from feedback_nlp.training.own_compare import compare_with_shipped, sentiment_figures
from feedback_nlp.training.own_features import Features
from feedback_nlp.training.own_fit import (
    Folds,
    choose_balance,
    fit_all,
    left_out_margins,
    make_linear,
    split_folds,
)
from feedback_nlp.training.own_report import (
    choose_threshold,
    judge_left_out,
    learning_curve,
    likely_label_errors,
    render_own_card,
)
from feedback_nlp.training.own_rows import OwnRows, map_to_sentiment, read_own_rows
from feedback_nlp.training.own_search import search_balance

__all__ = ["Fitted", "Search", "fit_own", "train_own_labels"]

_PRECISIONS = (0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
#: A share right among fewer texts is luck.
_LEAST_SURE = 20
#: Texts that the profile in the manifest is made from, about.
PROFILE_TEXTS = 5_000


def _silent(message: str) -> None:
    pass


def _no_bar(share: float, message: str) -> None:
    pass


def train_own_labels(
    path: str | Path,
    out: str | Path,
    *,
    text_column: str | None = None,
    label_column: str = "label",
    task: str | None = None,
    mapping: Mapping[str, str] | None = None,
    search_minutes: float = 0.0,
    seed: int = 0,
    progress: Callable[[str], None] = _silent,
    on_search: Callable[[float, str], None] = _no_bar,
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
    task : {"sentiment", "kind", "topics"} or None, default=None
        Replace the shipped labels of this task. For sentiment and kind the labels must be the product's names; topics
        may have any names, and a text one, several or none.
    mapping : mapping of str to {"negative", "neutral", "positive"} or None, default=None
        The sentiment that each label stands for; it then replaces the shipped sentiment, beside the labels.
    search_minutes : float, default=0
        Look so long for better settings than the default ones. What is found depends on the machine's speed.
    seed : int, default=0
    progress : callable
        Gets a line a step.
    on_search : callable
        Gets the share of the search's time that is gone, in [0, 1], and a line on the best so far.

    Returns
    -------
    Bundle
        Its manifest holds what was measured under "metrics", "own_labels".

    Raises
    ------
    TrainingDataError
        Fewer than two labels, fewer than 8 examples of one, or a mapping that does not fit; the message names them.
    InputError
        The file cannot be read or a column is missing.
    """
    rows = read_own_rows(path, text_column=text_column, label_column=label_column, task=task)
    mapped = () if mapping is None else map_to_sentiment(rows, mapping, task)
    progress(f"{len(rows.texts):,} texts with {len(rows.labels)} labels")
    shipped = load_bundle()
    search = Search(search_minutes, on_search)
    fitted = fit_own(rows, shipped, task=task, mapped=mapped, search=search, seed=seed, progress=progress)
    metrics = (
        fitted.metrics
        | {"left_out": rows.left_out}
        | compare_with_shipped(rows, shipped, task, mapped, fitted.features, fitted.folds)
    )
    name = f"{shipped.model.name}-own-{task or 'labels'}"
    card = render_own_card(name, task, metrics, str(shipped.model))
    heads = {**shipped.heads, "own": fitted.head.to_json()}
    manifest = _manifest(rows, shipped, name, task, metrics, seed)
    made = Bundle(Path(), {"name": name, "version": "", "digest": ""}, shipped.linear, heads, fitted.linear)
    every = max(1, len(rows.texts) // PROFILE_TEXTS)
    manifest["profile"] = build_profile(Analyzer(made), rows.texts[::every])
    return save_bundle(out, shipped.linear, heads, manifest, card, own=fitted.linear)


def _manifest(
    rows: OwnRows, shipped: Bundle, name: str, task: str | None, metrics: dict[str, Any], seed: int
) -> dict[str, Any]:
    kept = {key: shipped.manifest[key] for key in ("version", "language", "labels", "taxonomy")}
    if task == "topics":
        kept |= {"labels": {**kept["labels"], "topics": list(rows.labels)}, "taxonomy": "own"}
    return {
        **kept,
        "name": name,
        "seed": seed,
        "trained_with": {
            "python": platform.python_version(),
            **{
                library: version(library)
                for library in ("scikit-learn", "numpy", "scipy", "spacy", "cleanlab")
            },
        },
        "built_on": str(shipped.model),
        "own": {"labels": list(rows.labels), "several": rows.several, "task": task},
        "metrics": {"own_labels": metrics},
    }


@dataclass(frozen=True, slots=True)
class Search:
    """A search for better settings: `minutes` long (0 for none), reported to `report`."""

    minutes: float = 0.0
    report: Callable[[float, str], None] = _no_bar


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted own model.

    Parameters
    ----------
    linear : LinearPart
    head : OwnHead
    metrics : dict
    features : Features
    folds : list of two arrays of int
        Rows fitted and judged.
    """

    linear: LinearPart
    head: OwnHead
    metrics: dict[str, Any]
    features: Features
    folds: Folds


def fit_own(
    rows: OwnRows,
    shipped: Bundle,
    *,
    task: str | None = None,
    mapped: tuple[int, ...] = (),
    search: Search = Search(),  # frozen
    seed: int = 0,
    progress: Callable[[str], None] = _silent,
) -> Fitted:
    """Fit linear part and head, and measure them in cross-validation, without writing anything."""
    features = Features.of(rows.texts, shipped.linear)
    progress(f"{features.block.shape[1]:,} features")
    folds = split_folds(rows.truth, several=rows.several, seed=seed)
    balance = choose_balance(features, rows.truth, folds, several=rows.several, seed=seed)
    tries = 0
    if search.minutes > 0:
        balance, tries = search_balance(
            features, rows.truth, folds, balance,
            several=rows.several, seed=seed, minutes=search.minutes, report=search.report,
        )  # fmt: skip
    margins = np.zeros(rows.truth.shape)
    left_out = left_out_margins(features, rows.truth, folds, balance, seed)
    for (_, judged), found in zip(folds, left_out, strict=True):
        margins[judged] = found
    progress(f"cross-validated with {balance}")
    scale, offsets = fit_curve(margins, rows.truth, several=rows.several)
    probabilities = _left_out_probabilities(rows, margins, folds)
    threshold = choose_threshold(rows, probabilities)
    metrics = {
        "chosen": balance.to_json() | ({"threshold": threshold} if rows.several else {}),
        "search_tries": tries,
        **judge_left_out(rows, probabilities, threshold),
        "learning_curve": learning_curve(features, rows, folds, balance, seed),
        "likely_label_errors": likely_label_errors(rows, probabilities, threshold),
    }
    if mapped:
        metrics["mapped"] = _judge_mapped(rows, probabilities, mapped)
    weights, intercepts = fit_all(features, rows.truth, balance, seed)
    linear, shipped_weights = make_linear(features, weights)
    precisions = _precisions(rows, probabilities, mapped)
    head = OwnHead(
        rows.labels,
        rows.several,
        task,
        shipped_weights,
        intercepts,
        scale,
        offsets,
        precisions,
        threshold,
        mapped,
    )
    progress("final model fitted")
    return Fitted(linear, head, metrics, features, folds)


def _left_out_probabilities(rows: OwnRows, margins: Doubles, folds: list[Any]) -> Doubles:
    """Return probabilities by curves fitted without the fold that they are for."""
    out = np.zeros(margins.shape)
    for fitted, judged in folds:
        scale, offsets = fit_curve(margins[fitted], rows.truth[fitted], several=rows.several)
        out[judged] = apply_curve(margins[judged], scale, offsets, several=rows.several)
    return out


def _judge_mapped(rows: OwnRows, probabilities: Doubles, mapped: tuple[int, ...]) -> dict[str, Any]:
    """Return figures of the sentiment that left-out probabilities give."""
    signs = np.eye(3)[list(mapped)]
    truth, found = (rows.truth @ signs).argmax(axis=1), (probabilities @ signs).argmax(axis=1)
    return sentiment_figures(truth, found, mapped)


def _precisions(rows: OwnRows, probabilities: Doubles, mapped: tuple[int, ...]) -> list[list[float]]:
    """Return for each wanted precision the lowest confidence that gives it, and the coverage; 1 and 0 where none."""
    if rows.several:
        return []
    signs = np.eye(3)[list(mapped)] if mapped else np.eye(len(rows.labels))
    shares, truth = probabilities @ signs, rows.truth @ signs
    confidence = shares.max(axis=1)
    right = shares.argmax(axis=1) == truth.argmax(axis=1)
    by_coverage = risk_coverage(confidence, right)
    ordered = -np.sort(-confidence)
    out = []
    for wanted in _PRECISIONS:
        reached = np.flatnonzero(by_coverage >= wanted)
        last = int(reached[-1]) if len(reached) else -1
        enough = last + 1 >= _LEAST_SURE
        threshold, coverage = (float(ordered[last]), (last + 1) / len(ordered)) if enough else (1.0, 0.0)
        out.append([wanted, threshold, round(coverage, 4)])
    return out
