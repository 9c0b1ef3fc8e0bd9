"""The tuning half of the behaviour suite as training texts: our own sentences, with labels known by construction.

The held-out half of each test's templates is never read here, so the suite still shows what generalises.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from feedback_nlp.behaviour import load_suite
from feedback_nlp.behaviour.expectations import LabelIn, TopicsFound
from feedback_nlp.preprocess import Preprocessor
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.corpus import Corpus, GoldRow, fingerprint

__all__ = ["SOURCE", "add_plain_sentences", "topic_rows"]

SOURCE = "own_plain_sentences"


def _labelled() -> Iterator[tuple[str, str, str]]:
    """Yield text, field and label of every tuning case that has exactly one right label."""
    for test in load_suite():
        if not isinstance(test.expectation, LabelIn) or len(test.expectation.allowed) != 1:
            continue
        (label,) = test.expectation.allowed
        for case in test.cases:
            if case.split == "tuning":
                yield case.text, test.expectation.field, label


def add_plain_sentences(corpus: Corpus, weight: float) -> None:
    """Append the sentences whose sentiment or kind is known."""
    preprocessor = Preprocessor()
    seen: set[int] = set()
    for text, field, label in _labelled():
        key = fingerprint(text + field)
        if key in seen:
            continue
        seen.add(key)
        targets = (
            np.array([label == s for s in SENTIMENTS], dtype=np.float32),
            np.array([label == k for k in KINDS], dtype=np.float32),
            np.zeros(len(TOPICS), dtype=np.float32),
        )
        weights = (weight if field == "sentiment" else 0.0, weight if field == "kind" else 0.0, 0.0)
        corpus.add(preprocessor.prepare(text), SOURCE, targets, weights)


def topic_rows() -> list[GoldRow]:
    """Return sentences with two topics of different sentiment; only the topics of these rows mean something."""
    return [
        GoldRow(case.text, "neutral", "other", dict(test.expectation.required), SOURCE)
        for test in load_suite()
        if isinstance(test.expectation, TopicsFound)
        for case in test.cases
        if case.split == "tuning"
    ]
