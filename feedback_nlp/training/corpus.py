"""Reads the texts of a recipe into one corpus: targets, weights, and which texts are kept for calibration."""

from __future__ import annotations

import csv
import hashlib
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import TrainingDataError
from feedback_nlp.preprocess import Preprocessor
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.recipe import GoldPart, Recipe, SetPart, TeacherPart
from feedback_nlp.training.teacher_labels import TeacherLabels, load_teacher_labels

__all__ = [
    "Corpus",
    "GoldRow",
    "fingerprint",
    "gold_targets",
    "is_kept_for_calibration",
    "read_corpus",
    "read_gold",
    "read_rows",
    "sentences_of",
]

_NOT_TEXT: Final = re.compile(r"[\W_]+")
csv.field_size_limit(2**31 - 1)

Floats = NDArray[np.float32]


def fingerprint(text: str) -> int:
    """Return 64 bits that are equal for texts that differ in case, spaces and marks only.

    Examples
    --------
    >>> fingerprint("Great app!") == fingerprint("great  APP")
    True
    """
    letters = _NOT_TEXT.sub("", text.lower()).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.md5(letters, usedforsecurity=False).digest()[:8], "big")


def is_kept_for_calibration(key: int, percent: int) -> bool:
    """Return whether the text with this fingerprint is kept from the linear model and its teacher.

    The text itself decides, so that no order of rows and no other text can move it.

    Examples
    --------
    >>> is_kept_for_calibration(fingerprint("Great app!"), 100)
    True
    """
    return (key >> 32) % 100 < percent


@dataclass(frozen=True, slots=True)
class GoldRow:
    """One carefully labelled text; `topics` maps topic to its sentiment."""

    text: str
    sentiment: str
    kind: str
    topics: dict[str, str]
    source: str


@dataclass
class Corpus:
    """Texts with soft targets; a weight of 0 means: no target for that task.

    Parameters
    ----------
    texts, sources : list of str
    sentiment, kind, topics : list of ndarray
        Target probabilities.
    weights : list of (float, float, float)
        Weights for sentiment, kind and topics.
    calibration : list of GoldRow
        Kept from all of the above.
    gold : list of GoldRow
        The carefully labelled texts that are not kept.
    counts : dict of str to int
        Texts used, by set.
    """

    texts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    sentiment: list[Floats] = field(default_factory=list)
    kind: list[Floats] = field(default_factory=list)
    topics: list[Floats] = field(default_factory=list)
    weights: list[tuple[float, float, float]] = field(default_factory=list)
    calibration: list[GoldRow] = field(default_factory=list)
    gold: list[GoldRow] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        text: str,
        source: str,
        targets: tuple[Floats, Floats, Floats],
        weights: tuple[float, float, float],
    ) -> None:
        """Append one text."""
        self.texts.append(text)
        self.sources.append(source)
        self.sentiment.append(targets[0])
        self.kind.append(targets[1])
        self.topics.append(targets[2])
        self.weights.append(weights)
        self.counts[source] = self.counts.get(source, 0) + 1


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file of the training data.

    Raises
    ------
    TrainingDataError
        The file is not there or has no column "text".
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, restval=""))
    except OSError as error:
        raise TrainingDataError(
            f"Training data {path} cannot be read: {error.strerror}.",
            remedy="Name the folder that holds datasets/ and gold/ with --data or FEEDBACK_TRAINING_DATA.",
        ) from error
    if rows and "text" not in rows[0]:
        raise TrainingDataError(f"{path} has no column 'text'; it has {', '.join(rows[0])}.")
    return rows


def read_gold(path: Path, exclude_sources: tuple[str, ...] = ()) -> list[GoldRow]:
    """Return the carefully labelled texts of a file, each text once.

    Raises
    ------
    TrainingDataError
        The file cannot be read, lacks a column, or holds a label that is none.
    """
    out: dict[int, GoldRow] = {}
    rows = read_rows(path)
    missing = {"text", "label", "kind", "topics", "source"} - set(rows[0] if rows else ())
    if rows and missing:
        raise TrainingDataError(
            f"{path} has no column {', '.join(sorted(missing))}; it has {', '.join(rows[0])}."
        )
    for number, row in enumerate(rows, 1):
        if row["source"] in exclude_sources:
            continue
        pairs = [pair.partition(":") for pair in row["topics"].split("|") if pair]
        topics = {topic: sign for topic, _, sign in pairs}
        wrong = [name for name, known in _labels_of(row, topics) if name not in known]
        if wrong:
            raise TrainingDataError(f"Row {number} of {path} has an unknown label {wrong[0]!r}.")
        gold = GoldRow(row["text"], row["label"], row["kind"], topics, row["source"])
        out.setdefault(fingerprint(row["text"]), gold)
    return list(out.values())


def _labels_of(row: dict[str, str], topics: dict[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return every label of a row beside those that it may be."""
    return [
        (row["label"], SENTIMENTS),
        (row["kind"], KINDS),
        *((topic, TOPICS) for topic in topics),
        *((sign, SENTIMENTS) for sign in topics.values()),
    ]


def gold_targets(row: GoldRow) -> tuple[Floats, Floats, Floats]:
    """Return the labels of a row as probabilities of 0 and 1."""
    return (
        np.array([row.sentiment == s for s in SENTIMENTS], dtype=np.float32),
        np.array([row.kind == k for k in KINDS], dtype=np.float32),
        np.array([topic in row.topics for topic in TOPICS], dtype=np.float32),
    )


def read_corpus(
    recipe: Recipe,
    data: Path,
    *,
    leave_out: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda message: None,
) -> Corpus:
    """Read everything a recipe names.

    Parameters
    ----------
    recipe : Recipe
    data : Path
        Folder with datasets/ and gold/.
    leave_out : frozenset of str
        Sets left out, together with the gold rows drawn from them and every text they share with other sets.
    progress : callable
        Gets a line a set.

    Raises
    ------
    TrainingDataError
    """
    corpus, preprocessor = Corpus(), Preprocessor()
    seen = {fingerprint(row.text) for row in read_gold(data / "gold" / "dev.csv")}
    for name in sorted(leave_out):
        seen |= {fingerprint(row["text"]) for row in read_rows(data / "datasets" / f"{name}.csv")}
    teacher = load_teacher_labels(recipe.path.parent / recipe.teacher.labels) if recipe.teacher else None
    _add_gold(corpus, recipe.gold, data, leave_out, seen, teacher)
    progress(f"gold: {len(corpus.texts)} texts, {len(corpus.calibration)} kept for calibration")
    for part in recipe.sets:
        if part.file in leave_out:
            continue
        rows = read_rows(data / "datasets" / f"{part.file}.csv")
        random.Random(f"{recipe.seed}:{part.file}").shuffle(rows)  # noqa: S311  # sampling, not secrecy
        if teacher is not None and recipe.teacher is not None:
            _add_taught(corpus, part, rows, seen, teacher, recipe.teacher, preprocessor)
        else:
            _add_labelled(corpus, part, rows, seen)
        progress(f"{part.file}: {corpus.counts.get(part.file, 0)} texts")
    return corpus


def _add_gold(
    corpus: Corpus,
    part: GoldPart,
    data: Path,
    leave_out: frozenset[str],
    seen: set[int],
    teacher: TeacherLabels | None,
) -> None:
    weights = (part.sentiment_weight, part.kind_weight, part.topics_weight)
    for row in read_gold(data / part.file, part.exclude_sources):
        key = fingerprint(row.text)
        if key in seen or row.source in leave_out:
            continue
        seen.add(key)
        if is_kept_for_calibration(key, part.calibration_percent):
            corpus.calibration.append(row)
            continue
        corpus.gold.append(row)
        targets = gold_targets(row)
        taught = teacher.find(key) if teacher else None
        if taught is not None:
            share = part.teacher_share
            targets = tuple(share * t + (1 - share) * g for t, g in zip(taught, targets, strict=True))  # type: ignore[assignment]
        corpus.add(row.text, "gold", targets, weights)


def _add_taught(
    corpus: Corpus,
    part: SetPart,
    rows: list[dict[str, str]],
    seen: set[int],
    teacher: TeacherLabels,
    how: TeacherPart,
    preprocessor: Preprocessor,
) -> None:
    """Add every text of a set, or its sentences, that the teacher has labelled."""
    for row in rows:
        for piece in _pieces(row["text"].strip(), how.longest, preprocessor, teacher):
            key = fingerprint(piece)
            targets = teacher.find(key)
            if key not in seen and targets is not None:
                seen.add(key)
                corpus.add(piece, part.file, targets, (how.weight, how.weight, how.weight))


def _pieces(text: str, longest: int, preprocessor: Preprocessor, teacher: TeacherLabels) -> Iterator[str]:
    if len(text.split()) <= longest and teacher.find(fingerprint(text)) is not None:
        yield text
        return
    yield from sentences_of(text, preprocessor)


def sentences_of(text: str, preprocessor: Preprocessor) -> list[str]:
    """Return the sentences of a text.

    Examples
    --------
    >>> sentences_of("It came late. The box was torn!", Preprocessor())
    ['It came late.', 'The box was torn!']
    """
    prepared = preprocessor.prepare(text)
    first: dict[int, int] = {}
    for token, sentence in enumerate(prepared.sentences):
        first.setdefault(sentence, token)
    edges = [*first.values(), len(prepared.sentences)]
    return [text[prepared.starts[a] : prepared.ends[b - 1]] for a, b in pairwise(edges)]


def _add_labelled(corpus: Corpus, part: SetPart, rows: list[dict[str, str]], seen: set[int]) -> None:
    """Add texts with the set's own sentiment labels; kind and topics have no target there."""
    nothing = (np.zeros(len(KINDS), np.float32), np.zeros(len(TOPICS), np.float32))
    wanted = SENTIMENTS[:3] if part.neutral else (SENTIMENTS[0], SENTIMENTS[2])
    for row in rows:
        key = fingerprint(row["text"])
        usable = row.get("label") in wanted and len(row["text"].split()) <= part.longest
        if key in seen or not usable or corpus.counts.get(part.file, 0) >= part.max_rows:
            continue
        seen.add(key)
        target = np.array([row["label"] == s for s in SENTIMENTS], dtype=np.float32)
        corpus.add(row["text"], part.file, (target, *nothing), (part.weight, 0.0, 0.0))
