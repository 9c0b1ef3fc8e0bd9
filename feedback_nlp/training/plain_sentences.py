"""The tuning half of the behaviour suite as training texts: our own sentences, with labels known by construction.

The held-out half of each test's templates is never read here, so the suite still shows what generalises.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from feedback_nlp.behaviour import load_suite
from feedback_nlp.behaviour.expectations import LabelIn, TopicsFound
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.corpus import Corpus, Floats, GoldRow, fingerprint

__all__ = ["SOURCE", "add_plain_sentences", "topic_rows"]

SOURCE = "own_plain_sentences"


def _allowed() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield text, field and the labels (or topics) that are right of every tuning case that says them."""
    for test in load_suite():
        expected = test.expectation
        for case in test.cases:
            if case.split != "tuning":
                continue
            if isinstance(expected, LabelIn):
                yield case.text, expected.field, expected.allowed
            elif isinstance(expected, TopicsFound):
                yield case.text, "topics", frozenset(topic for topic, _ in expected.required)


def add_plain_sentences(corpus: Corpus, weight: float) -> None:
    """Append the sentences whose sentiment, kind or topics are known; several right labels share the target."""
    seen: set[int] = set()
    for text, field, allowed in _allowed():
        key = fingerprint(text + field)
        if key in seen:
            continue
        seen.add(key)
        fields = ((SENTIMENTS, "sentiment"), (KINDS, "kind"), (TOPICS, "topics"))
        targets = [_shares(labels, allowed, share=name != "topics") for labels, name in fields]
        weights = [weight * (name == field) for _, name in fields]
        corpus.add(
            text,
            SOURCE,
            (targets[0], targets[1], targets[2]),
            (weights[0], weights[1], weights[2]),
        )


def _shares(labels: tuple[str, ...], allowed: frozenset[str], *, share: bool) -> Floats:
    found = np.array([label in allowed for label in labels], dtype=np.float32)
    return found / max(found.sum(), 1) if share else found


def topic_rows() -> list[GoldRow]:
    """Return sentences with two topics of different sentiment; only the topics of these rows mean something."""
    return [
        GoldRow(case.text, "neutral", "other", dict(test.expectation.required), SOURCE)
        for test in load_suite()
        if isinstance(test.expectation, TopicsFound)
        for case in test.cases
        if case.split == "tuning"
    ]
