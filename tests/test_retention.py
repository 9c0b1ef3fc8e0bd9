"""What is older than it may become is deleted, by one job a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from feedback_nlp.jobs import JobFiles, Worker
from feedback_nlp.jobs.retention import queue_retention
from feedback_nlp.records import Feedback
from feedback_nlp.store import Store
from feedback_nlp.store.service_tables import jobs
from tests.fake_analyzer import FakeAnalyzer

NOW = datetime.now(UTC)


def no_analyzer() -> FakeAnalyzer:
    raise AssertionError("nothing is analysed here")


def add(store: Store, id: str, days: int, job: str | None = None) -> None:
    text = f"lovely {id}"
    given = [(Feedback(id=id, text=text, created_at=NOW), FakeAnalyzer().analyze(text))]
    store.feedback.add(
        given, received_at=NOW - timedelta(days=days), job=job, chunk=None if job is None else 0
    )


def test_old_feedback_jobs_and_files_go_and_the_rest_stays(store: Store) -> None:
    files = JobFiles(store.data_dir)
    old, young = (store.jobs.add("score")[0].id for _ in range(2))
    for job, days in ((old, 31), (young, 29)):
        files.folder(job).mkdir(parents=True)
        (files.folder(job) / "result.csv").write_text("lovely")
        with store.database.write() as connection:
            ended = {"state": "done", "finished_at": NOW - timedelta(days=days)}
            connection.execute(update(jobs).where(jobs.c.id == job).values(**ended))
    for number in range(3):
        add(store, f"old {number}", 31)
    add(store, "young", 29)
    queue_retention(store, 30)
    worker = Worker(store, no_analyzer)
    assert worker.run_one()
    assert not worker.run_one()
    assert [said.id for said in store.feedback.page().items] == ["young"]
    done = next(job for job in store.jobs.list() if job.kind == "retention")
    assert (done.state, done.error) == ("done", None)
    assert done.result == {"feedback": 3, "revisions": 0, "analyses": 3, "corrections": 0, "jobs": 1}
    assert {job.id for job in store.jobs.list()} == {young, done.id}
    assert not files.folder(old).exists()
    assert files.folder(young).exists()


def test_workers_queue_it_once_a_day_and_only_if_asked(store: Store) -> None:
    for days, ending, expected in ((0, 1, 1), (30, 2, 3), (30, 1, 4)):
        store.jobs.add("retention", {"days": 40})  # something to do, whose end shows that the loop has turned
        run_until_ended(store, days, ending)
        assert store.jobs.count() == {("retention", "done"): expected}


def run_until_ended(store: Store, retention_days: int, count: int) -> None:
    """Run a worker until it has ended so many jobs."""
    ended: list[str] = []

    def tell(name: str, values: Mapping[str, Any]) -> None:
        ended.extend([name] * (name == "job ended"))
        if len(ended) == count:
            worker.stop()

    worker = Worker(store, no_analyzer, retention_days=retention_days, on_event=tell)
    worker.run()
