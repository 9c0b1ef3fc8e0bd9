"""Topics of a text, each with its own sentiment and the sentences it stands in.

Each topic has a logistic regression of its own over two numbers, the score of the text and that of its best clause: a
topic that fills one clause of ten is there all the same. Thresholds are tuned a topic.

The sentiment of a topic comes from the clauses that carry it: clause scores averaged with the topic's share in
each clause, beside the scores of the whole text and of its best and worst clause, decide between negative, neutral and
positive. What is asked about or wished for is neutral more often than what is judged, so kinds and topics count, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats
from feedback_nlp.scan import Longs, run_starts
from feedback_nlp.scoring import BatchScores
from feedback_nlp.sentiment import MIXED, NEVER, fit_classes, softmax

__all__ = [
    "PairedClauses",
    "TopicEvidence",
    "TopicHead",
    "TopicSentimentHead",
    "gather_evidence",
    "pair_clauses",
]


@dataclass(frozen=True, slots=True)
class TopicEvidence:
    """Scores of the topics, for texts and clauses of a batch.

    Parameters
    ----------
    texts, best : ndarray of float32, shape (n_texts, n_topics)
        Score of the text; score of its best clause.
    clauses : ndarray of float32, shape (n_clauses, n_topics)
    """

    texts: Floats
    best: Floats
    clauses: Floats


def gather_evidence(scores: BatchScores, columns: slice) -> TopicEvidence:
    """Return the topic scores of a batch; `columns` are those of the topics among the outputs."""
    texts, clauses = scores.texts[:, columns], scores.clauses[:, columns]
    best = texts.copy()
    first = run_starts(scores.clause_texts)
    if len(first):
        best[scores.clause_texts[first]] = np.maximum.reduceat(clauses, first, axis=0)
    return TopicEvidence(texts, best, clauses)


@dataclass(frozen=True, slots=True)
class TopicHead:
    """Calibrated probabilities of the topics.

    Parameters
    ----------
    text_weights, best_weights, intercepts, thresholds : ndarray, shape (n_topics,)
    """

    text_weights: NDArray[np.float64]
    best_weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    @classmethod
    def fit(cls, evidence: TopicEvidence, present: NDArray[np.bool_]) -> Self:
        """Fit the head on texts that the linear model has not seen; thresholds are 0.5 until tuned."""
        from sklearn.linear_model import LogisticRegression  # training only: half the time of a cold start

        rows = []
        for topic in range(present.shape[1]):
            if present[:, topic].all() or not present[:, topic].any():
                rows.append([0.0, 0.0, -NEVER if present[:, topic].all() else NEVER])
                continue
            inputs = np.stack([evidence.texts[:, topic], evidence.best[:, topic]], axis=1)
            model = LogisticRegression(C=1.0, max_iter=1000).fit(inputs, present[:, topic])
            rows.append([*model.coef_[0], model.intercept_[0]])
        text, best, intercepts = np.array(rows).T
        return cls(text, best, intercepts, np.full(present.shape[1], 0.5))

    def probabilities(self, evidence: TopicEvidence) -> NDArray[np.float64]:
        """Return the probability of each topic, shape (n_texts, n_topics)."""
        odds = evidence.texts * self.text_weights + evidence.best * self.best_weights + self.intercepts
        return 1 / (1 + np.exp(-odds))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {name: getattr(self, name).tolist() for name in self.__slots__}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(*(np.array(stored[name]) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class PairedClauses:
    """Pairs of a text and a topic found in it, with all clauses of the text.

    Parameters
    ----------
    texts, topics : ndarray of int, shape (n_pairs,)
    first, lengths : ndarray of int, shape (n_pairs,)
        Where the clauses of each pair begin in the following, and how many they are; 0 for a text without clauses.
    pairs, clauses : ndarray of int, shape (n_paired_clauses,)
        Number of the pair, and of the clause in the batch.
    odds : ndarray, shape (n_paired_clauses,)
        Log-odds of the topic in the clause, but for the topic's intercept.
    """

    texts: Longs
    topics: Longs
    first: Longs
    lengths: Longs
    pairs: Longs
    clauses: Longs
    odds: NDArray[np.float64]


def pair_clauses(
    scores: BatchScores, evidence: TopicEvidence, head: TopicHead, texts: Longs, topics: Longs
) -> PairedClauses:
    """Return the clauses of pairs of a text and a topic."""
    places = np.searchsorted(scores.clause_texts, np.arange(len(scores.texts) + 1))
    of_text = places[texts]
    lengths = places[texts + 1] - of_text
    # One row a pair and clause: the clauses of a text stand together in the batch.
    first = lengths.cumsum() - lengths
    pairs = np.arange(len(texts)).repeat(lengths)
    clauses = np.arange(len(pairs)) + (of_text - first).repeat(lengths)
    of_pair = topics[pairs]
    weights = head.text_weights + head.best_weights
    odds = evidence.clauses[clauses, of_pair] * weights[of_pair]
    return PairedClauses(texts, topics, first, lengths, pairs, clauses, odds)


@dataclass(frozen=True, slots=True)
class TopicSentimentHead:
    """Sentiment of a topic in a text.

    Parameters
    ----------
    weights : ndarray, shape (n_inputs, 3)
        For the numbers that `inputs` returns.
    intercepts : ndarray, shape (n_topics, 3)
    """

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    @staticmethod
    def inputs(scores: BatchScores, paired: PairedClauses) -> Floats:
        """Return the inputs for pairs of a text and a topic, shape (n_pairs, n_inputs).

        With 21 outputs there are 50: 21 for the clauses that carry the topic, 21 for the text, 4 each for its best and
        its worst clause by sentiment. None grows with length.
        """
        carried = scores.texts[paired.texts]
        best, worst = carried[:, : MIXED + 1].copy(), carried[:, : MIXED + 1].copy()
        held = paired.lengths.nonzero()[0]
        if len(held):
            clauses = scores.clauses[paired.clauses]
            first = paired.first[held]
            best[held] = np.maximum.reduceat(clauses[:, : MIXED + 1], first)
            worst[held] = np.minimum.reduceat(clauses[:, : MIXED + 1], first)
            # The mean of the clauses, weighted by the topic's share in each.
            shares = np.exp(paired.odds.clip(-30, 30)) * np.sqrt(
                np.maximum(scores.clause_words[paired.clauses], 1)
            )
            shares /= np.bincount(paired.pairs, shares, len(carried))[paired.pairs]
            whole = carried.copy()
            carried[held] = np.add.reduceat(clauses * shares[:, None], first, axis=0)
            return np.hstack([carried, whole, best, worst])
        return np.hstack([carried, carried, best, worst])

    @classmethod
    def fit(cls, inputs: Floats, topics: Longs, labels: Longs, weights: Floats, n_topics: int) -> Self:
        """Fit on weighted pairs with known sentiment (0 negative, 1 neutral, 2 positive)."""
        width = inputs.shape[1]
        spread = inputs.std(axis=0) + 1e-6 if len(inputs) else np.ones(width)
        full = np.hstack([inputs / spread, np.eye(n_topics)[topics]])
        fitted, intercepts = fit_classes(full, labels, MIXED, c=0.3, sample_weights=weights)
        return cls(fitted[:width] / spread[:, None], fitted[width:] + intercepts)

    def probabilities(self, inputs: Floats, topics: Longs) -> NDArray[np.float64]:
        """Return P(negative, neutral, positive), shape (n_pairs, 3)."""
        return np.asarray(softmax(inputs @ self.weights + self.intercepts[topics]))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"weights": self.weights.tolist(), "intercepts": self.intercepts.tolist()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(np.array(stored["weights"]), np.array(stored["intercepts"]))
