"""Scoring on a cluster of real worker processes: the bytes of the local path, and what a lost worker costs."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from distributed import LocalCluster

from feedback_nlp import InputError, OutputError
from feedback_nlp.batch import score_file, score_files
from feedback_nlp.cli import commands
from feedback_nlp.distributed import score_file_on_cluster, score_files_on_cluster
from feedback_nlp.errors import ClusterError
from tests.tiny_analyzer import TinyAnalyzer


class MortalAnalyzer(TinyAnalyzer):
    """Ends its process, as kill -9 does, at "poison" always and at "slip" the first time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._slipped = folder / "slipped"

    def analyze_many(self, texts: Any, **options: Any) -> Any:
        texts = list(texts)
        if "poison" in texts or ("slip" in texts and not self._slipped.exists()):
            self._slipped.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().analyze_many(texts, **options)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Give the address of a scheduler with two workers, processes of their own."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as started,
    ):
        yield started.scheduler_address


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Give a folder with a file of each kind, quoted line ends and broken rows among them."""
    folder = tmp_path / "exports"
    (folder / "old").mkdir(parents=True)
    rows = "".join(f'{n};"{"bad" if n % 3 else "good"}\nsecond, line"\n' for n in range(50))
    (folder / "a.csv").write_text(f"id;text\n{rows}1;too;wide\n")
    with gzip.open(folder / "b.csv.gz", "wt") as file:
        file.write('id,text\n1,a 5" screen\n2,bad\n')
    (folder / "old" / "c.jsonl").write_text('{"text": "good"}\nnot JSON\n')
    pq.write_table(pa.table({"text": ["bad", "good"] * 40}), folder / "d.parquet")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_output_is_that_of_the_local_path_byte_for_byte(
    tmp_path: Path, exports: Path, cluster: str
) -> None:
    local = score_files(exports, tmp_path / "local", analyzer=TinyAnalyzer(), chunk_rows=20)
    there = {"cluster": cluster, "analyzer": TinyAnalyzer(), "chunk_rows": 20}
    told: list[Any] = []
    summary = score_files_on_cluster(exports, tmp_path / "far", progress=told.append, **there)
    assert contents(tmp_path / "far") == contents(tmp_path / "local")
    assert sorted(contents(tmp_path / "far")) == [
        "a.csv", "a.csv.rejected.jsonl", "b.csv.gz", "d.parquet", "old/c.jsonl", "old/c.jsonl.rejected.jsonl",
    ]  # fmt: skip
    assert [(file.rows_written, file.rows_rejected) for file in summary.files] == [
        (50, 1),
        (2, 0),
        (80, 0),
        (1, 1),
    ]
    assert [file.by_sentiment for file in summary.files] == [file.by_sentiment for file in local.files]
    assert (summary.failed, summary.skipped) == ((), ())
    assert (told[-1].rows_read, told[-1].rows_rejected, told[-1].fraction) == (135, 2, 1.0)
    # Addresses go through fsspec, in and out.
    addressed = score_files_on_cluster(f"file://{exports}", f"file://{tmp_path}/there/", **there)
    assert contents(tmp_path / "there") == contents(tmp_path / "local")
    assert addressed.files[0].target == f"file://{tmp_path}/there/a.csv"
    # One file into a file is read and written here.
    score_file_on_cluster(exports / "a.csv", tmp_path / "one.csv", **there)
    score_file(exports / "a.csv", tmp_path / "two.csv", analyzer=TinyAnalyzer(), chunk_rows=20)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_killed_worker_costs_time_and_a_poisonous_file_only_itself(
    tmp_path: Path, exports: Path, cluster: str
) -> None:
    for number in range(4):
        lines = [f"{n},{'slip' if (number, n) == (1, 5) else 'good'}\n" for n in range(10)]
        (exports / f"e{number}.csv").write_text("id,text\n" + "".join(lines))
    (exports / "p.csv").write_text("id,text\n1,poison\n")
    (exports / "q.csv").write_text("id,words\n1,bad\n")
    summary = score_files_on_cluster(
        exports, tmp_path / "far", cluster=cluster, analyzer=MortalAnalyzer(tmp_path), chunk_rows=2
    )
    assert (tmp_path / "slipped").exists(), "no worker was killed"
    assert [(failed.source, failed.error[:27]) for failed in summary.failed] == [
        (str(exports / "p.csv"), "It ended every worker that "),
        (str(exports / "q.csv"), "No column is called 'text' "),
    ]
    (exports / "p.csv").unlink()
    (exports / "q.csv").unlink()
    score_files(exports, tmp_path / "local", analyzer=TinyAnalyzer())
    assert contents(tmp_path / "far") == contents(tmp_path / "local")


def test_a_killed_worker_costs_a_streamed_file_nothing_but_time(tmp_path: Path, cluster: str) -> None:
    lines = [f"{n},{'slip' if n == 55 else 'bad'}\n" for n in range(100)]
    (tmp_path / "in.csv").write_text("id,text\n" + "".join(lines))
    there: dict[str, Any] = {"cluster": cluster, "analyzer": MortalAnalyzer(tmp_path), "chunk_rows": 10}
    score_file_on_cluster(tmp_path / "in.csv", tmp_path / "far.csv", **there)
    assert (tmp_path / "slipped").exists(), "no worker was killed"
    score_file(tmp_path / "in.csv", tmp_path / "local.csv", analyzer=TinyAnalyzer())
    assert (tmp_path / "far.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    (tmp_path / "in.csv").write_text("id,text\n" + "".join(lines).replace("slip", "poison"))
    with pytest.raises(ClusterError, match="A chunk ended every worker that tried it"):
        score_file_on_cluster(tmp_path / "in.csv", tmp_path / "p.csv", **there)
    assert not (tmp_path / "p.csv").exists()


def test_an_interrupted_folder_is_resumed(tmp_path: Path, exports: Path, cluster: str) -> None:
    there: dict[str, Any] = {"cluster": cluster, "analyzer": TinyAnalyzer()}

    def stop(progress: Any) -> None:
        if progress.fraction >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_files_on_cluster(exports, tmp_path / "far", progress=stop, **there)
    summary = score_files_on_cluster(exports, tmp_path / "far", resume=True, **there)
    assert len(summary.skipped) == len(summary.files) == 2
    score_files(exports, tmp_path / "local", analyzer=TinyAnalyzer())
    assert contents(tmp_path / "far") == contents(tmp_path / "local")
    again = score_files_on_cluster(exports, tmp_path / "far", resume=True, **there)
    assert again.skipped == ()


def test_bad_places_are_named(tmp_path: Path, exports: Path, cluster: str) -> None:
    there: dict[str, Any] = {"cluster": cluster, "analyzer": TinyAnalyzer()}
    with pytest.raises(InputError, match="No file fits 'file:///nowhere/"):
        score_files_on_cluster("file:///nowhere/*.csv", tmp_path / "far", **there)
    with pytest.raises(InputError, match="strange://in/ cannot be reached: Protocol not known"):
        score_files_on_cluster("strange://in/", tmp_path / "far", **there)
    with pytest.raises(InputError, match=r"Several inputs are called a\.csv"):
        score_files_on_cluster([exports / "a.csv", f"file://{exports}/a.csv"], tmp_path / "far", **there)
    assert not (tmp_path / "far").exists()
    with pytest.raises(OutputError, match="would replace their sources"):
        score_files_on_cluster(exports, exports, **there)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="File exists"):
        score_files_on_cluster(exports, tmp_path / "taken", **there)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("local:x", "'local:x' is no cluster. Local ones are written local or local:4."),
        ("local:0", "'local:0' is no cluster"),
        ("tcp://127.0.0.1:1", "The cluster at tcp://127.0.0.1:1 cannot be reached"),
    ],
)
def test_clusters_that_are_not_there(
    tmp_path: Path, exports: Path, monkeypatch: pytest.MonkeyPatch, address: str, message: str
) -> None:
    monkeypatch.setattr("feedback_nlp.distributed.session._CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match=message):
        score_files_on_cluster(exports, tmp_path / "far", cluster=address, analyzer=TinyAnalyzer())


def test_without_dask_the_package_to_install_is_named(
    tmp_path: Path, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"Dask is not installed. pip install 'feedback-nlp\[cluster\]'"):
        score_files_on_cluster(exports, tmp_path / "far", cluster="local")


def test_the_command_scores_on_a_cluster_it_is_told_of(tmp_path: Path, cluster: str) -> None:
    (tmp_path / "in.csv").write_text("id,text\n1,The courier was friendly and quick.\n")
    run = CliRunner().invoke
    ended = run(
        commands, ["score", f"{tmp_path}/in.csv", "-o", f"{tmp_path}/out/", "--cluster", cluster, "--json"]
    )
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["files"][0]["by_sentiment"] == {"positive": 1}
    ended = run(commands, ["score", f"{tmp_path}/in.csv", "-o", f"{tmp_path}/out.csv", "--cluster", cluster])
    assert ended.exit_code == 0, ended.stderr
    assert (tmp_path / "out" / "in.csv").read_bytes() == (tmp_path / "out.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["s3://b/in.csv", "-o", "out/"], "s3://b/in.csv is read and written with --cluster only"),
        (["in.csv", "-o", "out/", "--cluster", "local", "--workers", "2"], "A cluster has its own workers"),
    ],
)
def test_the_command_refuses_what_does_not_go_together(arguments: list[str], message: str) -> None:
    ended = CliRunner().invoke(commands, ["score", *arguments])
    assert ended.exit_code == 2
    assert message in " ".join(ended.stderr.split())
