"""Sentences and topics of the texts of a batch, built when somebody asks for them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.preprocess import Prepared, Preprocessor
from feedback_nlp.records import SENTIMENTS, TOPICS, SentenceSentiment, TopicFinding
from feedback_nlp.sentiment import MIXED, N_SENTIMENTS

if TYPE_CHECKING:
    from feedback_nlp.heads import Heads
    from feedback_nlp.scan import Longs
    from feedback_nlp.scoring import BatchScores
    from feedback_nlp.topics import TopicEvidence

__all__ = ["BatchDetails"]

#: A sentence carries a topic if its own probability reaches this share of the best sentence's.
_CARRYING_SHARE = 0.5


@dataclass(frozen=True)
class BatchDetails:
    """Arrays of a batch, and how the nested parts of an analysis are made of them.

    Parameters
    ----------
    texts : list of str
    scores : BatchScores
    heads : Heads
    labels : ndarray of int, shape (n_texts,)
    three : ndarray, shape (n_texts, 3)
    probabilities : ndarray, shape (n_texts, n_topics)
    evidence : TopicEvidence
    where, which, signs : ndarray of int, shape (n_findings,)
        Text, topic and sentiment of each topic found, in the order of texts.
    """

    texts: list[str]
    scores: BatchScores
    heads: Heads
    labels: Longs
    three: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    evidence: TopicEvidence
    where: Longs
    which: Longs
    signs: Longs

    @cached_property
    def _ends(self) -> tuple[list[int], list[int]]:
        """First finding and first clause of each text, and the number of all."""
        rows = np.arange(len(self.texts) + 1)
        return (
            np.searchsorted(self.where, rows).tolist(),
            np.searchsorted(self.scores.clause_texts, rows).tolist(),
        )

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        """Return the topics of a text with their sentiment: all that a scored file needs of them."""
        first, end = self._ends[0][row], self._ends[0][row + 1]
        return [(TOPICS[self.which[i]], SENTIMENTS[self.signs[i]]) for i in range(first, end)]

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        """Return the topics of a text."""
        first, end = self._ends[0][row], self._ends[0][row + 1]
        out = []
        for i in range(first, end):
            topic = int(self.which[i])
            probability = float(self.probabilities[row, topic])
            carrying = self._carrying_sentences(row, topic)
            out.append(TopicFinding(TOPICS[topic], probability, SENTIMENTS[self.signs[i]], carrying))
        return tuple(out)

    def _carrying_sentences(self, row: int, topic: int) -> tuple[int, ...]:
        first, end = self._ends[1][row], self._ends[1][row + 1]
        if first == end:
            return ()
        head = self.heads.topics
        weight = head.text_weights[topic] + head.best_weights[topic]
        odds = self.evidence.clauses[first:end, topic] * weight + head.intercepts[topic]
        chances = 1 / (1 + np.exp(-odds))
        sentences = self.scores.clause_sentences[first:end]
        kept = sentences[chances >= chances.max() * _CARRYING_SHARE] - sentences[0]
        return tuple(sorted(set(kept.tolist())))

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        """Return the sentences of a text with their sentiment."""
        first, end = self._ends[1][row], self._ends[1][row + 1]
        if first == end:
            return ()
        numbers = self.scores.clause_sentences[first:end]
        numbers = numbers - numbers[0]
        count = int(numbers[-1]) + 1
        chances = self._sentence_chances(row, first, end, numbers, count)
        spans = _sentence_spans(_prepare(self.texts[row]), count)
        out = []
        for (start, stop), chance in zip(spans, chances, strict=True):
            label = SENTIMENTS[int(chance.argmax())]
            out.append(SentenceSentiment(start, stop, label, float(chance[2] - chance[0])))
        return tuple(out)

    def _sentence_chances(
        self, row: int, first: int, end: int, numbers: Longs, count: int
    ) -> NDArray[np.float64]:
        """Each sentence is judged by the same head, as if it were the whole text."""
        if count == 1:
            return self.three[row : row + 1]
        clauses = self.scores.clauses[first:end, :N_SENTIMENTS]
        words = np.maximum(self.scores.clause_words[first:end], 1e-3)
        inputs = np.zeros((count, 3 * N_SENTIMENTS + 2), dtype=np.float32)
        for sentence in range(count):
            inside = np.flatnonzero(numbers == sentence)
            mean = np.average(clauses[inside], axis=0, weights=words[inside])
            tilt = clauses[inside, 2] - clauses[inside, 0]
            inputs[sentence] = [*mean, *mean, *clauses[inside[-1]], tilt.max(), tilt.min()]
        return self.heads.sentiment.probabilities(inputs)[0][:, :MIXED]


_preprocessors: list[Preprocessor] = []
# Threads build the parts of their analyses side by side; spaCy's tables of strings are not made for that.
_preparing = threading.Lock()


def _prepare(text: str) -> Prepared:
    """Offsets are needed for few texts only, so the plain path computes them."""
    with _preparing:
        if not _preprocessors:
            _preprocessors.append(Preprocessor())
        return _preprocessors[0].prepare(text)


def _sentence_spans(prepared: Prepared, count: int) -> list[tuple[int, int]]:
    starts = [-1] * count
    ends = [0] * count
    for sentence, start, end in zip(prepared.sentences, prepared.starts, prepared.ends, strict=True):
        if starts[sentence] < 0:
            starts[sentence] = start
        ends[sentence] = end
    return list(zip(starts, ends, strict=True))
