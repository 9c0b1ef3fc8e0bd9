"""Where bytes come from: a file, a compressed file or standard input, and which format they hold."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Literal

from feedback_nlp.errors import InputError, UnreadableFileError, UnsupportedFormatError

__all__ = ["COMPRESSIONS", "FORMATS", "STANDARD_STREAM", "FileFormat", "Source", "split_ending"]

FileFormat = Literal["csv", "jsonl", "parquet", "xlsx"]
#: The path that means standard input or output.
STANDARD_STREAM = "-"
#: File endings and what they hold. A .json file is read as JSON Lines.
FORMATS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
#: Endings of compressed files, for text formats only (Parquet and XLSX compress by themselves).
COMPRESSIONS: dict[str, str] = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}
_BLOCK = 1 << 20
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "XLSX (or another zip archive)"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "old Excel (.xls)"),
)
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)


def split_ending(path: str | PurePath) -> tuple[FileFormat | None, str | None, str]:
    """Return the format, the compression and the ending that a file's name states.

    Examples
    --------
    >>> split_ending("export.TSV.gz")
    ('csv', 'gzip', '.tsv')
    >>> split_ending("export.docx")
    (None, None, '.docx')
    """
    name = PurePath(path)
    compression = COMPRESSIONS.get(name.suffix.lower())
    if compression:
        name = name.with_suffix("")
    ending = name.suffix.lower()
    return FORMATS.get(ending), compression, ending


class Source:
    """One input: opened block by block, as often as needed (standard input: once, unless spooled).

    Parameters
    ----------
    path : str or Path
        A file, or "-" for standard input.
    file_format : {"csv", "jsonl", "parquet", "xlsx"} or None, default=None
        Instead of the file's ending; standard input without it is looked at.
    name : str or None, default=None
        What messages call it instead of its path.

    Raises
    ------
    UnreadableFileError
        There is no such file, it is empty, or its content is not what its name says.
    UnsupportedFormatError
        No reader for the file's ending.
    """

    def __init__(
        self, path: str | Path, file_format: FileFormat | None = None, *, name: str | None = None
    ) -> None:
        self.is_stdin = str(path) == STANDARD_STREAM
        self.name = name or ("standard input" if self.is_stdin else str(path))
        self.path: Path | None = None if self.is_stdin else Path(path)
        stated, self.compression, self.ending = (None, None, "") if self.is_stdin else split_ending(path)
        self.bytes_read = 0
        self._spool: Path | None = None
        self._head: bytes | None = None
        self._begun = False
        self._status = self._stat()
        self.size: int | None = self._status.st_size if self._status else None
        self.format: FileFormat = file_format or stated or self._guess_format()
        self._check_content()

    def _stat(self) -> os.stat_result | None:
        if self.path is None:
            return None
        try:
            status = self.path.stat()
        except OSError as error:
            raise UnreadableFileError(
                f"{self.name} cannot be read: {error.strerror}.", remedy="Check the path and its permissions."
            ) from error
        if self.path.is_dir():
            raise UnreadableFileError(
                f"{self.name} is a folder.", remedy="Name a file, or score its files together."
            )
        return status

    def fingerprint(self) -> dict[str, int]:
        """Return what tells one state of the file from another: size, time of change and inode."""
        if self._status is None:
            return {}
        return {
            "size": self._status.st_size,
            "mtime_ns": self._status.st_mtime_ns,
            "inode": self._status.st_ino,
        }

    def check_unchanged(self) -> None:
        """Raise UnreadableFileError if the file is no longer what it was when it was opened."""
        opened = self.fingerprint()
        self._status = self._stat()
        if opened != self.fingerprint():
            raise UnreadableFileError(
                f"{self.name} changed while it was being read, so nothing was written.",
                remedy="Score it again once nobody writes to it, or score a copy.",
            )

    def _guess_format(self) -> FileFormat:
        if not self.is_stdin:
            known = " ".join(sorted(FORMATS))
            raise UnsupportedFormatError(
                f"{self.name}: no reader for the ending {self.ending or '(none)'!r}.",
                remedy=f"Endings that are read: {known}, the text formats also with {' '.join(COMPRESSIONS)}; "
                "or name the format.",
            )
        head = self.head()
        if head.startswith(b"PAR1"):
            return "parquet"
        if head.startswith(b"PK\x03\x04"):
            return "xlsx"
        return "jsonl" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else "csv"

    def _check_content(self) -> None:
        if self.compression and self.format in ("parquet", "xlsx"):
            raise UnsupportedFormatError(f"{self.name}: {self.format} is not read from a compressed file.")
        head = self.head()
        if not head.strip():
            raise UnreadableFileError(f"{self.name} is empty: there is not even a header.")
        found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
        expected = {"parquet": "Parquet", "xlsx": _MAGIC[1][1]}.get(self.format)
        if found != expected:
            raise UnreadableFileError(
                f"{self.name} should hold {expected or self.format.upper()} but holds {found or 'something else'}.",
                remedy="Give the file the ending of what it holds; it may also be damaged.",
            )

    def head(self) -> bytes:
        """Return the first block, decompressed."""
        if self._head is None:
            if self.is_stdin:
                self._head = _read_first_lines(sys.stdin.buffer)
            else:
                self._head = next(self._file_blocks(), b"")
                self.bytes_read = 0
        return self._head

    def blocks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes in blocks of 1 MiB.

        Raises
        ------
        UnreadableFileError
            The compressed file is damaged or ends early, or the disk does not give it.
        """
        if self.is_stdin and self._spool is None:
            return self._stdin_blocks()
        return self._file_blocks()

    def _stdin_blocks(self) -> Iterator[bytes]:
        if self._begun:
            raise InputError("Standard input can be read only once.", remedy="Save it to a file first.")
        yield self.head()
        self._begun = True  # up to here, another look at the beginning costs nothing
        while block := _read_available(sys.stdin.buffer):
            yield block

    def _file_blocks(self) -> Iterator[bytes]:
        try:
            with self.open_raw() as raw, self._decompressed(raw) as stream:
                while block := stream.read(_BLOCK):
                    self.bytes_read = raw.tell()
                    yield block
        except _DAMAGED as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> UnreadableFileError:
        if self.compression is None:
            return UnreadableFileError(f"{self.name} cannot be read to its end: {error}.")
        return UnreadableFileError(
            f"{self.name} is damaged or cut off ({self.compression}: {error}).", remedy="Fetch it again."
        )

    def open_raw(self) -> BinaryIO:
        """Open the bytes as they lie on disk."""
        if self._spool is not None:
            return self._spool.open("rb")
        if self.path is None:
            raise InputError("Standard input can be read only once.")
        return self.path.open("rb")

    def _decompressed(self, raw: BinaryIO) -> Any:
        if self.compression == "gzip":
            return gzip.GzipFile(fileobj=raw)
        if self.compression == "bz2":
            return bz2.BZ2File(raw)
        if self.compression == "xz":
            return lzma.LZMAFile(raw)
        if self.compression == "zstd":
            import pyarrow

            return pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, mode="r"), "zstd")
        return raw

    def spool(self) -> None:
        """Copy standard input to a temporary file, for formats that are not read in one go."""
        if not self.is_stdin or self._spool is not None:
            return
        with tempfile.NamedTemporaryFile(prefix="feedback-nlp-", delete=False) as spool:
            self._spool = Path(spool.name)
            weakref.finalize(self, self._spool.unlink, missing_ok=True)
            for block in self._stdin_blocks():
                spool.write(block)
            self.size = spool.tell()

    def fraction_read(self) -> float | None:
        """Return which share of the file has been read, in [0, 1]; None when its size is unknown."""
        return min(1.0, self.bytes_read / self.size) if self.size else None


def _read_available(stream: Any) -> bytes:
    """Return what has come, waiting only while there is nothing; empty at the end."""
    return bytes(stream.read1(_BLOCK))


def _read_first_lines(stream: BinaryIO) -> bytes:
    """Return what has come so far, at least one line: waiting for more would stall behind a slow writer."""
    parts: list[bytes] = []
    while (block := _read_available(stream)) and b"\n" not in block and sum(map(len, parts)) < _BLOCK:
        parts.append(block)
    return b"".join([*parts, block])
