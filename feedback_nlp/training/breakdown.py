"""Tables of the model card: figures by class, length, kind, set and topic, and beside the word lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from feedback_nlp.metrics import macro_f1, risk_coverage
from feedback_nlp.records import KINDS, SENTIMENTS, Analysis
from feedback_nlp.training.corpus import GoldRow

__all__ = ["CardTable", "build_tables", "word_list_labels"]

#: Scores nearer to 0 than this are neutral: VADER's own rule (Hutto & Gilbert 2014).
_NEUTRAL_BAND: Final = 0.05
#: Words of a text up to which a group goes.
_LENGTHS: Final = ((5, "1-5"), (15, "6-15"), (40, "16-40"))
_COVERAGES: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CardTable:
    """One table: its title, headings, and cells as they are printed."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def build_tables(analyses: Sequence[Analysis], rows: Sequence[GoldRow]) -> list[CardTable]:
    """Return the breakdowns of analyses of labelled texts.

    Three-class figures leave out texts that people called mixed; a text without a label counts as wrong.

    Parameters
    ----------
    analyses : sequence of Analysis
    rows : sequence of GoldRow
        In the same order.
    """
    truth = np.array([SENTIMENTS.index(row.sentiment) for row in rows])
    three = np.array([[a.p_negative or 0.0, a.p_neutral or 0.0, a.p_positive or 0.0] for a in analyses])
    found = np.where(three.sum(axis=1) > 0, three.argmax(axis=1), -1)
    groups: tuple[tuple[str, Callable[[GoldRow], str], Sequence[str]], ...] = (
        ("words", lambda row: _length_group(row.text), [*(name for _, name in _LENGTHS), "41+"]),
        ("kind", lambda row: row.kind, KINDS),
        ("set", lambda row: row.source, sorted({row.source for row in rows})),
    )
    return [
        _by_class("sentiment", SENTIMENTS, [r.sentiment for r in rows], [a.sentiment for a in analyses]),
        _by_class("kind", KINDS, [r.kind for r in rows], [a.kind for a in analyses]),
        *(
            _by_group(name, np.array([group_of(row) for row in rows]), names, truth, found)
            for name, group_of, names in groups
        ),
        _risk(three[truth < 3], found[truth < 3] == truth[truth < 3]),
        *_beside_word_lists([row.text for row in rows], truth, found),
    ]


def _by_class(
    name: str, labels: Sequence[str], truth: Sequence[str], found: Sequence[str | None]
) -> CardTable:
    shown = [label or "" for label in found]
    figures = precision_recall_fscore_support(truth, shown, labels=list(labels), zero_division=0)
    rows = [
        (label, *(f"{figure[place]:.3f}" for figure in figures[:3]), str(int(figures[3][place])))
        for place, label in enumerate(labels)
    ]
    return CardTable(f"By {name}, as shown", (name, "precision", "recall", "F1", "texts"), rows)


def _by_group(
    name: str, groups: NDArray[np.str_], names: Sequence[str], truth: Labels, found: Labels
) -> CardTable:
    """Macro-F1 of a group is over the classes that occur in it."""
    rows = []
    for group in names:
        chosen = (groups == group) & (truth < 3)
        if chosen.any():
            inside, shown = truth[chosen], found[chosen]
            f1 = macro_f1(inside, shown, sorted(set(inside.tolist())))
            accuracy = float((inside == shown).mean())
            rows.append((group, str(len(inside)), f"{accuracy:.3f}", f"{f1:.3f}"))
    return CardTable(f"Three classes by {name}", (name, "texts", "accuracy", "macro-F1"), rows)


def _risk(three: NDArray[np.float64], right: NDArray[np.bool_]) -> CardTable:
    """Return the share of wrong labels among the surest texts, for growing shares of them."""
    precision = risk_coverage(three.max(axis=1), right)
    # The card's reader asks how often a label is wrong, so risk is shown, not precision.
    rows = [
        (f"{share:.2f}", f"{1 - precision[max(round(share * len(precision)) - 1, 0)]:.3f}")
        for share in (_COVERAGES if len(precision) else ())
    ]
    return CardTable(
        "Risk-coverage curve", ("share of texts kept, surest first", "share of wrong labels"), rows
    )


def word_list_labels(texts: Sequence[str]) -> dict[str, Labels]:
    """Return the labels (0 to 2) of VADER and TextBlob, of those that are installed; they are development packages."""
    scores: dict[str, list[float]] = {}
    if find_spec("vaderSentiment"):
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # optional

        vader = SentimentIntensityAnalyzer()
        scores["VADER"] = [vader.polarity_scores(text)["compound"] for text in texts]
    if find_spec("textblob"):
        from textblob import TextBlob  # optional

        scores["TextBlob"] = [TextBlob(text).sentiment.polarity for text in texts]
    return {
        name: np.where(np.array(one) >= _NEUTRAL_BAND, 2, np.where(np.array(one) <= -_NEUTRAL_BAND, 0, 1))
        for name, one in scores.items()
    }


def _beside_word_lists(texts: list[str], truth: Labels, found: Labels) -> list[CardTable]:
    judged = truth < 3
    compared = {"this bundle": found, **word_list_labels(texts)}
    rows = [
        (
            name,
            f"{float((labels[judged] == truth[judged]).mean()):.3f}",
            f"{macro_f1(truth[judged], labels[judged], [0, 1, 2]):.3f}",
        )
        for name, labels in compared.items()
    ]
    title = "Beside word lists, three classes"
    return [CardTable(title, ("", "accuracy", "macro-F1"), rows)] if len(rows) > 1 else []


def _length_group(text: str) -> str:
    words = len(text.split())
    return next((name for most, name in _LENGTHS if words <= most), "41+")
