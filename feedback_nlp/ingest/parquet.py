"""Parquet: record batches in their column types, one row group's worth of memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedback_nlp.errors import UnreadableFileError
from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS, ArrowChunk
from feedback_nlp.ingest.delimited import MAX_COLUMNS
from feedback_nlp.ingest.source import Source

__all__ = ["ParquetTable"]


class ParquetTable:
    """A Parquet file, read from its first row each time `chunks` is called.

    Parameters
    ----------
    source : Source
    chunk_rows : int, default=4096

    Attributes
    ----------
    columns : tuple of str
    schema : pyarrow.Schema
    warnings : list of str

    Raises
    ------
    UnreadableFileError
        The file is damaged, cut off, or has more than 16,384 columns.
    """

    def __init__(self, source: Source, *, chunk_rows: int = DEFAULT_CHUNK_ROWS) -> None:
        source.spool()
        self.name = source.name
        self.warnings: list[str] = []
        self._source = source
        self._chunk_rows = chunk_rows
        with source.open_raw() as raw:
            file = self._open(raw)
            self.schema = file.schema_arrow
            self._row_count = int(file.metadata.num_rows)
        self.columns: tuple[str, ...] = tuple(self.schema.names)
        if len(self.columns) > MAX_COLUMNS:
            raise UnreadableFileError(
                f"{self.name} has {len(self.columns):,} columns; at most {MAX_COLUMNS:,} are read."
            )

    def _open(self, raw: Any) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(raw)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> UnreadableFileError:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        return UnreadableFileError(
            f"{self.name} is damaged or cut off (Parquet: {first_line}).", remedy="Fetch or export it again."
        )

    def chunks(self) -> Iterator[ArrowChunk]:
        """Iterate over the rows, `chunk_rows` at a time."""
        import pyarrow as pa

        row = 1
        with self._source.open_raw() as raw:
            batches = self._open(raw).iter_batches(batch_size=self._chunk_rows)
            while True:
                try:
                    batch = next(batches, None)
                except (pa.ArrowException, OSError) as error:
                    raise self._damaged(error) from error
                if batch is None:
                    return
                fraction = (row - 1 + batch.num_rows) / self._row_count
                yield ArrowChunk(batch, row, fraction=fraction)
                row += batch.num_rows
