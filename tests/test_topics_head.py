"""Topics of texts and their sentiment, pooled by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp import Analyzer
from feedback_nlp.heads import KIND_COLUMNS, TOPIC_COLUMNS, Heads
from feedback_nlp.kind import KindHead
from feedback_nlp.records import TOPICS
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.topics import TopicEvidence, TopicHead, TopicSentimentHead, gather_evidence, pair_clauses
from tests.tiny_linear import N_OUTPUTS, batch_scores, tiny_linear

SCORER = LinearScorer(tiny_linear())
#: Two topics behind the four sentiments.
TWO_TOPICS = slice(4, 6)
HEAD = TopicHead(np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([-1.0, 0.5]), np.array([0.5, 0.5]))
SCORES = batch_scores(
    [[1, 0, 0, 0, 0.5, 0.0], [0, 0, 0, 0, 0.1, 0.2], [0, 0, 1, 0, -1.0, 3.0]],
    [[2, 0, 0, 0, 3.0, -1.0], [0, 0, 4, 0, 1.0, 2.0], [0, 1, 1, 0, -2.0, 1.0]],
    [0, 0, 2],
    [4, 1, 0],
)


def test_the_columns_of_the_outputs() -> None:
    assert slice(4, 9) == KIND_COLUMNS
    assert slice(9, N_OUTPUTS) == TOPIC_COLUMNS


def test_evidence_is_the_score_of_the_text_and_of_its_best_clause() -> None:
    evidence = gather_evidence(SCORES, TWO_TOPICS)
    assert evidence.texts.tolist() == [pytest.approx([0.5, 0]), pytest.approx([0.1, 0.2]), [-1, 3]]
    # A text without clauses is its own best clause.
    assert evidence.best.tolist() == [[3, 2], pytest.approx([0.1, 0.2]), [-2, 1]]
    assert evidence.clauses.tolist() == [[3, -1], [1, 2], [-2, 1]]


def test_no_clauses_at_all() -> None:
    evidence = gather_evidence(batch_scores([[0] * 6], [], [], []), TWO_TOPICS)
    assert evidence.best.tolist() == [[0, 0]]


def test_probabilities_of_topics() -> None:
    found = HEAD.probabilities(gather_evidence(SCORES, TWO_TOPICS))
    odds = [[0.5 + 3 - 1, 0.5], [0.1 + 0.1 - 1, 0.4 + 0.5], [-1 - 2 - 1, 6 + 0.5]]
    assert found.tolist() == [pytest.approx([1 / (1 + exp(-o)) for o in row]) for row in odds]


def test_the_sentiment_of_a_topic_comes_from_the_clauses_that_carry_it() -> None:
    evidence = gather_evidence(SCORES, TWO_TOPICS)
    pairs = np.array([0, 0, 2]), np.array([0, 1, 1])
    inputs = TopicSentimentHead.inputs(SCORES, pair_clauses(SCORES, evidence, HEAD, *pairs))
    # Clauses 0 and 1 of text 0, with four words and one, count by exp(score * (text + best weight)) * sqrt(words).
    first, second = exp(3 * 2) * sqrt(4), exp(1 * 2) * sqrt(1)
    share = first / (first + second)
    text, best, worst = [1, 0, 0, 0, 0.5, 0], [2, 0, 4, 0], [0, 0, 0, 0]
    carried = [2 * share, 0, 4 * (1 - share), 0, 3 * share + 1 - share, 2 * (1 - share) - share]
    assert inputs[0].tolist() == pytest.approx([*carried, *text, *best, *worst], rel=1e-5)
    first, second = exp(-1 * 2) * sqrt(4), exp(2 * 2) * sqrt(1)
    share = first / (first + second)
    carried = [2 * share, 0, 4 * (1 - share), 0, 3 * share + 1 - share, 2 * (1 - share) - share]
    assert inputs[1].tolist() == pytest.approx([*carried, *text, *best, *worst], rel=1e-5)
    assert inputs[2].tolist() == pytest.approx([0, 1, 1, 0, -2, 1, 0, 0, 1, 0, -1, 3, 0, 1, 1, 0, 0, 1, 1, 0])


def test_a_text_without_clauses_carries_its_topics_itself() -> None:
    evidence = gather_evidence(SCORES, TWO_TOPICS)
    paired = pair_clauses(SCORES, evidence, HEAD, np.array([1]), np.array([0]))
    inputs = TopicSentimentHead.inputs(SCORES, paired)
    assert inputs.tolist() == [pytest.approx([0] * 4 + [0.1, 0.2] + [0] * 4 + [0.1, 0.2] + [0] * 8)]
    alone = batch_scores([[1, 0, 2, 0, 5, 6]], [], [], [])
    paired = pair_clauses(alone, gather_evidence(alone, TWO_TOPICS), HEAD, np.array([0]), np.array([1]))
    inputs = TopicSentimentHead.inputs(alone, paired)
    assert inputs.tolist() == [[1, 0, 2, 0, 5, 6, 1, 0, 2, 0, 5, 6, 1, 0, 2, 0, 1, 0, 2, 0]]


def test_huge_scores_overflow_nothing() -> None:
    scores = batch_scores([[0] * 6], [[1, 0, 0, 0, 1e4, -1e4]], [0], [3])
    evidence = gather_evidence(scores, TWO_TOPICS)
    paired = pair_clauses(scores, evidence, HEAD, np.array([0, 0]), np.array([0, 1]))
    inputs = TopicSentimentHead.inputs(scores, paired)
    assert inputs[:, 0].tolist() == pytest.approx([1, 1], rel=1e-3)


def test_probabilities_of_a_topics_sentiment() -> None:
    weights = np.zeros((8, 3))
    weights[0, 0] = 1
    head = TopicSentimentHead(weights, np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    found = head.probabilities(np.eye(2, 8, dtype=np.float32), np.array([0, 1]))
    assert found[0].tolist() == pytest.approx([exp(1) / (exp(1) + 2), 1 / (exp(1) + 2), 1 / (exp(1) + 2)])
    assert found[1].tolist() == pytest.approx([1 / (exp(1) + 2), 1 / (exp(1) + 2), exp(1) / (exp(1) + 2)])


def test_fitted_heads_tell_what_they_were_shown_and_survive_json() -> None:
    present = np.array([[row % 2 == 0, row % 3 == 0] for row in range(24)])
    shown = np.where(present, 2, -2).astype(np.float32)
    evidence = TopicEvidence(shown, shown, shown)
    head = TopicHead.fit(evidence, present)
    assert ((head.probabilities(evidence) >= head.thresholds) == present).all()
    assert TopicHead.from_json(json.loads(json.dumps(head.to_json()))).to_json() == head.to_json()
    signs = np.arange(24) % 3
    inputs = np.eye(8, dtype=np.float32)[signs]
    topics = np.arange(24) % 2
    by_topic = TopicSentimentHead.fit(inputs, topics, signs, np.ones(24, dtype=np.float32), 2)
    assert by_topic.probabilities(inputs, topics).argmax(axis=1).tolist() == signs.tolist()
    again = TopicSentimentHead.from_json(json.loads(json.dumps(by_topic.to_json())))
    np.testing.assert_array_equal(again.probabilities(inputs, topics), by_topic.probabilities(inputs, topics))


def test_a_kind_never_seen_is_never_shown() -> None:
    kinds = np.arange(30) % 3
    scores = np.eye(4, dtype=np.float32)[kinds]
    head = KindHead.fit(scores, kinds, 5)
    found = head.probabilities(scores)
    assert found.argmax(axis=1).tolist() == kinds.tolist()
    assert found[:, 3:].max() < 1e-9
    np.testing.assert_allclose(found.sum(axis=1), 1)
    again = KindHead.from_json(json.loads(json.dumps(head.to_json())))
    np.testing.assert_array_equal(again.probabilities(scores), found)


SENTENCES = st.lists(
    st.sampled_from(["Great app.", "not very good, slow!", "The app is bad?", "very slow but great."]),
    min_size=1,
    max_size=4,
).map(" ".join)
TINY_HEAD = TopicHead(*(np.linspace(low, 1, len(TOPICS)) for low in (0.1, 0.2, -1.0, 0.3)))


def topic_figures(texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return probability and sentiment inputs of every topic of every text, one row a text."""
    scores = SCORER.score(texts)
    evidence = gather_evidence(scores, TOPIC_COLUMNS)
    rows, topics = np.divmod(np.arange(len(texts) * len(TOPICS)), len(TOPICS))
    inputs = TopicSentimentHead.inputs(scores, pair_clauses(scores, evidence, TINY_HEAD, rows, topics))
    return np.hstack([TINY_HEAD.probabilities(evidence), inputs.reshape(len(texts), -1)])


@settings(max_examples=50, deadline=None)
@given(SENTENCES)
def test_saying_it_twice_changes_nothing(text: str) -> None:
    once, twice = topic_figures([text, f"{text} {text}"])
    np.testing.assert_allclose(once, twice, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=5))
def test_topics_do_not_depend_on_the_batch(texts: list[str]) -> None:
    alone = np.vstack([topic_figures([text]) for text in texts])
    np.testing.assert_allclose(topic_figures(texts), alone, atol=1e-5)


def test_thresholds_of_a_wanted_precision() -> None:
    table = [[0.9, 0.6, 0.95], [0.95, 0.7, 0.9], [0.99, 1.0, 0.1]]
    nothing = np.zeros((1, 1))
    heads = Heads(None, KindHead(nothing, nothing), HEAD, None, table)  # type: ignore[arg-type]
    wanted = (0.5, 0.9, 0.901, 0.95, 0.99, 0.995)
    assert [heads.threshold_for(precision) for precision in wanted] == [0.6, 0.6, 0.7, 0.7, 1.0, 1.0]
    assert replace(heads, precisions=[]).threshold_for(0.5) == 1.0


def test_topics_of_the_shipped_bundle_name_the_sentences_they_stand_in(analyzer: Analyzer) -> None:
    text = "The delivery was fast and the courier was friendly. The shoes are far too small for my feet."
    topics = {finding.topic: finding for finding in analyzer.analyze(text).topics}
    assert topics["delivery"].sentences == (0,)
    assert topics["fit_description"].sentences == (1,)
    assert topics["delivery"].sentiment == "positive"
    assert topics["fit_description"].sentiment == "negative"
    assert list(topics) == [topic for topic in TOPICS if topic in topics]


def test_one_text_praises_one_topic_and_criticises_another(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze("delivery was fast but the card was declined twice")
    assert {(one.topic, one.sentiment) for one in analysis.topics} == {
        ("checkout_payment", "negative"),
        ("delivery", "positive"),
    }
