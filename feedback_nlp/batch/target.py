"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import shutil
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from feedback_nlp.errors import OutputError
from feedback_nlp.ingest.source import STANDARD_STREAM, split_ending

__all__ = ["PartialFile", "StreamTarget", "is_stream", "progress_path", "sync_folder", "writing"]

_REMEDIES = {
    errno.ENOSPC: "Free some space and resume.",
    errno.EDQUOT: "Free some space and resume.",
    errno.EFBIG: "Write to a disk that takes files of this size.",
    errno.ENOENT: "Create the folder first.",
    errno.EACCES: "Choose a folder that you may write to.",
    errno.EPERM: "Choose a folder that you may write to.",
    errno.EROFS: "Choose a folder that you may write to.",
    errno.EPIPE: "Whatever read the output has ended.",
}
Compress = Callable[[bytes], bytes]


@contextlib.contextmanager
def writing(name: str | Path) -> Iterator[None]:
    """Turn what the disk refuses into an OutputError that says what to do."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise OutputError(f"{name} cannot be written: {error.strerror or error}.", remedy=remedy) from error


def is_stream(path: str | Path) -> bool:
    """Whether a path is standard output, a device or a pipe: written to directly and never replaced."""
    if str(path) == STANDARD_STREAM:
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def progress_path(path: Path) -> Path:
    """Return where the journal of a run that writes `path` lies."""
    return path.with_name(f".{path.name}.progress")


def _zstd(block: bytes) -> bytes:
    import pyarrow

    compressed: bytes = pyarrow.Codec("zstd").compress(block, asbytes=True)
    return compressed


def _compressor(path: str | Path) -> Compress | None:
    """Return how blocks are compressed; all these formats read several compressed blocks in a row as one."""
    compression = None if is_stream(path) else split_ending(path)[1]
    known: dict[str | None, Compress] = {
        "gzip": lambda block: gzip.compress(block, 6, mtime=0),  # no time inside: the same bytes every run
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zstd": _zstd,
    }
    return known.get(compression)


class PartialFile:
    """A file that is written beside its final name and takes it at the end, in one step.

    Parameters
    ----------
    path : Path
        The final name; a link is followed, so that what it points at is replaced.

    Attributes
    ----------
    size : int
        Bytes written so far.
    checksum : int
        CRC-32 of those bytes.
    """

    def __init__(self, path: str | Path) -> None:
        self._compress = _compressor(path)
        self.path = Path(os.path.realpath(path))
        self.partial = self.path.with_name(f".{self.path.name}.partial")
        self.size = 0
        self.checksum = 0
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Begin anew.

        Raises
        ------
        OutputError
            The folder is missing or may not be written to, the name belongs to a folder, or another run is writing
            the same file.
        """
        if self.path.is_dir():
            raise OutputError(f"{self.path} is a folder.", remedy="Name a file in it.")
        with writing(self.path):
            self._file = self._locked("ab")
            self._file.truncate(0)

    def reopen(self, size: int, checksum: int) -> bool:
        """Go on behind the first `size` bytes; False if they are not what `checksum` says."""
        if size == 0:
            self.open()
            return True
        if not self.partial.exists():
            return False
        with writing(self.path):
            file = self._locked("r+b")
            found, left = 0, size
            while left and (block := file.read(min(left, 1 << 20))):
                found, left = zlib.crc32(block, found), left - len(block)
            if left or found != checksum:
                file.close()
                return False
            file.truncate(size)
            file.seek(size)
        self._file, self.size, self.checksum = file, size, checksum
        return True

    def _locked(self, mode: str) -> BinaryIO:
        file = open(self.partial, mode)  # noqa: SIM115 - open until the target is finished
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.close()
                raise OutputError(
                    f"Another run is writing {self.path}.", remedy="Wait for it, or end it."
                ) from error
        return file  # type: ignore[return-value]

    def write(self, block: bytes) -> None:
        """Append bytes and hand them to the system, so that they outlive this process."""
        if self._file is None:
            self.open()
        assert self._file is not None  # noqa: S101 - for the type checker
        if self._compress and block:
            block = self._compress(block)
        with writing(self.path):
            self._file.write(block)
            self._file.flush()
        self.size += len(block)
        self.checksum = zlib.crc32(block, self.checksum)

    def finish(self, transcode: Callable[[Path, Path], None] | None = None) -> None:
        """Put the file under its final name.

        Parameters
        ----------
        transcode : callable or None, default=None
            Turns the partial file (first argument) into the final format (second).
        """
        if self._file is None:
            self.open()
        assert self._file is not None  # noqa: S101 - for the type checker
        with writing(self.path):
            ready = self.partial
            if transcode:
                ready = self.partial.with_name(f"{self.partial.name}.final")
                transcode(self.partial, ready)
                with ready.open("rb+") as file:
                    os.fsync(file.fileno())
            else:
                os.fsync(self._file.fileno())
            if self.path.exists():
                shutil.copymode(self.path, ready)
            os.replace(ready, self.path)
            self.close()
            self.partial.unlink(missing_ok=True)
            sync_folder(self.path.parent)

    def close(self) -> None:
        """Close the file and leave it for a later run."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def discard(self) -> None:
        """Close the file and delete it."""
        self.close()
        for name in (self.partial, self.partial.with_name(f"{self.partial.name}.final")):
            with contextlib.suppress(OSError):
                name.unlink()


class StreamTarget:
    """Standard output, a device or a pipe: bytes go out as they come.

    Parameters
    ----------
    path : str or Path
        "-" for standard output.
    """

    def __init__(self, path: str | Path) -> None:
        self._is_stdout = str(path) == STANDARD_STREAM
        self.name = "standard output" if self._is_stdout else str(path)
        with writing(self.name):
            self._file = sys.stdout.buffer if self._is_stdout else open(path, "wb")  # noqa: SIM115

    def write(self, block: bytes) -> None:
        """Write bytes and flush them."""
        with writing(self.name):
            self._file.write(block)
            self._file.flush()

    def close(self) -> None:
        """Close a device or pipe; standard output stays open."""
        if not self._is_stdout:
            with contextlib.suppress(OSError):
                self._file.close()


def sync_folder(folder: Path) -> None:
    """Make a change of names outlive a power cut, where the system lets folders be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
