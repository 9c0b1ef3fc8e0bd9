"""JSON Lines: one object a line, its values in their own types, its text kept for writing it out unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from feedback_nlp.errors import UnreadableFileError
from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS, ObjectChunk
from feedback_nlp.ingest.delimited import MAX_COLUMNS
from feedback_nlp.ingest.encoding import decode_blocks, guess_encoding
from feedback_nlp.ingest.lines import MAX_ROW_CHARACTERS, RAW_CHARACTERS, LongLineError, line_blocks
from feedback_nlp.ingest.source import Source
from feedback_nlp.records import RejectedRow

__all__ = ["JsonLinesTable"]

_CHUNK_CHARACTERS = 8 * 1024 * 1024
_SURROGATE = re.compile("[\ud800-\udfff]")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# json.loads would build one for each line.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class JsonLinesTable:
    """A JSON Lines file, read from its first row each time `chunks` is called.

    Parameters
    ----------
    source : Source
    encoding : str or None, default=None
        Guessed if None.
    chunk_rows : int, default=4096

    Attributes
    ----------
    columns : tuple of str
        The keys of the first chunk's objects, in the order of their first appearance; of all objects after `scan`.
    kinds : dict of str to set of str
        After `scan`: the types that each key's values have.
    warnings : list of str

    Raises
    ------
    UnreadableFileError
        The file is one JSON array, or none of its first rows is an object.
    """

    def __init__(
        self, source: Source, *, encoding: str | None = None, chunk_rows: int = DEFAULT_CHUNK_ROWS
    ) -> None:
        self.name = source.name
        self.warnings: list[str] = []
        self.kinds: dict[str, set[str]] = {}
        self._source = source
        self._chunk_rows = chunk_rows
        self._encoding = guess_encoding(source.head(), encoding)
        if self._encoding.warning:
            self.warnings.append(self._encoding.warning)
        self.columns: tuple[str, ...] = ()
        self.columns = self._first_keys()

    def _first_keys(self) -> tuple[str, ...]:
        """Collect the keys of the rows in the first block."""
        beginning = next(decode_blocks([self._source.head()], self._encoding, []))
        if beginning.lstrip()[:1] == "[":
            raise UnreadableFileError(
                f"{self.name} is one JSON array.", remedy="Write one object a line, e.g. with jq -c '.[]'."
            )
        first = list(_objects(beginning.split("\n")[: self._chunk_rows]))
        if not first:  # a first row may be longer than the block
            self._source.spool()
            chunk = next(self._read([]), None)
            first = chunk.objects if chunk else []
        if not first:
            raise UnreadableFileError(f"{self.name} holds no JSON object in its first rows.")
        return self._checked(dict.fromkeys(key for item in first for key in item))

    def _checked(self, keys: dict[str, None]) -> tuple[str, ...]:
        if len(keys) > MAX_COLUMNS:
            raise UnreadableFileError(
                f"{self.name} has {len(keys):,} different keys; at most {MAX_COLUMNS:,} are read."
            )
        return tuple(keys)

    def scan(self) -> None:
        """Read the whole file once for its keys and the types of their values: a table needs to know them first."""
        self._source.spool()
        keys: dict[str, None] = dict.fromkeys(self.columns)
        kinds: dict[str, set[str]] = {}
        for chunk in self._read([]):
            for item in chunk.objects:
                for key, value in item.items():
                    kinds.setdefault(key, set()).add(_kind_of(value))
            if len(kinds) > MAX_COLUMNS:
                break
        keys.update(dict.fromkeys(kinds))
        self.columns, self.kinds = self._checked(keys), kinds

    def chunks(self) -> Iterator[ObjectChunk]:
        """Iterate over the rows, `chunk_rows` at a time."""
        return self._read(self.warnings)

    def _read(self, warnings: list[str]) -> Iterator[ObjectChunk]:
        chunk = ObjectChunk(self.columns, [], [], [])
        characters = 0
        for number, line in self._lines(warnings):
            self._take(chunk, number, line)
            characters += RAW_CHARACTERS if isinstance(line, LongLineError) else len(line)
            if len(chunk) + len(chunk.rejected) >= self._chunk_rows or characters >= _CHUNK_CHARACTERS:
                chunk.fraction = self._source.fraction_read()
                yield chunk
                chunk, characters = ObjectChunk(self.columns, [], [], []), 0
        if len(chunk) or chunk.rejected:
            chunk.fraction = self._source.fraction_read()
            yield chunk

    def _lines(self, warnings: list[str]) -> Iterator[tuple[int, str | LongLineError]]:
        number = 0
        for block in line_blocks(decode_blocks(self._source.blocks(), self._encoding, warnings)):
            for line in [block] if isinstance(block, LongLineError) else block:
                number += 1
                if isinstance(line, LongLineError) or not line.isspace():
                    yield number, line

    def _take(self, chunk: ObjectChunk, number: int, line: str | LongLineError) -> None:
        if isinstance(line, LongLineError):
            reason = f"The row is longer than {MAX_ROW_CHARACTERS:,} characters."
            chunk.rejected.append(RejectedRow(number, reason, line.beginning))
            return
        try:
            item = _DECODER.decode(line.strip())
        except (ValueError, RecursionError) as error:
            reason = f"The line is not valid JSON: {_problem(error)}."
        else:
            if isinstance(item, dict):
                # An escaped half of a surrogate pair is legal JSON, and no text.
                chunk.objects.append(_whole(item) if "\\ud" in line or "\\uD" in line else item)
                chunk.raw.append(line.strip())
                chunk.starts.append(number)
                return
            reason = f"The line holds {_kind_of(item)}, not an object."
        chunk.rejected.append(RejectedRow(number, reason, line[:RAW_CHARACTERS].rstrip("\r\n")))


def _objects(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            item = _DECODER.decode(line.strip())
        except (ValueError, RecursionError):
            continue
        if isinstance(item, dict):
            yield item


def _problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, at character {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _kind_of(value: Any) -> str:
    """Name a JSON type."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return "whole number" if -(2**63) <= value < 2**63 else "huge number"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "null" if value is None else "array" if isinstance(value, list) else "object"


def _whole(value: Any) -> Any:
    """Put the replacement character where a surrogate stands alone."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value
