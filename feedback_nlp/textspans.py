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
    from feedback_nlp.heads import Heads
    from feedback_nlp.scan import Longs
    from feedback_nlp.scoring import BatchScores
    from feedback_nlp.topics import PairedClauses

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
    findings : PairedClauses
        Texts and topics found in them, in the order of texts.
    signs : ndarray of int, shape (n_findings,)
        Sentiment of each.
    """

    texts: list[str]
    scores: BatchScores
    heads: Heads
    topic_names: tuple[str, ...]
    labels: Longs
    three: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    findings: PairedClauses
    signs: Longs

    def __getstate__(self) -> dict[str, Any]:
        """Travel to other processes without the layout, which holds the spans of every word met so far."""
        found = {"_sentences": self._sentences, "_first_sentences": self._first_sentences}
        light = replace(self.scores, tokens=replace(self.scores.tokens, layout=None))
        return {**self.__dict__, **found, "scores": light}

    @cached_property
    def _first_findings(self) -> list[int]:
        """First finding of each text, and the number of all."""
        firsts: list[int] = self.findings.texts.searchsorted(np.arange(len(self.texts) + 1)).tolist()
        return firsts

    @cached_property
    def _first_sentences(self) -> list[int]:
        """First sentence of each text, and the number of all."""
        texts = self.scores.clause_texts[run_starts(self.scores.clause_sentences)]
        firsts: list[int] = texts.searchsorted(np.arange(len(self.texts) + 1)).tolist()
        return firsts

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        """Return the topics of a text with their sentiment: all that a scored file needs of them."""
        return self._pairs[self._first_findings[row] : self._first_findings[row + 1]]

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        """Topic and sentiment of each finding."""
        topics = map(self.topic_names.__getitem__, self.findings.topics.tolist())
        return list(zip(topics, map(SENTIMENTS.__getitem__, self.signs.tolist()), strict=True))

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        """Return the topics of a text."""
        return self._findings[self._first_findings[row] : self._first_findings[row + 1]]

    @cached_property
    def _findings(self) -> tuple[TopicFinding, ...]:
        """All topics of the batch."""
        chances = self.probabilities[self.findings.texts, self.findings.topics].tolist()
        return tuple(
            TopicFinding(topic, chance, sign, sentences)
            for (topic, sign), chance, sentences in zip(self._pairs, chances, self._carrying, strict=True)
        )

    @property
    def _carrying(self) -> list[tuple[int, ...]]:
        """Sentences that carry each finding, counted from the first of the text."""
        found = self.findings
        odds = found.odds + self.heads.topics.intercepts[found.topics[found.pairs]]
        sentences = self.scores.clause_sentences[found.clauses].tolist()
        chances = (1 / (1 + np.exp(-odds))).tolist()
        out: list[tuple[int, ...]] = []
        for text, first, length in zip(
            found.texts.tolist(), found.first.tolist(), found.lengths.tolist(), strict=True
        ):
            own = chances[first : first + length]
            least = max(own, default=0.0) * _CARRYING_SHARE
            begin = self._first_sentences[text]
            kept = [
                sentence - begin
                for sentence, chance in zip(sentences[first : first + length], own, strict=True)
                if chance >= least
            ]
            out.append(tuple(dict.fromkeys(kept)))  # clauses come in order, some of one sentence
        return out

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        """Return the sentences of a text with their sentiment."""
        return self._sentences[self._first_sentences[row] : self._first_sentences[row + 1]]

    @cached_property
    def _sentences(self) -> tuple[SentenceSentiment, ...]:
        """All sentences of the batch."""
        layout = self.scores.tokens.layout
        assert layout is not None  # noqa: S101 - only a copy has none, and it has the sentences
        firsts = run_starts(self.scores.tokens.sentences)
        n = len(firsts)
        lasts = np.concatenate([firsts[1:], [len(layout.entries)]])[:n] - 1
        places = locate_tokens(self.texts, layout, np.concatenate([firsts, lasts]))
        chances = self._sentence_chances()
        labels = chances.argmax(axis=1).tolist()
        scores = (chances[:, 2] - chances[:, 0]).tolist()
        names = map(SENTIMENTS.__getitem__, labels)
        starts, ends = places[:n, 0].tolist(), places[n:, 1].tolist()
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
