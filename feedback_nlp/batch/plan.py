"""What is settled before the first row is read: formats, which column is which, how rows are written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from feedback_nlp.batch.columnar import ParquetWriter
from feedback_nlp.batch.scoring import Texts
from feedback_nlp.batch.target import is_stream
from feedback_nlp.batch.writers import CsvWriter, JsonLinesWriter, RowWriter
from feedback_nlp.errors import InputError, UnsupportedFormatError
from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS, CellChunk, Chunk, cell_text
from feedback_nlp.ingest.columns import find_column, find_text_column, parse_rating
from feedback_nlp.ingest.delimited import DelimitedTable
from feedback_nlp.ingest.jsonl import JsonLinesTable
from feedback_nlp.ingest.parquet import ParquetTable
from feedback_nlp.ingest.replace import replace_column
from feedback_nlp.ingest.source import FileFormat, Source, split_ending
from feedback_nlp.ingest.table import AnyTable, open_table
from feedback_nlp.records import SCORED_COLUMNS
from feedback_nlp.redact import Redactor

__all__ = ["Plan", "ScoreOptions"]

_TAB_ENDINGS = (".tsv", ".tab")
_HEAD_BYTES = 1 << 16
_WRITTEN = ".csv, .tsv, .jsonl, .ndjson (these also with .gz, .bz2, .xz or .zst) and .parquet"


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """How files are read and written, as in `score_file`; messages call the source `source_name`."""

    text_column: str | None = None
    rating_column: str | None = None
    language_column: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    source_format: FileFormat | None = None
    target_format: FileFormat | None = None
    chunk_rows: int = DEFAULT_CHUNK_ROWS
    resume: bool = False
    spreadsheet_safe: bool = False
    precision: float | None = None
    redactor: Redactor | None = None
    source_name: str | None = None


class Plan:
    """How one file becomes another.

    Parameters
    ----------
    path : str or Path
        The source.
    target : str or Path
    options : ScoreOptions
    scored_columns : sequence of str, default=SCORED_COLUMNS
        Names of the fb_ columns.

    Attributes
    ----------
    source : Source
    table : DelimitedTable, JsonLinesTable, ParquetTable or ExcelTable
    format : {"csv", "jsonl", "parquet"}
        Of the target.
    writer : RowWriter
    warnings : list of str
        Those of the table and those of the plan.
    """

    def __init__(
        self,
        path: str | Path,
        target: str | Path,
        options: ScoreOptions,
        scored_columns: Sequence[str] = SCORED_COLUMNS,
    ) -> None:
        self._scored = scored_columns
        if options.chunk_rows < 1:
            raise InputError(f"A chunk must have at least one row, not {options.chunk_rows}.")
        self._options = options
        self.source = Source(path, options.source_format, name=options.source_name)
        self.format = target_format(target, options.target_format, self.source)
        self.table: AnyTable = open_table(
            self.source, encoding=options.encoding, delimiter=options.delimiter, chunk_rows=options.chunk_rows
        )
        self.warnings = self.table.warnings
        if isinstance(self.table, JsonLinesTable) and self.format != "jsonl":
            self.table.scan()  # a table's columns stand before its first row
        columns = self.table.columns
        self._text = find_text_column(columns, options.text_column)
        self._rating = find_column(columns, "rating", options.rating_column)
        self._language = (
            None
            if options.language_column is None
            else find_column(columns, "language", options.language_column)
        )
        if options.text_column is None and columns[self._text] != "text":
            self.warnings.append(f"The text was taken from the column {columns[self._text]!r}.")
        self.writer: RowWriter = self._build_writer(target)

    def _build_writer(self, target: str | Path) -> RowWriter:
        columns = self.table.columns
        if self.format == "parquet":
            schema = self.table.schema if isinstance(self.table, ParquetTable) else None
            kinds = self.table.kinds if isinstance(self.table, JsonLinesTable) else None
            return ParquetWriter(columns, schema=schema, kinds=kinds, scored_columns=self._scored)
        if self.format == "jsonl":
            return JsonLinesWriter(columns, self._scored)
        read_with = self.table.delimiter if isinstance(self.table, DelimitedTable) else None
        written_with = _delimiter_of(split_ending(target)[2]) or read_with or ","
        if self.source.ending in _TAB_ENDINGS and split_ending(target)[2] == ".csv":
            written_with = ","  # both endings speak for themselves
        return CsvWriter(
            columns,
            delimiter=written_with,
            as_read=written_with == read_with,
            spreadsheet_safe=self._options.spreadsheet_safe,
            scored_columns=self._scored,
        )

    def texts_of(self, chunk: Chunk) -> Texts:
        """Return what the analyzer needs of a chunk."""
        texts = self._plain_texts(chunk)
        languages = (
            None if self._language is None else [_code(value) for value in chunk.values(self._language)]
        )
        return Texts(texts, self._ratings(chunk), languages)

    def _plain_texts(self, chunk: Chunk) -> list[str]:
        values = chunk.values(self._text)
        if isinstance(chunk, CellChunk) and chunk.raw is not None:
            return values  # all text already
        return [value if isinstance(value, str) else cell_text(value) for value in values]

    def masked(self, chunk: Chunk) -> Chunk:
        """Return the chunk with the personal data in its texts and rejected rows masked, if that was asked for."""
        redactor = self._options.redactor
        if redactor is None:
            return chunk
        texts = self._plain_texts(chunk)
        masked = list(redactor.mask_many(texts))
        changed = [row for row, (was, now) in enumerate(zip(texts, masked, strict=True)) if was is not now]
        kept = replace_column(chunk, self._text, masked, changed)
        kept.rejected = [replace(row, raw=redactor.mask(row.raw).text) for row in chunk.rejected]
        return kept

    def _ratings(self, chunk: Chunk) -> list[float | None] | None:
        if self._rating is None:
            return None
        values = chunk.values(self._rating)
        known: dict[Any, float | None] = {}
        for value in set(map(cell_text, values)):
            known[value] = parse_rating(value)
        return [known[cell_text(value)] for value in values]

    def identity(self, model: str) -> dict[str, Any]:
        """Return what must be the same for an interrupted run to be resumed."""
        status = self.source.fingerprint()
        options = self._options
        return {
            "journal": 1,
            "source": str(self.source.path.resolve()) if self.source.path else "-",
            "size": status.get("size"),
            "mtime_ns": status.get("mtime_ns"),
            "head": hashlib.sha256(self.source.head()[:_HEAD_BYTES]).hexdigest(),
            "model": model,
            "target_format": self.format,
            "columns_used": [self._text, self._rating, self._language],
            "encoding": options.encoding,
            "delimiter": options.delimiter,
            "chunk_rows": options.chunk_rows,
            "spreadsheet_safe": options.spreadsheet_safe,
            "precision": options.precision,
            "mask": options.redactor.identity() if options.redactor else None,
        }


def _delimiter_of(ending: str) -> str | None:
    return "\t" if ending in _TAB_ENDINGS else None


def _code(value: Any) -> str | None:
    """Return a language code as the analyzer takes it; an empty cell means: find out."""
    return cell_text(value).strip().lower() or None


def target_format(target: str | Path, wanted: FileFormat | None, source: Source | None = None) -> FileFormat:
    """Return the format to write: the one wanted, else by the ending, else (for a stream) that of the source.

    Raises
    ------
    UnsupportedFormatError
        No writer for the ending, or Parquet to a stream.
    """
    stream = is_stream(target)
    stated, compression, ending = (None, None, "") if stream else split_ending(target)
    found = wanted or stated
    if found is None and stream:
        found = "jsonl" if source is not None and source.format == "jsonl" else "csv"
    if found not in ("csv", "jsonl", "parquet") or (found == "parquet" and compression):
        raise UnsupportedFormatError(
            f"{target}: no writer for the ending {ending or '(none)'!r}.",
            remedy=f"Endings that are written: {_WRITTEN}.",
        )
    if found == "parquet" and stream:
        raise UnsupportedFormatError("Parquet cannot be written to a stream.", remedy="Name a file.")
    return found
