"""Sentences and topics of the texts of a batch, built when somebody asks for them, for the whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.offsets import locate_tokens
from feedback_nlp.records import SENTIMENTS, SentenceSentiment, TopicFinding
from feedback_nlp.scan import run_starts
from feedback_nlp.sentiment import N_SENTIMENTS, pool_clauses

if TYPE_CHECKING:
    from feedback_nlp.chunks import ChunkTable
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
    topic_names : tuple of str
    labels : ndarray of int, shape (n_texts,)
    three : ndarray, shape (n_texts, 3)
    probabilities : ndarray, shape (n_texts, n_topics)
    evidence : TopicEvidence
    where, which, signs : ndarray of int, shape (n_findings,)
        Text, topic and sentiment of each topic found, in the order of texts.
    table : ChunkTable or None
        Where the tokens of the texts are remembered; None once the sentences are known.
    """

    texts: list[str]
    scores: BatchScores
    heads: Heads
    topic_names: tuple[str, ...]
    labels: Longs
    three: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    evidence: TopicEvidence
    where: Longs
    which: Longs
    signs: Longs
    table: ChunkTable | None

    def __getstate__(self) -> dict[str, Any]:
        """Travel to other processes without the table, which holds every word met so far."""
        return {**self.__dict__, "_sentences": self._sentences, "table": None}

    @cached_property
    def _first_findings(self) -> list[int]:
        """First finding of each text, and the number of all."""
        firsts: list[int] = np.searchsorted(self.where, np.arange(len(self.texts) + 1)).tolist()
        return firsts

    @cached_property
    def _first_sentences(self) -> list[int]:
        """First sentence of each text, and the number of all."""
        texts = self.scores.clause_texts[run_starts(self.scores.clause_sentences)]
        firsts: list[int] = np.searchsorted(texts, np.arange(len(self.texts) + 1)).tolist()
        return firsts

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        """Return the topics of a text with their sentiment: all that a scored file needs of them."""
        found = range(self._first_findings[row], self._first_findings[row + 1])
        return [(self.topic_names[self.which[i]], SENTIMENTS[self.signs[i]]) for i in found]

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        """Return the topics of a text."""
        out = []
        for i in range(self._first_findings[row], self._first_findings[row + 1]):
            topic = int(self.which[i])
            probability = float(self.probabilities[row, topic])
            out.append(
                TopicFinding(
                    self.topic_names[topic], probability, SENTIMENTS[self.signs[i]], self._carrying[i]
                )
            )
        return tuple(out)

    @cached_property
    def _carrying(self) -> list[tuple[int, ...]]:
        """Sentences that carry each finding, counted from the first of the text."""
        firsts = np.searchsorted(self.scores.clause_texts, np.arange(len(self.texts) + 1))
        lengths = np.diff(firsts)[self.where]
        findings = np.repeat(np.arange(len(self.where)), lengths)
        begins = np.cumsum(lengths) - lengths
        clauses = np.arange(len(findings)) + np.repeat(firsts[self.where] - begins, lengths)
        head, topics = self.heads.topics, self.which[findings]
        weights = head.text_weights + head.best_weights
        odds = self.evidence.clauses[clauses, topics] * weights[topics] + head.intercepts[topics]
        chances = 1 / (1 + np.exp(-odds))
        best = np.zeros(len(self.where))
        np.maximum.at(best, findings, chances)
        kept = chances >= best[findings] * _CARRYING_SHARE
        sentences = self.scores.clause_sentences[clauses[kept]]
        sentences -= np.array(self._first_sentences)[self.where[findings[kept]]]
        out: list[dict[int, None]] = [{} for _ in self.where]  # clauses come in order, some of one sentence
        for finding, sentence in zip(findings[kept].tolist(), sentences.tolist(), strict=True):
            out[finding][sentence] = None
        return [tuple(found) for found in out]

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        """Return the sentences of a text with their sentiment."""
        return self._sentences[self._first_sentences[row] : self._first_sentences[row + 1]]

    @cached_property
    def _sentences(self) -> tuple[SentenceSentiment, ...]:
        """All sentences of the batch."""
        assert self.table is not None  # noqa: S101 - only a copy has none, and it has the sentences
        places = locate_tokens(self.table, self.texts)
        firsts = run_starts(self.scores.tokens.sentences)
        starts = places[firsts, 0].tolist()
        ends = places[np.append(firsts[1:], len(places))[: len(firsts)] - 1, 1].tolist()
        chances = self._sentence_chances()
        labels = chances.argmax(axis=1).tolist()
        scores = (chances[:, 2] - chances[:, 0]).tolist()
        names = map(SENTIMENTS.__getitem__, labels)
        return tuple(map(SentenceSentiment, starts, ends, names, scores))

    def _sentence_chances(self) -> NDArray[np.float64]:
        """Return P(negative, neutral, positive) of all sentences, each judged as if it were a whole text."""
        counts = np.diff(self._first_sentences)
        chances = np.repeat(self.three, counts, axis=0)
        parts = np.repeat(counts > 1, counts)
        if parts.any():
            alone = replace(
                self.scores,
                texts=np.zeros((len(parts), N_SENTIMENTS), dtype=np.float32),
                clause_texts=self.scores.clause_sentences,
            )
            inputs = pool_clauses(alone).inputs
            inputs[:, :N_SENTIMENTS] = inputs[
                :, N_SENTIMENTS : 2 * N_SENTIMENTS
            ]  # the mean stands for the text
            chances[parts] = self.heads.sentiment.probabilities(inputs[parts])[0]
        return chances
