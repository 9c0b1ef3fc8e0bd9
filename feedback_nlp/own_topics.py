"""A company's own topics in the place of the shipped taxonomy.

They are found by the own model; their sentiment is decided as that of the shipped topics is, by the clauses that
carry them, with the mean of the shipped topics' intercepts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from feedback_nlp.heads import Heads
from feedback_nlp.own_labels import OwnHead, OwnModel
from feedback_nlp.scoring import BatchScores
from feedback_nlp.topics import TopicEvidence, TopicHead

__all__ = ["gather_own_evidence", "with_own_topics"]


def with_own_topics(heads: Heads, own: OwnHead) -> Heads:
    """Return the heads with those of the own topics instead of the shipped ones."""
    count = len(own.labels)
    found = TopicHead(np.full(count, own.scale), np.zeros(count), own.offsets, np.full(count, own.threshold))
    shipped = heads.topic_sentiment
    intercepts = np.tile(shipped.intercepts.mean(axis=0), (count, 1))
    return replace(heads, topics=found, topic_sentiment=replace(shipped, intercepts=intercepts))


def gather_own_evidence(model: OwnModel, texts: list[str], scores: BatchScores) -> TopicEvidence:
    """Return the own topics' margins in texts, their best clauses and all clauses."""
    whole, clauses = (part.astype(np.float32) for part in model.clause_margins(texts, scores))
    best = whole.copy()
    first = np.flatnonzero(np.diff(scores.clause_texts, prepend=-1))
    if len(first):
        best[scores.clause_texts[first]] = np.maximum.reduceat(clauses, first, axis=0)
    return TopicEvidence(whole, best, clauses)
