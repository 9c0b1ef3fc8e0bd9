"""Our own training sentences: what they are called, and which are kept from the model or must not be there."""

from __future__ import annotations

from collections import Counter

import pytest

from feedback_nlp.behaviour import load_suite
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.corpus import Corpus, fingerprint
from feedback_nlp.training.own_sentences import (
    SOURCE,
    OwnText,
    add_own_sentences,
    head_texts,
    own_texts,
    topic_rows,
)


@pytest.fixture(scope="module")
def texts() -> tuple[OwnText, ...]:
    return own_texts(7)


def test_every_sentence_has_known_labels(texts: tuple[OwnText, ...]) -> None:
    for one in texts:
        assert sum(one.sentiment.values()) == pytest.approx(1), one
        assert set(one.sentiment) <= set(SENTIMENTS), one
        assert one.kind is None or one.kind in KINDS, one
        assert set(one.topics or ()) <= set(TOPICS), one
        assert "{" not in one.text, one
    assert {topic for one in texts for topic in one.topics or ()} == set(TOPICS)


def test_the_same_seed_gives_the_same_sentences(texts: tuple[OwnText, ...]) -> None:
    assert own_texts(7) == texts
    assert own_texts(8) != texts


def test_the_held_out_half_of_the_suite_is_not_learned(texts: tuple[OwnText, ...]) -> None:
    """Short ones such as "Not good." may meet; a template that was taken over would bring dozens."""
    held_out = {fingerprint(case.text) for test in load_suite() for case in test.half("held_out")}
    shared = [
        one.text for one in texts if any(c.isalnum() for c in one.text) and fingerprint(one.text) in held_out
    ]
    assert len(shared) <= 10, shared


def test_sentences_for_the_head_are_kept_from_the_model(texts: tuple[OwnText, ...]) -> None:
    corpus = Corpus()
    add_own_sentences(corpus, 0.5, 7)
    kept = head_texts(7)
    assert corpus.counts == {SOURCE: len(texts) - len(kept)}
    assert 0.05 < len(kept) / len(texts) < 0.2
    assert Counter(weights[0] for weights in corpus.weights) == {0.5: len(texts) - len(kept)}


def test_two_topics_of_one_sentence_have_their_own_sentiment() -> None:
    rows = [row for row in topic_rows(7) if len(row.topics) == 2]
    assert len(rows) > 50
    for row in rows:
        signs = set(row.topics.values())
        assert row.sentiment == (signs.pop() if len(signs) == 1 else "mixed"), row


@pytest.mark.parametrize("noun", ["card", "payment", "app", "basket", "login", "parcel", "refund", "code"])
def test_nouns_of_a_shop_stand_in_praise_blame_and_plain_facts(texts: tuple[OwnText, ...], noun: str) -> None:
    found = Counter(
        label
        for one in texts
        if noun in one.text.lower().rstrip(".!?").split()
        for label, share in one.sentiment.items()
        if share == 1
    )
    assert min(found[label] for label in ("negative", "neutral", "positive")) >= 10, found


def test_a_report_has_its_topic_and_a_general_call_has_none() -> None:
    group = {one.text: one for one in own_texts(7)}
    declined = next(one for text, one in group.items() if "card was declined" in text and one.topics)
    assert declined.topics == {"checkout_payment": "negative"}
    call = next(one for text, one in group.items() if text.lower().startswith("kindly improve your"))
    assert call.topics == {}
    assert call.sentiment == {"negative": 0.9, "neutral": 0.1}
