"""CSV and TSV: every cell as it stands, every row that cannot be read with its line.

The standard library's reader in strict mode is the parser: it finds every ragged row and every broken quote, where
faster ones fill short rows up in silence, give up at the first bad byte or lose the line number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from feedback_nlp.errors import InputError, UnreadableFileError
from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS, CellChunk
from feedback_nlp.ingest.encoding import decode_blocks, guess_encoding
from feedback_nlp.ingest.lines import split_lines
from feedback_nlp.ingest.quoting import RowReader
from feedback_nlp.ingest.source import Source

__all__ = ["DELIMITERS", "MAX_COLUMNS", "DelimitedTable", "guess_delimiter"]

#: Delimiters that are guessed among; any single character may be named.
DELIMITERS = ",;\t|"
#: As many columns as Excel has; more are a sign of a file that is not a table of rows.
MAX_COLUMNS = 16_384
_SAMPLE = 1 << 16
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


def guess_delimiter(sample: str) -> str:
    r"""Guess what separates the cells, from the header and the first rows.

    The winner splits the header into several cells and most rows into as many; among those, the most cells win.

    Examples
    --------
    >>> guess_delimiter("id;text\n1;slow, but good\n2;fine, thanks\n")
    ';'
    """
    lines = split_lines(sample)
    return max(DELIMITERS, key=lambda delimiter: _agreement(lines, delimiter))


def _agreement(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    """Rate a delimiter: whether it splits the header, share of rows as wide as the header, its width."""
    widths = []
    try:
        for row in islice(csv.reader(lines, delimiter=delimiter), 200):
            widths.append(len(row))
    except csv.Error:
        pass
    if not widths or widths[0] < 2:
        return False, 0.0, 1
    # In steps of a tenth, so that a few broken rows do not decide.
    return True, round(sum(width == widths[0] for width in widths) / len(widths), 1), widths[0]


class DelimitedTable:
    """A CSV or TSV file, read from its first row each time `chunks` is called.

    Parameters
    ----------
    source : Source
    encoding : str or None, default=None
        Guessed if None.
    delimiter : str or None, default=None
        One character; guessed among comma, semicolon, tab and bar if None.
    chunk_rows : int, default=4096

    Attributes
    ----------
    columns : tuple of str
        The header, as it stands.
    warnings : list of str
        What had to be guessed or looks odd; grows while reading.

    Raises
    ------
    UnreadableFileError
        No header, or more than 16,384 columns.
    InputError
        An unknown encoding or an impossible delimiter.
    """

    def __init__(
        self,
        source: Source,
        *,
        encoding: str | None = None,
        delimiter: str | None = None,
        chunk_rows: int = DEFAULT_CHUNK_ROWS,
    ) -> None:
        self.name = source.name
        self.warnings: list[str] = []
        self._source = source
        self._chunk_rows = chunk_rows
        self._encoding = guess_encoding(source.head(), encoding)
        if self._encoding.warning:
            self.warnings.append(self._encoding.warning)
        sample = next(decode_blocks(_pieces(source.head()), self._encoding, []))[:_SAMPLE]
        self._separator_line = _SEPARATOR_LINE.match(sample)
        self.delimiter = self._decide_delimiter(delimiter, sample)
        self.columns = self._read_header()

    def _decide_delimiter(self, wanted: str | None, sample: str) -> str:
        if wanted is not None:
            if len(wanted) != 1 or wanted in '"\r\n\0':
                raise InputError(
                    f"{wanted!r} cannot separate cells.", remedy="Name one character, such as ';'."
                )
            return wanted
        if self._separator_line:
            return self._separator_line.group(1)
        if self._source.ending in (".tsv", ".tab"):
            return "\t"
        return guess_delimiter(sample)

    def _reader(self, blocks: Iterable[bytes], warnings: list[str]) -> RowReader:
        texts = decode_blocks(blocks, self._encoding, warnings)
        reader = RowReader(texts, self.delimiter, warnings)
        if self._separator_line:
            reader.skip_line()
        return reader

    def _read_header(self) -> tuple[str, ...]:
        # Mostly the first of these pieces is enough.
        header = self._reader(chain.from_iterable(map(_pieces, self._source.blocks())), []).read_header()
        if header is None or not any(name.strip() for name in header):
            raise UnreadableFileError(
                f"{self.name} has no header: the names of the columns belong in its first row."
            )
        if len(header) > MAX_COLUMNS:
            raise UnreadableFileError(
                f"{self.name} has {len(header):,} columns; at most {MAX_COLUMNS:,} are read.",
                remedy="Check the delimiter, or keep only the columns you need.",
            )
        repeated = sorted({name for name in header if header.count(name) > 1}) if len(header) < 2000 else []
        if repeated:
            self.warnings.append(f"Column names that occur more than once: {', '.join(map(repr, repeated))}.")
        return tuple(header)

    def chunks(self) -> Iterator[CellChunk]:
        """Iterate over the rows, `chunk_rows` at a time."""
        reader = self._reader(self._source.blocks(), self.warnings)
        reader.read_header()
        while not reader.at_end:
            chunk = reader.read_chunk(len(self.columns), self._chunk_rows)
            chunk.fraction = self._source.fraction_read()
            if chunk.cells or chunk.rejected:
                yield chunk
        reader.report()


def _pieces(block: bytes) -> Iterator[bytes]:
    """Split a block, so that what is only looked at costs no more than its beginning."""
    size = 4 * _SAMPLE  # as many characters in any encoding
    return (block[start : start + size] for start in range(0, len(block), size))
