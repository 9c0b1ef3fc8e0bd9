"""Chunks: rows that were read together and are scored and written together.

Every format keeps its rows in the shape that loses nothing and costs least: cells for CSV and Excel, objects with
their source text for JSON Lines, a record batch for Parquet. All of them answer the same three questions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol

from feedback_nlp.records import RejectedRow

__all__ = [
    "DEFAULT_CHUNK_ROWS",
    "ArrowChunk",
    "CellChunk",
    "Chunk",
    "ObjectChunk",
    "Table",
    "cell_text",
    "json_value",
]

#: Rows a chunk: enough to fill the analyzer's batches, few enough to report progress and to lose little.
DEFAULT_CHUNK_ROWS = 4096


class Chunk(Protocol):
    """Some rows of a table, in order, with the rows that could not be read between them."""

    rejected: list[RejectedRow]
    fraction: float | None

    def __len__(self) -> int: ...

    def values(self, column: int) -> list[Any]:
        """Return one column, by its place in the table's columns."""
        ...

    def rows(self) -> list[list[Any]]:
        """Return the cells of each row in the order of the table's columns."""
        ...

    def lines(self) -> Sequence[int]:
        """Return the line of the file on which each row starts, or its row number."""
        ...


class Table(Protocol):
    """An open input: its columns and its rows, chunk by chunk."""

    name: str
    columns: tuple[str, ...]
    warnings: list[str]

    def chunks(self) -> Iterator[Chunk]:
        """Iterate over the chunks from the first row."""
        ...


@dataclass(slots=True)
class CellChunk:
    """Rows of CSV or Excel.

    Parameters
    ----------
    cells : list of list
        One list of cells a row; all strings when `raw` is there.
    starts : list of int
        Line on which each row starts.
    rejected : list of RejectedRow
    fraction : float or None
        Share of the input read so far.
    raw : list of str or None
        Each row as it stands in the file, without its line end.
    """

    cells: list[list[Any]]
    starts: list[int]
    rejected: list[RejectedRow] = field(default_factory=list)
    fraction: float | None = None
    raw: list[str] | None = None

    def __len__(self) -> int:
        return len(self.cells)

    def values(self, column: int) -> list[Any]:
        """Return one column."""
        return [row[column] for row in self.cells]

    def rows(self) -> list[list[Any]]:
        """Return all cells."""
        return self.cells

    def lines(self) -> Sequence[int]:
        """Return the line on which each row starts."""
        return self.starts


@dataclass(slots=True)
class ObjectChunk:
    """Rows of JSON Lines.

    Parameters
    ----------
    columns : tuple of str
        The keys that `rows` and `values` go by.
    objects : list of dict
    raw : list of str
        Each object as it stands in the file.
    starts : list of int
        Line of each object.
    """

    columns: tuple[str, ...]
    objects: list[dict[str, Any]]
    raw: list[str]
    starts: list[int]
    rejected: list[RejectedRow] = field(default_factory=list)
    fraction: float | None = None

    def __len__(self) -> int:
        return len(self.objects)

    def values(self, column: int) -> list[Any]:
        """Return the values of one key; None where an object lacks it."""
        key = self.columns[column]
        return [item.get(key) for item in self.objects]

    def rows(self) -> list[list[Any]]:
        """Return the values in the order of the columns."""
        return [[item.get(key) for key in self.columns] for item in self.objects]

    def lines(self) -> Sequence[int]:
        """Return the line of each object."""
        return self.starts


@dataclass(slots=True)
class ArrowChunk:
    """Rows of Parquet, still in their column types.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
    first_row : int
        Number of the first row, from 1.
    """

    batch: Any
    first_row: int
    rejected: list[RejectedRow] = field(default_factory=list)
    fraction: float | None = None

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def values(self, column: int) -> list[Any]:
        """Return one column as Python values."""
        values: list[Any] = self.batch.column(column).to_pylist()
        return values

    def rows(self) -> list[list[Any]]:
        """Return the cells of each row as Python values."""
        columns = [self.batch.column(number).to_pylist() for number in range(self.batch.num_columns)]
        return [list(row) for row in zip(*columns, strict=True)]

    def lines(self) -> Sequence[int]:
        """Return the number of each row."""
        return range(self.first_row, self.first_row + len(self))


def cell_text(value: Any) -> str:
    """Return a typed value as the text of a CSV cell.

    Nothing becomes the empty cell, times become ISO 8601, whole floats lose their ".0" only if they come from
    Excel (which knows no integers; its reader sees to that), lists and objects become JSON.

    Examples
    --------
    >>> [cell_text(value) for value in (None, True, 4.5, [1, "a"])]
    ['', 'true', '4.5', '[1, "a"]']
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    plain = json_value(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def json_value(value: Any) -> Any:
    """Return a value as JSON knows it: times become ISO 8601, bytes text, decimals strings, NaN null."""
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return str(value) if isinstance(value, timedelta | Decimal) else repr(value)
