"""One door for every format."""

from __future__ import annotations

from pathlib import Path

from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS
from feedback_nlp.ingest.delimited import DelimitedTable
from feedback_nlp.ingest.excel import ExcelTable
from feedback_nlp.ingest.jsonl import JsonLinesTable
from feedback_nlp.ingest.parquet import ParquetTable
from feedback_nlp.ingest.source import FileFormat, Source

__all__ = ["AnyTable", "open_table"]

AnyTable = DelimitedTable | JsonLinesTable | ParquetTable | ExcelTable


def open_table(
    path: str | Path | Source,
    *,
    file_format: FileFormat | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    chunk_rows: int = DEFAULT_CHUNK_ROWS,
) -> AnyTable:
    """Open a file for reading rows, chunk by chunk.

    Parameters
    ----------
    path : str, Path or Source
        A .csv, .tsv, .txt, .jsonl, .ndjson, .json, .parquet or .xlsx file, the text formats also with .gz, .bz2,
        .xz or .zst; or "-" for standard input.
    file_format : {"csv", "jsonl", "parquet", "xlsx"} or None, default=None
        Instead of the ending.
    encoding : str or None, default=None
        Guessed if None; text formats only.
    delimiter : str or None, default=None
        Guessed if None; CSV only.
    chunk_rows : int, default=4096
        Most rows of a chunk.

    Returns
    -------
    DelimitedTable, JsonLinesTable, ParquetTable or ExcelTable
        With `columns`, `warnings` and `chunks()`.

    Raises
    ------
    UnreadableFileError
        The file is not there, empty, damaged or not what its ending says.
    UnsupportedFormatError
        No reader for its ending.
    """
    source = path if isinstance(path, Source) else Source(path, file_format)
    if source.format == "csv":
        return DelimitedTable(source, encoding=encoding, delimiter=delimiter, chunk_rows=chunk_rows)
    if source.format == "jsonl":
        return JsonLinesTable(source, encoding=encoding, chunk_rows=chunk_rows)
    return (ParquetTable if source.format == "parquet" else ExcelTable)(source, chunk_rows=chunk_rows)
