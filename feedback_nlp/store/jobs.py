"""The table of background jobs: it is the truth, whatever wakes the workers or kills them.

A worker takes a job on lease and renews it while it works; a lease that is not renewed is anybody's. Attempts are
counted since the job last got on, so that a job which kills its worker at one place ends, and one that only met
restarts does not.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from feedback_nlp.errors import JobConflictError
from feedback_nlp.store import job_queries as q
from feedback_nlp.store.engine import Database
from feedback_nlp.store.job_values import ENDED, Beat, JobProgress, JobRecord, JobState
from feedback_nlp.store.service_tables import jobs

__all__ = ["ENDED", "LEASE_SECONDS", "Beat", "JobProgress", "JobRecord", "JobState", "JobTable"]

#: A worker that has not been heard of for so long has lost its job; it renews every second.
LEASE_SECONDS = 6.0
#: Tries at one place of a job before it is given up.
MAX_ATTEMPTS = 5
LOST = (
    "The worker was lost {count} times at the same place of the job, most likely for lack of memory. "
    "Send the rows in smaller files to find the one that does it."
)


class JobTable:
    """Adds, hands out, renews and ends jobs.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    # -- for those who want something done

    def add(
        self,
        kind: str,
        options: dict[str, Any] | None = None,
        *,
        owner: str = "",
        job_id: str | None = None,
        idempotency_key: str | None = None,
        request_digest: str | None = None,
    ) -> tuple[JobRecord, bool]:
        """Queue a job.

        Returns
        -------
        job : JobRecord
            The new one, or that which the same owner started with the same key.
        created : bool
            Whether it is new.

        Raises
        ------
        JobConflictError
            If the key was used with another request.
        """
        row = {
            "id": job_id or str(uuid.uuid4()),
            "kind": kind,
            "state": "queued",
            "owner": owner,
            "idempotency_key": idempotency_key,
            "request_digest": request_digest,
            "options": options or {},
        }
        insert = sqlite.insert if self.database.is_sqlite else postgresql.insert
        with self.database.write() as connection:
            added = connection.execute(
                insert(jobs)
                .values(**row, created_at=q.now(connection))
                .on_conflict_do_nothing(index_elements=["owner", "idempotency_key"])
                .returning(jobs.c.id)
            )
            if added.first() is not None:
                return q.one_job(connection, jobs.c.id == row["id"]), True
            same = and_(jobs.c.owner == owner, jobs.c.idempotency_key == idempotency_key)
            found = q.one_job(connection, same)
        if found.request_digest != request_digest or found.kind != kind:
            raise JobConflictError(
                f"The idempotency key was used for job {found.id}, with another file or other options.",
                remedy="Use a new key for a new job.",
            )
        return found, False

    def get(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Return a job.

        Parameters
        ----------
        job_id : str
        owner : str or None, default=None
            None sees everybody's.

        Raises
        ------
        NotStoredError
            If there is none under this id, or it belongs to somebody else.
        """
        with self.database.read() as connection:
            return q.one_job(connection, q.mine(job_id, owner))

    def list(
        self,
        *,
        owner: str | None = None,
        states: Collection[str] = (),
        limit: int = 50,
        before: JobRecord | None = None,
    ) -> list[JobRecord]:
        """Return jobs, newest first.

        Parameters
        ----------
        owner : str or None, default=None
            None sees everybody's.
        states : collection of str, default=()
            Only these, if any.
        limit : int, default=50
        before : JobRecord or None, default=None
            Go on behind this one.
        """
        wanted = select(*q.COLUMNS).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        if owner is not None:
            wanted = wanted.where(jobs.c.owner == owner)
        if states:
            wanted = wanted.where(jobs.c.state.in_(states))
        if before is not None:
            wanted = wanted.where(tuple_(jobs.c.created_at, jobs.c.id) < (before.created_at, before.id))
        with self.database.read() as connection:
            return [JobRecord(**row) for row in connection.execute(wanted).mappings()]

    def count(self) -> dict[tuple[str, str], int]:
        """Return the number of jobs by kind and state."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(jobs.c.kind, jobs.c.state, func.count()).group_by(jobs.c.kind, jobs.c.state)
            )
            return {(kind, state): count for kind, state, count in rows}

    def oldest_waiting(self) -> datetime | None:
        """Return since when the longest waiting job waits; None if none does."""
        with self.database.read() as connection:
            oldest: datetime | None = connection.execute(
                select(func.min(jobs.c.created_at, type_=jobs.c.created_at.type)).where(
                    jobs.c.state == "queued"
                )
            ).scalar_one()
            return oldest

    def oldest_running(self) -> datetime | None:
        """Return since when the longest running job runs; None if none does."""
        with self.database.read() as connection:
            oldest: datetime | None = connection.execute(
                select(func.min(jobs.c.started_at, type_=jobs.c.started_at.type)).where(
                    jobs.c.state == "running"
                )
            ).scalar_one()
            return oldest

    def cancel(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Stop a job: at once if it waits, after its next chunk if it runs; one that has ended stays as it is.

        Raises
        ------
        NotStoredError
            As for `get`.
        """
        with self.database.write() as connection:
            job = q.one_job(connection, q.mine(job_id, owner))
            if job.state == "queued":
                q.end(connection, job.id, "cancelled")
            elif job.state == "running":
                q.change(connection, job.id, cancel_requested=True)
            return q.one_job(connection, jobs.c.id == job.id)

    def delete(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Delete a job; a worker that runs it stops at its next chunk.

        Raises
        ------
        NotStoredError
            As for `get`.
        """
        with self.database.write() as connection:
            job = q.one_job(connection, q.mine(job_id, owner))
            connection.execute(jobs.delete().where(jobs.c.id == job.id))
            return job

    def known(self, job_ids: Collection[str]) -> set[str]:
        """Return those of the ids that the table has."""
        with self.database.read() as connection:
            return set(connection.scalars(select(jobs.c.id).where(jobs.c.id.in_(job_ids))))

    # -- for workers

    def claim(
        self, worker: str, kinds: Collection[str], lease_seconds: float = LEASE_SECONDS
    ) -> JobRecord | None:
        """Take the next job on lease, or None if there is nothing to do.

        First comes a job whose worker was lost; then one of the owner who has the fewest running and waits
        longest since one of theirs was served; then the oldest.
        """
        with self.database.write() as connection:
            now = q.now(connection)
            while True:
                found = connection.execute(q.next_job(now, kinds, lease_seconds)).mappings().first()
                if found is None:
                    return None
                job = JobRecord(**found)
                if job.cancel_requested:
                    q.end(connection, job.id, "cancelled")
                elif job.attempts >= MAX_ATTEMPTS:
                    q.end(connection, job.id, "failed", error=job.error or LOST.format(count=job.attempts))
                else:
                    q.change(
                        connection,
                        job.id,
                        state="running",
                        attempts=job.attempts + 1,
                        lease_owner=worker,
                        lease_until=now + timedelta(seconds=lease_seconds),
                        started_at=job.started_at or now,
                    )
                    return q.one_job(connection, jobs.c.id == job.id)

    def beat(
        self, job: JobRecord, worker: str, progress: JobProgress | None, lease_seconds: float = LEASE_SECONDS
    ) -> Beat:
        """Renew the lease on a job and note how far it is.

        A job that has got further than before has all its attempts again.
        """
        with self.database.write() as connection:
            now = q.now(connection)
            changes: dict[str, Any] = {"lease_until": now + timedelta(seconds=lease_seconds)}
            found = connection.execute(
                select(jobs.c.cancel_requested, jobs.c.rows_read).where(q.held(job.id, worker))
            ).first()
            if found is None:
                return Beat(held=False)
            if progress is not None:
                changes |= q.noted(progress)
                if progress.rows_read > found.rows_read:
                    changes["attempts"] = 1
            q.change(connection, job.id, **changes)
            waiting = select(jobs.c.id).where(jobs.c.state == "queued", jobs.c.owner != job.owner).limit(1)
            return Beat(True, found.cancel_requested, connection.execute(waiting).first() is not None)

    def finish(
        self,
        job: JobRecord,
        worker: str,
        state: JobState,
        *,
        progress: JobProgress | None = None,
        result: dict[str, Any] | None = None,
        error: str | None = None,
    ) -> bool:
        """End a job; False if it is not this worker's any more, and then nothing is changed."""
        with self.database.write() as connection:
            if not q.holds(connection, job.id, worker):
                return False
            noted = {} if progress is None else q.noted(progress)
            q.end(connection, job.id, state, **(noted | {"result": result, "error": error}))
            return True

    def release(
        self,
        job: JobRecord,
        worker: str,
        *,
        progress: JobProgress | None = None,
        wait_seconds: float = 0.0,
        error: str | None = None,
    ) -> bool:
        """Give a job back to the queue.

        Parameters
        ----------
        wait_seconds : float, default=0.0
            Before anybody may take it again.
        error : str or None, default=None
            Why; without one the attempt does not count.
        """
        with self.database.write() as connection:
            if not q.holds(connection, job.id, worker):
                return False
            moment = q.now(connection) + timedelta(seconds=min(wait_seconds, q.MAX_WAIT_SECONDS))
            changes: dict[str, Any] = {"state": "queued", "lease_until": moment, "error": error}
            if progress is not None:
                changes |= q.noted(progress)
            if error is None:
                changes["attempts"] = (
                    func.max(jobs.c.attempts - 1, 0)
                    if self.database.is_sqlite
                    else (func.greatest(jobs.c.attempts - 1, 0))
                )
            q.change(connection, job.id, **changes)
            return True
