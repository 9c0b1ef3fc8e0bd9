"""A worker: takes jobs from the table one after the other until it is told to stop."""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import BundleError, FeedbackError, InputError, OutputError, StoreError
from feedback_nlp.jobs.kinds import JOB_KINDS, load_kind
from feedback_nlp.jobs.retention import queue_retention
from feedback_nlp.jobs.run import JobRun, JobStopped
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import LEASE_SECONDS, MAX_ATTEMPTS, JobProgress

if TYPE_CHECKING:
    from feedback_nlp.batch.scoring import AnalyzerLike
    from feedback_nlp.redact import Redactor

__all__ = ["ERROR_EVENTS", "Worker"]

#: Events that somebody should look at.
ERROR_EVENTS = frozenset(
    {"job met an error", "store unavailable", "active model refused", "active model unknown"}
)

#: How often an idle worker asks for a job.
POLL_SECONDS = 0.5
#: Waiting time after the first failure of a job; it doubles with each further one.
RETRY_SECONDS = 5.0
#: How often a worker looks whether today's retention was queued.
RETENTION_SECONDS = 600.0
Events = Callable[[str, Mapping[str, Any]], None]


class Worker:
    """Works on jobs.

    Parameters
    ----------
    store : Store
    load_analyzer : callable
        Loads the model bundle; called when a job first needs it.
    kinds : mapping of str to str, default=JOB_KINDS
    redactor : Redactor or None, default=None
        Masks personal data in texts before they are scored, written or stored.
    retention_days : int, default=0
        Queues the job that deletes what is older, once a day over all workers; 0 keeps everything.
    on_event : callable or None, default=None
        Told what happens, as a name and plain values, for a log; never any text.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store.open(data_dir=folder) as store:
    ...     Worker(store, lambda: None).run_one()
    False
    """

    def __init__(
        self,
        store: Store,
        load_analyzer: Callable[[], AnalyzerLike],
        *,
        kinds: Mapping[str, str] = JOB_KINDS,
        redactor: Redactor | None = None,
        retention_days: int = 0,
        on_event: Events | None = None,
    ) -> None:
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._store = store
        self._load_analyzer = load_analyzer
        self._kinds = kinds
        self._redactor = redactor
        self._retention_days = retention_days
        self._retention_due = 0.0
        self._on_event = on_event or (lambda name, values: None)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask the worker to end: after the chunk it is at, with the job given back to the queue."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop` is called; a store that cannot be reached is waited for."""
        self._sweep()
        while not self._stopping.is_set():
            try:
                self._queue_retention()
                busy = self.run_one()
            except StoreError as error:
                self._tell("store unavailable", reason=error.message)
                busy = False
            if not busy:
                # Not in step with the other workers, which would all ask at the same moment.
                self._stopping.wait(POLL_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)

    def _queue_retention(self) -> None:
        if self._retention_days and time.monotonic() >= self._retention_due:
            queue_retention(self._store, self._retention_days)
            self._retention_due = time.monotonic() + RETENTION_SECONDS

    def run_one(self) -> bool:
        """Take one job, if there is any, and work on it; return whether there was one.

        Raises
        ------
        StoreError
            If the store cannot be used now.
        """
        job = self._store.jobs.claim(self.name, list(self._kinds), LEASE_SECONDS)
        if job is None:
            return False
        self._tell("job taken", job=job.id, kind=job.kind, attempt=job.attempts)
        run = JobRun(self._store, job, self.name, self._load_analyzer, self._stopping, self._redactor)
        try:
            with run:
                result = load_kind(self._kinds[job.kind])(run)
        except JobStopped as stop:
            self._put_down(run, stop.reason)
        except Exception as error:  # whatever it is, it ends the job and not the worker
            self._fail(run, error)
        else:
            self._end(run, "done", result=result)
        return True

    def _put_down(self, run: JobRun, reason: str) -> None:
        if reason == "cancelled":
            self._end(run, "cancelled")
        elif reason in ("stopping", "others wait"):
            self._store.jobs.release(run.job, self.name, progress=run.current)
        self._tell("job put down", job=run.job.id, reason=reason)

    def _fail(self, run: JobRun, error: Exception) -> None:
        """Try again later, unless that cannot help."""
        job = run.job
        attempts = 1 if (run.current and run.current.rows_read > job.rows_read) else job.attempts
        self._tell(
            "job met an error",
            job=job.id,
            error=type(error).__name__,
            attempt=attempts,
            **({} if isinstance(error, FeedbackError) else {"places": _places(error)}),
        )
        if _is_lock(error):  # a worker that is not quite dead still writes the file
            self._store.jobs.release(job, self.name, progress=run.current, wait_seconds=1.0)
        elif isinstance(error, StoreError):
            raise error
        elif isinstance(error, InputError | BundleError) or attempts >= MAX_ATTEMPTS:
            self._end(run, "failed", error=_told(error))
        else:
            self._store.jobs.release(
                job,
                self.name,
                progress=run.current,
                wait_seconds=RETRY_SECONDS * 2 ** (attempts - 1),
                error=_told(error),
            )

    def _end(self, run: JobRun, state: Any, **values: Any) -> None:
        if self._store.jobs.finish(run.job, self.name, state, progress=run.current, **values):
            run.files.drop_upload(run.job.id)
            done = run.current or JobProgress()
            self._tell(
                "job ended",
                job=run.job.id,
                kind=run.job.kind,
                state=state,
                rows_scored=done.rows_scored,
                rows_rejected=done.rows_rejected,
            )

    def _sweep(self) -> None:
        from feedback_nlp.jobs.files import JobFiles

        try:
            JobFiles(self._store.data_dir).sweep(self._store.jobs.known)
        except StoreError as error:
            self._tell("store unavailable", reason=error.message)

    def _tell(self, name: str, **values: Any) -> None:
        self._on_event(name, {"worker": self.name, **values})


def _told(error: Exception) -> str:
    """Return what the owner of a job is told: our own message, or only the kind of a surprise."""
    if isinstance(error, FeedbackError):
        return str(error)
    return f"Unexpected {type(error).__name__}; the log of the worker has the place. Please report it."


def _places(error: Exception) -> list[str]:
    """Return where in the code an error arose; not its words, which may be a customer's."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]]


def _is_lock(error: Exception) -> bool:
    return isinstance(error, OutputError) and isinstance(error.__cause__, BlockingIOError)
