"""The table of jobs on SQLite and PostgreSQL: who gets which job, and what becomes of lost ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feedback_nlp.errors import JobConflictError, NotStoredError
from feedback_nlp.store import Store, job_queries
from feedback_nlp.store.jobs import Beat, JobProgress, JobRecord, JobTable

KINDS = ["score"]


def add(store: Store, owner: str = "", **options: str) -> JobRecord:
    return store.jobs.add("score", dict(options), owner=owner)[0]


def claim(store: Store, worker: str = "w1", lease_seconds: float = 60.0) -> JobRecord | None:
    return store.jobs.claim(worker, KINDS, lease_seconds)


def taken(store: Store, worker: str = "w1", lease_seconds: float = 60.0) -> JobRecord:
    job = claim(store, worker, lease_seconds)
    assert job is not None
    return job


def test_a_job_is_queued_taken_and_done(store: Store) -> None:
    added = add(store, name="ü")
    assert (added.state, added.options, added.attempts) == ("queued", {"name": "ü"}, 0)
    job = taken(store)
    assert (job.id, job.state, job.attempts, job.lease_owner) == (added.id, "running", 1, "w1")
    assert claim(store, "w2") is None
    progress = JobProgress(10, 8, 2, 0.5, 100.0, 0.1)
    assert store.jobs.beat(job, "w1", progress) == Beat(True)
    seen = store.jobs.get(job.id)
    assert (seen.rows_read, seen.rows_scored, seen.rows_rejected) == (10, 8, 2)
    assert seen.result == {"fraction": 0.5, "rate": 100.0, "seconds_left": 0.1}
    assert store.jobs.finish(job, "w1", "done", result={"rows": 10})
    ended = store.jobs.get(job.id)
    assert (ended.state, ended.result, ended.error) == ("done", {"rows": 10}, None)
    assert ended.finished_at is not None
    assert claim(store) is None


def test_the_same_key_gives_the_same_job_and_another_request_is_refused(store: Store) -> None:
    first, created = store.jobs.add("score", idempotency_key="k", request_digest="a")
    again, created_again = store.jobs.add("score", idempotency_key="k", request_digest="a")
    assert (created, created_again, again.id) == (True, False, first.id)
    with pytest.raises(JobConflictError, match=f"used for job {first.id}"):
        store.jobs.add("score", idempotency_key="k", request_digest="b")
    assert store.jobs.add("score", owner="other", idempotency_key="k", request_digest="b")[1]


def test_jobs_of_others_are_not_seen(store: Store) -> None:
    job = add(store, "anna")
    assert store.jobs.get(job.id, "anna").id == job.id
    for look in (store.jobs.get, store.jobs.cancel, store.jobs.delete):
        with pytest.raises(NotStoredError, match=r"There is no such job\. GET /v1/jobs lists yours\."):
            look(job.id, "ben")
    assert store.jobs.list(owner="ben") == []


def test_lists_go_on_behind_a_job(store: Store) -> None:
    ids = [add(store).id for _ in range(5)]
    first = store.jobs.list(limit=3)
    rest = store.jobs.list(limit=3, before=first[-1])
    assert [job.id for job in (*first, *rest)] == ids[::-1]
    assert store.jobs.list(states=["done"]) == []
    assert store.jobs.count() == {("score", "queued"): 5}
    oldest = store.jobs.oldest_waiting()
    assert oldest is not None
    assert oldest == rest[-1].created_at


def test_owners_take_turns(store: Store) -> None:
    for _ in range(3):
        add(store, "anna")
    ben = add(store, "ben")
    first = taken(store)
    assert first.owner == "anna"
    assert taken(store, "w2").id == ben.id  # anna has one running
    store.jobs.finish(first, "w1", "done")
    carl = add(store, "carl")
    assert taken(store).id == carl.id  # never served yet
    assert [taken(store).owner for _ in range(2)] == ["anna", "anna"]


def test_a_lost_lease_is_taken_over_before_anything_else(store: Store) -> None:
    lost = add(store)
    add(store, "ben")
    job = taken(store, "dead", 0.0)
    again = taken(store, "alive")
    assert (again.id, again.attempts, again.lease_owner) == (lost.id, 2, "alive")
    assert store.jobs.beat(job, "dead", None) == Beat(False)
    assert not store.jobs.finish(job, "dead", "done")
    assert not store.jobs.release(job, "dead")
    assert store.jobs.get(lost.id).state == "running"


def test_attempts_end_where_nothing_is_got_further(store: Store) -> None:
    job = add(store)
    for attempt in range(1, 6):
        assert taken(store, "w", 0.0).attempts == attempt
    assert claim(store) is None
    ended = store.jobs.get(job.id)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error.startswith("The worker was lost 5 times at the same place of the job")


def test_getting_further_gives_all_attempts_again(store: Store) -> None:
    add(store)
    for rows in range(1, 8):
        job = taken(store, "w", 0.0)
        assert job.attempts == min(rows, 2)
        store.jobs.beat(job, "w", JobProgress(rows_read=rows), 0.0)


def test_a_job_given_back_may_wait_and_counts_only_with_an_error(store: Store) -> None:
    add(store)
    job = taken(store)
    assert store.jobs.release(job, "w1")
    job = taken(store)
    assert job.attempts == 1
    assert store.jobs.release(job, "w1", wait_seconds=60, error="The disk is full.")
    assert claim(store) is None
    waiting = store.jobs.get(job.id)
    assert (waiting.state, waiting.attempts, waiting.error) == ("queued", 1, "The disk is full.")


def test_cancelling(store: Store) -> None:
    waiting, running = add(store), add(store)
    job = taken(store)
    assert job.id == waiting.id
    assert store.jobs.cancel(running.id).state == "cancelled"
    assert store.jobs.cancel(job.id).state == "running"
    assert store.jobs.beat(job, "w1", None).cancel
    assert store.jobs.finish(job, "w1", "cancelled")
    assert store.jobs.cancel(job.id).state == "cancelled"
    assert claim(store) is None


def test_a_cancelled_job_whose_worker_is_lost_ends(store: Store) -> None:
    add(store)
    job = taken(store, "dead", 0.0)
    store.jobs.cancel(job.id)
    assert claim(store) is None
    assert store.jobs.get(job.id).state == "cancelled"


def test_a_deleted_job_is_lost_to_its_worker(store: Store) -> None:
    job = add(store)
    held = taken(store)
    store.jobs.delete(job.id)
    assert store.jobs.beat(held, "w1", None) == Beat(False)
    assert store.jobs.known([job.id]) == set()


def test_a_worker_hears_that_others_wait(store: Store) -> None:
    add(store, "anna")
    job = taken(store)
    add(store, "anna")
    assert not store.jobs.beat(job, "w1", None).others_wait
    add(store, "ben")
    assert store.jobs.beat(job, "w1", None).others_wait


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=2)])
def test_a_clock_that_jumps_holds_no_job_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    add(store)
    job = taken(store, "dead", 6.0)
    monkeypatch.setattr(job_queries, "now", lambda connection: datetime.now(UTC) + jump)
    again = store.jobs.claim("alive", KINDS, 6.0)
    assert again is not None
    assert again.id == job.id


def test_two_tables_hand_out_each_job_once(store: Store) -> None:
    ids = {add(store).id for _ in range(6)}
    other = JobTable(store.database)
    claims = [table.claim(f"w{number}", KINDS) for number, table in enumerate([store.jobs, other] * 3)]
    assert {job.id for job in claims if job} == ids
