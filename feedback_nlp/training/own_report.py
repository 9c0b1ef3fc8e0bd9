"""What a training on own labels measured: figures on texts left out of the fit, and labels worth a second look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.metrics import f1_score, precision_recall_fscore_support

from feedback_nlp.metrics import calibration_error
from feedback_nlp.own_labels import Doubles
from feedback_nlp.scan import Longs
from feedback_nlp.training.own_fit import fit_margins
from feedback_nlp.training.own_rows import OwnRows

__all__ = ["judge", "judge_left_out", "learning_curve", "likely_label_errors", "render_own_card"]

_PAIRS: Final = 10
_ERRORS: Final = 50
_CURVE_SHARES: Final = (0.25, 0.5, 1.0)


def judge_left_out(rows: OwnRows, probabilities: Doubles) -> dict[str, Any]:
    """Return figures of left-out probabilities; see `judge`."""
    truth = rows.truth.astype(bool)
    found = decide(probabilities, several=rows.several)
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


def decide(probabilities: Doubles, *, several: bool) -> NDArray[np.bool_]:
    """Return which labels are shown, shape (n_texts, n_labels)."""
    if several:
        return np.asarray(probabilities >= 0.5)
    return np.asarray(np.eye(probabilities.shape[1], dtype=bool)[probabilities.argmax(axis=1)])


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
    block: sp.csr_matrix, rows: OwnRows, folds: list[tuple[Longs, Longs]], c: float, seed: int
) -> list[dict[str, Any]]:
    """Return macro-F1 on the first fold after fitting on growing shares of the other four."""
    fitted, judged = folds[0]
    shuffled = np.random.default_rng(seed).permutation(fitted)
    out = []
    for share in _CURVE_SHARES:
        some = shuffled[: max(2, round(share * len(shuffled)))]
        weights, intercepts = fit_margins(block[some], rows.truth[some], c, seed)
        margins = block[judged] @ weights + intercepts
        found = decide(margins + 0.5, several=rows.several)
        score = f1_score(rows.truth[judged].astype(bool), found, average="macro", zero_division=0)
        out.append({"texts": len(some), "macro_f1": round(float(score), 4)})
    return out


def likely_label_errors(rows: OwnRows, probabilities: Doubles) -> list[dict[str, Any]]:
    """Return rows whose label is likely wrong, by confident learning (Northcutt et al. 2021, JAIR 70).

    A text counts as confidently of a label when its left-out probability reaches the mean that the label's own texts
    have. A row is listed when it is confidently of another label, and that one is likelier than the given one.
    Labels of several a row are not looked at.

    Returns
    -------
    list of dict
        "line" of the file, "label" given, "likely" label and "margin" between their probabilities, widest first; at
        most 50.
    """
    if rows.several:
        return []
    given = rows.truth.argmax(axis=1)
    own_mean = (probabilities * rows.truth).sum(axis=0) / rows.truth.sum(axis=0)
    candidates = np.where(probabilities >= own_mean, probabilities, -1.0)
    likely = candidates.argmax(axis=1)
    each = np.arange(len(given))
    margin = candidates[each, likely] - probabilities[each, given]
    order = [int(row) for row in np.argsort(-margin, kind="stable")[:_ERRORS] if margin[row] > 0]
    return [
        {
            "line": rows.lines[row],
            "label": rows.labels[given[row]],
            "likely": rows.labels[likely[row]],
            "margin": round(float(margin[row]), 4),
        }
        for row in order
        if likely[row] != given[row]
    ]


def render_own_card(name: str, task: str | None, metrics: Mapping[str, Any], shipped: str) -> str:
    """Return the model card of a bundle with own labels."""
    replaced = f"They replace the shipped labels of the task {task}." if task else "They come as fb_label."
    figures = ("texts", "accuracy", "macro_f1", "micro_f1", "calibration_error")
    lines = [
        f"# Model card: {name}",
        "",
        f"Own labels beside the shipped bundle {shipped}. {replaced} All other labels, sentences and explanations are",
        "those of the shipped bundle. English text only. Words of the training texts stand in the bundle.",
        "",
        "## Measured in five-fold cross-validation",
        "",
        "Vocabulary was counted on all texts, without labels; the choice of C (of at most three) saw the same folds.",
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
    if "shipped_bundle" in metrics:
        lines += ["", "## The shipped bundle on the same texts", "", "| figure | value |", "|---|---|"]
        lines += [f"| {figure} | {value} |" for figure, value in metrics["shipped_bundle"].items()]
    return "\n".join([*lines, ""])


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> list[str]:
    body = ["| " + " | ".join(_cell(row[column]) for column in columns) + " |" for row in rows]
    head = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    return ["", f"## {title}", "", *([*head, *body] if body else ["None found."])]


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "/").replace("<", "&lt;")
