"""What a training on own labels measured: figures on texts left out of the fit, and labels worth a second look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, precision_recall_fscore_support

from feedback_nlp.metrics import calibration_error
from feedback_nlp.own_labels import LABEL_SEPARATOR, Doubles
from feedback_nlp.training.own_features import Features
from feedback_nlp.training.own_fit import Balance, Folds, left_out_margins
from feedback_nlp.training.own_rows import OwnRows

__all__ = [
    "choose_threshold", "decide", "judge", "judge_left_out", "learning_curve", "likely_label_errors", "render_own_card",
]  # fmt: skip

_COMPARED: Final = {
    "shipped_bundle": "The shipped bundle on the same texts",
    "shipped_scores_alone": "The shipped bundle's scores alone, fitted to these labels (same folds)",
}
_PAIRS: Final = 10
_ERRORS: Final = 50
#: 0.5 first: of equally good ones it is taken.
_THRESHOLDS: Final = (0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.55, 0.6)
_CURVE_SHARES: Final = (0.25, 0.5, 1.0)


def judge_left_out(rows: OwnRows, probabilities: Doubles, threshold: float) -> dict[str, Any]:
    """Return figures of left-out probabilities; see `judge`."""
    truth = rows.truth.astype(bool)
    found = decide(probabilities, threshold, several=rows.several)
    figures = judge(rows.labels, truth, found, several=rows.several)
    if not rows.several:
        figures["calibration_error"] = round(calibration_error(probabilities, truth.argmax(axis=1)), 4)
    return figures


def judge(
    labels: Sequence[str], truth: NDArray[np.bool_], found: NDArray[np.bool_], *, several: bool
) -> dict[str, Any]:
    """Return figures of labels.

    Accuracy is the share of texts with exactly the right label or labels; macro-F1 the mean over labels.

    Parameters
    ----------
    labels : sequence of str
    truth, found : ndarray of bool, shape (n_texts, n_labels)
    several : bool
        Whether a text may have several labels; then micro-F1 is given too, else it is the accuracy.
    """
    table = precision_recall_fscore_support(truth, found, zero_division=0)
    per_class = {
        label: {
            "precision": round(float(p), 4),
            "recall": round(float(r), 4),
            "f1": round(float(f), 4),
            "texts": int(n),
        }
        for label, p, r, f, n in zip(labels, *table, strict=True)
    }
    figures: dict[str, Any] = {
        "texts": len(truth),
        "accuracy": round(float((found == truth).all(axis=1).mean()), 4),
        "macro_f1": round(float(table[2].mean()), 4),
        "per_class": per_class,
        "most_confused": _most_confused(labels, truth, found),
    }
    if several:
        figures["micro_f1"] = round(float(f1_score(truth, found, average="micro", zero_division=0)), 4)
    return figures


def decide(probabilities: Doubles, threshold: float = 0.5, *, several: bool) -> NDArray[np.bool_]:
    """Return which labels are shown, shape (n_texts, n_labels)."""
    if several:
        return np.asarray(probabilities >= threshold)
    return np.asarray(np.eye(probabilities.shape[1], dtype=bool)[probabilities.argmax(axis=1)])


def choose_threshold(rows: OwnRows, probabilities: Doubles) -> float:
    """Return the probability from which one of several labels is shown: the one with the best micro-F1, or 0.5."""
    if not rows.several:
        return 0.5
    scores = [
        f1_score(rows.truth, probabilities >= threshold, average="micro", zero_division=0)
        for threshold in _THRESHOLDS
    ]
    return float(_THRESHOLDS[int(np.argmax(scores))])


def _most_confused(
    labels: Sequence[str], truth: NDArray[np.bool_], found: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return the commonest pairs of a missed label and a wrong one in the same text."""
    counts = (truth & ~found).T.astype(np.int64) @ (found & ~truth).astype(np.int64)
    order = np.argsort(-counts, axis=None, kind="stable")[:_PAIRS]
    places = (np.unravel_index(place, counts.shape) for place in order)
    return [
        {"label": labels[int(a)], "called": labels[int(b)], "texts": int(counts[a, b])}
        for a, b in places
        if counts[a, b]
    ]


def learning_curve(
    features: Features, rows: OwnRows, folds: Folds, balance: Balance, seed: int
) -> list[dict[str, Any]]:
    """Return macro-F1 on the first fold after fitting on growing shares of the other four."""
    fitted, judged = folds[0]
    shuffled = np.random.default_rng(seed).permutation(fitted)
    shares = [shuffled[: max(2, round(share * len(shuffled)))] for share in _CURVE_SHARES]
    margins = left_out_margins(features, rows.truth, [(some, judged) for some in shares], balance, seed)
    truth = rows.truth[judged].astype(bool)
    return [
        {
            "texts": len(some),
            "macro_f1": round(
                float(
                    f1_score(truth, decide(one + 0.5, several=rows.several), average="macro", zero_division=0)
                ),
                4,
            ),
        }
        for some, one in zip(shares, margins, strict=True)
    ]


def likely_label_errors(
    rows: OwnRows, probabilities: Doubles, threshold: float = 0.5
) -> list[dict[str, Any]]:
    """Return rows whose label is likely wrong, found by cleanlab (confident learning: Northcutt et al. 2021, JAIR 70).

    Parameters
    ----------
    rows : OwnRows
    probabilities : ndarray, shape (n_texts, n_labels)
        Of texts left out of the fit.
    threshold : float, default=0.5
        Probability from which one of several labels is likely.

    Returns
    -------
    list of dict
        "line" of the file, "label" given, "likely" label and "margin": how much likelier the one is than the other, for
        several labels how unlikely the least likely decision is; worst first, at most 50.
    """
    likely = decide(probabilities, threshold, several=rows.several)
    return [
        {
            "line": rows.lines[row],
            "label": _joined(rows.labels, rows.truth[row]),
            "likely": _joined(rows.labels, likely[row]),
            "margin": round(_margin(probabilities[row], rows.truth[row], several=rows.several), 4),
        }
        for row in _suspects(rows, probabilities)[:_ERRORS]
        if (likely[row] != rows.truth[row].astype(bool)).any()
    ]


def _suspects(rows: OwnRows, probabilities: Doubles) -> list[int]:
    """Return the texts whose labels are likely wrong, worst first."""
    if rows.several:
        from cleanlab.multilabel_classification import filter as of_several

        given = [np.flatnonzero(row).tolist() for row in rows.truth]
        found = of_several.find_label_issues(
            given, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    else:
        from cleanlab import filter as of_one

        found = of_one.find_label_issues(
            rows.truth.argmax(axis=1), probabilities, return_indices_ranked_by="normalized_margin", n_jobs=1
        )
    return [int(row) for row in found]


def _joined(labels: Sequence[str], chosen: NDArray[Any]) -> str:
    return LABEL_SEPARATOR.join(label for label, here in zip(labels, chosen, strict=True) if here)


def _margin(probabilities: Doubles, truth: Doubles, *, several: bool) -> float:
    if several:
        return 1 - float(np.where(truth > 0, probabilities, 1 - probabilities).min())
    return float(probabilities.max() - probabilities @ truth)


def render_own_card(name: str, task: str | None, metrics: Mapping[str, Any], shipped: str) -> str:
    """Return the model card of a bundle with own labels."""
    replaced = f"They replace the shipped labels of the task {task}." if task else "They come as fb_label."
    if "mapped" in metrics:
        replaced += " The sentiment is read from them."
    figures = ("texts", "accuracy", "macro_f1", "micro_f1", "calibration_error")
    lines = [
        f"# Model card: {name}",
        "",
        f"Own labels beside the shipped bundle {shipped}. {replaced} All other labels, sentences and explanations are",
        "those of the shipped bundle. English text only. Words of the training texts stand in the bundle.",
        "",
        "## Measured in five-fold cross-validation",
        "",
        "Vocabulary was counted on all texts, without labels; what was chosen (" + _chosen(metrics) + ")",
        "was chosen on the same folds.",
        "",
        "| figure | value |",
        "|---|---|",
        *(f"| {figure} | {metrics[figure]} |" for figure in figures if figure in metrics),
        "",
        "| label | precision | recall | F1 | texts |",
        "|---|---|---|---|---|",
        *(
            f"| {_cell(label)} | {row['precision']} | {row['recall']} | {row['f1']} | {row['texts']} |"
            for label, row in metrics["per_class"].items()
        ),
        *_table("Most confused", ("label", "called", "texts"), metrics["most_confused"]),
        *_table("Learning curve (one fold)", ("texts", "macro_f1"), metrics["learning_curve"]),
        *_table("Likely label errors", ("line", "label", "likely", "margin"), metrics["likely_label_errors"]),
    ]
    for key, title in _COMPARED.items():
        if key in metrics:
            lines += ["", f"## {title}", "", "| figure | value |", "|---|---|"]
            lines += [f"| {figure} | {value} |" for figure, value in metrics[key].items()]
    return "\n".join([*lines, ""])


def _chosen(metrics: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in metrics["chosen"].items())


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> list[str]:
    body = ["| " + " | ".join(_cell(row[column]) for column in columns) + " |" for row in rows]
    head = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    return ["", f"## {title}", "", *([*head, *body] if body else ["None found."])]


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "/").replace("<", "&lt;")
