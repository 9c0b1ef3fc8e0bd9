"""Fits heads and thresholds on the calibration texts, by cross-validation over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold

from feedback_nlp.heads import TOPIC_COLUMNS, Heads
from feedback_nlp.kind import KindHead
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.scoring import BatchScores
from feedback_nlp.sentiment import MIXED, SentimentHead, pool_clauses
from feedback_nlp.topics import TopicEvidence, TopicHead, TopicSentimentHead, gather_evidence, pair_clauses
from feedback_nlp.training.corpus import GoldRow

__all__ = ["fit_heads", "precision_table"]

_FOLDS: Final = 10
#: Wanted precisions that a bundle knows thresholds for.
PRECISIONS: Final = (0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)

#: Own sentences are many of few shapes.
_OWN_PAIR_WEIGHT: Final = 1.0
#: Texts that the linear model learned from: their scores are a little too sure, but there are seven times as many.
_LEARNED_PAIR_WEIGHT: Final = 0.3
#: Extra weight of a pair whose sentiment differs from that of its text.
_DIFFERING_BONUS: Final = 0.5

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """Labelled texts and what the linear model says of them, in the same order."""

    scores: BatchScores
    rows: list[GoldRow]


@dataclass(frozen=True, slots=True)
class Taught:
    """Own sentences for the head of sentiment: scores, shares of the four labels, and the weight of each text."""

    scores: BatchScores
    shares: Doubles
    weight: float


def fit_heads(calibration: Scored, learned: Scored, own: Scored, taught: Taught | None, seed: int) -> Heads:
    """Fit everything that stands behind the linear outputs.

    Parameters
    ----------
    calibration : Scored
        Texts that neither the linear model nor its teacher saw.
    learned : Scored
        Carefully labelled texts that they did see, for the sentiment of topics only; may be empty.
    own : Scored
        Sentences with topics of different sentiment, for the sentiment of topics only; may be empty.
    taught : Taught or None
        Own sentences that the linear model did not see.
    seed : int
        Of the folds.
    """
    scores, rows = calibration.scores, calibration.rows
    folds = list(KFold(_FOLDS, shuffle=True, random_state=seed).split(rows))
    sentiment, table = _fit_sentiment(scores, rows, folds, taught)
    topics = _fit_topics(scores, rows, folds)
    topic_sentiment = _fit_topic_sentiment(topics, calibration, learned, own)
    kinds = np.array([KINDS.index(row.kind) for row in rows])
    kind = KindHead.fit(scores.texts, kinds, len(KINDS))
    return Heads(sentiment, kind, topics, topic_sentiment, table)


def _out_of_fold(
    folds: list[tuple[Any, Any]], shape: tuple[int, ...], predict: Callable[[Any, Any], Doubles]
) -> Doubles:
    out = np.zeros(shape)
    for inside, outside in folds:
        out[outside] = predict(inside, outside)
    return out


def _fit_sentiment(
    scores: BatchScores, rows: list[GoldRow], folds: list[tuple[Any, Any]], taught: Taught | None
) -> tuple[SentimentHead, list[list[float]]]:
    labels = np.array([SENTIMENTS.index(row.sentiment) for row in rows])
    inputs = pool_clauses(scores).inputs
    more = (inputs[:0], labels[:0], np.zeros(0))
    if taught is not None:
        texts, classes = np.nonzero(taught.shares)
        more = (
            pool_clauses(taught.scores).inputs[texts],
            classes,
            taught.weight * taught.shares[texts, classes],
        )

    def fit(chosen: Any, threshold: float = 0.5) -> SentimentHead:
        return SentimentHead.fit(
            np.concatenate([inputs[chosen], more[0]]),
            np.concatenate([labels[chosen], more[1]]),
            threshold,
            np.concatenate([np.ones(len(labels[chosen])), more[2]]),
        )

    def predict(inside: Any, outside: Any) -> Doubles:
        three, mixed = fit(inside).probabilities(inputs[outside])
        return np.column_stack([three, mixed])

    every = _out_of_fold(folds, (len(rows), 4), predict)
    three, mixed = every[:, :MIXED], every[:, MIXED]
    threshold = _best_mixed_threshold(three, mixed, labels)
    table = precision_table(three, labels, mixed >= threshold)
    return fit(slice(None), threshold), table


def _best_mixed_threshold(three: Doubles, mixed: Doubles, labels: NDArray[np.int64]) -> float:
    """Return the P(mixed) from which calling a text mixed gives the best macro-F1 over four classes."""
    grid = np.arange(0.15, 0.61, 0.01)
    values = [
        f1_score(labels, np.where(mixed >= t, MIXED, three.argmax(axis=1)), average="macro") for t in grid
    ]
    # The middle of the near-best plateau holds better on other texts than its peak.
    near = grid[np.array(values) >= max(values) - 0.003]
    return round(float(np.median(near)), 3)


def precision_table(
    three: Doubles, labels: NDArray[np.int64], shown_mixed: NDArray[np.bool_]
) -> list[list[float]]:
    """Return rows of wanted precision, threshold on confidence, and the coverage it gives.

    Judged on texts that people found negative, neutral or positive and that are not shown as mixed.
    """
    judged = (labels < MIXED) & ~shown_mixed
    confidence, right = three[judged].max(axis=1), three[judged].argmax(axis=1) == labels[judged]
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    out = []
    for wanted in PRECISIONS:
        reached = np.flatnonzero(precision >= wanted)
        last = int(reached[-1]) if len(reached) else 0
        threshold = float(confidence[order[last]]) if len(reached) else 1.0
        if len(reached) and last == len(order) - 1:
            threshold = 0.0  # right often enough with all texts, so none is uncertain
        out.append([wanted, round(threshold, 4), round((last + 1) / len(order), 4)])
    return out


def _fit_topics(scores: BatchScores, rows: list[GoldRow], folds: list[tuple[Any, Any]]) -> TopicHead:
    present = np.array([[topic in row.topics for topic in TOPICS] for row in rows])
    evidence = gather_evidence(scores, TOPIC_COLUMNS)

    def part(chosen: Any) -> TopicEvidence:
        return TopicEvidence(evidence.texts[chosen], evidence.best[chosen], evidence.clauses)

    def predict(inside: Any, outside: Any) -> Doubles:
        return TopicHead.fit(part(inside), present[inside]).probabilities(part(outside))

    every = _out_of_fold(folds, present.shape, predict)
    head = TopicHead.fit(evidence, present)
    head.thresholds[:] = [_best_threshold(every[:, t], present[:, t]) for t in range(len(TOPICS))]
    return head


def _fit_topic_sentiment(
    head: TopicHead, calibration: Scored, learned: Scored, own: Scored
) -> TopicSentimentHead:
    """Fit on labelled pairs; those that differ from the sentiment of their text teach where to look."""
    weighted = (
        (calibration, 1.0, _DIFFERING_BONUS),
        (learned, _LEARNED_PAIR_WEIGHT, 0.0),
        (own, _OWN_PAIR_WEIGHT, _DIFFERING_BONUS),
    )
    blocks = [_topic_pairs(head, part, weight, bonus) for part, weight, bonus in weighted]
    inputs, topics, signs, weights = (np.concatenate(column) for column in zip(*blocks, strict=True))
    return TopicSentimentHead.fit(inputs, topics, signs, weights, len(TOPICS))


def _topic_pairs(head: TopicHead, part: Scored, weight: float, bonus: float) -> tuple[Any, Any, Any, Any]:
    pairs = [
        (
            text,
            TOPICS.index(topic),
            SENTIMENTS.index(sign),
            weight * (1 + (sign != row.sentiment) * bonus),
        )
        for text, row in enumerate(part.rows)
        for topic, sign in row.topics.items()
        if sign in SENTIMENTS[:MIXED]
    ]
    table = np.array(pairs).reshape(len(pairs), 4)
    texts, topics, signs = table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2].astype(int)
    evidence = gather_evidence(part.scores, TOPIC_COLUMNS)
    paired = pair_clauses(part.scores, evidence, head, texts, topics)
    return TopicSentimentHead.inputs(part.scores, paired), topics, signs, table[:, 3]


def _best_threshold(probabilities: Doubles, present: NDArray[np.bool_]) -> float:
    """Return the threshold with the best F1, drawn a little towards 0.4 where few texts decide."""
    grid = np.arange(0.15, 0.71, 0.01)
    values = np.array([f1_score(present, probabilities >= t, zero_division=0) for t in grid])
    near = grid[values >= values.max() - 0.005]
    pull = 20 / (20 + present.sum())
    return round(float((1 - pull) * np.median(near) + pull * 0.4), 3)
