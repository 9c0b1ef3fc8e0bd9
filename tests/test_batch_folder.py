"""Many files into a folder: names, places, partitions, failures and resuming."""

from __future__ import annotations

import csv

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feedback_nlp import InputError, OutputError
from feedback_nlp.batch import find_sources, score_files
from tests.tiny_analyzer import TinyAnalyzer


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    (folder / "old").mkdir(parents=True)
    for name, rows in (("a.csv", 3), ("b.csv", 2), ("old/a.csv", 1)):
        (folder / name).write_text("id,text\n" + "".join(f"{n},bad\n" for n in range(rows)))
    (folder / "notes.md").write_text("not an input")
    (folder / ".hidden.csv").write_text("x")
    (folder / "a.csv.rejected.jsonl").write_text("{}")
    return folder


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_pattern_scores_what_fits(tmp_path, exports):
    summary = score_files(str(exports / "*.csv"), tmp_path / "out", analyzer=TinyAnalyzer())
    assert files_in(tmp_path / "out") == ["a.csv", "b.csv"]
    assert [file.rows_written for file in summary.files] == [3, 2]
    assert (summary.failed, summary.skipped) == ((), ())


def test_a_folder_keeps_its_shape(tmp_path, exports):
    score_files(exports, tmp_path / "out", analyzer=TinyAnalyzer())
    assert files_in(tmp_path / "out") == ["a.csv", "b.csv", "old/a.csv"]


def test_a_list_of_files(tmp_path, exports):
    score_files([exports / "a.csv", exports / "b.csv"], tmp_path / "out", analyzer=TinyAnalyzer())
    assert files_in(tmp_path / "out") == ["a.csv", "b.csv"]


def test_two_files_of_one_name(exports):
    with pytest.raises(InputError, match=r"Several inputs are called a\.csv"):
        find_sources([exports / "a.csv", exports / "old" / "a.csv"])


@pytest.mark.parametrize("pattern", ["*.parquet", "none.csv", "nowhere/*"])
def test_a_pattern_that_nothing_fits(tmp_path, exports, pattern):
    with pytest.raises(InputError, match="No file fits"):
        score_files(str(exports / pattern), tmp_path / "out", analyzer=TinyAnalyzer())
    assert not (tmp_path / "out").exists()


def test_the_sources_are_never_replaced(exports):
    before = files_in(exports)
    with pytest.raises(OutputError, match="would replace their sources"):
        score_files(exports, exports, analyzer=TinyAnalyzer())
    assert files_in(exports) == before


def test_a_folder_that_cannot_be_made(tmp_path, exports):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="File exists"):
        score_files(exports, tmp_path / "out", analyzer=TinyAnalyzer())


def test_a_file_that_cannot_be_scored_costs_the_others_nothing(tmp_path, exports):
    (exports / "a.csv").write_text("id,words\n1,bad\n")
    summary = score_files(exports, tmp_path / "out", analyzer=TinyAnalyzer())
    assert files_in(tmp_path / "out") == ["b.csv", "old/a.csv"]
    assert [failed.source for failed in summary.failed] == [str(exports / "a.csv")]
    assert "the columns are 'id', 'words'" in summary.failed[0].error


def test_formats_can_be_changed(tmp_path, exports):
    score_files(exports, tmp_path / "out", analyzer=TinyAnalyzer(), target_format="parquet")
    assert files_in(tmp_path / "out") == ["a.parquet", "b.parquet", "old/a.parquet"]


def test_partitioned_parquet_in_and_out(tmp_path):
    table = pa.table({"month": ["2026-08", "2026-09", "2026-09"], "text": ["bad", "good", "bad"]})
    pq.write_to_dataset(table, tmp_path / "in", partition_cols=["month"])
    (tmp_path / "in" / "_SUCCESS").touch()
    summary = score_files(tmp_path / "in", tmp_path / "out", analyzer=TinyAnalyzer())
    assert sum(file.rows_written for file in summary.files) == 3
    out = pq.read_table(tmp_path / "out").to_pandas().sort_values(["month", "text"])
    assert out[["month", "text", "fb_sentiment"]].to_numpy().tolist() == [
        ["2026-08", "bad", "negative"],
        ["2026-09", "bad", "negative"],
        ["2026-09", "good", "positive"],
    ]


def test_an_interrupted_folder_is_resumed(tmp_path, exports):
    whole = score_files(exports, tmp_path / "whole", analyzer=TinyAnalyzer())
    left = [3]  # chunks of two rows: the third is the first of b.csv

    def stop(progress):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_files(exports, tmp_path / "out", analyzer=TinyAnalyzer(), chunk_rows=2, progress=stop)
    assert "b.csv" not in files_in(tmp_path / "out")
    tiny = TinyAnalyzer()
    summary = score_files(exports, tmp_path / "out", analyzer=tiny, chunk_rows=2, resume=True)
    assert summary.skipped == (str(exports / "a.csv"),)
    assert len(tiny.seen) == 1, "b.csv was scored already and only had to be put in place"
    assert files_in(tmp_path / "out") == files_in(tmp_path / "whole")
    for file in whole.files:
        name = file.target.replace("whole", "out")
        with open(file.target, newline="") as first, open(name, newline="") as second:
            assert list(csv.reader(first)) == list(csv.reader(second))


def test_a_finished_folder_is_scored_again(tmp_path, exports):
    for resume in (False, True):
        summary = score_files(exports, tmp_path / "out", analyzer=TinyAnalyzer(), resume=resume)
        assert summary.skipped == ()


def test_workers_serve_all_files(tmp_path, exports):
    score_files(exports, tmp_path / "one", analyzer=TinyAnalyzer())
    score_files(exports, tmp_path / "two", analyzer=TinyAnalyzer(), workers=2)
    for name in files_in(tmp_path / "one"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
