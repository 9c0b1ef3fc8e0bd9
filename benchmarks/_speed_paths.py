"""What the speed benchmark compares: rivals, the plain path as a whole analyzer, and where the texts come from."""

from __future__ import annotations

import csv
import os
import platform
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from feedback_nlp import Analyzer
from feedback_nlp.forms import WORD
from feedback_nlp.language import LanguageGate
from feedback_nlp.preprocess import Prepared
from feedback_nlp.records import Analysis
from feedback_nlp.reference import ReferenceScorer
from feedback_nlp.scan import Layout, Longs, Tokens
from feedback_nlp.scoring import BatchScores

__all__ = ["LENGTHS", "PlainAnalyzer", "build_rivals", "describe_machine", "read_texts"]

#: Length of text -> sets that have texts of it.
LENGTHS: Final = {
    "short": ("semeval2017_tweets",),
    "medium": ("netflix_app_reviews", "zomato_10k"),
    "long": ("tripadvisor_lara",),
}
_SEED: Final = 20


def read_texts(data: Path, sets: Sequence[str]) -> list[str]:
    """Return all texts of some sets, shuffled, the same order every time."""
    texts = []
    for name in sets:
        with (data / "datasets" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    random.Random(_SEED).shuffle(texts)
    return texts


def describe_machine() -> str:
    """Return processor, cores, load and versions in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    return (
        f"{model}, {os.cpu_count()} cores, {load}, Python {platform.python_version()}, numpy {np.__version__}"
    )


def build_rivals() -> dict[str, Callable[[Sequence[str]], Any]]:
    """Return name -> what it does with texts, one after the other as its documentation shows."""
    import spacy
    from textblob import TextBlob
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    tokenizer = spacy.blank("en").tokenizer
    vader = SentimentIntensityAnalyzer()
    return {
        "spaCy tokenizer alone": lambda texts: [tokenizer(text) for text in texts],
        "VADER": lambda texts: [vader.polarity_scores(text) for text in texts],
        "TextBlob": lambda texts: [TextBlob(text).sentiment for text in texts],
    }


class PlainAnalyzer:
    """The whole analysis by the plain path: spaCy documents, scikit-learn vectorizers, the gate text by text.

    Parameters
    ----------
    analyzer : Analyzer
        Whose bundle and heads are used.
    """

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._gate = LanguageGate(analyzer.bundle.linear.words)
        self._reference = ReferenceScorer(analyzer.bundle.linear)
        none = np.zeros(0, dtype=np.int64)
        few = np.zeros(0, dtype=np.int32)
        self._no_tokens = Tokens(
            none, few, few, none, none, np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.bool_), 0
        )

    def analyze_batch(self, texts: list[str]) -> list[Analysis]:
        """Return one analysis a text."""
        prepared = [self._reference.preprocessor.prepare(text) for text in texts]
        words = [_words(one) for one in prepared]
        verdicts = [self._gate.judge(*pair) for pair in zip(texts, words, strict=True)]
        scores = self._score(prepared)
        columns = self._analyzer._labeller.label(texts, scores)
        return self._analyzer._build_records(columns, list(verdicts), self._analyzer._threshold)

    def _score(self, prepared: list[Prepared]) -> BatchScores:
        clauses = [(row, clause) for row, one in enumerate(prepared) for clause in dict.fromkeys(one.clauses)]
        ends = np.cumsum([0, *(one.sentences[-1] + 1 if one.sentences else 0 for one in prepared)])
        sentences = [
            ends[row] + prepared[row].sentences[prepared[row].clauses.index(clause)]
            for row, clause in clauses
        ]
        counts = [
            sum(
                c == clause and cls == WORD
                for c, cls in zip(prepared[row].clauses, prepared[row].classes, strict=True)
            )
            for row, clause in clauses
        ]
        nothing = np.zeros(len(prepared), dtype=np.int64)
        of_tokens = [
            first + index for first, one in zip(ends, prepared, strict=False) for index in one.sentences
        ]
        places = np.array(
            [pair for one in prepared for pair in zip(one.starts, one.ends, strict=True)], dtype=np.int64
        ).reshape(-1, 2)
        tokens = np.arange(len(places))
        spans = (places - places[:, :1]).astype(np.int32)
        return BatchScores(
            replace(
                self._no_tokens,
                layout=Layout(_TokenStarts(places[:, 0]), tokens + 1, tokens, spans),
                sentences=np.array(of_tokens, dtype=np.int64),
                asides=np.array([aside for one in prepared for aside in one.asides], dtype=np.bool_),
            ),
            self._reference._apply([(one, None) for one in prepared]),
            self._reference._apply([(prepared[row], clause) for row, clause in clauses]),
            np.array([row for row, _ in clauses], dtype=np.int64),
            np.array(sentences, dtype=np.int64),
            np.array(counts, dtype=np.int64),
            nothing,
            nothing,
            nothing,
            self._no_tokens.forms,
        )


class _TokenStarts(NamedTuple):
    """Stands for the chunks of a layout in which each token is a chunk."""

    starts: Longs

    def code_points(self, texts: Sequence[str]) -> Longs:
        """Return where each token starts in its text."""
        return self.starts


def _words(prepared: Prepared) -> list[str]:
    pairs = zip(prepared.forms, prepared.classes, strict=True)
    return [form for form, cls in pairs if cls == WORD and form.replace("'", "").isalpha()]
