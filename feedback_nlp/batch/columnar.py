"""Chunks and their fb_ columns to Parquet.

A Parquet file cannot be continued after its writer was killed. So chunks are first appended as small Arrow streams,
which can, and the finished file is made of them in one pass at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from feedback_nlp.batch.writers import kept_places, typed_columns, unique_names
from feedback_nlp.ingest.chunks import ArrowChunk, CellChunk, Chunk, cell_text
from feedback_nlp.records import SCORED_COLUMNS

__all__ = ["ParquetWriter"]

_GROUP_ROWS = 131_072
_GROUP_BYTES = 64 << 20
_FLOATS = (
    "fb_sentiment_score",
    "fb_p_negative",
    "fb_p_neutral",
    "fb_p_positive",
    "fb_confidence",
    "fb_label_probability",
)


class ParquetWriter:
    """Writes the fb_ columns in their types behind the input's columns.

    Columns of Parquet keep their types. Those of JSON Lines get the type that all their values have, others hold
    text (lists and objects as JSON); those of CSV and Excel hold text.

    Parameters
    ----------
    columns : sequence of str
        Of the input.
    schema : pyarrow.Schema or None, default=None
        Of a Parquet input.
    kinds : dict of str to set of str or None, default=None
        Of a JSON Lines input, as scanned.
    scored_columns : sequence of str, default=SCORED_COLUMNS
        Names of the fb_ columns.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        schema: Any = None,
        kinds: dict[str, set[str]] | None = None,
        scored_columns: Sequence[str] = SCORED_COLUMNS,
    ) -> None:
        import pyarrow as pa

        self._scored = scored_columns

        self._kept = kept_places(columns)
        names = unique_names([columns[place] for place in self._kept])
        if schema is not None:
            fields = [
                schema.field(place).with_name(name) for place, name in zip(self._kept, names, strict=True)
            ]
        else:
            fields = [
                pa.field(name, _type_of((kinds or {}).get(columns[place], set())))
                for place, name in zip(self._kept, names, strict=True)
            ]
        fields += [pa.field(name, _scored_type(name)) for name in scored_columns]
        self.schema = pa.schema(fields, metadata=schema.metadata if schema is not None else None)

    def header(self) -> bytes:
        """Return the schema, so that a file without rows has its columns."""
        return self._stream([])

    def encode(self, chunk: Chunk, scored: list[list[str]]) -> bytes:
        """Return the rows of a chunk as an Arrow stream."""
        import pyarrow as pa

        count = len(self._kept)
        arrays = self._arrays(chunk)
        for field, values in zip(list(self.schema)[count:], typed_columns(scored, self._scored), strict=True):
            arrays.append(pa.array(values, field.type))
        return self._stream([pa.RecordBatch.from_arrays(arrays, schema=self.schema)])

    def _arrays(self, chunk: Chunk) -> list[Any]:
        import pyarrow as pa

        if isinstance(chunk, ArrowChunk):
            return [chunk.batch.column(place) for place in self._kept]
        columns = list(zip(*chunk.rows(), strict=True)) or [()] * (max(self._kept, default=-1) + 1)
        all_text = isinstance(chunk, CellChunk) and chunk.raw is not None
        arrays = []
        for field, place in zip(self.schema, self._kept, strict=False):
            values: Any = columns[place]
            if pa.types.is_string(field.type) and not all_text:
                values = [None if value is None else cell_text(value) for value in values]
            arrays.append(pa.array(values, field.type))
        return arrays

    def _stream(self, batches: list[Any]) -> bytes:
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(
            sink, self.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")
        ) as writer:
            for batch in batches:
                writer.write_batch(batch)
        stream: bytes = sink.getvalue().to_pybytes()
        return stream

    def transcode(self, partial: Path, target: Path) -> None:
        """Make the Parquet file of the streams in `partial`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetWriter(target, self.schema, compression="zstd") as writer:
            group: list[Any] = []
            for batch in _batches(partial):
                group.append(batch)
                if (
                    sum(b.num_rows for b in group) >= _GROUP_ROWS
                    or sum(b.nbytes for b in group) >= _GROUP_BYTES
                ):
                    writer.write_table(pa.Table.from_batches(group, self.schema))
                    group = []
            if group:
                writer.write_table(pa.Table.from_batches(group, self.schema))


def _batches(path: Path) -> Iterator[Any]:
    """Read the streams that stand one behind the other in a file."""
    import pyarrow as pa

    end = path.stat().st_size
    with pa.OSFile(str(path)) as file:
        while file.tell() < end:
            yield from pa.ipc.open_stream(file)


def _type_of(kinds: set[str]) -> Any:
    import pyarrow as pa

    found = kinds - {"null"}
    if found == {"whole number"}:
        return pa.int64()
    if found == {"true or false"}:
        return pa.bool_()
    return pa.float64() if found == {"number"} else pa.string()


def _scored_type(name: str) -> Any:
    import pyarrow as pa

    return pa.float64() if name in _FLOATS else pa.bool_() if name == "fb_uncertain" else pa.string()
