"""Pooling of clauses and the head on top of it, worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from feedback_nlp import Analyzer
from feedback_nlp.scoring import BatchScores, LinearScorer
from feedback_nlp.sentiment import N_INPUTS, SentimentHead, pool_clauses, softmax
from tests.tiny_linear import batch_scores, tiny_linear

SCORER = LinearScorer(tiny_linear())
SENTENCES = st.lists(
    st.sampled_from(
        ["Great app.", "not very good, slow!", "The app is bad?", "very slow but great.", "good :)."]
    ),
    min_size=1,
    max_size=5,
)


def test_inputs_of_a_text_of_three_clauses() -> None:
    scores = batch_scores(
        [[1, 2, 3, 4]],
        [[0, 0, 8, 0], [4, 0, 0, 4], [0, 2, 0, 0]],
        [0, 0, 0],
        [2, 1, 1],
    )
    pools = pool_clauses(scores)
    assert pools.shares.tolist() == [0.5, 0.25, 0.25]
    mean = [1, 0.5, 4, 1]
    last = [0, 2, 0, 0]
    best, worst = 8, -4
    assert pools.inputs.tolist() == [[1, 2, 3, 4, *mean, *last, best, worst]]
    assert (pools.last.tolist(), pools.best.tolist(), pools.worst.tolist()) == ([2], [0], [1])


def test_texts_do_not_touch_and_empty_ones_have_no_clause() -> None:
    scores = batch_scores(
        [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 2, 0]],
        [[1, 0, 0, 0], [0, 0, 2, 0], [0, 0, 1, 0]],
        [0, 2, 2],
        [1, 3, 1],
    )
    pools = pool_clauses(scores)
    assert pools.last.tolist() == [0, -1, 2]
    assert pools.best.tolist() == [0, -1, 1]
    assert pools.worst.tolist() == [0, -1, 2]
    assert pools.inputs[1].tolist() == [0] * N_INPUTS
    assert pools.inputs[2].tolist() == [0, 0, 2, 0, 0, 0, 1.75, 0, 0, 0, 1, 0, 2, 1]


def test_of_equal_clauses_the_earlier_one_stands_for_the_text() -> None:
    pools = pool_clauses(batch_scores([[0, 0, 1, 0]], [[0, 0, 1, 0]] * 3, [0, 0, 0], [1, 1, 1]))
    assert (pools.best.tolist(), pools.worst.tolist()) == ([0], [0])


def test_clauses_without_words_count_only_among_themselves() -> None:
    pools = pool_clauses(batch_scores([[0] * 4, [0] * 4], [[4, 0, 0, 0]] * 3, [0, 0, 1], [0, 2, 0]))
    assert pools.shares.tolist() == pytest.approx([0.0005, 0.9995, 1.0], abs=1e-4)


def test_no_texts() -> None:
    assert pool_clauses(batch_scores([], [], [], [])).inputs.shape == (0, N_INPUTS)


@settings(max_examples=60, deadline=None)
@given(SENTENCES)
def test_saying_it_twice_changes_nothing(sentences: list[str]) -> None:
    once = " ".join(sentences)
    inputs = pool_clauses(SCORER.score([once, f"{once} {once}"])).inputs
    np.testing.assert_allclose(inputs[0], inputs[1], atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(SENTENCES.map(" ".join), max_size=5))
def test_inputs_do_not_depend_on_the_batch(texts: list[str]) -> None:
    together = pool_clauses(SCORER.score(texts)).inputs
    for row, text in enumerate(texts):
        np.testing.assert_allclose(pool_clauses(SCORER.score([text])).inputs[0], together[row], atol=1e-6)


def with_asides(*asides: bool) -> BatchScores:
    """Return one text of clauses of two words; the scores of clause k are 1 + k."""
    clauses = [[float(1 + k)] * 4 for k in range(len(asides))]
    scores = batch_scores([[9, 9, 9, 9]], clauses, [0] * len(asides), [2] * len(asides))
    return replace(scores, tokens=replace(scores.tokens, asides=np.array(asides)))


def test_asides_do_not_count() -> None:
    pools = pool_clauses(with_asides(False, True))
    assert pools.shares.tolist() == [1, 0]
    assert (pools.last.tolist(), pools.best.tolist(), pools.replaced.tolist()) == ([0], [0], [True])
    # The mean of what is left stands for the text, too.
    assert pools.inputs[0].tolist() == [1] * 12 + [0, 0]


def test_where_all_are_asides_they_are_all_there_is() -> None:
    pools = pool_clauses(with_asides(True, True))
    assert (pools.shares.tolist(), pools.replaced.tolist()) == ([0.5, 0.5], [False])
    assert pools.inputs[0, :8].tolist() == [9] * 4 + [1.5] * 4


def test_softmax() -> None:
    assert softmax(np.array([[0.0, log(3)]])).tolist() == [pytest.approx([0.25, 0.75])]
    assert softmax(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]


def one_input_head(mixed_threshold: float = 0.5) -> SentimentHead:
    """Return a head that looks at the first input only."""
    weights = np.zeros((N_INPUTS, 4))
    weights[0] = [1, 0, -1, 0]
    return SentimentHead(weights, np.array([0.0, 0.0, 0.0, -1.0]), mixed_threshold)


def test_probabilities_given_that_a_text_is_not_mixed() -> None:
    inputs = np.zeros((1, N_INPUTS), dtype=np.float32)
    inputs[0, 0] = 2
    head = one_input_head()
    assert head.decision(inputs).tolist() == [[2, 0, -2, -1]]
    three, mixed = head.probabilities(inputs)
    total = exp(2) + 1 + exp(-2)
    assert three[0].tolist() == pytest.approx([exp(2) / total, 1 / total, exp(-2) / total])
    assert mixed.tolist() == pytest.approx([exp(-1) / (total + exp(-1))])


def test_a_text_is_mixed_from_the_threshold_on() -> None:
    three = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    assert one_input_head(0.4).labels(three, np.array([0.4, 0.39])).tolist() == [3, 2]


def separable(labels: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    inputs = np.zeros((len(labels), N_INPUTS), dtype=np.float32)
    for row, label in enumerate(labels):
        inputs[row, label] = 1 + row % 3
    return inputs


@pytest.mark.filterwarnings(f"error::{ConvergenceWarning.__module__}.ConvergenceWarning")
@pytest.mark.parametrize("classes", [[0, 1, 2, 3], [0, 2, 3], [0, 2]])
def test_fitted_heads_know_their_classes_and_never_show_others(classes: list[int]) -> None:
    labels = classes * 12
    inputs = separable(labels)
    head = SentimentHead.fit(inputs, np.array(labels))
    assert head.decision(inputs).argmax(axis=1).tolist() == labels
    unseen = [label for label in range(4) if label not in classes]
    every = softmax(head.decision(inputs))
    assert every[:, unseen].max(initial=0) < 1e-9
    stored = json.loads(json.dumps(head.to_json()))
    np.testing.assert_array_equal(SentimentHead.from_json(stored).decision(inputs), head.decision(inputs))


def test_the_scale_of_an_input_does_not_matter_to_the_fit() -> None:
    labels = [0, 1, 2, 3] * 12
    inputs = separable(labels)
    small = inputs.copy()
    small[:, 0] *= 0.01
    one = SentimentHead.fit(inputs, np.array(labels)).decision(inputs)
    other = SentimentHead.fit(small, np.array(labels)).decision(small)
    np.testing.assert_allclose(one, other, atol=0.02)


@pytest.mark.parametrize(
    "text",
    [
        "The parcel came late and the box was torn.",
        "Lovely shop, but the till was slow. Nobody helped us.",
        "Where is my order? I paid twice.",
        "It does what it should.",
    ],
)
def test_saying_it_twice_changes_nothing_in_the_shipped_bundle(analyzer: Analyzer, text: str) -> None:
    once, twice = analyzer.analyze_batch([text, f"{text} {text}"])
    assert (once.sentiment, once.kind) == (twice.sentiment, twice.kind)
    for name in (
        "p_negative",
        "p_neutral",
        "p_positive",
        "mixed_probability",
        "confidence",
        "kind_confidence",
    ):
        assert getattr(once, name) == pytest.approx(getattr(twice, name), abs=1e-4)
