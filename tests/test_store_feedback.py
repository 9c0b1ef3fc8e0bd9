"""Feedback is stored once, found by filters and words, page by page, and counted by day."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from feedback_nlp import Analyzer
from feedback_nlp.errors import InputError, NotStoredError
from feedback_nlp.records import Feedback
from feedback_nlp.store import Store, finding
from feedback_nlp.store.tables import analyses, feedback
from feedback_nlp.store.values import Added, Filters, Revision, TopicLabel
from tests.stores import counted, counted_anew, said

NOW = datetime(2025, 4, 1, tzinfo=UTC)


def ids(store: Store, **chosen: Any) -> list[str]:
    return [one.id for one in store.feedback.page(Filters(**chosen)).items]


def fill(store: Store) -> None:
    store.feedback.add(
        [
            said("a", "lovely shoes", 1, channel="app", product="shoes", customer_ref="ada"),
            said("b", "my card was declined", 2, channel="app", rating=5.0, customer_ref="bob"),
            said("c", "the card page is lovely", 3, channel="shop", product="shoes"),
            said("d", "it is blue", 4, channel="shop"),
            said("e", "", 5),
        ]
    )


def test_a_batch_of_any_size_goes_in_whole(store: Store) -> None:
    """SQLite takes rows a hundred, ten and one at a time."""
    texts = {f"T-{number}": f"lovely shoes {number}" for number in range(123)}
    store.feedback.add([said(id, text, 1 + number % 28) for number, (id, text) in enumerate(texts.items())])
    assert {one.id: one.text for one in store.feedback.walk()} == texts
    assert counted(store) == counted_anew(store)
    assert sum(count for _, dimension, *_, count in store.counts.cells() if dimension == "all") == 123


def test_what_goes_in_comes_out(store: Store) -> None:
    given_feedback, analysis = said(
        "T-1",
        "My card was declined. The rest is lovely.",
        channel="app",
        product="shoes",
        rating=5.0,
        customer_ref="ada",
    )
    assert store.feedback.add([(given_feedback, analysis)], received_at=NOW) == [Added("T-1", "created", 1)]
    one = store.feedback.get("T-1")
    assert (one.id, one.text, one.revision) == ("T-1", given_feedback.text, 1)
    assert (one.created_at, one.received_at) == (datetime(2025, 3, 1, 12, tzinfo=UTC), NOW)
    assert (one.channel, one.product, one.rating, one.customer_ref) == ("app", "shoes", 5.0, "ada")
    assert (one.sentiment, one.kind, one.uncertain) == ("negative", "complaint", True)
    assert one.topics == (TopicLabel("checkout_payment", "negative"),)
    assert (one.corrected, one.masked, one.job) == ((), False, None)
    assert one.analysis.to_dict() == analysis.to_dict()


def test_what_the_real_analyzer_says_comes_out_to_the_last_digit(store: Store, analyzer: Analyzer) -> None:
    texts = [
        "Delivery was quick, but my card was declined twice. Would not buy again!",
        "Die Lieferung war schnell und der Preis gut.",
        "",
    ]
    said_of = list(analyzer.analyze_many(texts, ratings=[5.0, None, None]))
    store.feedback.add([(Feedback(str(n), text), said_of[n]) for n, text in enumerate(texts)])
    for n, analysis in enumerate(said_of):
        assert store.feedback.get(str(n)).analysis.to_dict() == analysis.to_dict()


def test_the_same_id_and_text_again_writes_nothing(store: Store) -> None:
    store.feedback.add([said("a", "lovely shoes", channel="app")], received_at=NOW)
    again = said("a", "lovely shoes", day=9, channel="shop")
    assert store.feedback.add([again], received_at=NOW + timedelta(days=1)) == [Added("a", "unchanged", 1)]
    one = store.feedback.get("a")
    assert (one.channel, one.received_at) == ("app", NOW)
    assert counted(store) == counted_anew(store)


def test_another_text_under_the_same_id_is_a_revision_and_the_old_one_is_kept(store: Store) -> None:
    store.feedback.add([said("a", "lovely shoes", channel="app")], received_at=NOW)
    second, analysis = said("a", "card declined", created_at=None)
    later = NOW + timedelta(hours=1)
    assert store.feedback.add([(second, analysis)], received_at=later) == [Added("a", "revised", 2)]
    one = store.feedback.get("a")
    assert (one.text, one.revision, one.sentiment, one.channel) == ("card declined", 2, "negative", None)
    assert one.created_at == datetime(2025, 3, 1, 12, tzinfo=UTC)
    assert one.topics == (TopicLabel("checkout_payment", "negative"),)
    assert store.feedback.revisions("a") == [Revision(1, "lovely shoes", later)]
    assert ids(store, search="shoes") == []
    assert ids(store, search="declined") == ["a"]
    assert ids(store, topic="checkout_payment") == ["a"]
    assert counted(store) == counted_anew(store)
    with store.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(analyses)).scalar_one() == 2


def test_one_id_several_times_in_a_batch_is_taken_in_order(store: Store) -> None:
    batch = [said("a", "lovely"), said("b", "blue"), said("a", "lovely"), said("a", "declined")]
    assert store.feedback.add(batch) == [
        Added("a", "created", 1),
        Added("b", "created", 1),
        Added("a", "unchanged", 1),
        Added("a", "revised", 2),
    ]
    assert store.feedback.get("a").text == "declined"


def test_feedback_without_an_id_gets_one(store: Store) -> None:
    first, second = store.feedback.add([said("", "lovely"), said("", "lovely")])
    assert first.id.startswith("fb-")
    assert first.id != second.id
    assert store.feedback.get(first.id).text == "lovely"


def test_moments_are_kept_in_utc_and_missing_ones_are_the_arrival(store: Store) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    store.feedback.add(
        [
            said("a", "x", created_at=datetime(2025, 3, 2, 1, tzinfo=india)),
            said("b", "x", created_at=datetime(2025, 3, 2, 1)),
            said("c", "x", created_at=None),
        ],
        received_at=NOW,
    )
    assert [store.feedback.get(id).created_at for id in "abc"] == [
        datetime(2025, 3, 1, 19, 30, tzinfo=UTC),
        datetime(2025, 3, 2, 1, tzinfo=UTC),
        NOW,
    ]


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["e", "d", "c", "b", "a"]),
    ({"id": "c"}, ["c"]),
    ({"channel": "app"}, ["b", "a"]),
    ({"product": "shoes"}, ["c", "a"]),
    ({"customer_ref": "bob"}, ["b"]),
    ({"sentiment": "positive"}, ["c", "a"]),
    ({"sentiment": "positive", "channel": "shop"}, ["c"]),
    ({"kind": "complaint"}, ["b"]),
    ({"topic": "checkout_payment"}, ["c", "b"]),
    ({"topic": "checkout_payment", "topic_sentiment": "positive"}, []),
    ({"topic": "checkout_payment", "channel": "app"}, ["b"]),
    ({"topic": "checkout_payment", "customer_ref": "bob"}, ["b"]),
    ({"topic": "checkout_payment", "since": datetime(2025, 3, 3, tzinfo=UTC)}, ["c"]),
    ({"topic": "checkout_payment", "until": datetime(2025, 3, 3, tzinfo=UTC)}, ["b"]),
    ({"uncertain": True}, ["d"]),
    ({"uncertain": False}, ["c", "b", "a"]),
    ({"mismatch": True}, ["b"]),
    ({"mismatch": False, "channel": "app"}, ["a"]),
    ({"corrected": True}, []),
    ({"corrected": False, "product": "shoes"}, ["c", "a"]),
    ({"status": "empty"}, ["e"]),
    ({"job": "no such job"}, []),
    ({"since": datetime(2025, 3, 4, 12, tzinfo=UTC)}, ["e", "d"]),
    ({"until": datetime(2025, 3, 2, 12, tzinfo=UTC)}, ["a"]),
    ({"search": "card"}, ["c", "b"]),
    ({"search": "CARDS"}, ["c", "b"]),
    ({"search": "card -declined"}, ["c"]),
    ({"search": '"card page"'}, ["c"]),
    ({"search": '"page card"'}, []),
    ({"search": "card", "sentiment": "negative"}, ["b"]),
    ({"search": "card", "topic": "checkout_payment", "channel": "shop"}, ["c"]),
    ({"search": ""}, []),
    ({"search": "-card"}, []),
    ({"search": "?!"}, []),
]


def test_filters(store: Store) -> None:
    fill(store)
    for chosen, found in FILTERS:
        assert (chosen, ids(store, **chosen)) == (chosen, found)
        assert store.feedback.count(Filters(**chosen)) == len(found)


@pytest.mark.parametrize(("most", "surely"), [(0, 10_000), (2, 10_000), (5000, 0)])
def test_words_find_the_same_sorted_or_walked(
    store: Store, monkeypatch: pytest.MonkeyPatch, most: int, surely: int
) -> None:
    monkeypatch.setattr(finding, "MOST_SORTED", most)
    monkeypatch.setattr(finding, "SURELY_MANY", surely)
    fill(store)
    for chosen, found in FILTERS:
        assert (chosen, ids(store, **chosen)) == (chosen, found)


@pytest.mark.parametrize(
    "chosen", [{}, {"channel": "app"}, {"topic": "checkout_payment"}, {"search": "card"}]
)
def test_pages_follow_each_other_without_gap_or_repetition(store: Store, chosen: dict[str, Any]) -> None:
    # Several share a moment: the number decides then.
    store.feedback.add([said(f"{n}", "card lovely", n // 5 + 1, channel="app") for n in range(23)])
    filters = Filters(**chosen)
    whole = [one.id for one in store.feedback.page(filters, limit=100).items]
    assert whole == [f"{n}" for n in reversed(range(23))]
    assert [one.id for one in store.feedback.walk(filters, page_size=4)] == whole
    # What arrives meanwhile neither shifts nor repeats anything.
    first = store.feedback.page(filters, limit=10)
    store.feedback.add([said("new", "card lovely", 30, channel="app")])
    second = store.feedback.page(filters, limit=100, cursor=first.next)
    assert [one.id for one in (*first.items, *second.items)] == whole
    assert second.next is None


def test_a_cursor_that_is_none_is_refused(store: Store) -> None:
    for cursor in ("", "x", "é", "W10", "bnVsbA", "WzFd", "WyIyMDI1LTAxLTAxIiwgMV0", "W1tbW1tb" * 500):
        with pytest.raises(InputError, match="cursor"):
            store.feedback.page(cursor=cursor)


def test_what_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(NotStoredError, match="no feedback with this id"):
        store.feedback.get("nowhere")


def test_counting_stops_at_the_cap(store: Store) -> None:
    fill(store)
    assert store.feedback.count(cap=3) == 3


def test_counts_by_day(store: Store) -> None:
    fill(store)
    assert counted(store) == {
        ("all", "", 1, "positive"): 1,
        ("all", "", 2, "negative"): 1,
        ("all", "", 3, "positive"): 1,
        ("all", "", 4, "neutral"): 1,
        ("channel", "app", 1, "positive"): 1,
        ("channel", "app", 2, "negative"): 1,
        ("channel", "shop", 3, "positive"): 1,
        ("channel", "shop", 4, "neutral"): 1,
        ("product", "shoes", 1, "positive"): 1,
        ("product", "shoes", 3, "positive"): 1,
        ("kind", "praise", 1, "positive"): 1,
        ("kind", "complaint", 2, "negative"): 1,
        ("kind", "praise", 3, "positive"): 1,
        ("kind", "praise", 4, "neutral"): 1,
        ("topic", "checkout_payment", 2, "negative"): 1,
        ("topic", "checkout_payment", 3, "negative"): 1,
        ("topic_texts", "checkout_payment", 2, "negative"): 1,
        ("topic_texts", "checkout_payment", 3, "positive"): 1,
        ("uncertain", "", 4, "neutral"): 1,
        ("status", "empty", 5, ""): 1,
    }
    assert store.counts.names("channel") == [("app", 2), ("shop", 2)]
    assert store.counts.days() == (date(2025, 3, 1), date(2025, 3, 5))
    march = store.counts.cells(date(2025, 3, 2), date(2025, 3, 4), ["all"])
    assert sorted(march) == [
        (date(2025, 3, 2), "all", "", "negative", 1),
        (date(2025, 3, 3), "all", "", "positive", 1),
    ]


def test_writers_that_bring_the_same_feedback_at_once_store_it_once(store: Store) -> None:
    batch = [
        said(f"{n}", "lovely card" if n % 2 else "declined", n % 28 + 1, channel="app") for n in range(300)
    ]
    ready = threading.Barrier(4)
    outcomes: list[str] = []

    def bring(order: int) -> None:
        ready.wait()
        mine = batch if order % 2 else batch[::-1]
        for start in range(0, 300, 60):
            outcomes.extend(one.outcome for one in store.feedback.add(mine[start : start + 60]))

    writers = [threading.Thread(target=bring, args=(order,)) for order in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (outcomes.count("created"), outcomes.count("unchanged")) == (300, 900)
    assert store.feedback.count() == 300
    assert counted(store) == counted_anew(store)


def test_an_error_in_the_middle_of_a_batch_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("feedback_nlp.store.adding.add_cells", fail)
    with pytest.raises(KeyboardInterrupt):
        fill(store)
    monkeypatch.undo()
    assert store.feedback.count() == 0
    assert ids(store, search="card") == []
    fill(store)
    assert ids(store, search="card") == ["c", "b"]


def test_a_number_is_never_given_to_another_text(store: Store) -> None:
    fill(store)
    last = store.feedback.get("e").key
    with store.database.write() as connection:
        connection.execute(feedback.delete())
    store.feedback.add([said("f", "lovely")])
    assert store.feedback.get("f").key > last


#: Whatever JSON can spell, halves of surrogate pairs and NUL with it.
ANY_TEXT = st.text(st.characters(), max_size=60)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=ANY_TEXT,
    id=ANY_TEXT,
    channel=ANY_TEXT,
    search=ANY_TEXT | st.sampled_from(["a\"b' OR *", "NEAR(a b)", "^a: -"]),
)
def test_any_text_is_stored_and_searched_for_without_a_fault(
    store: Store, words: str, id: str, channel: str, search: str
) -> None:
    _, analysis = said("", "lovely")
    (added,) = store.feedback.add([(Feedback(id, words, channel=channel), analysis)])
    one = store.feedback.get(added.id)
    assert len(one.text) == len(words)
    assert all(kept in (given, "�") for kept, given in zip(one.text, words, strict=True))
    page = store.feedback.page(Filters(search=search, channel=channel))
    assert isinstance(page.items, tuple)
