"""A run that ends in the middle: nothing under the final name, and going on loses and doubles nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from feedback_nlp import FeedbackError, InputError, OutputError
from feedback_nlp.batch import score_file
from tests.tiny_analyzer import TinyAnalyzer

ROOT = Path(__file__).parent.parent
KILLED = """
import os, signal, sys
from feedback_nlp.batch import score_file
from tests.tiny_analyzer import TinyAnalyzer

source, target, workers, chunks, resume = sys.argv[1:]
left = [int(chunks)]

def stop(progress):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

score_file(source, target, analyzer=TinyAnalyzer(), workers=int(workers), chunk_rows=10,
           resume=resume == "resume", progress=stop)
"""


def write_source(folder, rows=97):
    lines = [f'{number},"{"bad" if number % 3 else "good, really"}"' for number in range(rows)]
    lines.insert(15, "ragged")
    lines.insert(55, "ragged,too,wide")
    (folder / "in.csv").write_text("id,text\n" + "\n".join(lines) + "\n")
    return folder / "in.csv"


def kill(source, target, *, chunks, workers=1, resume="anew"):
    """Score in a process that kills itself, as kill -9 does, after so many chunks."""
    arguments = [str(source), str(target), str(workers), str(chunks), resume]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, *arguments]
    # Its workers hold the other end of the captured output, so this returns once they have ended too.
    ended = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, timeout=60)
    assert ended.returncode == -9


def score(source, target, **options):
    return score_file(source, target, analyzer=TinyAnalyzer(), chunk_rows=10, **options)


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.csv.gz", "out.parquet"])
def test_a_killed_run_is_resumed_to_the_same_bytes(tmp_path, name):
    source = write_source(tmp_path)
    score(source, tmp_path / f"whole-{name}")
    target = tmp_path / name
    kill(source, target, chunks=3)
    assert not target.exists()
    kill(source, target, chunks=4, resume="resume")
    assert not target.exists()
    told = []
    summary = score(source, target, resume=True, progress=told.append)
    assert [progress.rows_read for progress in told] == [80, 90, 99]
    assert target.read_bytes() == (tmp_path / f"whole-{name}").read_bytes()
    rejects = tmp_path / f"{name}.rejected.jsonl"
    assert rejects.read_bytes() == (tmp_path / f"whole-{name}.rejected.jsonl").read_bytes()
    assert (summary.rows_read, summary.rows_written, summary.rows_rejected) == (99, 97, 2)
    assert summary.by_sentiment == {"negative": 64, "positive": 33}
    assert summary.warnings == ()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_killed_run_with_workers_is_resumed(tmp_path):
    source = write_source(tmp_path)
    score(source, tmp_path / "whole.csv")
    kill(source, tmp_path / "out.csv", chunks=2, workers=2)
    score(source, tmp_path / "out.csv", resume=True)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_killed_run_leaves_the_old_target_as_it_was(tmp_path):
    source = write_source(tmp_path)
    (tmp_path / "out.csv").write_text("old")
    kill(source, tmp_path / "out.csv", chunks=3)
    assert (tmp_path / "out.csv").read_text() == "old"
    score(source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().count(",ok,") == 97


def interrupt(source, target, after, error=KeyboardInterrupt, **options):
    left = [after]

    def stop(progress):
        left[0] -= 1
        if not left[0]:
            raise error

    with pytest.raises(error):
        score(source, target, progress=stop, **options)


def test_ctrl_c_leaves_nothing_under_the_name_and_can_be_resumed(tmp_path):
    source = write_source(tmp_path)
    score(source, tmp_path / "whole.csv")
    interrupt(source, tmp_path / "out.csv", 4)
    assert not (tmp_path / "out.csv").exists()
    score(source, tmp_path / "out.csv", resume=True)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_ctrl_c_with_workers_ends_them(tmp_path):
    source = write_source(tmp_path)
    interrupt(source, tmp_path / "out.csv", 2, workers=2)
    assert not (tmp_path / "out.csv").exists()


def test_a_chunk_that_was_being_written_is_cut_off_again(tmp_path):
    source = write_source(tmp_path)
    score(source, tmp_path / "whole.csv")
    interrupt(source, tmp_path / "out.csv", 4)
    with (tmp_path / ".out.csv.partial").open("ab") as file:
        file.write(b"half a ro")
    with (tmp_path / ".out.csv.progress").open("ab") as file:
        file.write(b'{"chunks": 5, "writ')
    score(source, tmp_path / "out.csv", resume=True)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"x" * path.stat().st_size), Path.unlink])
def test_a_damaged_partial_file_is_noticed(tmp_path, damage):
    source = write_source(tmp_path)
    score(source, tmp_path / "whole.csv")
    interrupt(source, tmp_path / "out.csv", 4)
    damage(tmp_path / ".out.csv.partial")
    summary = score(source, tmp_path / "out.csv", resume=True)
    assert summary.warnings == ("The interrupted run's output is damaged; all rows were scored again.",)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_without_an_interrupted_run_all_rows_are_scored(tmp_path):
    source = write_source(tmp_path)
    summary = score(source, tmp_path / "out.csv", resume=True)
    assert summary.rows_read == 99
    assert summary.warnings == ("There was no interrupted run to resume; all rows were scored.",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spreadsheet_safe": True}, "spreadsheet safe changed since"),
        ({"chunk": 20}, "chunk rows changed since"),
        ({"precision": 0.9}, "precision changed since"),
        ({"source": True}, "cannot be resumed: the source's size, the source's time of change"),
        ({"model": True}, "the model changed since"),
    ],
)
def test_another_run_cannot_be_resumed_and_loses_nothing(tmp_path, change, message):
    source = write_source(tmp_path)
    interrupt(source, tmp_path / "out.csv", 4)
    before = (tmp_path / ".out.csv.partial").read_bytes()
    analyzer = TinyAnalyzer()
    if change.pop("source", False):
        with source.open("a") as file:
            file.write("x,y\n")
        os.utime(source, ns=(1, 1))
    if change.pop("model", False):
        analyzer.model = type(analyzer.model)("tiny", "1.1", "fedcba9876543210")
    chunk_rows = change.pop("chunk", 10)
    with pytest.raises(InputError, match=message):
        score_file(
            source, tmp_path / "out.csv", analyzer=analyzer, chunk_rows=chunk_rows, resume=True, **change
        )
    assert (tmp_path / ".out.csv.partial").read_bytes() == before


def test_two_runs_cannot_write_one_file(tmp_path):
    source = write_source(tmp_path)

    def second(progress):
        with pytest.raises(OutputError, match="Another run is writing"):
            score(source, tmp_path / "out.csv")

    score(source, tmp_path / "out.csv", progress=second)
    assert (tmp_path / "out.csv").read_text().count(",ok,") == 97


class DyingAnalyzer(TinyAnalyzer):
    def analyze_many(self, texts, **options):
        if "die" in texts:
            os.kill(os.getpid(), 9)
        return super().analyze_many(texts, **options)


def test_a_worker_that_is_killed_ends_the_run_and_can_be_resumed(tmp_path):
    rows = [f"{number},{'die' if number == 250 else 'bad'}" for number in range(300)]
    (tmp_path / "in.csv").write_text("\n".join(["id,text", *rows]))
    with pytest.raises(FeedbackError, match="A scoring process ended unexpectedly"):
        score_file(
            tmp_path / "in.csv", tmp_path / "out.csv", analyzer=DyingAnalyzer(), workers=2, chunk_rows=10
        )
    assert not (tmp_path / "out.csv").exists()
    score(tmp_path / "in.csv", tmp_path / "out.csv", resume=True)
    assert (tmp_path / "out.csv").read_text().count(",ok,") == 300


def test_the_journal_holds_no_text(tmp_path):
    source = write_source(tmp_path)
    interrupt(source, tmp_path / "out.csv", 3)
    lines = list(map(json.loads, (tmp_path / ".out.csv.progress").read_text().splitlines()))
    assert [line.get("chunks") for line in lines] == [None, 1, 2, 3]
    assert "really" not in (tmp_path / ".out.csv.progress").read_text()


def test_parquet_pieces_are_joined_into_large_groups(tmp_path):
    source = write_source(tmp_path)
    score(source, tmp_path / "out.parquet")
    assert pq.ParquetFile(tmp_path / "out.parquet").num_row_groups == 1
