"""Uploads to results: every format, stops in the middle, what cannot be done; with a real store and real files."""

from __future__ import annotations

import csv
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feedback_nlp.batch import score as batch_score
from feedback_nlp.errors import (
    InputError,
    JobConflictError,
    MissingColumnError,
    OutputError,
    TooLargeError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from feedback_nlp.jobs import JobFiles, JobRun, Upload, UploadOptions, Worker, submit_upload
from feedback_nlp.jobs import run as run_module
from feedback_nlp.jobs.files import stored_ending
from feedback_nlp.records import SCORED_COLUMNS
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import JobRecord
from tests.fake_analyzer import FakeAnalyzer

ROWS = [("1", "lovely shoes"), ("2", "card declined"), ("3", "=1+1")]
LABELS = ["positive", "negative", "neutral"]


def submit(
    store: Store, content: bytes, name: str = "export.csv", key: str | None = None, /, **options: Any
) -> JobRecord:
    upload = Upload(JobFiles(store.data_dir))
    upload.write(content)
    try:
        upload.complete(name)
        return submit_upload(store, upload, UploadOptions(**options), idempotency_key=key)[0]
    finally:
        upload.close()


def csv_bytes(rows: list[tuple[str, str]] | None = None) -> bytes:
    lines = [f"{number},{text}\n" for number, text in ROWS if rows is None] or [
        f"{number},{text}\n" for number, text in rows or []
    ]
    return ("id,text\n" + "".join(lines)).encode()


def worker(store: Store, analyzer: FakeAnalyzer | None = None, **options: Any) -> Worker:
    made = analyzer or FakeAnalyzer()
    return Worker(store, lambda: made, **options)


def finished(store: Store, job: JobRecord) -> JobRecord:
    assert worker(store).run_one()
    ended = store.jobs.get(job.id)
    assert (ended.state, ended.error) == ("done", None)
    return ended


def result_of(store: Store, job: JobRecord) -> Path:
    path = JobFiles(store.data_dir).result(job.id)
    assert path is not None
    return path


def left_in(store: Store, job: JobRecord) -> list[str]:
    return sorted(path.name for path in JobFiles(store.data_dir).folder(job.id).iterdir())


# -- formats


def workbook_bytes(folder: Path) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "text"])
    for number, text in ROWS:
        sheet.append([int(number), text])
        sheet.cell(sheet.max_row, 2).data_type = "s"
    book.save(folder / "made.xlsx")
    return (folder / "made.xlsx").read_bytes()


def parquet_bytes(folder: Path) -> bytes:
    table = pa.table({"id": [number for number, _ in ROWS], "text": [text for _, text in ROWS]})
    pq.write_table(table, folder / "made.parquet")
    return (folder / "made.parquet").read_bytes()


def jsonl_bytes(folder: Path) -> bytes:
    return "".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in ROWS).encode()


def read_workbook(path: Path) -> list[dict[str, Any]]:
    book = openpyxl.load_workbook(path, read_only=True)
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    book.close()
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def read_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "make", "read"),
    [
        ("export.CSV", lambda folder: csv_bytes(), read_csv),
        ("export.xlsx", workbook_bytes, read_workbook),
        ("export.parquet", parquet_bytes, lambda path: pq.read_table(path).to_pylist()),
        ("export.jsonl", jsonl_bytes, lambda path: list(map(json.loads, path.read_text().splitlines()))),
    ],
)
def test_the_result_has_the_format_of_the_upload(
    own_store: Store,
    tmp_path: Path,
    name: str,
    make: Callable[[Path], bytes],
    read: Callable[[Path], list[dict[str, Any]]],
) -> None:
    job = finished(own_store, submit(own_store, make(tmp_path), name))
    result = result_of(own_store, job)
    assert result.suffix == Path(name).suffix.lower()
    rows = read(result)
    assert [row["fb_sentiment"] for row in rows] == LABELS
    assert [str(row["text"]) for row in rows] == [text for _, text in ROWS]
    assert (job.rows_read, job.rows_scored, job.rows_rejected) == (3, 3, 0)
    assert job.result is not None
    assert job.result["by_sentiment"] == {"negative": 1, "neutral": 1, "positive": 1}
    assert left_in(own_store, job) == [result.name]  # the upload is gone, and so is what was half done


def test_a_workbook_keeps_types_and_formulas_stay_texts(own_store: Store, tmp_path: Path) -> None:
    job = finished(own_store, submit(own_store, workbook_bytes(tmp_path), "a.xlsx"))
    book = openpyxl.load_workbook(result_of(own_store, job))
    sheet = book.worksheets[0]
    assert sheet["A2"].value == 1
    assert (sheet["B4"].value, sheet["B4"].data_type) == ("=1+1", "s")
    assert [cell.value for cell in sheet[1]] == ["id", "text", *SCORED_COLUMNS]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_spreadsheet_safe_results(own_store: Store, tmp_path: Path, name: str) -> None:
    content = csv_bytes() if name == "a.csv" else workbook_bytes(tmp_path)
    job = finished(own_store, submit(own_store, content, name, spreadsheet_safe=True))
    rows = (read_csv if name == "a.csv" else read_workbook)(result_of(own_store, job))
    assert rows[2]["text"] == "'=1+1"


def test_rejected_rows_are_kept_apart(own_store: Store) -> None:
    job = finished(own_store, submit(own_store, b"id,text\n1,lovely\n2\n3,declined\n"))
    assert (job.rows_read, job.rows_scored, job.rows_rejected) == (3, 2, 1)
    rejected = JobFiles(own_store.data_dir).rejected(job.id)
    assert rejected is not None
    (row,) = map(json.loads, rejected.read_text().splitlines())
    assert (row["line"], row["raw"]) == (3, "2")


def test_a_mapping_says_which_column_holds_the_text(own_store: Store) -> None:
    content = b"text,remark\nlovely,card declined\n"
    job = finished(own_store, submit(own_store, content, mapping={"text": "remark"}))
    assert [row["fb_sentiment"] for row in read_csv(result_of(own_store, job))] == ["negative"]


# -- feedback that is kept

KEPT = (
    b"id,text,created_at,channel,product,rating,customer_ref\n"
    b"a,lovely shoes,2026-05-01T10:00:00Z,app,shoes,5,c1\n,card declined,2026-05-02T10:00:00Z,,,,\n"
)


def test_feedback_is_kept_with_its_fields_and_ids_that_no_other_file_has(own_store: Store) -> None:
    job = finished(own_store, submit(own_store, KEPT, store=True))
    newest, oldest = own_store.feedback.page().items
    assert (oldest.id, oldest.channel, oldest.rating) == ("a", "app", 5.0)
    assert (newest.id, newest.text) == (f"{job.id}:3", "card declined")
    assert [row["fb_sentiment"] for row in read_csv(result_of(own_store, job))] == ["positive", "negative"]


def test_a_text_that_cannot_be_analysed_is_kept_all_the_same(own_store: Store) -> None:
    job = finished(own_store, submit(own_store, b"id,text\n1,explode\n2,lovely\n", store=True))
    assert own_store.feedback.count() == 2
    assert [row["fb_status"] for row in read_csv(result_of(own_store, job))] == ["error", "ok"]


@pytest.mark.usefixtures("small_chunks")
def test_a_chunk_that_was_stored_and_not_noted_is_stored_once(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feedback_nlp.batch.journal import Journal

    job = submit(own_store, csv_bytes(MANY), store=True)
    record, calls = Journal.record, []

    def fail_at_the_third(self: Journal, *given: Any, **named: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            raise OutputError("No space left on device.")
        record(self, *given, **named)

    monkeypatch.setattr("feedback_nlp.jobs.worker.RETRY_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", fail_at_the_third)
        assert worker(own_store).run_one()
    assert own_store.feedback.count() == 40  # the fourth was on its way
    finished(own_store, job)
    assert own_store.feedback.count() == 40
    assert {item.revision for item in own_store.feedback.page(limit=100).items} == {1}


def test_masked_texts_are_what_is_kept_and_written(own_store: Store) -> None:
    from feedback_nlp.redact import Redactor

    job = submit(own_store, b"id,text\n1,lovely anna@example.org\n", store=True)
    assert worker(own_store, redactor=Redactor()).run_one()
    (kept,) = own_store.feedback.page().items
    assert "anna@example.org" not in kept.text
    assert kept.text.startswith("lovely ")
    assert read_csv(result_of(own_store, job))[0]["text"] == kept.text


# -- what is refused at once


@pytest.mark.parametrize(
    ("content", "name", "options", "error", "words"),
    [
        (b"id,text\n", "report.docx", {}, UnsupportedFormatError, "no ending that is read"),
        (b"a,b\n1,2\n", "a.csv", {}, MissingColumnError, "the columns are 'a', 'b'"),
        (b"text\nx\n", "a.csv", {"mapping": {"text": "txt"}}, MissingColumnError, "no column 'txt'"),
        (b"text\nx\n", "a.csv", {"mapping": {"txt": "text"}}, InputError, "'txt' is no field of feedback"),
        (b"text\nx\n", "a.xlsx", {}, UnreadableFileError, "The upload should hold XLSX"),
        (b"", "a.csv", {}, UnreadableFileError, "The upload is empty"),
    ],
)
def test_a_bad_upload_is_refused_and_leaves_nothing(
    own_store: Store, content: bytes, name: str, options: dict[str, Any], error: type[InputError], words: str
) -> None:
    with pytest.raises(error, match=words) as told:
        submit(own_store, content, name, **options)
    assert str(own_store.data_dir) not in str(told.value)
    assert own_store.jobs.list() == []
    assert [path for path in (own_store.data_dir / "jobs").rglob("*") if path.is_file()] == []


def test_an_upload_over_the_limit_is_refused_while_it_comes(own_store: Store) -> None:
    upload = Upload(JobFiles(own_store.data_dir), limit=10)
    assert upload.write(b"0123456789") == 10
    with pytest.raises(TooLargeError, match="over the limit of 10 bytes"):
        upload.write(b"0")
    upload.close()
    assert not upload.path.exists()


def test_sending_the_same_again_starts_nothing_new(own_store: Store) -> None:
    first = submit(own_store, csv_bytes(), "export.csv", "k")
    assert submit(own_store, csv_bytes(), "export.csv", "k").id == first.id
    with pytest.raises(JobConflictError):
        submit(own_store, csv_bytes([("9", "other")]), "export.csv", "k")
    with pytest.raises(JobConflictError):
        submit(own_store, csv_bytes(), "export.csv", "k", spreadsheet_safe=True)
    assert [path.name for path in (own_store.data_dir / "jobs").glob("*-*")] == [first.id]


def test_names_of_uploads_never_become_paths() -> None:
    assert stored_ending("../../../etc/cron.d/x.csv") == ".csv"
    assert stored_ending("a.csv\x00.sh") == ""
    assert stored_ending("x.gz") == ""
    assert stored_ending("csv") == ""


# -- stops in the middle

MANY = [(str(number), f"lovely {number}" if number % 2 else f"declined {number}") for number in range(40)]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows a chunk, so that a small file has several."""
    from feedback_nlp.jobs import scored

    monkeypatch.setattr(scored, "CHUNK_ROWS", 10)


def stop_after(monkeypatch: pytest.MonkeyPatch, chunks: int, act: Callable[[JobRun], None]) -> None:
    """Do something after so many chunks of the next run."""
    plain, seen = JobRun.progress, []

    def progress(self: JobRun, **counts: Any) -> None:
        seen.append(counts["read"])
        if len(seen) == chunks:
            act(self)
        plain(self, **counts)

    monkeypatch.setattr(JobRun, "progress", progress)


class Counting(FakeAnalyzer):
    """Remembers every text it was given."""

    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch["texts"]]


@pytest.mark.usefixtures("small_chunks")
def test_a_stopped_worker_gives_its_job_back_and_the_next_goes_on(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(own_store, csv_bytes(MANY))
    first, second = Counting(), Counting()
    at_work = worker(own_store, first)
    stop_after(monkeypatch, 2, lambda run: at_work.stop())
    assert at_work.run_one()
    waiting = own_store.jobs.get(job.id)
    assert (waiting.state, waiting.rows_read, waiting.attempts) == ("queued", 20, 0)
    assert worker(own_store, second).run_one()
    assert first.texts() + second.texts() == [text for _, text in MANY]
    rows = read_csv(result_of(own_store, own_store.jobs.get(job.id)))
    assert [(row["id"], row["text"]) for row in rows] == MANY


@pytest.mark.usefixtures("small_chunks")
def test_a_cancelled_job_stops_after_a_chunk(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit(own_store, csv_bytes(MANY))

    def cancel(run: JobRun) -> None:
        own_store.jobs.cancel(job.id)
        run._beats.join(30)

    monkeypatch.setattr(run_module, "BEAT_SECONDS", 0.01)
    # The lease's thread ends with the job, so wait for what it heard instead.
    heard = threading.Event()
    plain = own_store.jobs.beat

    def beat(*arguments: Any) -> Any:
        answer = plain(*arguments)
        if answer.cancel:
            heard.set()
        return answer

    monkeypatch.setattr(own_store.jobs, "beat", beat)

    def cancel_and_wait(run: JobRun) -> None:
        own_store.jobs.cancel(job.id)
        assert heard.wait(30)
        while run._reason is None:
            assert run._beats.is_alive()

    stop_after(monkeypatch, 2, cancel_and_wait)
    assert worker(own_store).run_one()
    ended = own_store.jobs.get(job.id)
    assert (ended.state, ended.rows_read) == ("cancelled", 20)
    assert left_in(own_store, ended) == []


@pytest.mark.usefixtures("small_chunks")
def test_a_deleted_job_stops_its_worker(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit(own_store, csv_bytes(MANY))
    monkeypatch.setattr(run_module, "BEAT_SECONDS", 0.01)

    def delete(run: JobRun) -> None:
        own_store.jobs.delete(job.id)
        run._beats.join(30)

    stop_after(monkeypatch, 2, delete)
    analyzer = Counting()
    assert worker(own_store, analyzer).run_one()
    assert len(analyzer.texts()) == 20
    assert own_store.jobs.list() == []


@pytest.mark.usefixtures("small_chunks")
def test_a_long_job_lets_those_of_others_go_first(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    long = submit(own_store, csv_bytes(MANY))
    monkeypatch.setattr(run_module, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(run_module, "SLICE_SECONDS", 0.0)

    def add_another(run: JobRun) -> None:
        if own_store.jobs.list(owner="ben") == []:
            own_store.jobs.add("none", owner="ben")
        while run._reason is None:
            assert run._beats.is_alive()

    stop_after(monkeypatch, 1, add_another)
    assert worker(own_store).run_one()
    assert own_store.jobs.get(long.id).state == "queued"


@pytest.mark.usefixtures("small_chunks")
def test_another_model_starts_the_file_again(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from feedback_nlp.records import ModelId

    class Newer(Counting):
        model = ModelId("counting", "0.0.2", "99887766554433221100")

    job = submit(own_store, csv_bytes(MANY))
    at_work = worker(own_store)
    stop_after(monkeypatch, 2, lambda run: at_work.stop())
    at_work.run_one()
    assert worker(own_store, Newer()).run_one()
    rows = read_csv(result_of(own_store, own_store.jobs.get(job.id)))
    assert [row["id"] for row in rows] == [number for number, _ in MANY]
    assert {row["fb_model"] for row in rows} == {"counting@0.0.2+998877665544"}


def test_a_result_whose_word_was_lost_is_not_made_again(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(own_store, csv_bytes())
    with monkeypatch.context() as patch:
        patch.setattr(own_store.jobs, "finish", lambda *_, **__: False)
        assert worker(own_store).run_one()
    own_store.jobs.release(own_store.jobs.get(job.id), own_store.jobs.get(job.id).lease_owner or "")
    analyzer = Counting()
    assert worker(own_store, analyzer).run_one()
    assert analyzer.texts() == []
    ended = own_store.jobs.get(job.id)
    assert (ended.state, ended.rows_scored) == ("done", 3)


# -- failures


def kinds_of(monkeypatch: pytest.MonkeyPatch, error: Exception) -> dict[str, str]:
    def fail(run: JobRun) -> dict[str, Any]:
        raise error

    monkeypatch.setattr("tests.test_jobs.failing", fail, raising=False)
    return {"fails": "tests.test_jobs:failing"}


def test_an_input_at_fault_fails_at_once(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job, _ = own_store.jobs.add("fails")
    kinds = kinds_of(monkeypatch, InputError("Line 7 is broken.", remedy="Mend it."))
    assert worker(own_store, kinds=kinds).run_one()
    ended = own_store.jobs.get(job.id)
    assert (ended.state, ended.error) == ("failed", "Line 7 is broken. Mend it.")


def test_a_full_disk_is_tried_again_later_and_then_given_up(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback_nlp.jobs.worker.RETRY_SECONDS", 0.0)
    job, _ = own_store.jobs.add("fails")
    kinds = kinds_of(monkeypatch, OutputError("The result cannot be written: No space left on device."))
    at_work = worker(own_store, kinds=kinds)
    for attempt in range(1, 5):
        assert at_work.run_one()
        waiting = own_store.jobs.get(job.id)
        assert (waiting.state, waiting.attempts) == ("queued", attempt)
        assert waiting.error == "The result cannot be written: No space left on device."
    assert at_work.run_one()
    assert own_store.jobs.get(job.id).state == "failed"


def test_a_surprise_is_told_without_its_words(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedback_nlp.jobs.worker.RETRY_SECONDS", 0.0)
    told: list[tuple[str, Any]] = []
    job, _ = own_store.jobs.add("fails")
    kinds = kinds_of(monkeypatch, ValueError("my dog Rufus"))
    assert worker(own_store, kinds=kinds, on_event=lambda *event: told.append(event)).run_one()
    error = own_store.jobs.get(job.id).error
    assert error == "Unexpected ValueError; the log of the worker has the place. Please report it."
    assert "Rufus" not in repr(told)
    assert [name for name, _ in told] == ["job taken", "job met an error"]
    assert told[1][1]["places"][-1].startswith(__file__)


@pytest.mark.usefixtures("small_chunks")
def test_a_file_that_a_half_dead_worker_still_writes_is_left_alone(own_store: Store) -> None:
    from feedback_nlp.batch.target import PartialFile

    job = submit(own_store, csv_bytes(MANY))
    other = PartialFile(JobFiles(own_store.data_dir).folder(job.id) / "result.csv")
    other.open()
    assert worker(own_store).run_one()
    waiting = own_store.jobs.get(job.id)
    assert (waiting.state, waiting.attempts, waiting.error) == ("queued", 0, None)
    other.close()


def test_leftovers_are_swept_away(own_store: Store) -> None:
    files = JobFiles(own_store.data_dir)
    job = submit(own_store, csv_bytes())
    orphan = files.folder("00000000-0000-4000-8000-000000000000")
    orphan.mkdir()
    stale = files.incoming()
    stale.write_bytes(b"half")
    for path in (orphan, stale, files.folder(job.id)):
        os.utime(path, (0, 0))
    fresh = files.incoming()
    fresh.write_bytes(b"still coming")
    assert files.sweep(own_store.jobs.known) == 2
    assert files.upload(job.id) is not None
    assert fresh.exists()
    assert not orphan.exists()
    assert not stale.exists()


def test_batch_and_jobs_write_the_same(own_store: Store, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(csv_bytes(MANY))
    batch_score.score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=FakeAnalyzer())
    job = finished(own_store, submit(own_store, csv_bytes(MANY)))
    assert result_of(own_store, job).read_bytes() == (tmp_path / "out.csv").read_bytes()
