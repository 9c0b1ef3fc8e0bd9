"""Real worker processes that are killed in the middle of a job: nothing is lost and nothing comes twice."""

from __future__ import annotations

import csv
import os
import select
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from feedback_nlp.jobs import JobFiles, Upload, UploadOptions, Worker, submit_upload
from feedback_nlp.jobs import worker as worker_module
from feedback_nlp.jobs.supervisor import fork_workers
from feedback_nlp.records import Analysis
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import JobRecord
from tests.fake_analyzer import FakeAnalyzer

ROWS = [(str(number), f"lovely {number}" if number % 3 else f"declined {number}") for number in range(50)]


class Waiting(FakeAnalyzer):
    """Says so and waits for ever when it gets to a text."""

    def __init__(self, place: str, told: int) -> None:
        super().__init__()
        self._place = place
        self._told = told

    def analyze(self, text: str, **options: Any) -> Analysis:
        if text == self._place:
            os.write(self._told, b"1")
            threading.Event().wait()
        return super().analyze(text, **options)


def kill_worker_at(store: Store, place: str, kind: type[Waiting] = Waiting) -> None:
    """Let a worker process take a job and kill it where it has got to a text."""
    reached, told = os.pipe()
    store.close()
    process = os.fork()
    if process == 0:
        try:
            Worker(store, lambda: kind(place, told)).run()
        finally:
            os._exit(1)
    try:
        assert select.select([reached], [], [], 60)[0]
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(reached)
        os.close(told)


def submit(store: Store) -> JobRecord:
    lines = "".join(f"{number},{text}\n" for number, text in ROWS)
    upload = Upload(JobFiles(store.data_dir))
    upload.write(f"id,text\n{lines}".encode())
    upload.complete("export.csv")
    return submit_upload(store, upload, UploadOptions())[0]


def scored_rows(store: Store, job: JobRecord) -> list[tuple[str, str]]:
    result = JobFiles(store.data_dir).result(job.id)
    assert result is not None
    with result.open(encoding="utf-8", newline="") as file:
        return [(row["id"], row["text"]) for row in csv.DictReader(file)]


def wait_for(store: Store, job: JobRecord, state: str, seconds: float = 30.0) -> JobRecord:
    deadline = time.monotonic() + seconds
    while (now := store.jobs.get(job.id)).state != state:
        assert time.monotonic() < deadline, now
    return now


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    from feedback_nlp.jobs import scored

    monkeypatch.setattr(scored, "CHUNK_ROWS", 10)


@pytest.mark.usefixtures("small_chunks")
def test_a_worker_killed_in_a_chunk_is_replaced_within_ten_seconds(store: Store) -> None:
    job = submit(store)
    kill_worker_at(store, ROWS[25][1])
    killed = time.monotonic()
    analyzer = FakeAnalyzer()
    other = Worker(store, lambda: analyzer)
    while not other.run_one():
        assert time.monotonic() - killed < 10.0
    assert time.monotonic() - killed < 10.0
    ended = store.jobs.get(job.id)
    assert (ended.state, ended.rows_scored, ended.rows_rejected) == ("done", 50, 0)
    assert scored_rows(store, job) == ROWS
    texts = [text for batch in analyzer.batches for text in batch["texts"]]
    assert texts == [text for _, text in ROWS[20:]]  # two chunks were written; the third starts anew


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="watches processes the way Linux has for it")
def test_workers_beside_a_server_are_started_again_and_end_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback_nlp.jobs.supervisor.MIN_LIFE_SECONDS", 0.0)
    with Store.open(data_dir=tmp_path) as store:
        store.close()
        told, tell = os.pipe()

        def build() -> Worker:
            os.write(tell, os.getpid().to_bytes(8, "big"))
            return Worker(store, FakeAnalyzer)

        stop = fork_workers(1, build, lambda: None)
        try:
            first = int.from_bytes(os.read(told, 8), "big")
            os.kill(first, signal.SIGKILL)
            second = int.from_bytes(os.read(told, 8), "big")
            assert second != first
            alive = os.pidfd_open(second)
            job = submit(store)
            wait_for(store, job, "done")
            assert scored_rows(store, job) == ROWS
        finally:
            stop()
        assert select.select([alive], [], [], 0)[0]
        for descriptor in (told, tell, alive):
            os.close(descriptor)


def test_a_worker_waits_for_a_store_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from feedback_nlp.errors import StoreUnavailableError

    monkeypatch.setattr(worker_module, "POLL_SECONDS", 0.0)
    with Store.open(data_dir=tmp_path) as store:
        job = submit(store)
        claim, failures, events = store.jobs.claim, iter(range(3)), []
        at_work = Worker(store, FakeAnalyzer, on_event=lambda name, values: told(name))

        def told(name: str) -> None:
            events.append(name)
            if name == "job ended":
                at_work.stop()

        def away(*arguments: object) -> JobRecord | None:
            if next(failures, None) is not None:
                raise StoreUnavailableError("The PostgreSQL server cannot be reached.")
            return claim(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(store.jobs, "claim", away)
        at_work.run()
        assert events == [*["store unavailable"] * 3, "job taken", "job ended"]
        assert store.jobs.get(job.id).state == "done"
