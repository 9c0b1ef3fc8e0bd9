"""Adapts a bundle to labels that people gave, without the texts it was trained on.

Features are those of the bundle, and the words of the labelled texts as wholes, which it may not know. Heads keep
their shape and thresholds; their intercepts move with the weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from feedback_nlp.bundle import Bundle, Floats, LinearPart
from feedback_nlp.errors import InputError
from feedback_nlp.features import spellings_of
from feedback_nlp.heads import KIND_COLUMNS, TOPIC_COLUMNS, Heads
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.reference import ReferenceScorer
from feedback_nlp.scoring import BatchScores, LinearScorer
from feedback_nlp.sentiment import MIXED, N_SENTIMENTS, pool_clauses, softmax
from feedback_nlp.topics import gather_evidence
from feedback_nlp.training.linear import halve
from feedback_nlp.training.shift import Shift, Stretch
from feedback_nlp.training.stretches import best_clauses, fit_present, of_clauses, whole_word_block

__all__ = ["PENALTY", "Adapted", "Adapter", "PersonsLabels", "Predictions"]

#: What a change of the weights costs (benchmarks/review.py compares).
PENALTY: Final = 0.3
#: A whole word must stand in so many of the labelled texts: single ones are mostly names.
_LEAST_TEXTS_OF_WORD: Final = 2
_NEGATIVE, _POSITIVE = SENTIMENTS.index("negative"), SENTIMENTS.index("positive")

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PersonsLabels:
    """What people said of a text; None where nobody said anything.

    Parameters
    ----------
    text : str
    sentiment, kind : str or None
    topics : mapping of str to (str or None), or None
        Topic to its sentiment.
    """

    text: str
    sentiment: str | None = None
    kind: str | None = None
    topics: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Predictions:
    """Labels by number, of texts in order.

    Parameters
    ----------
    sentiment, kind : ndarray of int, shape (n_texts,)
    topics : ndarray of bool, shape (n_texts, n_topics)
    """

    sentiment: Rows
    kind: Rows
    topics: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Adapted:
    """What is added to a bundle: to the weights of its features, and its heads with their moved intercepts."""

    weights: Floats
    heads: Heads


class Adapter:
    """Labelled texts as a bundle sees them, ready to fit to some of them and to judge others.

    Parameters
    ----------
    bundle : Bundle
    labels : sequence of PersonsLabels
    anchors : sequence of str
        Texts on which the bundle is to go on saying what it says: what a company's texts never hold must not be
        unlearned (Li and Hoiem 2016, "Learning without forgetting").

    Raises
    ------
    InputError
        For a bundle with labels of a company's own: its second model rests on the scores of the first.
    """

    def __init__(self, bundle: Bundle, labels: Sequence[PersonsLabels], anchors: Sequence[str] = ()) -> None:
        if bundle.own is not None:
            raise InputError(
                "A bundle with own labels cannot be adapted to corrections.",
                remedy="Add them to the labelled file, and train it again.",
            )
        self._linear, self._heads = bundle.linear, Heads.from_json(bundle.heads)
        texts = [*(one.text for one in labels), *anchors]
        self._size, self._held = len(labels), np.arange(len(labels), len(texts))
        self._scores = LinearScorer(bundle.linear).score(texts)
        self._features_of(texts)
        self._read_truth(labels)

    def _features_of(self, texts: Sequence[str]) -> None:
        reference = ReferenceScorer(self._linear)
        prepared = [reference.preprocessor.prepare(text) for text in texts]
        clauses = [
            (one, clause) for one in prepared for clause in range(one.clauses[-1] + 1 if one.clauses else 0)
        ]
        counts = Counter(word for one in prepared[: self._size] for word in spellings_of(one))
        known = set(self._linear.whole_words)
        new = sorted(word for word, n in counts.items() if n >= _LEAST_TEXTS_OF_WORD and word not in known)
        self.whole_words = (*self._linear.whole_words, *new)
        place = {word: column for column, word in enumerate(self.whole_words)}

        def block(items: Sequence[Any]) -> sp.csr_matrix:
            words = [spellings_of(one, clause) for one, clause in items]
            terms, spellings = reference.blocks(items)
            return sp.hstack([terms, spellings, whole_word_block(words, place)]).tocsr()

        self._texts = block([(one, None) for one in prepared])
        self._clauses = block(clauses)

    def _read_truth(self, labels: Sequence[PersonsLabels]) -> None:
        self.sentiment = np.array([_number(SENTIMENTS, one.sentiment) for one in labels], dtype=np.int64)
        self.kind = np.array([_number(KINDS, one.kind) for one in labels], dtype=np.int64)
        self.has_topics = np.array([one.topics is not None for one in labels], dtype=bool)
        self.topics = np.array(
            [[topic in (one.topics or ()) for topic in TOPICS] for one in labels], dtype=bool
        ).reshape(-1, len(TOPICS))

    def __len__(self) -> int:
        return self._size

    @property
    def features(self) -> sp.csr_matrix:
        """The features of whole texts, shape (n_texts, n_features)."""
        return self._texts[: self._size]

    def fit(self, rows: Rows | None = None, penalty: float = PENALTY) -> Adapted:
        """Adapt to the labels of some texts, all by default."""
        chosen = np.arange(len(self)) if rows is None else rows
        weights = np.zeros((self._texts.shape[1], TOPIC_COLUMNS.stop), dtype=np.float32)
        sentiment = self._fit_sentiment(chosen[self.sentiment[chosen] >= 0], penalty)
        kind = self._fit_kind(chosen[self.kind[chosen] >= 0], penalty)
        weights[:, :N_SENTIMENTS], weights[:, KIND_COLUMNS] = sentiment.weights, kind.weights
        about = chosen[self.has_topics[chosen]]
        moved = [self._fit_topic(topic, about, penalty) for topic in range(len(TOPICS))]
        weights[:, TOPIC_COLUMNS] = np.hstack([shift.weights for shift in moved])
        heads = self._heads
        by_topic = np.array([float(shift.intercepts[0]) for shift in moved])
        return Adapted(
            halve(weights),
            replace(
                heads,
                sentiment=replace(
                    heads.sentiment, intercepts=heads.sentiment.intercepts + sentiment.intercepts
                ),
                kind=replace(heads.kind, intercepts=heads.kind.intercepts + kind.intercepts),
                topics=replace(heads.topics, intercepts=heads.topics.intercepts + by_topic),
            ),
        )

    def predict(self, adapted: Adapted | None = None) -> Predictions:
        """Return the labels of all texts: the bundle's own, or as adapted."""
        scores, heads = self._as(adapted)
        three, mixed = heads.sentiment.probabilities(pool_clauses(scores).inputs)
        topics = heads.topics.probabilities(gather_evidence(scores, TOPIC_COLUMNS))
        n = self._size
        return Predictions(
            heads.sentiment.labels(three, mixed)[:n],
            heads.kind.probabilities(scores.texts).argmax(axis=1)[:n],
            (topics >= heads.topics.thresholds)[:n],
        )

    def confidence(self, adapted: Adapted | None = None) -> NDArray[np.float64]:
        """Return how sure each text's sentiment is, shape (n_texts,)."""
        scores, heads = self._as(adapted)
        three, mixed = heads.sentiment.probabilities(pool_clauses(scores).inputs)
        labels = heads.sentiment.labels(three, mixed)
        return np.where(labels == MIXED, mixed, three.max(axis=1))[: self._size]

    def topic_margins(self, adapted: Adapted | None = None) -> NDArray[np.float64]:
        """Return the log-odds of each topic above its threshold's, shape (n_texts, n_topics)."""
        scores, heads = self._as(adapted)
        shares = heads.topics.probabilities(gather_evidence(scores, TOPIC_COLUMNS))[: self._size]
        return _log_odds(shares) - _log_odds(heads.topics.thresholds)

    def _as(self, adapted: Adapted | None) -> tuple[BatchScores, Heads]:
        if adapted is None:
            return self._scores, self._heads
        return self._moved(adapted.weights), adapted.heads

    def linear_part(self, adapted: Adapted) -> LinearPart:
        """Return the linear part of the adapted bundle."""
        n_terms, n_grams = len(self._linear.terms), len(self._linear.grams)
        terms, grams, words = np.split(adapted.weights, [n_terms, n_terms + n_grams])
        old = self._linear.whole_weights
        if old is not None:
            words = words + np.vstack([old, np.zeros((len(words) - len(old), words.shape[1]))])
        return replace(
            self._linear,
            term_weights=halve(self._linear.term_weights + terms),
            gram_weights=halve(self._linear.gram_weights + grams),
            whole_words=self.whole_words,
            whole_weights=halve(words.astype(np.float32)),
        )

    def _moved(self, weights: Floats) -> BatchScores:
        texts = self._scores.texts + self._texts @ weights
        return replace(self._scores, texts=texts, clauses=self._scores.clauses + self._clauses @ weights)

    def _fit_sentiment(self, rows: Rows, penalty: float) -> Shift:
        head, pools = self._heads.sentiment, pool_clauses(self._scores)
        n, clauses = len(self._scores.texts), self._clauses
        mean = sp.csr_matrix(
            (pools.shares, (self._scores.clause_texts, np.arange(clauses.shape[0]))),
            shape=(n, clauses.shape[0]),
        )
        stretches = [
            Stretch(self._texts, head.weights[:N_SENTIMENTS]),
            Stretch(mean @ clauses, head.weights[N_SENTIMENTS : 2 * N_SENTIMENTS]),
            Stretch(of_clauses(clauses, pools.last), head.weights[2 * N_SENTIMENTS : 3 * N_SENTIMENTS]),
        ]
        for which, at in ((pools.best, 3 * N_SENTIMENTS), (pools.worst, 3 * N_SENTIMENTS + 1)):
            mixing = np.zeros((N_SENTIMENTS, N_SENTIMENTS))
            mixing[_POSITIVE], mixing[_NEGATIVE] = head.weights[at], -head.weights[at]
            stretches.append(Stretch(of_clauses(clauses, which), mixing))
        odds = head.decision(pools.inputs)
        truth = np.vstack([np.eye(MIXED + 1)[self.sentiment[rows]], softmax(odds[self._held])])
        rows = np.concatenate([rows, self._held])
        return fit_present(stretches, rows, odds[rows], truth, penalty, several=False)

    def _fit_kind(self, rows: Rows, penalty: float) -> Shift:
        head = self._heads.kind
        odds = self._scores.texts @ head.weights + head.intercepts
        stretches = [Stretch(self._texts, head.weights[KIND_COLUMNS])]
        truth = np.vstack([np.eye(len(KINDS))[self.kind[rows]], softmax(odds[self._held])])
        rows = np.concatenate([rows, self._held])
        return fit_present(stretches, rows, odds[rows], truth, penalty, several=False)

    def _fit_topic(self, topic: int, rows: Rows, penalty: float) -> Shift:
        head, column = self._heads.topics, TOPIC_COLUMNS.start + topic
        evidence = gather_evidence(self._scores, TOPIC_COLUMNS)
        odds = evidence.texts * head.text_weights + evidence.best * head.best_weights + head.intercepts
        best = best_clauses(self._scores, column)
        # A text without clauses stands for itself.
        stretch = of_clauses(self._clauses, best) + sp.diags((best < 0).astype(np.float32)) @ self._texts
        stretches = [
            Stretch(self._texts, head.text_weights[[topic], None]),
            Stretch(stretch.tocsr(), head.best_weights[[topic], None]),
        ]
        kept = 1 / (1 + np.exp(-odds[self._held][:, [topic]]))
        truth = np.vstack([self.topics[rows][:, [topic]], kept])
        rows = np.concatenate([rows, self._held])
        return fit_present(stretches, rows, odds[rows][:, [topic]], truth, penalty, several=True)


def _number(labels: Sequence[str], label: str | None) -> int:
    """Return the place of a label; -1 for none, and for one that the bundle does not know."""
    return labels.index(label) if label in labels else -1


def _log_odds(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(shares, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)))
