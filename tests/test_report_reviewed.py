"""Corrected shares: what a biased model says, what people say, and where the truth lies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from feedback_nlp.report.correction import correct_by_review
from feedback_nlp.report.reviewed import NET
from feedback_nlp.report.stored import summarize_store
from feedback_nlp.store import Store
from tests.stores import said

FIRST, LAST = date(2025, 3, 1), date(2025, 3, 20)


def fill(store: Store) -> None:
    """200 texts: the model calls 100 positive and 100 negative; of the positive ones every fourth is neutral."""
    store.feedback.add(
        [said(f"t{n}", "lovely early" if n % 2 else "declined", 1 + n % 20) for n in range(200)]
    )


def truth(id: str) -> str:
    n = int(id[1:])
    return "negative" if n % 2 == 0 else "neutral" if n % 8 == 1 else "positive"


def review(store: Store, count: int) -> None:
    store.review.draw(count)
    for item in store.review.open(1000):
        topics = [{"topic": "venue", "sentiment": None}] if truth(item.feedback.id) == "neutral" else []
        store.review.answer(item.key, {"sentiment": truth(item.feedback.id), "topics": topics})


def test_without_thirty_reviewed_texts_nothing_is_corrected(store: Store) -> None:
    fill(store)
    assert summarize_store(store, FIRST, LAST).corrected == ()


def test_all_reviewed_is_the_truth_and_raw_is_what_the_model_said(store: Store) -> None:
    fill(store)
    review(store, 1000)
    found = {one.name: one for one in summarize_store(store, FIRST, LAST).corrected}
    assert list(found) == [NET, "negative", "neutral", "positive", "mixed", "venue"]
    assert [found[name].raw.value for name in ("negative", "neutral", "positive")] == [0.5, 0.0, 0.5]
    corrected = [found[name].by_review for name in ("negative", "neutral", "positive")]
    assert [round(one.value, 3) for one in corrected if one] == [0.5, 0.125, 0.375]
    assert found[NET].raw.value == 0.0
    net = found[NET].by_review
    assert net is not None
    assert (round(net.value, 3), net.n) == (-0.125, 200)
    venue = found["venue"]
    assert venue.raw.value == 0.0
    assert venue.by_review is not None
    assert round(venue.by_review.value, 3) == 0.125
    # Nobody met a mixed text, so the matrix cannot be solved for four sentiments.
    assert found["positive"].by_confusion is None
    # Of ten days half the texts are left, and none of another year.
    assert summarize_store(store, FIRST, FIRST + timedelta(days=9)).corrected[0].raw.n == 100
    assert (
        store.review.corrected_labels(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        == []
    )


def test_a_sample_corrects_as_the_formula_says(store: Store) -> None:
    fill(store)
    store.corrections.add("t0", {"sentiment": "mixed"})  # counts, but is no word of the model
    review(store, 80)
    sample = store.review.random_sample()
    shares = {one.name: one for one in summarize_store(store, FIRST, LAST).corrected}
    expected = correct_by_review(
        100,
        200,
        [one.feedback.analysis.sentiment == "positive" for one in sample],
        [one.truth["sentiment"] == "positive" for one in sample],
        [one.sampling_probability for one in sample],
    )
    assert (len(sample), shares["positive"].by_review) == (80, expected)
    assert shares["positive"].raw.value == 0.5
