"""Chunks and their fb_ columns to the bytes of CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any, Protocol

from feedback_nlp.ingest.chunks import CellChunk, Chunk, ObjectChunk, cell_text, json_value
from feedback_nlp.records import OWN_COLUMNS, SCORED_COLUMNS

__all__ = [
    "REPLACED_COLUMNS",
    "CsvWriter",
    "JsonLinesWriter",
    "RowWriter",
    "kept_places",
    "safe_cell",
    "typed_columns",
    "unique_names",
]

#: Input columns that a scored file replaces. Other names that begin with fb_ belong to the user and stay.
REPLACED_COLUMNS = frozenset(SCORED_COLUMNS + OWN_COLUMNS)
_NUMBERS = frozenset(
    name
    for name in SCORED_COLUMNS + OWN_COLUMNS
    if name.startswith("fb_p_") or name in ("fb_sentiment_score", "fb_confidence", "fb_label_probability")
)
_ALWAYS = frozenset({"fb_status", "fb_language", "fb_model"})
_LISTS = frozenset({"fb_flags", "fb_topics", "fb_label"})
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_FORMULA_STARTS = "=+-@\t\r\n"
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?%?$")


class RowWriter(Protocol):
    """Encodes a scored file piece by piece; the pieces are written one behind the other."""

    def header(self) -> bytes:
        """Return what stands before the first row."""
        ...

    def encode(self, chunk: Chunk, scored: list[list[str]]) -> bytes:
        """Return the rows of a chunk."""
        ...


def kept_places(columns: Sequence[str]) -> list[int]:
    """Return the places of the input columns that stay."""
    return [place for place, name in enumerate(columns) if name not in REPLACED_COLUMNS]


def unique_names(columns: Sequence[str]) -> list[str]:
    """Return names for formats that need each once: an empty one becomes column_N, a second "a" becomes "a.2".

    Examples
    --------
    >>> unique_names(["id", "", "id"])
    ['id', 'column_2', 'id.2']
    """
    taken: set[str] = set()
    names = []
    for place, column in enumerate(columns, 1):
        name = base = column or f"column_{place}"
        number = 1
        while name in taken or (number > 1 and name in columns):
            number += 1
            name = f"{base}.{number}"
        taken.add(name)
        names.append(name)
    return names


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a quote goes before = + - @, tab and line ends.

    A plain number stays as it is: it cannot be a formula, and other programs still need to read it.

    Examples
    --------
    >>> [safe_cell(text) for text in ("=1+1", "-5", "+49 30 1234", "@home", "fine")]
    ["'=1+1", '-5', "'+49 30 1234", "'@home", 'fine']
    """
    if text[:1] and text[0] in _FORMULA_STARTS and not _PLAIN_NUMBER.match(text):
        return f"'{text}"
    return text


class CsvWriter:
    """Writes CSV: UTF-8, lines ending in LF, quotes where they are needed.

    Where the input is CSV with the same delimiter and nothing in it changes, rows go out as they stand in the file,
    with the fb_ columns behind them.

    Parameters
    ----------
    columns : sequence of str
        Of the input.
    delimiter : str, default=","
    as_read : bool, default=False
        Whether the input is CSV with this delimiter.
    spreadsheet_safe : bool, default=False
        See `safe_cell`.
    scored_columns : sequence of str, default=SCORED_COLUMNS
        Names of the fb_ columns.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        delimiter: str = ",",
        as_read: bool = False,
        spreadsheet_safe: bool = False,
        scored_columns: Sequence[str] = SCORED_COLUMNS,
    ) -> None:
        self._columns = columns
        self._scored = scored_columns
        self._delimiter = delimiter
        self._safe = spreadsheet_safe
        self._kept = kept_places(columns)
        self._all_kept = len(self._kept) == len(columns)
        self._as_read = as_read and self._all_kept and not spreadsheet_safe

    def header(self) -> bytes:
        """Return the header row."""
        names = [self._columns[place] for place in self._kept]
        return self._rows([[*map(self._cell, names), *self._scored]])

    def _cell(self, text: str) -> str:
        return safe_cell(text) if self._safe else text

    def encode(self, chunk: Chunk, scored: list[list[str]]) -> bytes:
        """Return the rows of a chunk."""
        if (
            self._as_read
            and isinstance(chunk, CellChunk)
            and chunk.raw is not None
            and self._is_plain(scored)
        ):
            lines = map(self._delimiter.join, zip(chunk.raw, *scored, strict=True))
            return "\n".join([*lines, ""]).encode()
        return self._rows(map(list.__add__, self._kept_cells(chunk), map(list, zip(*scored, strict=True))))

    def _is_plain(self, scored: list[list[str]]) -> bool:
        """Whether no fb_ cell needs quotes."""
        cells = "".join(map("".join, scored))
        return not any(special in cells for special in (self._delimiter, '"', "\n", "\r"))

    def _kept_cells(self, chunk: Chunk) -> list[list[str]]:
        rows = chunk.rows()
        if not self._all_kept:
            rows = [[row[place] for place in self._kept] for row in rows]
        if not (isinstance(chunk, CellChunk) and chunk.raw is not None):
            rows = [[cell_text(cell) for cell in row] for row in rows]
        return [[safe_cell(cell) for cell in row] for row in rows] if self._safe else rows

    def _rows(self, rows: Any) -> bytes:
        rows = list(rows)
        text = self._write(rows, csv.QUOTE_MINIMAL)
        if "\r" in text:
            # The writer leaves a lone carriage return unquoted before Python 3.13; readers take it for a line end.
            text = "".join(
                self._write([row], csv.QUOTE_ALL if any("\r" in cell for cell in row) else csv.QUOTE_MINIMAL)
                for row in rows
            )
        return text.encode("utf-8", "replace")

    def _write(self, rows: list[list[str]], quoting: Any) -> str:
        buffer = io.StringIO(newline="")
        csv.writer(buffer, delimiter=self._delimiter, lineterminator="\n", quoting=quoting).writerows(rows)
        return buffer.getvalue()


def typed_columns(scored: list[list[str]], names: Sequence[str] = SCORED_COLUMNS) -> list[list[Any]]:
    """Return the fb_ columns in their types: numbers, true or false, text; None where there is no label."""
    statuses = scored[0]
    return [_typed(name, column, statuses) for name, column in zip(names, scored, strict=True)]


def _typed(name: str, column: list[str], statuses: list[str]) -> list[Any]:
    if name in _ALWAYS:
        return column
    if name in _NUMBERS:
        return [float(value) if value else None for value in column]
    if name == "fb_uncertain":
        return [value == "true" if value else None for value in column]
    if name in _LISTS:  # empty for an ok row means: none
        return [value if status == "ok" else None for value, status in zip(column, statuses, strict=True)]
    return [value or None for value in column]


@lru_cache(maxsize=4096)
def _quoted(value: str) -> str:
    return _ENCODE(value)


def _json_literals(name: str, column: list[str], statuses: list[str]) -> list[str]:
    """Return a column as JSON: a number keeps its four decimals."""
    if name in _NUMBERS or name == "fb_uncertain":
        return [value or "null" for value in column]
    return [_quoted(value) if value is not None else "null" for value in _typed(name, column, statuses)]


class JsonLinesWriter:
    """Writes JSON Lines: one object a row, the fb_ values in their types.

    Objects of a JSON Lines input go out as they stand in the file, with the fb_ values behind.

    Parameters
    ----------
    columns : sequence of str
        Of the input.
    scored_columns : sequence of str, default=SCORED_COLUMNS
        Names of the fb_ values.
    """

    def __init__(self, columns: Sequence[str], scored_columns: Sequence[str] = SCORED_COLUMNS) -> None:
        self._scored = scored_columns
        self._fragment = ", ".join(f'"{name}": %s' for name in scored_columns) + "}\n"
        self._kept = kept_places(columns)
        self._names = unique_names([columns[place] for place in self._kept])
        self._pick: Callable[[list[Any]], Any] = _picker(self._kept)
        # A key may hold a percent sign, which the template must not take for its own.
        self._texts = "{" + "".join(f"{_ENCODE(name).replace('%', '%%')}: %s, " for name in self._names)

    def header(self) -> bytes:
        """Return nothing: there is no header."""
        return b""

    def encode(self, chunk: Chunk, scored: list[list[str]]) -> bytes:
        """Return the rows of a chunk."""
        literals = [
            _json_literals(name, column, scored[0]) for name, column in zip(self._scored, scored, strict=True)
        ]
        ends = map(self._fragment.__mod__, zip(*literals, strict=True))
        lines = [body + end for body, end in zip(self._bodies(chunk), ends, strict=True)]
        return "".join(lines).encode("utf-8", "replace")

    def _bodies(self, chunk: Chunk) -> list[str]:
        """Return each object without its closing brace, ready for more."""
        if isinstance(chunk, ObjectChunk):
            return [_body(raw, item) for raw, item in zip(chunk.raw, chunk.objects, strict=True)]
        if isinstance(chunk, CellChunk) and chunk.raw is not None:  # all cells are text: five times as fast
            return [self._texts % tuple(map(encode_basestring, self._pick(row))) for row in chunk.cells]
        return [self._object(row) for row in chunk.rows()]

    def _object(self, row: list[Any]) -> str:
        values = map(json_value, self._pick(row))
        return _open(_ENCODE(dict(zip(self._names, values, strict=True))))


def _picker(places: list[int]) -> Callable[[list[Any]], Any]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: [row[place] for place in places]


def _body(raw: str, item: dict[str, Any]) -> str:
    # The cheap look comes first: nearly no line holds the prefix.
    if "fb_" in raw and not REPLACED_COLUMNS.isdisjoint(item):
        raw = _ENCODE({key: value for key, value in item.items() if key not in REPLACED_COLUMNS})
    return _open(raw)


def _open(text: str) -> str:
    body = text[:-1].rstrip()
    return body if body.endswith("{") else f"{body}, "
