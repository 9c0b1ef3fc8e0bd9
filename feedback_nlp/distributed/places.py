"""Where shards lie: paths of this machine and addresses such as s3://bucket/exports/*.parquet, through fsspec."""

from __future__ import annotations

import posixpath
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from feedback_nlp.batch.many import find_sources, is_input_name
from feedback_nlp.batch.target import writing
from feedback_nlp.errors import InputError, OutputError

__all__ = [
    "WORK_FOLDER",
    "fetched",
    "find_shards",
    "fingerprint",
    "is_address",
    "join",
    "publish",
    "size_of",
    "work_folder",
]

#: Folder in the output folder where shards are written before they get their names.
WORK_FOLDER = ".feedback-nlp.work"
_MAGIC = "*?["


def is_address(place: str | Path) -> bool:
    """Whether a place is an address for fsspec rather than a path of this machine.

    Examples
    --------
    >>> is_address("s3://bucket/in/*.csv"), is_address("exports/in.csv")
    (True, False)
    """
    return "://" in str(place)


def join(folder: str, place: str) -> str:
    """Return the place below a folder."""
    return posixpath.join(folder.rstrip("/") or "/", place)


def file_system(address: str, error: type[InputError | OutputError] = InputError) -> tuple[Any, str]:
    """Return the fsspec file system of an address and the path in it.

    Raises
    ------
    InputError, OutputError
        There is no such protocol, or its package is not installed.
    """
    from fsspec.core import url_to_fs

    try:
        found: tuple[Any, str] = url_to_fs(address)
    except (ImportError, ValueError) as cause:
        raise error(
            f"{address} cannot be reached: {cause}.", remedy="Install the package it needs."
        ) from cause
    return found


def find_shards(sources: Iterable[str | Path]) -> list[tuple[str, str]]:
    """Return the files that are meant, each with its place in the output folder.

    Raises
    ------
    InputError
        Nothing fits, or two files would get the same place.
    """
    given = list(map(str, sources))
    near = [entry for entry in given if not is_address(entry)]
    # Workers may run in other folders than this one.
    shards = [(str(path.resolve()), place.as_posix()) for path, place in find_sources(near)] if near else []
    for entry in given:
        if is_address(entry):
            shards += _expanded(entry)
    places = [place for _, place in shards]
    twice = (
        next((place for place in places if places.count(place) > 1), None)
        if len(set(places)) < len(places)
        else None
    )
    if twice is not None:
        raise InputError(f"Several inputs are called {twice}.", remedy="Score them into different folders.")
    return shards


def _expanded(entry: str) -> list[tuple[str, str]]:
    files, path = file_system(entry)
    with _reading(entry):
        if any(mark in path for mark in _MAGIC):
            found = [name for name in files.glob(path) if not files.isdir(name)]
            base = posixpath.commonpath([posixpath.dirname(name) for name in found]) if found else ""
        elif files.isdir(path):
            base = path.rstrip("/")
            found = [
                name for name in files.find(path) if is_input_name(PurePosixPath(name).relative_to(base))
            ]
        else:
            found, base = [path] if files.exists(path) else [], posixpath.dirname(path)
    if not found:
        raise InputError(f"No file fits {entry!r}.", remedy="Check the address; quote patterns in a shell.")
    return [(str(files.unstrip_protocol(name)), posixpath.relpath(name, base)) for name in sorted(found)]


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn what a storage refuses into an InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{name} cannot be read: {error}.", remedy="Check the address and who may read it."
        ) from error


@contextmanager
def work_folder(folder: str) -> Iterator[Path]:
    """Give a folder for one attempt at a shard: beside the target if that is near, so that it can be moved there."""
    if is_address(folder):
        with tempfile.TemporaryDirectory(prefix="feedback-nlp-") as name:
            yield Path(name)
        return
    path = Path(folder) / WORK_FOLDER / uuid.uuid4().hex
    with writing(path):
        path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def fetched(source: str, folder: Path) -> Path:
    """Return a path of this machine with the content of a source."""
    if not is_address(source):
        return Path(source)
    files, path = file_system(source)
    (folder / "in").mkdir()
    near = folder / "in" / posixpath.basename(path)
    with _reading(source):
        files.get_file(path, str(near))
    return near


def publish(made: Path, target: str) -> None:
    """Put a finished file under its final name, in one step."""
    if not is_address(target):
        with writing(target):
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            made.replace(target)
        return
    files, path = file_system(target, OutputError)
    with writing(target):
        files.makedirs(posixpath.dirname(path), exist_ok=True)
        with files.transaction, files.open(path, "wb") as remote, made.open("rb") as near:
            shutil.copyfileobj(near, remote, 1 << 20)


def remove(target: str) -> None:
    """Delete a file if it is there."""
    files, path = file_system(target, OutputError)
    with writing(target):
        if files.exists(path):
            files.rm_file(path)


def size_of(target: str) -> int | None:
    """Return the bytes of a file; None if it is not there."""
    files, path = file_system(target, OutputError)
    files.invalidate_cache()
    try:
        return int(files.info(path)["size"])
    except FileNotFoundError:
        return None


def fingerprint(source: str) -> str:
    """Return what tells one state of a file from another: size and time, or what its storage has for that."""
    files, path = file_system(source)
    with _reading(source):
        return str(files.ukey(path))
