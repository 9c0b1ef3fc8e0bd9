"""Chunks with one column exchanged: for texts that are masked before anything else sees them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from feedback_nlp.errors import InputError
from feedback_nlp.ingest.chunks import ArrowChunk, CellChunk, Chunk, ObjectChunk

__all__ = ["replace_column"]


def replace_column(chunk: Chunk, column: int, values: Sequence[str], changed: Sequence[int]) -> Chunk:
    """Return a chunk that has other values in some rows of a column; all else is as it was.

    Parameters
    ----------
    chunk : Chunk
    column : int
        Its place in the table's columns.
    values : sequence of str
        One a row.
    changed : sequence of int
        Rows whose value differs from the chunk's; the same chunk is returned if there are none.

    Raises
    ------
    InputError
        For a column of Parquet that does not hold text.
    """
    if not changed:
        return chunk
    if isinstance(chunk, CellChunk):
        cells = list(chunk.cells)
        for row in changed:
            cells[row] = [*cells[row][:column], values[row], *cells[row][column + 1 :]]
        return replace(chunk, cells=cells, raw=None)
    if isinstance(chunk, ObjectChunk):
        objects, raw, key = list(chunk.objects), list(chunk.raw), chunk.columns[column]
        for row in changed:
            objects[row] = objects[row] | {key: values[row]}
            raw[row] = json.dumps(objects[row], ensure_ascii=False)
        return replace(chunk, objects=objects, raw=raw)
    if isinstance(chunk, ArrowChunk):
        return _with_arrow_column(chunk, column, values, set(changed))
    raise TypeError(f"no such chunk: {type(chunk).__name__}")


def _with_arrow_column(chunk: ArrowChunk, column: int, values: Sequence[str], changed: set[int]) -> Chunk:
    import pyarrow as pa

    before = chunk.batch.column(column)
    kind = before.type.value_type if pa.types.is_dictionary(before.type) else before.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        name = chunk.batch.schema.field(column).name
        raise InputError(
            f"The column {name[:80]!r} holds {kind}, which has no place for a mask.",
            remedy="Write it as text, or score without masking.",
        )
    mixed = [values[row] if row in changed else value for row, value in enumerate(before.to_pylist())]
    after = pa.array(mixed, type=kind)
    if pa.types.is_dictionary(before.type):
        after = after.dictionary_encode().cast(before.type)
    return replace(chunk, batch=chunk.batch.set_column(column, chunk.batch.schema.field(column), after))
