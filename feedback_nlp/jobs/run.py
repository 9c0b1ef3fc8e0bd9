"""One job while a worker has it: its files, its progress, and the lease that a thread of its own keeps alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from feedback_nlp.errors import StoreError
from feedback_nlp.jobs.files import JobFiles
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import LEASE_SECONDS, JobProgress, JobRecord

if TYPE_CHECKING:
    from feedback_nlp.batch.scoring import AnalyzerLike
    from feedback_nlp.redact import Redactor

__all__ = ["JobRun", "JobStopped"]

#: How often a lease is renewed and progress noted.
BEAT_SECONDS = 1.0
#: After so long a job lets those of others go first, if any wait.
SLICE_SECONDS = 30.0


class JobStopped(BaseException):
    """Ends the work on a job between two chunks; no error of the job, so nothing on the way may catch it.

    Parameters
    ----------
    reason : {"cancelled", "lost", "stopping", "others wait"}
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class JobRun:
    """What the code of a kind works with.

    Parameters
    ----------
    store : Store
    job : JobRecord
    worker : str
        Name of the worker that has it.
    analyzer : callable
        Returns the analyzer, loaded when it is first needed.
    stopping : threading.Event
        Set when the worker has been told to stop.
    redactor : Redactor or None, default=None
        Masks texts before they are scored, written or stored.

    Attributes
    ----------
    folder : Path
        The job's own; everything in it goes when the job is deleted.
    """

    def __init__(
        self,
        store: Store,
        job: JobRecord,
        worker: str,
        analyzer: Callable[[], AnalyzerLike],
        stopping: threading.Event,
        redactor: Redactor | None = None,
    ) -> None:
        self.store = store
        self.job = job
        self.worker = worker
        self.analyzer = analyzer
        self.redactor = redactor
        self.files = JobFiles(store.data_dir)
        self.folder: Path = self.files.folder(job.id)
        self.current: JobProgress | None = None
        self._stopping = stopping
        self._reason: str | None = None
        self._began = time.monotonic()
        self._rows_before: int | None = None
        self._ended = threading.Event()
        self._beats = threading.Thread(target=self._keep_lease, name=f"lease of {job.id}", daemon=True)

    def __enter__(self) -> Self:
        self._beats.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._beats.join()

    def progress(
        self, *, read: int, scored: int = 0, rejected: int = 0, fraction: float | None = None
    ) -> None:
        """Say how far the job is; call it after every chunk that is safely written.

        Raises
        ------
        JobStopped
            If the work is to end here. What is written stays; the job may go on later.
        """
        seconds = time.monotonic() - self._began
        if self._rows_before is None:
            self._rows_before = self.job.rows_read if self.job.rows_read < read else 0
        rate = (read - self._rows_before) / seconds if seconds > 0 else None
        left = None
        if fraction and rate:
            left = read * (1 - fraction) / fraction / rate
        self.current = JobProgress(read, scored, rejected, fraction, rate, left)
        reason = self._reason or ("stopping" if self._stopping.is_set() else None)
        if reason:
            raise JobStopped(reason)

    def _keep_lease(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                beat = self.store.jobs.beat(self.job, self.worker, self.current, LEASE_SECONDS)
            except StoreError:
                continue  # the next beat may get through; if none does, the lease runs out and is anybody's
            if not beat.held:
                self._reason = "lost"
                return
            if beat.cancel:
                self._reason = "cancelled"
            elif beat.others_wait and time.monotonic() - self._began > SLICE_SECONDS:
                self._reason = "others wait"
