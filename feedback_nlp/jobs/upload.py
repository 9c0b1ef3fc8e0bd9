"""An upload on its way to a job: streamed to disk, looked at, queued once however often it is sent."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from feedback_nlp.batch.target import writing
from feedback_nlp.errors import InputError, TooLargeError, UnsupportedFormatError
from feedback_nlp.ingest import COLUMN_ALIASES, FeedbackReader
from feedback_nlp.ingest.source import COMPRESSIONS, FORMATS
from feedback_nlp.jobs.files import JobFiles, stored_ending
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import JobRecord

__all__ = ["Upload", "UploadOptions", "submit_upload"]


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """What is to be done with an upload.

    Parameters
    ----------
    mapping : dict of str to str
        Columns by field (text, id, created_at, channel, product, rating, customer_ref); the others are found by
        their names.
    store : bool, default=False
        Whether to keep the feedback; else only the result file is made.
    spreadsheet_safe : bool, default=False
        Neutralise cells that spreadsheets would run (CSV and XLSX results).
    precision : float or None, default=None
        Wanted precision in (0, 1) that decides fb_uncertain.
    encoding, delimiter : str or None, default=None
        Guessed if None.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    store: bool = False
    spreadsheet_safe: bool = False
    precision: float | None = None
    encoding: str | None = None
    delimiter: str | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.mapping) - set(COLUMN_ALIASES))
        if unknown:
            raise InputError(
                f"{unknown[0][:60]!r} is no field of feedback.",
                remedy=f"The fields are {', '.join(COLUMN_ALIASES)}.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain JSON, as a job keeps them."""
        return asdict(self)


class Upload:
    """A file that is written as it arrives, under a random name; it is deleted unless a job takes it.

    Parameters
    ----------
    files : JobFiles
    limit : int or None, default=None
        Most bytes that are taken.
    """

    def __init__(self, files: JobFiles, limit: int | None = None) -> None:
        self.path = files.incoming()
        self.ending = ""
        self.size = 0
        self.digest = ""
        self._limit = limit
        self._digest = hashlib.sha256()
        with writing("The upload"):
            self._file: BinaryIO = self.path.open("xb")

    def write(self, block: bytes) -> int:
        """Append a block.

        Raises
        ------
        TooLargeError
            The file is over the limit.
        OutputError
            The disk does not take it.
        """
        self.size += len(block)
        if self._limit is not None and self.size > self._limit:
            raise TooLargeError(
                f"The file is over the limit of {self._limit:,} bytes.",
                remedy="Send it in pieces, compressed, or raise FEEDBACK_MAX_UPLOAD_BYTES.",
            )
        with writing("The upload"):
            self._file.write(block)
        self._digest.update(block)
        return len(block)

    def seek(self, place: int) -> int:
        """Do nothing: readers of forms go back to the start of what they wrote; this file is read by its path."""
        return place

    def complete(self, name: str, file_format: str = "") -> None:
        """Make sure that every byte is on disk, and settle what the file is.

        Parameters
        ----------
        name : str
            As the caller calls the file; only its ending is used.
        file_format : str, default=""
            An ending such as "csv" instead of the name's.

        Raises
        ------
        UnsupportedFormatError
            No reader for the ending.
        """
        self.ending = stored_ending(f"x.{file_format.lstrip('.')}" if file_format else name)
        if not self.ending:
            known = " ".join(sorted(FORMATS))
            raise UnsupportedFormatError(
                "The file's name has no ending that is read.",
                remedy=f"Endings that are read: {known}, the text formats also with {' '.join(COMPRESSIONS)}; "
                "or say what it is with `format`.",
            )
        with writing("The upload"):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self.path = self.path.rename(self.path.with_suffix(self.ending))
        self.digest = self._digest.hexdigest()

    def close(self) -> None:
        """Delete the file unless a job has taken it."""
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


def submit_upload(
    store: Store,
    upload: Upload,
    options: UploadOptions,
    *,
    owner: str = "",
    idempotency_key: str | None = None,
) -> tuple[JobRecord, bool]:
    """Queue an upload for scoring.

    Parameters
    ----------
    store : Store
    upload : Upload
        After `complete`.
    options : UploadOptions
    owner : str, default=""
    idempotency_key : str or None, default=None
        With the same key, file and options the same job is returned again.

    Returns
    -------
    job : JobRecord
    created : bool

    Raises
    ------
    InputError
        The file cannot be read as what it says it is, has no column for the text, or lacks a mapped column.
    JobConflictError
        The key was used for another file or other options.
    OutputError
        The disk does not take it; nothing was queued.
    """
    digest = _request_digest(upload, options)
    open_upload(upload.path, options)  # what is wrong with the file as a whole is said at once
    files = JobFiles(store.data_dir)
    job_id = str(uuid.uuid4())
    with writing("The upload"):
        files.adopt(upload.path, job_id, upload.ending)
    try:
        job, created = store.jobs.add(
            "score",
            options.to_dict(),
            owner=owner,
            job_id=job_id,
            idempotency_key=idempotency_key,
            request_digest=digest,
        )
    except BaseException:
        files.discard(job_id)
        raise
    if not created:
        files.discard(job_id)
    return job, created


def open_upload(path: Path, options: UploadOptions) -> FeedbackReader:
    """Open an upload as feedback; its columns are found or it is refused."""
    return FeedbackReader(
        path,
        mapping=options.mapping,
        encoding=options.encoding,
        delimiter=options.delimiter,
        name="The upload",
    )


def _request_digest(upload: Upload, options: UploadOptions) -> str:
    request = json.dumps([upload.digest, upload.ending, options.to_dict()], sort_keys=True)
    return hashlib.sha256(request.encode()).hexdigest()
