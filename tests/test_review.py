"""The review queue: what is drawn and with which chance, what an answer does, what it says of the model."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from feedback_nlp.errors import InputError, NotStoredError
from feedback_nlp.report.statistics import wilson_interval
from feedback_nlp.review import label_quality, read_corrections, write_corrections
from feedback_nlp.store import Store
from tests.stores import counted, counted_anew, said

NOW = datetime(2025, 4, 1, tzinfo=UTC)


def fill(store: Store, first: int = 0, count: int = 40) -> None:
    """Store texts: every fourth contradicts its stars, every second has no word that the analyzer knows."""
    store.feedback.add(
        [
            said(f"t{n}", "it is blue" if n % 2 else "lovely", 1 + n % 20, rating=1.0 if n % 4 == 0 else None)
            for n in range(first, first + count)
        ],
        received_at=NOW,
    )


def confirm_all(store: Store) -> None:
    for item in store.review.open(1000):
        one = item.feedback
        store.review.answer(item.key, {"sentiment": one.sentiment, "kind": one.kind, "topics": []})


def test_a_draw_mixes_the_three_slices(store: Store) -> None:
    assert store.review.draw() == 0
    fill(store)
    assert store.review.draw(20) == 20
    assert store.review.draw(20) == 0
    waiting = store.review.open()
    assert Counter(item.slice for item in waiting) == {"uncertain": 14, "conflict": 4, "random": 2}
    assert all(item.feedback.uncertain for item in waiting if item.slice == "uncertain")
    assert {item.feedback.rating for item in waiting if item.slice == "conflict"} == {1.0}
    chances = [item.sampling_probability for item in waiting if item.slice == "random"]
    assert chances == pytest.approx([2 / 40] * 2)
    # Spread evenly: the first half holds one of the two random texts.
    assert Counter(item.slice for item in waiting[:10])["random"] == 1
    assert store.review.counts() == {"uncertain": (14, 0), "conflict": (4, 0), "random": (2, 0)}


def test_where_nothing_is_doubtful_more_is_drawn_at_random(store: Store) -> None:
    store.feedback.add([said(f"t{n}", "lovely early") for n in range(8)])
    assert store.review.draw(6) == 6
    assert store.review.counts() == {"random": (6, 0)}
    assert store.review.draw(20) == 2
    assert store.review.draw(20) == 0


def test_half_of_the_uncertain_ones_are_so_by_topic(store: Store) -> None:
    store.feedback.add([said(f"sure{n}", f"lovely early {n}") for n in range(10)])
    store.feedback.add([said(f"unsure{n}", "it is blue") for n in range(10)])

    def nearest(texts: Sequence[str]) -> list[int]:
        """Order by the number at the end, highest first; texts without one come last."""
        return sorted(range(len(texts)), key=lambda place: "9876543210x".find(texts[place][-1]) % 11)

    assert store.review.draw(11, nearest) == 11
    chosen = {item.feedback.id for item in store.review.open() if item.slice == "uncertain"}
    assert {id for id in chosen if id.startswith("sure")} == {f"sure{n}" for n in range(5, 10)}
    assert len(chosen) == 10
    assert store.review.draw(11, nearest) == 0


def test_chances_of_texts_that_came_later_leave_out_earlier_draws(store: Store) -> None:
    store.feedback.add([said(f"old{n}", "lovely early") for n in range(10)])
    store.review.draw(5)
    assert {item.sampling_probability for item in store.review.open()} == {0.5}
    store.feedback.add([said(f"new{n}", "lovely early") for n in range(5)])
    store.review.draw(10)  # 5 of the 10 that are left
    chances = {item.feedback.id: item.sampling_probability for item in store.review.open()}
    assert {chance for id, chance in chances.items() if id.startswith("old")} == {0.75}
    assert {chance for id, chance in chances.items() if id.startswith("new")} <= {0.5}


def test_an_answer_counts_at_once_and_is_of_the_random_slice_if_drawn(store: Store) -> None:
    store.feedback.add([said("a", "it is blue")])
    store.review.draw(2)  # one text, in two slices
    first, second = store.review.open()
    assert {first.slice, second.slice} == {"uncertain", "random"}
    one = store.review.answer(first.key, {"sentiment": "negative"}, reviewer="eve", revision=1)
    assert (one.sentiment, one.uncertain) == ("negative", False)
    (kept,) = store.corrections.of("a")
    assert (kept.slice, kept.sampling_probability, kept.reviewer) == ("random", 1.0, "eve")
    assert store.review.open() == []
    assert store.review.get(first.key).done_at is not None
    assert store.review.next("eve") is None
    assert counted(store) == counted_anew(store)


def test_what_is_shown_to_one_is_kept_from_the_others(store: Store) -> None:
    fill(store)
    store.review.draw(5)
    first, second = store.review.next("eve"), store.review.next("adam")
    assert first is not None
    assert second is not None
    assert first.key != second.key
    assert store.review.next("eve") == first
    store.review.skip(first.key)
    assert store.review.open()[-1].key == first.key
    again = store.review.next("eve")
    assert again is not None
    assert again.key not in (first.key, second.key)


def test_what_cannot_be_answered_is_refused_and_waits(store: Store) -> None:
    fill(store)
    store.review.draw(3)
    item = store.review.open()[0]
    for changes, revision in (({"sentiment": "angry"}, 1), ({}, 1), ({"kind": "praise"}, 2)):
        with pytest.raises(InputError):
            store.review.answer(item.key, changes, revision=revision)
    for missing in (
        lambda: store.review.answer(99_999, {"kind": "praise"}),
        lambda: store.review.skip(99_999),
    ):
        with pytest.raises(NotStoredError):
            missing()
    assert len(store.review.open()) == 3


def test_a_deleted_text_leaves_the_queue(store: Store) -> None:
    store.feedback.add([said("a", "it is blue", customer_ref="ada")])
    store.review.draw(2)
    store.deletions.customer("ada")
    assert store.review.open() == []
    assert store.review.counts() == {}


def test_precision_and_recall_are_of_the_random_slice_alone(store: Store) -> None:
    # The analyzer calls all ten positive; people agree with six, and three of those are about delivery.
    store.feedback.add([said(f"t{n}", "lovely early") for n in range(10)])
    store.review.draw(10)
    items = sorted(store.review.open(), key=lambda item: item.feedback.id)
    for n, item in enumerate(items):
        topics = [{"topic": "delivery", "sentiment": None}] if n < 3 else []
        store.review.answer(item.key, {"sentiment": "positive" if n < 6 else "negative", "topics": topics})
    store.feedback.add([said("manual", "lovely early")])
    store.corrections.add("manual", {"sentiment": "mixed"})
    found = {(one.field, one.label): one for one in label_quality(store.review.random_sample())}
    assert sorted(found) == [("sentiment", "negative"), ("sentiment", "positive"), ("topics", "delivery")]
    positive = found["sentiment", "positive"]
    assert (positive.precision.value, positive.precision.n) == (0.6, 10)
    assert (positive.precision.low, positive.precision.high) == pytest.approx(wilson_interval(6, 10))
    assert (positive.recall.value, positive.recall.n) == (1.0, 6)
    delivery = found["topics", "delivery"].to_dict()
    assert delivery["precision"] is None  # the model never said it
    assert delivery["recall"] == {"value": 0.0, "low": 0.0, "high": 0.5615, "n": 3}
    assert store.review.random_sample(since=NOW) == []
    assert len(store.review.random_sample(until=NOW)) == 10


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_corrections_leave_and_come_back_without_loss(store: Store, format: str) -> None:
    fill(store)
    store.review.draw(5)
    confirm_all(store)
    store.corrections.add("t1", {"topics": [{"topic": 'own, "words"', "sentiment": None}]}, reviewer="Änne")
    store.corrections.add("t1", {"topics": [{"topic": "delivery", "sentiment": "mixed"}]})
    store.corrections.add("t2", {"kind": "question"})
    store.corrections.withdraw("t2", ["kind"])
    before = [store.corrections.of(f"t{n}") for n in range(40)]
    labels = [store.feedback.get(f"t{n}") for n in range(40)]
    quality = [one.to_dict() for one in label_quality(store.review.random_sample())]
    file = io.StringIO(newline="")
    count = write_corrections(store, file, format)
    assert count == sum(map(len, before))
    file.seek(0)
    again = read_corrections(store, file, format)
    assert (again.added, again.unchanged, again.rejected) == (0, count, [])
    store.deletions.older_than(NOW.replace(year=2026), limit=100)
    fill(store)
    file.seek(0)
    restored = read_corrections(store, file, format)
    assert (restored.added, restored.unchanged, restored.rejected) == (count, 0, [])
    after = [store.corrections.of(f"t{n}") for n in range(40)]
    assert [[_but_key(one) for one in of] for of in after] == [[_but_key(one) for one in of] for of in before]
    assert [(one.sentiment, one.kind, one.topics, one.corrected) for one in labels] == [
        (one.sentiment, one.kind, one.topics, one.corrected)
        for one in (store.feedback.get(f"t{n}") for n in range(40))
    ]
    assert [one.to_dict() for one in label_quality(store.review.random_sample())] == quality
    assert counted(store) == counted_anew(store)


def _but_key(one: object) -> str:
    return repr(one).partition("revision=")[2]


def test_rows_that_cannot_be_taken_are_named_and_cost_no_others(store: Store) -> None:
    fill(store, count=3)
    file = io.StringIO(
        "feedback_id,field,value,revision,text_digest\n"
        "t0,sentiment,negative,,\n"
        "gone,sentiment,negative,,\n"
        "t1,sentiment,angry,,\n"
        't1,topics,"[{""topic"": ""delivery"", ""sentiment"": null}]",,\n'
        "t2,kind,praise,7,\n"
        "t2,kind,praise,1,00\n"
        "t2,,praise,1,\n"
    )
    read = read_corrections(store, file, "csv")
    assert (read.added, read.unchanged) == (2, 0)
    assert [(one.line, one.reason.split(".")[0]) for one in read.rejected] == [
        (3, "There is no feedback with this id"),
        (4, "There is no such sentiment"),
        (6, "The stored text is revision 1"),
        (7, "The stored text is another one"),
        (8, "The row lacks field"),
    ]
    assert store.feedback.get("t0").sentiment == "negative"
    assert [label.topic for label in store.feedback.get("t1").topics] == ["delivery"]
    for words in ("[]\nnot json\n", '{"feedback_id": 7, "field": "kind", "value": "praise"}\n'):
        assert read_corrections(store, io.StringIO(words)).added == 0
    with pytest.raises(InputError, match="lacks the column field"):
        read_corrections(store, io.StringIO("feedback_id,value\n"), "csv")
    with pytest.raises(InputError, match="Formats: csv, jsonl"):
        read_corrections(store, io.StringIO(), "xlsx")
