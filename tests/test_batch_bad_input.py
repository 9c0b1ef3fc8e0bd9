"""Every way in which scoring a file can go wrong: a clear error, and nothing half-written."""

from __future__ import annotations

import gzip
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feedback_nlp import (
    InputError,
    MissingColumnError,
    OutputError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from feedback_nlp.batch import score_file
from tests.tiny_analyzer import TinyAnalyzer

ROOT = Path(__file__).parent.parent


@pytest.fixture
def source(tmp_path):
    (tmp_path / "in.csv").write_text("id,text\n" + "".join(f"{n},bad\n" for n in range(1000)))
    return tmp_path / "in.csv"


def left_over(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "in.csv")


def fails(error, match, source, target, **options):
    with pytest.raises(error, match=match) as caught:
        score_file(source, target, analyzer=TinyAnalyzer(), **options)
    return caught.value


def test_a_missing_text_column(tmp_path, source):
    error = fails(
        MissingColumnError, "the columns are 'id', 'text'", source, tmp_path / "o.csv", text_column="txt"
    )
    assert "Did you mean 'text'?" in str(error)
    assert left_over(tmp_path) == []


def test_other_named_columns_that_are_missing(tmp_path, source):
    for name in ("language_column", "rating_column"):
        fails(MissingColumnError, "There is no column 'x'", source, tmp_path / "o.csv", **{name: "x"})
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("name", ["out.xlsx", "out.docx", "out", "out.parquet.gz"])
def test_endings_without_a_writer(tmp_path, source, name):
    fails(UnsupportedFormatError, r"no writer for the ending .*\n?", source, tmp_path / name)
    assert left_over(tmp_path) == []


def test_parquet_to_standard_output(source):
    fails(UnsupportedFormatError, "cannot be written to a stream", source, "-", target_format="parquet")


def test_a_missing_output_folder(tmp_path, source):
    error = fails(OutputError, "cannot be written", source, tmp_path / "none" / "out.csv")
    assert "Create the folder first." in str(error)
    fails(
        OutputError, "folder is missing", source, tmp_path / "out.csv", rejected=tmp_path / "none" / "r.jsonl"
    )
    assert left_over(tmp_path) == []


def test_a_target_that_is_a_folder(tmp_path, source):
    (tmp_path / "out.csv").mkdir()
    fails(OutputError, "is a folder", source, tmp_path / "out.csv")


READ_ONLY = """
import os, sys
from feedback_nlp import OutputError
from feedback_nlp.batch.target import PartialFile
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere
try:
    PartialFile(sys.argv[1]).open()
except OutputError as error:
    print(error)
"""


def test_a_read_only_output_folder():
    target = "/proc/out.csv"  # nobody may create files there, on any machine
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", READ_ONLY, target]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("/proc/out.csv cannot be written: ")


def test_a_folder_that_one_may_not_write_to(tmp_path, source, monkeypatch):
    (tmp_path / "locked").mkdir(mode=0o500)
    script = READ_ONLY.replace("PartialFile(sys.argv[1])", "os.chdir(sys.argv[1]) or PartialFile('out.csv')")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for folder in [tmp_path, *tmp_path.parents]:
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    (tmp_path / "locked").chmod(0o555)
    command = [sys.executable, "-c", script, str(tmp_path / "locked")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "Permission denied. Choose a folder that you may write to." in ended.stdout


def test_a_full_disk_behind_a_device(source):
    error = fails(OutputError, "No space left on device", source, "/dev/full")
    assert "Free some space" in str(error)


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_a_disk_that_takes_no_more(tmp_path, source, name):
    (tmp_path / name).write_text("old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, limit[1]))
    try:
        fails(OutputError, "File too large", source, tmp_path / name, chunk_rows=10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (tmp_path / name).read_text() == "old"
    score_file(source, tmp_path / name, analyzer=TinyAnalyzer(), chunk_rows=10, resume=True)
    score_file(source, tmp_path / f"whole-{name}", analyzer=TinyAnalyzer(), chunk_rows=10)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()


@pytest.fixture
def small_disk(tmp_path):
    """Give a file system of 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may make a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(not shutil.which("mount"), reason="there is no mount command to make a small disk with")
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_full_disk_keeps_what_was_there(small_disk, source, name):
    (small_disk / name).write_text("old")
    error = fails(OutputError, "No space left on device", source, small_disk / name, chunk_rows=100)
    assert "Free some space" in str(error)
    assert (small_disk / name).read_text() == "old"


def test_standard_output_that_is_closed(source):
    script = (
        "from feedback_nlp import OutputError; from feedback_nlp.batch import score_file; import sys\n"
        "from tests.tiny_analyzer import TinyAnalyzer\n"
        "try: score_file(sys.argv[1], '-', analyzer=TinyAnalyzer(), chunk_rows=1)\n"
        "except OutputError as error: print(error, file=sys.stderr)\n"
    )
    command = f'"{sys.executable}" -c "$SCRIPT" "{source}" | head -n 1'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCRIPT": script}
    ended = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.stdout.startswith("id,text,fb_status")
    assert "standard output cannot be written: Broken pipe." in ended.stderr


def test_a_source_that_changes_while_it_is_read(tmp_path, source):
    def change(progress):
        with source.open("a") as file:
            file.write("x,y\n")

    error = fails(
        UnreadableFileError, "changed while it was being read", source, tmp_path / "o.csv", progress=change
    )
    assert "Score it again" in str(error)
    assert left_over(tmp_path) == []


def test_a_source_that_vanishes(tmp_path, source):
    fails(UnreadableFileError, "No such file", source, tmp_path / "o.csv", progress=lambda _: source.unlink())
    assert left_over(tmp_path) == []


def test_a_compressed_file_cut_in_the_middle(tmp_path):
    rows = "".join(f"{n},{n * 7919 % 10007}\n" for n in range(50_000)).encode()
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress(b"id,text\n" + rows)[:-5000])
    fails(
        UnreadableFileError,
        r"is damaged or cut off \(gzip",
        tmp_path / "in.csv.gz",
        tmp_path / "o.csv",
        chunk_rows=10,
    )
    assert left_over(tmp_path) == ["in.csv.gz"]


def test_a_parquet_file_cut_in_the_middle(tmp_path):
    pq.write_table(pa.table({"text": list(map(str, range(9000)))}), tmp_path / "whole.parquet")
    (tmp_path / "in.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:9000])
    fails(UnreadableFileError, "cut off", tmp_path / "in.parquet", tmp_path / "o.csv")
    assert left_over(tmp_path) == ["in.parquet", "whole.parquet"]


def test_a_row_of_ten_megabytes_is_rejected_and_the_others_scored(tmp_path):
    (tmp_path / "in.csv").write_text("id,text\n1," + "bad " * 2_500_000 + "\n2,bad\n")
    summary = score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=TinyAnalyzer())
    assert (summary.rows_written, summary.rows_rejected) == (1, 1)


def test_a_text_of_a_megabyte_is_scored_whole(tmp_path):
    text = "bad, " * 200_000
    (tmp_path / "in.csv").write_text(f'id,text\n1,"{text}"\n')
    tiny = TinyAnalyzer()
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=tiny)
    assert tiny.seen[0][0] == text
    assert (tmp_path / "out.csv").read_text().count(text) == 1


def test_a_hundred_thousand_columns(tmp_path):
    (tmp_path / "in.csv").write_text(",".join(["text", *map(str, range(99_999))]) + "\n")
    fails(UnreadableFileError, "100,000 columns", tmp_path / "in.csv", tmp_path / "out.csv")
    assert left_over(tmp_path) == []


def test_rejected_rows_may_not_replace_what_is_read_or_written(tmp_path, source):
    for name in ("in.csv", "out.csv"):
        fails(OutputError, "would replace", source, tmp_path / "out.csv", rejected=tmp_path / name)


@pytest.mark.parametrize(
    ("options", "message"), [({"workers": 0}, "one worker"), ({"chunk_rows": 0}, "one row")]
)
def test_numbers_that_make_no_sense(tmp_path, source, options, message):
    fails(InputError, message, source, tmp_path / "out.csv", **options)


def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for rows in (6_000, 24_000):
        with (tmp_path / "in.csv").open("w") as file:
            file.write("id,text\n")
            file.writelines(f"{number},{'bad news ' * 60}\n" for number in range(rows))
        analyzer = TinyAnalyzer()
        analyzer.seen = type("Nothing", (), {"append": lambda *_: None})()
        tracemalloc.start()
        score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=analyzer, chunk_rows=1000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
