"""Rows out of lines: quoted cells over several lines, broken quoting, and where reading goes on after it.

Where a row breaks, its first line is rejected and reading goes on with the second: a quote that is left open then
costs one row, not the rest of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from feedback_nlp.errors import UnreadableFileError
from feedback_nlp.ingest.chunks import CellChunk
from feedback_nlp.ingest.lines import MAX_ROW_CHARACTERS, RAW_CHARACTERS, LongLineError, line_blocks
from feedback_nlp.records import RejectedRow

__all__ = ["RowReader"]

# A chunk of long texts is closed before it has all its rows.
_CHUNK_CHARACTERS = 8 * 1024 * 1024
# Reading again behind broken quotes may cost this much before the file counts as unreadable.
_RESCAN_CHARACTERS = 1 << 34
# A cell over this many lines is told of: it may be an open quote that happened to find a partner.
_MANY_LINES = 1000
_FEW_WARNINGS = 3


class _LongRowError(Exception):
    """A quoted row grew beyond MAX_ROW_CHARACTERS."""


class RowReader:
    """Reads rows with the line they start on.

    Parameters
    ----------
    texts : iterable of str
        The file's text in pieces.
    delimiter : str
        One character.
    warnings : list of str
        Gains sentences about rows that look odd.
    """

    def __init__(self, texts: Iterable[str], delimiter: str, warnings: list[str]) -> None:
        # The module's limit is 131,072 characters a cell; long rows are bounded here instead.
        if csv.field_size_limit() < 2 * MAX_ROW_CHARACTERS:
            csv.field_size_limit(2 * MAX_ROW_CHARACTERS)
        self._blocks = line_blocks(texts)
        self._delimiter = delimiter
        self._warnings = warnings
        self._odd_cells: list[int] = []
        self._blank_lines = 0
        self._rescanned = 0
        self.at_end = False
        self._read_characters = 0
        self._lines: list[str] = []  # lines read and not yet known to be done with
        self._first = 1  # number of the first of them
        self._next = 1  # number of the line on which the next row starts
        self._restart()

    def _restart(self) -> None:
        """Parse from `_next` on, with a parser that remembers nothing."""
        del self._lines[: self._next - self._first]
        self._first = self._base = self._next
        self._parser = csv.reader(
            chain(list(self._lines), self._more_lines()), delimiter=self._delimiter, strict=True
        )

    def _more_lines(self) -> Iterator[str]:
        for block in self._blocks:
            del self._lines[: self._next - self._first]
            self._first = self._next
            if isinstance(block, LongLineError):
                raise block
            if sum(map(len, self._lines)) > MAX_ROW_CHARACTERS:
                self._blocks = chain([block], self._blocks)
                raise _LongRowError
            self._lines += block
            self._read_characters += sum(map(len, block))
            yield from block

    def skip_line(self) -> None:
        """Leave out one line."""
        next(self._parser, None)
        self._next += 1

    def read_header(self) -> list[str] | None:
        """Return the first row that is not blank, or None.

        Raises
        ------
        UnreadableFileError
            Its quoting is broken.
        """
        try:
            for row in self._parser:
                self._next = self._base + self._parser.line_num
                if row:
                    return row
        except (csv.Error, _LongRowError, LongLineError) as error:
            raise UnreadableFileError(
                f"The header on line {self._next} cannot be read: {_reason(error)}",
                remedy="Repair its quoting.",
            ) from error
        return None

    def read_chunk(self, width: int, limit: int) -> CellChunk:
        """Read rows until `limit` are there, their text is long, or the file ends.

        Parameters
        ----------
        width : int
            Cells that a row must have.
        limit : int
            Most rows, read and rejected together.
        """
        chunk = CellChunk([], [], raw=[])
        stop = self._read_characters + _CHUNK_CHARACTERS
        while True:
            try:
                if self._read_rows(chunk, width, limit, stop):
                    return chunk
            except (csv.Error, _LongRowError, LongLineError) as error:
                self._reject_line(chunk, error)

    def _read_rows(self, chunk: CellChunk, width: int, limit: int, stop: int) -> bool:
        """Read rows into the chunk; whether it is done."""
        cells, starts, raw = chunk.cells, chunk.starts, chunk.raw
        assert raw is not None  # noqa: S101 - for the type checker
        parser, base = self._parser, self._base
        room = limit - len(cells) - len(chunk.rejected)
        if room <= 0:
            return True
        for row in parser:
            start = self._next
            self._next = end = base + parser.line_num
            # The common row: one line, the right number of cells, nothing that damaged files are full of.
            if (
                len(row) == width
                and end - start == 1
                and "\0" not in (text := self._lines[start - self._first])
            ):
                cells.append(row)
                starts.append(start)
                raw.append(text.rstrip("\r\n"))
            else:
                self._take_odd(chunk, row, start, width)
            room -= 1
            if room <= 0 or self._read_characters >= stop:
                return True
        self.at_end = True
        return True

    def _take_odd(self, chunk: CellChunk, row: list[str], start: int, width: int) -> None:
        """Take a row that is blank, stands on several lines, or must be rejected."""
        first = start - self._first
        lines = self._lines[first : first + self._next - start]
        text = "".join(lines)
        if not row:
            # A blank line is a row only where rows have one cell: spreadsheets write an empty cell so.
            if width != 1:
                self._blank_lines += 1
                return
            row = [""]
        if "\0" in text:
            reason = "The row holds a NUL byte; the file is damaged here or not text."
        elif len(row) != width and len(lines) > 1 and self._like_rows(lines[1:], width):
            # An open quote has swallowed rows: read them again, without it.
            self._next = start
            raise csv.Error("unexpected end of data")
        elif len(row) != width:
            reason = f"The row has {len(row)} cells where the header has {width}."
        else:
            self._watch(lines, start, width)
            chunk.cells.append(row)
            chunk.starts.append(start)
            assert chunk.raw is not None  # noqa: S101 - for the type checker
            chunk.raw.append(text.rstrip("\r\n") or '""')
            return
        chunk.rejected.append(RejectedRow(start, reason, text[:RAW_CHARACTERS].rstrip("\r\n")))

    def _watch(self, lines: list[str], start: int, width: int) -> None:
        """Remember a quoted cell whose inside looks like rows of the file, or that never seems to end."""
        inside = lines[1:-1]
        swallowed = width > 2 and len(inside) > 2 and self._like_rows(inside, width)
        if swallowed or len(lines) > _MANY_LINES:
            self._odd_cells.append(start)
            if len(self._odd_cells) <= _FEW_WARNINGS:
                self._warnings.append(
                    f"The row on line {start} goes on for {len(lines):,} lines: is a quote left open there?"
                )

    def _like_rows(self, lines: list[str], width: int) -> bool:
        """Whether each line could be a row of its own."""
        return width > 1 and all(line.count(self._delimiter) == width - 1 for line in lines)

    def _reject_line(self, chunk: CellChunk, error: Exception) -> None:
        """Reject the first line of the row that broke, and read on behind it."""
        start = self._next - self._first
        taken = self._lines[start : self._base + self._parser.line_num - self._first]
        if isinstance(error, LongLineError) and not taken:
            self._add_reject(chunk, error, error.beginning)
            self._first = self._next  # it was never among the lines
            self._restart()
            return
        self._add_reject(chunk, error, taken[0])
        if isinstance(error, LongLineError):  # met inside an open quote: it comes again, by itself
            self._blocks = chain([error], self._blocks)
        if len(taken) > 1 or not isinstance(
            error, csv.Error
        ):  # else the parser stands at the next line already
            self._rescanned += sum(map(len, taken))
            self._restart()
        if self._rescanned > _RESCAN_CHARACTERS:
            raise UnreadableFileError(
                f"The quoting is broken in too many rows (the last on line {self._next - 1}).",
                remedy="Export the file again with every cell quoted, or as JSON Lines.",
            )

    def _add_reject(self, chunk: CellChunk, error: Exception, text: str) -> None:
        chunk.rejected.append(RejectedRow(self._next, _reason(error), text[:RAW_CHARACTERS].rstrip("\r\n")))
        self._next += 1

    def report(self) -> None:
        """Add what was counted on the way to the warnings."""
        more = len(self._odd_cells) - _FEW_WARNINGS
        if more > 0:
            self._warnings.append(f"{more:,} more rows go on over suspiciously many lines.")
        if self._blank_lines:
            self._warnings.append(f"{self._blank_lines:,} blank lines were left out.")


def _reason(error: Exception) -> str:
    """Say in plain words what broke."""
    text = str(error)
    if isinstance(error, LongLineError | _LongRowError):
        return f"The row is longer than {MAX_ROW_CHARACTERS:,} characters, or a quote opened in it is never closed."
    if "unexpected end" in text:
        return "A quote is opened here and never closed."
    if "expected after" in text:
        return "The quoting is broken: a closing quote is followed by more text (quotes inside a cell are doubled)."
    return f"The row cannot be read: {text}."
