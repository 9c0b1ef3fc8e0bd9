"""Corrections count at once, deletions leave nothing, a chunk of a job is stored once."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from feedback_nlp.errors import InputError, NotStoredError
from feedback_nlp.store import Store
from feedback_nlp.store.service_tables import job_chunks, jobs, metadata
from feedback_nlp.store.values import Added, Filters, TopicLabel
from tests.stores import counted, counted_anew, said

NOW = datetime(2025, 4, 1, tzinfo=UTC)


def fill(store: Store) -> None:
    store.feedback.add(
        [
            said("a", "lovely shoes", 1, channel="app", customer_ref="ada"),
            said("b", "my card was declined", 2, channel="app", customer_ref="bob"),
            said("c", "it is blue", 3, customer_ref="ada"),
        ],
        received_at=NOW,
    )


def rows(store: Store) -> dict[str, int]:
    with store.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def test_a_correction_counts_at_once_and_the_models_answer_is_kept(store: Store) -> None:
    fill(store)
    one = store.corrections.add(
        "c", {"sentiment": "negative"}, reviewer="eve", slice="random", sampling_probability=0.1
    )
    assert (one.sentiment, one.uncertain, one.corrected) == ("negative", False, ("sentiment",))
    assert (one.analysis.sentiment, one.analysis.uncertain) == ("neutral", True)
    assert store.feedback.get("c") == one
    assert [found.id for found in store.feedback.page(Filters(sentiment="negative")).items] == ["c", "b"]
    assert store.feedback.count(Filters(uncertain=True)) == 0
    assert [found.id for found in store.feedback.page(Filters(corrected=True)).items] == ["c"]
    assert counted(store) == counted_anew(store)
    (kept,) = store.corrections.of("c")
    assert (kept.field, kept.value, kept.model_value, kept.model) == (
        "sentiment", "negative", "neutral", "counting@0.0.1+001122334455",
    )  # fmt: skip
    assert (kept.reviewer, kept.slice, kept.sampling_probability, kept.in_force) == (
        "eve",
        "random",
        0.1,
        True,
    )


def test_topics_and_kind_are_corrected_too(store: Store) -> None:
    fill(store)
    topics = [{"topic": "delivery", "sentiment": "positive"}, {"topic": "own words", "sentiment": None}]
    one = store.corrections.add("b", {"topics": topics, "kind": "question"})
    assert one.topics == (TopicLabel("delivery", "positive"), TopicLabel("own words", None))
    assert (one.kind, one.corrected) == ("question", ("kind", "topics"))
    assert store.feedback.count(Filters(topic="checkout_payment")) == 0
    assert store.feedback.count(Filters(topic="own words")) == 1
    assert counted(store) == counted_anew(store)
    assert [(kept.field, kept.model_value) for kept in store.corrections.of("b")] == [
        ("kind", "complaint"),
        ("topics", [{"topic": "checkout_payment", "sentiment": "negative"}]),
    ]


def test_the_latest_correction_counts_and_can_be_withdrawn(store: Store) -> None:
    fill(store)
    store.corrections.add("a", {"sentiment": "negative"})
    store.corrections.add("a", {"sentiment": "mixed"})
    assert store.feedback.get("a").sentiment == "mixed"
    assert [kept.in_force for kept in store.corrections.of("a")] == [False, True]
    assert [kept.value for kept in store.corrections.in_force("sentiment")] == ["mixed"]
    one = store.corrections.withdraw("a")
    assert (one.sentiment, one.corrected) == ("positive", ())
    assert store.corrections.in_force() == []
    assert counted(store) == counted_anew(store)


def test_a_correction_does_not_outlive_the_text(store: Store) -> None:
    fill(store)
    store.corrections.add("a", {"sentiment": "negative"})
    store.feedback.add([said("a", "lovely, early")])
    assert store.feedback.get("a").sentiment == "positive"
    assert store.corrections.in_force() == []
    assert counted(store) == counted_anew(store)
    with pytest.raises(InputError, match=r"revised meanwhile\. Look at revision 2"):
        store.corrections.add("a", {"sentiment": "negative"}, revision=1)


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {}),
        ({"status": "ok"}, {}),
        ({"sentiment": "angry"}, {}),
        ({"sentiment": None}, {}),
        ({"kind": ""}, {}),
        ({"kind": "a\nb"}, {}),
        ({"topics": "delivery"}, {}),
        ({"topics": [{"topic": "delivery", "sentiment": "angry"}]}, {}),
        ({"topics": [{}]}, {}),
        ({"kind": "praise"}, {"slice": "lucky"}),
        ({"kind": "praise"}, {"sampling_probability": 0.0}),
    ],
)
def test_what_cannot_be_a_correction_is_refused(
    store: Store, changes: dict[str, Any], options: dict[str, Any]
) -> None:
    fill(store)
    with pytest.raises(InputError):
        store.corrections.add("a", changes, **options)
    assert store.corrections.of("a") == []


def test_one_piece_of_feedback_is_deleted_with_all_that_hangs_on_it(store: Store) -> None:
    before = rows(store)
    store.feedback.add([said("a", "lovely card", customer_ref="ada")])
    store.feedback.add([said("a", "card declined", customer_ref="ada")])
    store.corrections.add("a", {"kind": "question"})
    done = store.deletions.feedback("a", "eve")
    assert done.counts == {"feedback": 1, "revisions": 1, "analyses": 2, "corrections": 1}
    assert done.subject_digest == hashlib.sha256(b"a").hexdigest()
    assert store.deletions.get(done.receipt) == done
    after = rows(store)
    assert {name for name in after if after[name] != before[name]} == {"deletions", "models", "audit_log"}
    (entry,) = store.audit.page()
    assert (entry.actor, entry.action, entry.target) == ("eve", "feedback.delete", done.receipt)
    assert store.feedback.count(Filters(search="card")) == 0
    with pytest.raises(NotStoredError):
        store.deletions.feedback("a")
    assert rows(store)["deletions"] == 1


def test_a_customer_is_deleted_and_nobody_else(store: Store) -> None:
    fill(store)
    done = store.deletions.customer("ada", "eve")
    assert done.counts == {"feedback": 2, "revisions": 0, "analyses": 2, "corrections": 0}
    assert [one.id for one in store.feedback.walk()] == ["b"]
    assert counted(store) == counted_anew(store)
    assert store.deletions.customer("ada").counts["feedback"] == 0


def test_nothing_of_a_deleted_text_is_left_in_the_files(store: Store) -> None:
    if not store.database.is_sqlite:
        return  # PostgreSQL's files belong to its server
    fill(store)
    store.feedback.add([said("z", "zanzibarian lovely card", customer_ref="ada")])
    store.deletions.customer("ada")
    store.deletions.scrub()
    with store.database.read() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).all()
    store.close()
    for file in store.data_dir.iterdir():
        assert b"anzibar" not in file.read_bytes()
    assert [one.id for one in store.feedback.page(Filters(search="card")).items] == ["b"]


def test_old_feedback_is_deleted_in_slices(store: Store) -> None:
    store.feedback.add([said(f"{n}", "lovely") for n in range(5)], received_at=NOW.replace(year=2024))
    fill(store)
    slices = [store.deletions.older_than(NOW, limit=2).counts["feedback"] for _ in range(4)]
    assert slices == [2, 2, 1, 0]
    assert [one.id for one in store.feedback.walk()] == ["c", "b", "a"]
    assert rows(store)["deletions"] == 3
    assert counted(store) == counted_anew(store)


def test_a_deletion_names_the_jobs_whose_files_hold_the_texts(store: Store) -> None:
    store.feedback.add([said("a", "lovely", customer_ref="ada")], job="job-1")
    store.feedback.add([said("b", "lovely", customer_ref="ada")], job="job-2")
    assert store.deletions.customer("ada").jobs == ("job-1", "job-2")


def test_a_chunk_of_a_job_is_stored_once(store: Store) -> None:
    job = {"id": "j", "kind": "score", "state": "running", "owner": "", "options": {}, "created_at": NOW}
    with store.database.write() as connection:
        connection.execute(insert(jobs).values(job))
    # One id twice, with two texts: a chunk that came again would revise it once more.
    chunk = [said("a", "lovely"), said("a", "declined")]
    first = store.feedback.add(chunk, job="j", chunk=0, rejected=1)
    assert first == [Added("a", "created", 1), Added("a", "revised", 2)]
    assert store.feedback.add(chunk, job="j", chunk=0, rejected=1) == []
    assert store.feedback.get("a").revision == 2
    assert store.feedback.add([said("b", "blue")], job="j", chunk=1) == [Added("b", "created", 1)]
    with store.database.read() as connection:
        noted = select(job_chunks.c.number, job_chunks.c.rows, job_chunks.c.rows_rejected).order_by("number")
        assert connection.execute(noted).all() == [(0, 3, 1), (1, 1, 0)]
