"""What the table of jobs says of a job, and what workers say to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

__all__ = ["ENDED", "Beat", "JobProgress", "JobRecord", "JobState"]

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
#: States in which nothing happens to a job any more.
ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is.

    Parameters
    ----------
    rows_read, rows_scored, rows_rejected : int
        read = scored + rejected, for jobs that score a file.
    fraction : float or None
        Share that is done, in [0, 1]; None where it is not known.
    rate : float or None
        Rows a second of this run.
    seconds_left : float or None
    """

    rows_read: int = 0
    rows_scored: int = 0
    rows_rejected: int = 0
    fraction: float | None = None
    rate: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A background job, as the table has it.

    Parameters
    ----------
    id : str
        Random (UUID 4).
    kind : str
        What it does; a name in `feedback_nlp.jobs.kinds`.
    state : {"queued", "running", "done", "failed", "cancelled"}
    owner : str
        Id of the API key that started it; empty without keys.
    options : dict
        What it was told; plain JSON.
    result : dict or None
        What came of it once it is done; before that how far it is, as in `JobProgress`.
    error : str or None
        Why it failed.
    attempts : int
        Tries since it last got on.
    lease_owner : str or None
        The worker that has it or had it last.
    """

    id: str
    kind: str
    state: JobState
    owner: str
    idempotency_key: str | None
    request_digest: str | None
    options: dict[str, Any]
    result: dict[str, Any] | None
    rows_total: int | None
    rows_read: int
    rows_scored: int
    rows_rejected: int
    attempts: int
    cancel_requested: bool
    lease_owner: str | None
    lease_until: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker hears when it renews its lease.

    Parameters
    ----------
    held : bool
        Whether the job is still its own.
    cancel : bool
        Whether somebody wants it stopped.
    others_wait : bool
        Whether a job of another owner waits.
    """

    held: bool
    cancel: bool = False
    others_wait: bool = False
