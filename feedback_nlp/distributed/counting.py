"""The rows that stand in a scored file, counted from its bytes rather than taken from whoever wrote them."""

from __future__ import annotations

import codecs
import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from feedback_nlp.ingest.lines import MAX_ROW_CHARACTERS, line_blocks
from feedback_nlp.ingest.source import Source, split_ending

__all__ = ["count_rows"]

_COLUMNS = re.compile(rb"fb_status([^a-z])fb_language\1")


def count_rows(made: Path) -> int:
    """Return how many rows a scored file holds.

    Parquet says so in its footer, JSON Lines has one on each line; CSV is read once more, cells and all, since a line
    end may stand within quotes.
    """
    if split_ending(made)[0] == "parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(made).num_rows)
    if not made.stat().st_size:  # JSON Lines without a row
        return 0
    source = Source(made)
    if source.format == "jsonl":
        return sum(block.count(b"\n") for block in source.blocks())
    columns = _COLUMNS.search(source.head())
    return _csv_rows(source, columns[1].decode() if columns else ",")


def _csv_rows(source: Source, delimiter: str) -> int:
    # Of the whole process; reading a source of another format did not need it.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_ROW_CHARACTERS))
    rows = csv.reader(_lines(source), delimiter=delimiter, strict=True)
    return max(0, sum(map(bool, rows)) - 1)  # less the header


def _lines(source: Source) -> Iterator[str]:
    """Yield the lines of a file that we wrote, which is UTF-8."""
    for block in line_blocks(codecs.iterdecode(source.blocks(), "utf-8"), limit=sys.maxsize):
        assert isinstance(block, list)  # noqa: S101 - no line is longer than that
        yield from block
