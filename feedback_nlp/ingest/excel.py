"""Excel workbooks: the first sheet, its first row that is not blank being the header.

A sheet is held in memory as a whole (it has at most 1,048,576 rows); export larger tables as CSV or Parquet.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

from feedback_nlp.errors import UnreadableFileError
from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS, CellChunk, cell_text
from feedback_nlp.ingest.source import Source

__all__ = ["ExcelTable"]

# A workbook may unpack to this much: beyond it lies a decompression bomb rather than a sheet.
_UNPACKED_BYTES = 4 << 30


class ExcelTable:
    """The first sheet of a workbook.

    Parameters
    ----------
    source : Source
    chunk_rows : int, default=4096

    Attributes
    ----------
    columns : tuple of str
    warnings : list of str
        Says which sheet was read where there are several.

    Raises
    ------
    UnreadableFileError
        The workbook is damaged, protected by a password, too large, or has no header.
    """

    def __init__(self, source: Source, *, chunk_rows: int = DEFAULT_CHUNK_ROWS) -> None:
        source.spool()
        self.name = source.name
        self.warnings: list[str] = []
        self._chunk_rows = chunk_rows
        self._sheet = self._open(source)
        self._header_row, header = next(
            ((number, row) for number, row in enumerate(self._sheet.iter_rows(), 1) if not _blank(row)),
            (0, []),
        )
        if not header:
            raise UnreadableFileError(f"The first sheet of {self.name} is empty: there is not even a header.")
        # Trailing columns without a name and without a cell are leftovers of the sheet's used range.
        self.columns: tuple[str, ...] = tuple(cell_text(_plain(cell)) for cell in header)

    def _open(self, source: Source) -> Any:
        import python_calamine

        try:
            with source.open_raw() as raw:
                with zipfile.ZipFile(raw) as archive:
                    if sum(member.file_size for member in archive.infolist()) > _UNPACKED_BYTES:
                        raise UnreadableFileError(
                            f"{self.name} unpacks to more than 4 GiB.", remedy="Export it as CSV or Parquet."
                        )
                raw.seek(0)
                workbook = python_calamine.CalamineWorkbook.from_filelike(raw)
            if len(workbook.sheet_names) > 1:
                self.warnings.append(f"Only the first sheet, {workbook.sheet_names[0]!r}, was read.")
            return workbook.get_sheet_by_index(0)
        except (python_calamine.CalamineError, zipfile.BadZipFile, IndexError, OSError) as error:
            raise UnreadableFileError(
                f"{self.name} cannot be read as an Excel workbook: {error}.",
                remedy="Open it in Excel and save it again without a password, or export it as CSV.",
            ) from error

    def chunks(self) -> Iterator[CellChunk]:
        """Iterate over the rows below the header, `chunk_rows` at a time."""
        chunk, blank = CellChunk([], []), 0
        total = max(1, self._sheet.total_height)
        for number, row in enumerate(self._sheet.iter_rows(), 1):
            if number <= self._header_row:
                continue
            if _blank(row):
                blank += 1
                continue
            chunk.cells.append([_plain(cell) for cell in row])
            chunk.starts.append(number)
            if len(chunk) >= self._chunk_rows:
                chunk.fraction = min(1.0, number / total)
                yield chunk
                chunk = CellChunk([], [])
        if len(chunk):
            chunk.fraction = 1.0
            yield chunk
        if blank:
            self.warnings.append(f"{blank:,} blank rows were left out.")


def _blank(row: list[Any]) -> bool:
    return all(cell == "" for cell in row)


def _plain(cell: Any) -> Any:
    """Excel knows no whole numbers and no nothing: 5.0 becomes 5, the empty cell None."""
    if cell == "":
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 else cell
