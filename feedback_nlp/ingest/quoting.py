"""Rows out of lines: quoted cells over several lines, broken quoting, and where reading goes on after it.

Where a row breaks, its first line is rejected and reading goes on with the second: a quote that is left open then
costs one row, not the rest of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

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
# Rows that are taken at once where all of them are common ones; and how many are read singly, at most, after a try
# that failed.
_MANY_ROWS = 512
_MOST_SINGLE = 64 * _MANY_ROWS


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
        self._single = 0  # rows still to be read one by one
        self._patience = _MANY_ROWS  # how many they will be after the next failure
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
        self._is_behind = False
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
        room = limit
        while room > 0:
            try:
                room -= self._read_common_rows(chunk, width, room, stop)
                room = self._read_rows(chunk, width, room, stop)
            except (csv.Error, _LongRowError, LongLineError) as error:
                self._reject_line(chunk, error)
                room = limit - len(chunk.cells) - len(chunk.rejected)
        return chunk

    def _read_common_rows(self, chunk: CellChunk, width: int, room: int, stop: int) -> int:
        """Read rows many at once while each stands on one line, has the right number of cells and no NUL; count them.

        Only lines that are there already are tried, by a parser of their own, so that a failure changes nothing. After
        one, the same rows are read one by one, and ever more of them: a file full of odd rows is hardly parsed twice.
        """
        assert chunk.raw is not None  # noqa: S101 - for the type checker
        taken = 0
        while not self._single and self._read_characters < stop:
            here = self._next - self._first
            lines = self._lines[here : here + min(_MANY_ROWS, room - taken)]
            if not lines:
                break
            rows = self._common_rows(lines, width)
            if not rows:
                self._single, self._patience = self._patience, min(2 * self._patience, _MOST_SINGLE)
                break
            chunk.cells += rows
            chunk.starts += range(self._next, self._next + len(lines))
            chunk.raw += map(str.rstrip, lines, repeat("\r\n"))
            taken += len(lines)
            self._next += len(lines)
            self._is_behind, self._patience = True, _MANY_ROWS
        return taken

    def _common_rows(self, lines: list[str], width: int) -> list[list[str]]:
        """Return one row a line, or nothing if any line is more or less than a common row."""
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return []
        is_common = len(rows) == len(lines) and set(map(len, rows)) == {width} and "\0" not in "".join(lines)
        return rows if is_common else []

    def _read_rows(self, chunk: CellChunk, width: int, room: int, stop: int) -> int:
        """Read rows one by one until many can be tried again; the room then left, none if the chunk is done."""
        if room <= 0:
            return 0
        if self._is_behind:
            self._restart()
        cells, starts, raw = chunk.cells, chunk.starts, chunk.raw
        assert raw is not None  # noqa: S101 - for the type checker
        parser, base = self._parser, self._base
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
                return 0
            self._single = max(0, self._single - 1)
            if not self._single:
                return room
        self.at_end = True
        return 0

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
