"""Reads a company's own labels: one a row, or several joined by "|"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from feedback_nlp.errors import InputError, TrainingDataError
from feedback_nlp.ingest import find_column, find_text_column, open_table
from feedback_nlp.ingest.chunks import cell_text
from feedback_nlp.own_labels import LABEL_SEPARATOR, Doubles
from feedback_nlp.records import KINDS, SENTIMENTS

__all__ = [
    "LEAST_EXAMPLES", "TASK_LABELS", "Labelled", "OwnRows", "map_to_sentiment", "read_labelled", "read_own_rows",
]  # fmt: skip

#: Fewer examples of a label teach nothing that could be measured.
LEAST_EXAMPLES: Final = 8
#: Labels that replace those of a task of the shipped bundle.
TASK_LABELS: Final = {"sentiment": SENTIMENTS[:3], "kind": KINDS}
#: Labels become topics of scored files, where "topic:sentiment" pairs are joined by "|".
_TOPIC_NAME: Final = re.compile(r"[^:|\r\n]+")
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labelled rows of a file.

    Parameters
    ----------
    texts : list of str
    labels : list of frozenset of str
    lines : list of int
        Where each text stands in the file.
    left_out : dict of str to int
        Rows without a text, without a label, or that could not be read.
    """

    texts: list[str]
    labels: list[frozenset[str]]
    lines: list[int]
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Labelled texts.

    Parameters
    ----------
    texts : list of str
    labels : tuple of str
        Sorted; in the order of the task where there is one.
    truth : ndarray of 0 and 1, shape (n_texts, n_labels)
    several : bool
        Whether any text has several labels.
    lines : list of int
        Where each text stands in the file.
    left_out : dict of str to int
        Rows without a text, without a label, or that could not be read.
    """

    texts: list[str]
    labels: tuple[str, ...]
    truth: Doubles
    several: bool
    lines: list[int]
    left_out: dict[str, int]


def read_own_rows(
    path: str | Path, *, text_column: str | None, label_column: str, task: str | None = None
) -> OwnRows:
    """Read a labelled file.

    Raises
    ------
    TrainingDataError
        Fewer than two labels, labels with fewer than 8 examples, or labels that the task does not know.
    InputError
        A column is missing or the file cannot be read.
    """
    rows = read_labelled(
        path, text_column=text_column, label_column=label_column, fold_case=task in TASK_LABELS
    )
    labels = _check_labels(rows.labels, path, label_column, task)
    truth = np.array([[label in names for label in labels] for names in rows.labels], dtype=np.float64)
    # A text may have one topic, several or none, whatever the file happens to hold.
    several = task == "topics" or any(len(names) > 1 for names in rows.labels)
    return OwnRows(rows.texts, labels, truth, several, rows.lines, rows.left_out)


def read_labelled(
    path: str | Path, *, text_column: str | None, label_column: str, fold_case: bool = False
) -> Labelled:
    """Read texts and labels as they stand.

    Raises
    ------
    InputError
        A column is missing, the file cannot be read, or no row has text and label.
    """
    table = open_table(path)
    text_place = find_text_column(table.columns, text_column)
    label_place = find_column(table.columns, "label", label_column)
    assert label_place is not None  # noqa: S101  # a wanted column is found or raises
    texts: list[str] = []
    found: list[frozenset[str]] = []
    lines: list[int] = []
    left_out = Counter({"without text": 0, "without label": 0, "unreadable": 0})
    for chunk in table.chunks():
        left_out["unreadable"] += len(chunk.rejected)
        cells = zip(chunk.values(text_place), chunk.values(label_place), chunk.lines(), strict=True)
        for text, label, line in cells:
            words, names = cell_text(text), _split(cell_text(label), fold_case)
            if not words.strip() or not names:
                left_out["without text" if not words.strip() else "without label"] += 1
                continue
            texts.append(words)
            found.append(names)
            lines.append(line)
    if not texts:
        raise InputError(
            f"{path}: no row has a text and, in column {label_column!r}, a label.",
            remedy="Name the columns with --text-column and --label-column.",
        )
    return Labelled(texts, found, lines, dict(left_out))


def _split(cell: str, fold_case: bool) -> frozenset[str]:
    names = (name.strip() for name in cell.split(LABEL_SEPARATOR))
    return frozenset(name.casefold() if fold_case else name for name in names if name)


def _check_labels(
    found: list[frozenset[str]], path: str | Path, column: str, task: str | None
) -> tuple[str, ...]:
    counts = Counter(name for names in found for name in names)
    where = f"{path}, column {column!r}"
    if len(counts) < 2:
        raise TrainingDataError(
            f"{where}: {len(counts)} label(s), at least 2 are needed.",
            remedy="Name the column with the labels with --label-column.",
        )
    few = sorted((count, name) for name, count in counts.items() if count < LEAST_EXAMPLES)
    if few:
        named = ", ".join(f"{name!r} ({count})" for count, name in few[:_SHOWN])
        more = f" and {len(few) - _SHOWN} more" if len(few) > _SHOWN else ""
        raise TrainingDataError(
            f"{where}: fewer than {LEAST_EXAMPLES} examples of {named}{more}.",
            remedy="Add examples, merge these labels with others, or empty their cells.",
        )
    if task == "topics":
        _check_topic_names(counts, where)
    if task not in TASK_LABELS:
        return tuple(sorted(counts))
    unknown = sorted(set(counts) - set(TASK_LABELS[task]))
    if unknown or any(len(names) > 1 for names in found):
        problem = (
            f"{', '.join(map(repr, unknown[:_SHOWN]))} unknown to" if unknown else "several labels a row for"
        )
        raise TrainingDataError(
            f"{where}: {problem} the task {task}.",
            remedy=f"It has {', '.join(TASK_LABELS[task])}, one a row; leave out --task to train other labels.",
        )
    return tuple(name for name in TASK_LABELS[task] if name in counts)


def _check_topic_names(names: Iterable[str], where: str) -> None:
    bad = sorted(name for name in names if not _TOPIC_NAME.fullmatch(name))
    if bad:
        raise TrainingDataError(
            f"{where}: {', '.join(map(repr, bad[:_SHOWN]))} cannot be the name of a topic.",
            remedy='Leave ":" and line breaks out of the names.',
        )


def map_to_sentiment(rows: OwnRows, mapping: Mapping[str, str], task: str | None) -> tuple[int, ...]:
    """Return the number of the sentiment (0 negative, 1 neutral, 2 positive) that each label stands for.

    Raises
    ------
    TrainingDataError
        A label has no sentiment or an unknown one, the mapping names a label that is not there, a text has several
        labels, or they replace those of a task.
    """
    if task is not None or rows.several:
        reason = "a task" if task is not None else "several labels a row"
        raise TrainingDataError(
            f"Labels cannot be mapped to sentiments with {reason}.", remedy="Leave out one of the two."
        )
    wrong = [
        *(f"{label!r} has no sentiment" for label in rows.labels if label not in mapping),
        *(f"{label!r} is not a label of the file" for label in mapping if label not in rows.labels),
        *(f"{sign!r} is no sentiment" for sign in mapping.values() if sign not in SENTIMENTS[:3]),
    ]
    if wrong:
        raise TrainingDataError(
            f"The mapping does not fit: {', '.join(wrong[:_SHOWN])}.",
            remedy="Give --map LABEL=SENTIMENT once for each label; sentiments are negative, neutral, positive.",
        )
    return tuple(SENTIMENTS.index(mapping[label]) for label in rows.labels)
