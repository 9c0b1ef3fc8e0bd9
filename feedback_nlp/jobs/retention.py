"""The daily job that deletes what is older than it may become."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback_nlp.jobs.run import JobRun
    from feedback_nlp.store import Store

__all__ = ["delete_old", "queue_retention"]

OWNER = "service"
ACTOR = "retention"
ENDED = ("done", "failed", "cancelled")


def queue_retention(store: Store, days: int) -> None:
    """Queue the job of today, unless another worker has.

    Parameters
    ----------
    store : Store
    days : int
        What was received longer ago is deleted.
    """
    key = f"retention {datetime.now(UTC):%Y-%m-%d} {days}"
    store.jobs.add("retention", {"days": days}, owner=OWNER, idempotency_key=key)


def delete_old(run: JobRun) -> dict[str, Any]:
    """Delete feedback, jobs and files of jobs older than the job's option ``days``; return counts."""
    moment = datetime.now(UTC) - timedelta(days=run.job.options["days"])
    counts: Counter[str] = Counter()
    while True:
        done = run.store.deletions.older_than(moment, ACTOR)
        for job in done.jobs:
            run.files.discard(job)
        counts.update(done.counts)
        run.progress(read=counts["feedback"])
        if not done.counts["feedback"]:
            break
    counts["jobs"] = _delete_jobs(run, moment)
    run.store.deletions.scrub()
    return dict(counts)


def _delete_jobs(run: JobRun, moment: datetime) -> int:
    """Delete jobs that ended before `moment`: their files hold texts."""
    deleted, before = 0, None
    while page := run.store.jobs.list(states=ENDED, limit=500, before=before):
        before = page[-1]
        for job in page:
            if job.finished_at is not None and job.finished_at < moment:
                run.store.jobs.delete(job.id)
                run.files.discard(job.id)
                deleted += 1
        run.progress(read=0)
    return deleted
