"""Gold dev: the shipped bundle beside the word lists and the naive pipeline, with bootstrap intervals; breakdowns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._figures import arg_max, bootstrap_interval, class_figures, cut, macro_f1
from benchmarks._rivals import NaivePipeline, textblob_scores, vader_scores
from benchmarks._sources import SEED
from feedback_nlp import Analyzer
from feedback_nlp.metrics import calibration_error
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS, Analysis
from feedback_nlp.training.corpus import GoldRow, read_gold
from feedback_nlp.training.measure import read_dev
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path

__all__ = ["GoldDev", "length_group", "micro_f1", "probabilities_of"]

Labels = NDArray[np.int64]
#: Figure, what issue "Score customer feedback, end to end" asks for (None: nothing).
NEEDED: dict[str, str | None] = {
    "sentiment, 3 classes, macro-F1": "at least 0.86",
    "sentiment, 3 classes, accuracy": None,
    "sentiment with mixed, macro-F1": None,
    "calibration error, 15 bins": "at most 0.025",
    "coverage at 0.95 wanted": None,
    "precision when sure at 0.95 wanted": None,
    "kind, macro-F1": "at least 0.77",
    "topics, micro-F1": "at least 0.81",
    "topics, macro-F1": "at least 0.80",
    "topic with its sentiment, micro-F1": None,
}
_LENGTHS = ((5, "1-5"), (15, "6-15"), (40, "16-40"))


def length_group(text: str) -> str:
    """Return the group of a text by its words.

    Examples
    --------
    >>> [length_group("word " * n) for n in (5, 6, 40, 41)]
    ['1-5', '6-15', '16-40', '41+']
    """
    words = len(text.split())
    return next((name for most, name in _LENGTHS if words <= most), "41+")


def probabilities_of(analyses: Iterable[Analysis]) -> NDArray[np.float64]:
    """Return P(negative, neutral, positive) of each text; zeros where the analyzer gave no label."""
    return np.array([[a.p_negative or 0.0, a.p_neutral or 0.0, a.p_positive or 0.0] for a in analyses])


def micro_f1(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    """Return F1 over all cells of two 0/1 tables."""
    return float(2 * (truth & found).sum() / max(int(truth.sum() + found.sum()), 1))


def _topic_macro(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    hits = (truth & found).sum(axis=0)
    return float((2 * hits / np.maximum(truth.sum(axis=0) + found.sum(axis=0), 1)).mean())


class GoldDev:
    """Everything measured on gold/dev.csv.

    Parameters
    ----------
    analyzer : Analyzer
    data : Path
    """

    def __init__(self, analyzer: Analyzer, data: Path) -> None:
        self.rows = read_dev(data)
        self.texts = [row.text for row in self.rows]
        self.analyses = analyzer.analyze_batch(self.texts)
        self.threshold = next(t for wanted, t, _ in analyzer.precisions if wanted >= 0.95)
        self.sentiments = np.array([SENTIMENTS.index(row.sentiment) for row in self.rows])
        self.kinds = np.array([KINDS.index(row.kind) for row in self.rows])
        self.topics = np.array([[topic in row.topics for topic in TOPICS] for row in self.rows])
        self.three = probabilities_of(self.analyses)
        self.labelled = self.three.sum(axis=1) > 0
        self.judged = self.sentiments < 3
        # A text without a label is wrong, whatever the order of equal probabilities.
        self.best = np.where(self.labelled, arg_max(self.three, (0, 1, 2)), -1)
        shown = [SENTIMENTS.index(a.sentiment) if a.sentiment else -1 for a in self.analyses]
        self.shown = np.array(shown)
        self.shown_kinds = np.array([KINDS.index(a.kind) if a.kind else -1 for a in self.analyses])
        found = [{finding.topic: finding.sentiment for finding in a.topics} for a in self.analyses]
        self.found = np.array([[topic in one for topic in TOPICS] for one in found])
        self.pairs = np.array(
            [
                (len(row.topics.items() & one.items()), len(row.topics) + len(one))
                for row, one in zip(self.rows, found, strict=True)
            ]
        )

    def ours(self) -> dict[str, tuple[float, tuple[float, float]]]:
        """Return each figure with its 95 % interval."""
        n = len(self.rows)
        every = np.arange(n)
        out = {}
        for name, figure in self._figures().items():
            out[name] = (figure(every), bootstrap_interval(n, figure, seed=SEED))
        return out

    def _figures(self) -> dict[str, Callable[[Labels], float]]:
        sure = self.three.max(axis=1) >= self.threshold
        right = self.best == self.sentiments

        def three(drawn: Labels) -> Labels:
            return drawn[self.judged[drawn]]

        def calibration(drawn: Labels) -> float:
            kept = three(drawn)
            spread = np.where(self.labelled[kept, None], self.three[kept], 1 / 3)
            return calibration_error(spread, np.where(self.labelled[kept], self.sentiments[kept], -1))

        return {
            "sentiment, 3 classes, macro-F1": lambda d: macro_f1(
                self.sentiments[three(d)], self.best[three(d)], (0, 1, 2)
            ),
            "sentiment, 3 classes, accuracy": lambda d: float(right[three(d)].mean()),
            "sentiment with mixed, macro-F1": lambda d: macro_f1(self.sentiments[d], self.shown[d], range(4)),
            "calibration error, 15 bins": calibration,
            "coverage at 0.95 wanted": lambda d: float(sure[three(d)].mean()),
            "precision when sure at 0.95 wanted": lambda d: float(right[three(d)][sure[three(d)]].mean()),
            "kind, macro-F1": lambda d: macro_f1(self.kinds[d], self.shown_kinds[d], range(len(KINDS))),
            "topics, micro-F1": lambda d: micro_f1(self.topics[d], self.found[d]),
            "topics, macro-F1": lambda d: _topic_macro(self.topics[d], self.found[d]),
            "topic with its sentiment, micro-F1": lambda d: float(
                2 * self.pairs[d, 0].sum() / max(self.pairs[d, 1].sum(), 1)
            ),
        }

    def lexicons(self) -> dict[str, dict[str, float]]:
        """Return the sentiment figures of both word lists on the same texts."""
        scores = {"VADER": vader_scores(self.texts), "TextBlob": textblob_scores(self.texts)}
        return {name: self._sentiment_figures(cut(values, (0, 1, 2))) for name, values in scores.items()}

    def _sentiment_figures(self, found: Labels) -> dict[str, float]:
        truth, labels = self.sentiments[self.judged], found[self.judged]
        return {
            "sentiment, 3 classes, macro-F1": macro_f1(truth, labels, (0, 1, 2)),
            "sentiment, 3 classes, accuracy": float((truth == labels).mean()),
        }

    def naive(self, data: Path) -> dict[str, float]:
        """Return what the naive pipeline reaches, trained on the gold rows that the shipped bundle may use."""
        gold = load_recipe(shipped_recipe_path()).gold
        rows = read_gold(data / gold.file, gold.exclude_sources)
        texts = [row.text for row in rows]
        labels = np.array([SENTIMENTS.index(row.sentiment) for row in rows])
        plain = [row.text for row in rows if row.sentiment != "mixed"]
        three = NaivePipeline(3).fit(plain, labels[labels < 3]).probabilities(self.texts)
        four = NaivePipeline(4).fit(texts, labels).predict(self.texts)
        kinds = (
            NaivePipeline(len(KINDS)).fit(texts, [KINDS.index(row.kind) for row in rows]).predict(self.texts)
        )
        found = _naive_topics(rows, texts, self.texts)
        return {
            **self._sentiment_figures(arg_max(three, (0, 1, 2))),
            "sentiment with mixed, macro-F1": macro_f1(self.sentiments, four, range(4)),
            "calibration error, 15 bins": calibration_error(three[self.judged], self.sentiments[self.judged]),
            "kind, macro-F1": macro_f1(self.kinds, kinds, range(len(KINDS))),
            "topics, micro-F1": micro_f1(self.topics, found),
            "topics, macro-F1": _topic_macro(self.topics, found),
        }

    def by_class(self) -> list[list[Any]]:
        """Return label, precision, recall, F1 and support; of three classes, then of the kinds, then mixed."""
        truth, found = self.sentiments[self.judged], self.best[self.judged]
        tables = [
            (SENTIMENTS[:3], class_figures(truth, found, 3)),
            (SENTIMENTS[3:], class_figures(self.sentiments, self.shown, 4)[:, 3:]),
            (KINDS, class_figures(self.kinds, self.shown_kinds, len(KINDS))),
        ]
        return [
            [label, *map(float, table[:3, place]), int(table[3, place])]
            for labels, table in tables
            for place, label in enumerate(labels)
        ]

    def by_group(self, group_of: Callable[[GoldRow], str], names: Iterable[str]) -> list[list[Any]]:
        """Return group, texts, accuracy and macro-F1 (of the classes in the group) of the three classes."""
        groups = np.array([group_of(row) for row in self.rows])
        out: list[list[Any]] = []
        for name in names:
            chosen = self.judged & (groups == name)
            truth, found = self.sentiments[chosen], self.best[chosen]
            if len(truth):
                f1 = macro_f1(truth, found, sorted(set(truth.tolist())))
                out.append([name, len(truth), float((truth == found).mean()), f1])
        return out

    def by_topic(self) -> list[list[Any]]:
        """Return topic, F1, how often it is there and how often found."""
        return [
            [
                topic,
                micro_f1(self.topics[:, t], self.found[:, t]),
                int(self.topics[:, t].sum()),
                int(self.found[:, t].sum()),
            ]
            for t, topic in enumerate(TOPICS)
        ]

    def shares_without_topic(self) -> tuple[float, float]:
        """Return the share of texts in which people, and we, found no topic."""
        return float((~self.topics.any(axis=1)).mean()), float((~self.found.any(axis=1)).mean())


def _naive_topics(rows: list[GoldRow], texts: list[str], tested: list[str]) -> NDArray[np.bool_]:
    found = [
        NaivePipeline(2).fit(texts, [int(topic in row.topics) for row in rows]).predict(tested)
        for topic in TOPICS
    ]
    return np.stack(found, axis=1) == 1
