"""Labels of a whole batch: the heads over the scores, and a company's own labels in their place or besides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.bundle import Bundle
from feedback_nlp.heads import TOPIC_COLUMNS, Heads
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS, OwnLabel
from feedback_nlp.scoring import BatchScores
from feedback_nlp.sentiment import MIXED, pool_clauses
from feedback_nlp.textspans import BatchDetails
from feedback_nlp.topics import TopicSentimentHead, gather_evidence, pair_clauses

if TYPE_CHECKING:
    from feedback_nlp.own_labels import OwnHead, OwnModel

__all__ = ["BatchLabeller", "BatchLabels"]


@dataclass(frozen=True, slots=True)
class BatchLabels:
    """What the heads say of a batch, one entry a text.

    Parameters
    ----------
    labels : ndarray of int, shape (n_texts,)
        Places in SENTIMENTS.
    three : ndarray, shape (n_texts, 3)
        Probabilities of negative, neutral and positive.
    mixed, confidence : ndarray, shape (n_texts,)
    kinds : ndarray of int, shape (n_texts,)
        Places in KINDS.
    kind_confidence : ndarray, shape (n_texts,)
    details : BatchDetails
        Topics and sentences, built when asked for.
    own : list of OwnLabel or None
        Labels of a company's own that come besides the product's.
    """

    labels: NDArray[np.int64]
    three: NDArray[np.float64]
    mixed: NDArray[np.float64]
    confidence: NDArray[np.float64]
    kinds: NDArray[np.int64]
    kind_confidence: NDArray[np.float64]
    details: BatchDetails
    own: list[OwnLabel] | None


class BatchLabeller:
    """Gives labels to scored batches.

    Parameters
    ----------
    bundle : Bundle

    Raises
    ------
    KeyError, TypeError, ValueError
        The heads of the bundle are malformed.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.heads = Heads.from_json(bundle.heads)
        self.own = _read_own(bundle)
        if self.own is not None:
            self.heads = _with_own(self.heads, self.own.head)

    @property
    def own_task(self) -> str | None:
        """Which shipped labels a company's own ones replace: "sentiment", "kind", "topics" or none."""
        return self.own.head.task if self.own is not None else None

    @property
    def adds_labels(self) -> bool:
        """Whether a company's own labels come besides the product's."""
        return self.own is not None and self.own.head.task is None

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics that are looked for."""
        return self.own.head.labels if self.own is not None and self.own_task == "topics" else TOPICS

    def label(self, texts: list[str], scores: BatchScores) -> BatchLabels:
        """Return the labels of a batch, from its scores."""
        heads = self.heads
        pools = pool_clauses(scores)
        three, mixed = heads.sentiment.probabilities(pools.inputs)
        labels = heads.sentiment.labels(three, mixed)
        confidence = np.where(labels == MIXED, mixed, three.max(axis=1))
        kinds = heads.kind.probabilities(scores.texts)
        own: list[OwnLabel] | None = None
        if self.own is not None and self.own_task == "topics":
            from feedback_nlp.own_topics import gather_own_evidence

            evidence = gather_own_evidence(self.own, texts, scores)
        else:
            evidence = gather_evidence(scores, TOPIC_COLUMNS)
        if self.own is not None and self.own_task != "topics":
            from feedback_nlp.own_labels import shipped_inputs

            head, found = self.own.head, self.own.probabilities(texts, shipped_inputs(scores, pools))
            if self.own_task == "sentiment" or head.mapped:
                three = head.sentiments(found) if head.mapped else self.own.in_order(found, SENTIMENTS[:3])
                mixed = np.zeros(len(texts))
                labels, confidence = three.argmax(axis=1), three.max(axis=1)
            if self.own_task == "kind":
                kinds = self.own.in_order(found, KINDS)
            elif self.adds_labels:
                own = head.shown(found)
        topics = heads.topics.probabilities(evidence)
        where, which = np.nonzero(topics >= heads.topics.thresholds)
        paired = pair_clauses(scores, evidence, heads.topics, where, which)
        inputs = TopicSentimentHead.inputs(scores, paired)
        signs = heads.topic_sentiment.probabilities(inputs, which).argmax(axis=1)
        details = BatchDetails(
            texts,
            scores,
            heads,
            self.topics,
            labels,
            three,
            topics,
            paired,
            signs,
        )
        best = kinds.argmax(axis=1)
        return BatchLabels(labels, three, mixed, confidence, best, kinds.max(axis=1), details, own)


def _read_own(bundle: Bundle) -> OwnModel | None:
    if bundle.own is None:
        return None
    from feedback_nlp.own_labels import OwnHead, OwnModel

    return OwnModel(bundle.own, OwnHead.from_json(bundle.heads["own"]))


def _with_own(heads: Heads, own: OwnHead) -> Heads:
    """Return the heads with those that a company's own labels replace."""
    if own.task == "topics":
        from feedback_nlp.own_topics import with_own_topics

        return with_own_topics(heads, own)
    if own.task == "sentiment" or own.mapped:
        return replace(heads, precisions=own.precisions)
    return heads
