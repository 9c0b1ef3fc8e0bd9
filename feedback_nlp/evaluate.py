"""Measures an analyzer on a labelled file: how often it is right, where it is wrong, and whether it knows.

Judged as published sentiment figures usually are: the arg max of the three class probabilities, rows labelled
"mixed" left out; a file without "neutral" on its two labels; "mixed" as a fourth class apart, by the label shown.
A text that the analyzer gives no label (another language, unreadable, empty) counts as wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from feedback_nlp.errors import InputError, MissingColumnError
from feedback_nlp.ingest import find_text_column, open_table
from feedback_nlp.ingest.chunks import Chunk, cell_text
from feedback_nlp.ingest.columns import find_column
from feedback_nlp.metrics import calibration_error, pair_f1
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS, Analysis, ModelId

__all__ = ["LABEL_COLUMNS", "evaluate_file"]

#: Names under which the column with the right sentiment is found, most telling first.
LABEL_COLUMNS: Final = ("sentiment", "label")
#: What stands in a confusion table where the analyzer gave no label.
NO_LABEL: Final = "no label"
_THREE: Final = SENTIMENTS[:3]
_TWO: Final = (SENTIMENTS[0], SENTIMENTS[2])
_SHOWN: Final = 40  # characters of a wrong cell that an error shows


class _Analyzes(Protocol):
    model: ModelId

    def analyze_many(self, texts: Iterable[str]) -> Iterator[Analysis]: ...


@dataclass(slots=True)
class _Labelled:
    """The labelled rows of a file; None where a cell is empty."""

    texts: list[str] = field(default_factory=list)
    sentiments: list[str | None] = field(default_factory=list)
    kinds: list[str | None] = field(default_factory=list)
    topics: list[dict[str, str]] = field(default_factory=list)
    rejected: int = 0


def evaluate_file(
    analyzer: _Analyzes,
    path: str | Path,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    kind_column: str | None = None,
    topics_column: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> dict[str, Any]:
    r"""Compare an analyzer's labels with the right ones in a file.

    Parameters
    ----------
    analyzer : Analyzer
    path : str or Path
        CSV, TSV, JSON Lines, Parquet or XLSX; "-" for standard input.
    text_column : str or None, default=None
        Found by its name if None.
    label_column : str or None, default=None
        Column with negative, neutral, positive or mixed (case does not count); "sentiment" or "label" if None.
        Rows where it is empty are left out and counted.
    kind_column : str or None, default=None
        Column with the kind; not judged if None.
    topics_column : str or None, default=None
        Column with topics, each `topic` or `topic:sentiment`, joined by "|"; an empty cell says: no topic.
    encoding, delimiter : str or None, default=None
        Guessed if None.

    Returns
    -------
    dict
        Plain nested values. Shares are in [0, 1]: "accuracy", "macro_f1", "calibration_error" (15 bins), "coverage"
        (share not marked uncertain), "precision_when_sure" (None where nothing is sure), "per_class", "confusion"
        (right label, then ours); "with_mixed" where the file knows mixed, "kind" and "topics" where asked for.

    Raises
    ------
    MissingColumnError
        A column is not there.
    InputError
        A label that is not in the product's list (the message names the row), or no labels at all.
    UnreadableFileError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from feedback_nlp import Analyzer
    >>> rows = ["text,sentiment", "Lovely shop,positive", "Never again,negative", "Broken on day one,negative"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = Path(folder, "labelled.csv")
    ...     _ = source.write_text("\n".join(rows), encoding="utf-8")
    ...     evaluate_file(Analyzer.load(), source)["accuracy"]
    1.0
    """
    names = (text_column, label_column, kind_column, topics_column)
    labelled = _read(path, names, encoding=encoding, delimiter=delimiter)
    analyses = list(analyzer.analyze_many(labelled.texts))
    report: dict[str, Any] = {
        "model": str(analyzer.model),
        "rows": len(labelled.texts),
        "rejected_rows": labelled.rejected,
        "without_our_label": sum(one.sentiment is None for one in analyses),
        "left_out": {
            "empty_label": labelled.sentiments.count(None),
            "mixed": labelled.sentiments.count("mixed"),
        },
        **_judge_sentiment(analyses, labelled.sentiments),
    }
    if kind_column is not None:
        shown = [one.kind for one in analyses]
        report["kind"] = _judge_labels(labelled.kinds, shown, KINDS)
    if topics_column is not None:
        report["topics"] = _judge_topics(analyses, labelled.topics)
    return report


# -- reading


def _read(
    path: str | Path, names: Sequence[str | None], *, encoding: str | None, delimiter: str | None
) -> _Labelled:
    table = open_table(path, encoding=encoding, delimiter=delimiter)
    text_name, label_name, kind_name, topics_name = names
    places = [
        find_text_column(table.columns, text_name),
        _label_place(table.columns, label_name),
        None if kind_name is None else find_column(table.columns, "kind", kind_name),
        None if topics_name is None else find_column(table.columns, "topics", topics_name),
    ]
    out = _Labelled()
    for chunk in table.chunks():
        out.rejected += len(chunk.rejected)
        _add_chunk(out, chunk, places, table.columns)
    if not any(out.sentiments):
        column = table.columns[places[1] or 0]
        raise InputError(
            f"No row has a label in column {column!r}.", remedy="Name another with --label-column."
        )
    return out


def _label_place(columns: Sequence[str], wanted: str | None) -> int:
    if wanted is not None:
        place = find_column(columns, "sentiment", wanted)
        assert place is not None  # noqa: S101  # a wanted column is found or raises
        return place
    folded = [name.strip().casefold() for name in columns]
    for name in LABEL_COLUMNS:
        if name in folded:
            return folded.index(name)
    raise MissingColumnError(
        f"No column is called {' or '.join(map(repr, LABEL_COLUMNS))}; the columns are "
        f"{', '.join(map(repr, columns[:30]))}.",
        remedy="Name the column with the right sentiment with --label-column (label_column=...).",
    )


def _add_chunk(out: _Labelled, chunk: Chunk, places: Sequence[int | None], columns: Sequence[str]) -> None:
    text, label, kind, topics = (
        [""] * len(chunk) if place is None else list(map(cell_text, chunk.values(place))) for place in places
    )
    for row, line in enumerate(chunk.lines()):
        wheres = [f"Line {line}, column {'' if place is None else columns[place]!r}" for place in places]
        out.texts.append(text[row])
        out.sentiments.append(_one_of(SENTIMENTS, label[row], "sentiment", wheres[1]))
        out.kinds.append(_one_of(KINDS, kind[row], "kind", wheres[2]))
        out.topics.append(_parse_topics(topics[row], wheres[3]))


def _one_of(legal: Sequence[str], cell: str, what: str, where: str) -> str | None:
    label = cell.strip().casefold()
    if not label:
        return None
    if label not in legal:
        raise InputError(
            f"{where}: {cell[:_SHOWN]!r} is no {what}.",
            remedy=f"Legal are {', '.join(legal)}; leave the cell empty where there is no label.",
        )
    return label


def _parse_topics(cell: str, where: str) -> dict[str, str]:
    """Return topic to sentiment, "" where none is given."""
    out = {}
    for part in filter(None, map(str.strip, cell.split("|"))):
        topic, _, sign = part.partition(":")
        name = _one_of(TOPICS, topic, "topic", where)
        if name is not None:
            out[name] = _one_of(_THREE, sign, "sentiment of a topic", where) or ""
    return out


# -- judging


def _judge_sentiment(analyses: Sequence[Analysis], labels: Sequence[str | None]) -> dict[str, Any]:
    rows = [row for row, label in enumerate(labels) if label in _THREE]
    truth = [str(labels[row]) for row in rows]
    judged = [analyses[row] for row in rows]
    classes = _TWO if set(truth) == set(_TWO) else _THREE
    out: dict[str, Any] = {"judged": len(rows), "accuracy": None, "macro_f1": None}
    if rows:
        probabilities = _probabilities(judged, classes)
        found = [
            classes[best] if one.sentiment else None
            for one, best in zip(judged, probabilities.argmax(axis=1), strict=True)
        ]
        out |= _judge_labels(truth, found, classes) | _judge_certainty(
            judged, truth, found, probabilities, classes
        )
    if "mixed" in labels:
        out["with_mixed"] = _judge_labels(labels, [one.sentiment for one in analyses], SENTIMENTS)
    return out


def _probabilities(analyses: Sequence[Analysis], classes: Sequence[str]) -> NDArray[np.float64]:
    """Return the classes' probabilities, which sum to 1; equal ones for a text without a label."""
    every = np.array([[getattr(one, f"p_{label}") or 0.0 for label in classes] for one in analyses])
    totals = every.sum(axis=1, keepdims=True)
    return np.where(totals > 0, every / np.where(totals > 0, totals, 1), 1 / len(classes))


def _judge_certainty(
    analyses: Sequence[Analysis],
    truth: Sequence[str],
    found: Sequence[str | None],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
) -> dict[str, Any]:
    right = np.array([t == f for t, f in zip(truth, found, strict=True)])
    sure = np.array([one.uncertain is False for one in analyses])
    # A text without a label must not be right by the order of equal probabilities.
    numbers = np.array([classes.index(t) if f else -1 for t, f in zip(truth, found, strict=True)])
    return {
        "calibration_error": _rounded(calibration_error(probabilities, numbers)),
        "coverage": _rounded(sure.mean()),
        "precision_when_sure": _rounded(right[sure].mean()) if sure.any() else None,
    }


def _judge_labels(
    truth: Sequence[str | None], found: Sequence[str | None], classes: Sequence[str]
) -> dict[str, Any]:
    """Return the figures of a single-label task over the rows that have a right label.

    Macro-F1 is the mean over the classes that occur among the right labels.
    """
    pairs = [(t, f or NO_LABEL) for t, f in zip(truth, found, strict=True) if t is not None]
    if not pairs:
        return {"judged": 0, "accuracy": None, "macro_f1": None}
    right, ours = [t for t, _ in pairs], [f for _, f in pairs]
    table = precision_recall_fscore_support(right, ours, labels=list(classes), zero_division=0)
    present = [number for number, support in enumerate(table[3]) if support]
    return {
        "judged": len(pairs),
        "accuracy": _rounded(np.mean([t == f for t, f in pairs])),
        "macro_f1": _rounded(np.mean(table[2][present])),
        "per_class": _by_class(classes, table),
        "confusion": _confusion(right, ours, classes),
    }


def _by_class(classes: Sequence[str], table: Any) -> dict[str, dict[str, Any]]:
    return {
        label: {
            "precision": _rounded(precision),
            "recall": _rounded(recall),
            "f1": _rounded(f1),
            "support": int(support),
        }
        for label, precision, recall, f1, support in zip(classes, *table, strict=True)
    }


def _confusion(right: list[str], ours: list[str], classes: Sequence[str]) -> dict[str, dict[str, int]]:
    columns = [*classes, NO_LABEL]
    counts = confusion_matrix(right, ours, labels=columns)[: len(classes)]
    return {
        label: dict(zip(columns, row, strict=True))
        for label, row in zip(classes, counts.tolist(), strict=True)
    }


def _judge_topics(analyses: Sequence[Analysis], truth: Sequence[dict[str, str]]) -> dict[str, Any]:
    found = [{finding.topic: finding.sentiment for finding in one.topics} for one in analyses]
    right, ours = (np.array([[topic in one for topic in TOPICS] for one in rows]) for rows in (truth, found))
    table = precision_recall_fscore_support(right, ours, zero_division=0)
    signed = [row for row, topics in enumerate(truth) if all(topics.values())]
    out = {
        "micro_f1": _rounded(f1_score(right, ours, average="micro", zero_division=0)),
        "macro_f1": _rounded(table[2][right.any(axis=0)].mean()) if right.any() else None,
        "share_without_topic": _rounded((~ours.any(axis=1)).mean()),
        "per_topic": _by_class(TOPICS, table),
    }
    if any(truth[row] for row in signed):
        pairs = [(set(truth[row].items()), set(found[row].items())) for row in signed]
        out["topic_sentiment_f1"] = _rounded(pair_f1([t for t, _ in pairs], [f for _, f in pairs]))
    return out


def _rounded(value: Any) -> float:
    return round(float(value), 4)
