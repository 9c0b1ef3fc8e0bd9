"""What a worker does besides scoring: counting what it wrote, and keeping the memory that it frees."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from feedback_nlp.batch import score_file
from feedback_nlp.distributed.allocator import free_at_once, keep_freed
from feedback_nlp.distributed.counting import count_rows
from tests.tiny_analyzer import TinyAnalyzer

ROWS = 'id;text\n1;"two\nlines; and ""quotes"""\n2;a 5" screen\n3;good\n'


@pytest.mark.parametrize(
    "name", ["out.csv", "out.tsv", "out.csv.gz", "out.jsonl", "out.jsonl.zst", "out.parquet"]
)
def test_rows_are_counted_in_the_file_itself(tmp_path: Path, name: str) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    score_file(tmp_path / "in.csv", tmp_path / name, analyzer=TinyAnalyzer())
    assert count_rows(tmp_path / name) == 3


def test_a_row_that_is_gone_is_missed(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    score_file(tmp_path / "in.csv", tmp_path / "out.csv", analyzer=TinyAnalyzer())
    kept = (tmp_path / "out.csv").read_text().removesuffix("\n").rpartition("\n")[0]
    (tmp_path / "out.csv").write_text(kept)
    assert count_rows(tmp_path / "out.csv") == 2
    (tmp_path / "out.csv").write_text("")
    assert count_rows(tmp_path / "out.csv") == 0


def test_cells_longer_than_the_modules_limit_are_counted(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "' + "good " * 40_000 + '"}\n')
    score_file(tmp_path / "in.jsonl", tmp_path / "out.csv", analyzer=TinyAnalyzer())
    assert count_rows(tmp_path / "out.csv") == 1


def test_the_allocator_takes_both_orders_where_it_is_the_gnu_one() -> None:
    gnu = platform.libc_ver()[0] == "glibc"
    assert free_at_once({"MALLOC_TRIM_THRESHOLD_": "65536"}) is gnu
    assert keep_freed() is gnu
