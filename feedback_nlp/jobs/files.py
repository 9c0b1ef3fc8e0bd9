"""The files of jobs: each job has a folder under its random id; no name that a caller chose ever becomes a path."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Collection
from pathlib import Path

from feedback_nlp.batch.target import sync_folder
from feedback_nlp.errors import NotStoredError
from feedback_nlp.ingest.source import COMPRESSIONS, FORMATS

__all__ = ["REJECTED", "JobFiles", "stored_ending"]

UPLOAD = "upload"
RESULT = "result"
REJECTED = "rejected.jsonl"
INCOMING = "incoming"
#: Hours after which an upload that never became a job is swept away.
SWEEP_HOURS = 24
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def stored_ending(name: str) -> str:
    """Return the known ending of an upload's name, such as ".csv.gz", else "".

    Examples
    --------
    >>> [stored_ending(name) for name in ("Export.CSV", "a/b/x.tsv.gz", "../../etc/passwd", "report.docx")]
    ['.csv', '.tsv.gz', '', '']
    """
    pieces = name.lower().rsplit(".", 2)
    last = f".{pieces[-1]}"
    if last in FORMATS and len(pieces) > 1:
        return last
    if last in COMPRESSIONS and len(pieces) == 3 and f".{pieces[1]}" in FORMATS:
        return f".{pieces[1]}{last}"
    return ""


class JobFiles:
    """Where uploads and results lie.

    Parameters
    ----------
    data_dir : Path
        The data folder of the store.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = Path(data_dir) / "jobs"

    def folder(self, job_id: str) -> Path:
        """Return the folder of a job.

        Raises
        ------
        NotStoredError
            If `job_id` is not the id of any job.
        """
        if not _ID.fullmatch(job_id):
            raise NotStoredError("There is no such job.")
        return self.root / job_id

    def incoming(self) -> Path:
        """Return a new path for an upload that is on its way in."""
        folder = self.root / INCOMING
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / secrets.token_hex(16)

    def adopt(self, arrived: Path, job_id: str, ending: str) -> Path:
        """Give an upload to a job; it is on disk, under its final name, when this returns."""
        folder = self.folder(job_id)
        folder.mkdir(mode=0o700)
        target = folder / f"{UPLOAD}{ending}"
        os.replace(arrived, target)
        for changed in (folder, self.root):
            sync_folder(changed)
        return target

    def upload(self, job_id: str) -> Path | None:
        """Return the upload of a job, None once it is deleted."""
        return self._named(job_id, UPLOAD)

    def result(self, job_id: str) -> Path | None:
        """Return the scored file of a job, None if there is none."""
        return self._named(job_id, RESULT)

    def rejected(self, job_id: str) -> Path | None:
        """Return the rejected rows of a job, None if there are none."""
        path = self.folder(job_id) / REJECTED
        return path if path.is_file() else None

    def _named(self, job_id: str, stem: str) -> Path | None:
        found = sorted(self.folder(job_id).glob(f"{stem}.*"))
        return found[0] if found else None

    def drop_upload(self, job_id: str) -> None:
        """Delete the upload and what is half done; the result stays."""
        folder = self.folder(job_id)
        for path in [*folder.glob(f"{UPLOAD}.*"), *folder.glob(".*"), *folder.glob("working.*")]:
            path.unlink(missing_ok=True)

    def discard(self, job_id: str) -> None:
        """Delete all files of a job."""
        shutil.rmtree(self.folder(job_id), ignore_errors=True)

    def sweep(self, known: Callable[[Collection[str]], set[str]]) -> int:
        """Delete old folders without a job and uploads that never became one.

        Parameters
        ----------
        known : callable
            Returns those of the ids given that are jobs.

        Returns
        -------
        int
            How many were deleted.
        """
        old = time.time() - SWEEP_HOURS * 3600
        stale = [path for path in self.root.glob(f"{INCOMING}/*") if _older(path, old)]
        folders = [path for path in self.root.glob("*-*") if _ID.fullmatch(path.name) and _older(path, old)]
        jobs = known([path.name for path in folders]) if folders else set()
        for path in stale:
            path.unlink(missing_ok=True)
        orphans = [path for path in folders if path.name not in jobs]
        for path in orphans:
            shutil.rmtree(path, ignore_errors=True)
        return len(stale) + len(orphans)


def _older(path: Path, moment: float) -> bool:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime < moment
    return False
