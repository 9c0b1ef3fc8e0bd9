"""The statements of the table of jobs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, text

from feedback_nlp.errors import NotStoredError
from feedback_nlp.store.job_values import JobProgress, JobRecord
from feedback_nlp.store.service_tables import jobs

__all__ = [
    "COLUMNS",
    "MAX_WAIT_SECONDS",
    "change",
    "end",
    "held",
    "holds",
    "mine",
    "next_job",
    "noted",
    "now",
    "one_job",
]

#: Longest wait between tries; a waiting time beyond it is the work of a clock that was set back.
MAX_WAIT_SECONDS = 300.0
COLUMNS = tuple(jobs.c[item.name] for item in fields(JobRecord))


def now(connection: Connection) -> datetime:
    """Return the time by one clock for all workers: PostgreSQL's own; with SQLite they are on one machine."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


def one_job(connection: Connection, which: ColumnElement[bool]) -> JobRecord:
    """Return the one job that is meant; refuse if there is none."""
    found = connection.execute(select(*COLUMNS).where(which)).mappings().first()
    if found is None:
        raise NotStoredError("There is no such job.", remedy="GET /v1/jobs lists yours.")
    return JobRecord(**found)


def mine(job_id: str, owner: str | None) -> ColumnElement[bool]:
    """Say which job is meant: one of this owner, or for None of anybody."""
    by_id = jobs.c.id == job_id
    return by_id if owner is None else and_(by_id, jobs.c.owner == owner)


def held(job_id: str, worker: str) -> ColumnElement[bool]:
    """Say that a worker has a job on lease."""
    return and_(jobs.c.id == job_id, jobs.c.state == "running", jobs.c.lease_owner == worker)


def holds(connection: Connection, job_id: str, worker: str) -> bool:
    """Whether a worker has a job on lease; if so, it keeps it to the end of the transaction."""
    query = select(jobs.c.id).where(held(job_id, worker)).with_for_update()
    return connection.execute(query).first() is not None


def change(connection: Connection, job_id: str, **values: Any) -> None:
    """Change some columns of a job."""
    connection.execute(jobs.update().where(jobs.c.id == job_id).values(**values))


def end(connection: Connection, job_id: str, state: str, **values: Any) -> None:
    """End a job."""
    change(connection, job_id, state=state, finished_at=now(connection), **values)


def noted(progress: JobProgress) -> dict[str, Any]:
    """Return the columns that hold how far a job is."""
    return {
        "rows_read": progress.rows_read,
        "rows_scored": progress.rows_scored,
        "rows_rejected": progress.rows_rejected,
        "result": {
            "fraction": progress.fraction,
            "rate": progress.rate,
            "seconds_left": progress.seconds_left,
        },
    }


def next_job(now: datetime, kinds: Collection[str], lease_seconds: float) -> Select[Any]:
    """Select the job that is to be taken next, locked against other workers."""
    others = jobs.alias()
    running = (
        select(func.count())
        .where(others.c.owner == jobs.c.owner, others.c.state == "running", others.c.lease_until > now)
        .scalar_subquery()
    )
    # The last lease of an owner's jobs says when one of them was served last.
    served = select(func.max(others.c.lease_until)).where(others.c.owner == jobs.c.owner).scalar_subquery()
    # A lease that lies further ahead than any is granted comes from a clock that has been set back since.
    free = and_(
        jobs.c.state == "queued",
        or_(
            jobs.c.lease_until.is_(None),
            jobs.c.lease_until <= now,
            jobs.c.lease_until > now + timedelta(seconds=MAX_WAIT_SECONDS),
        ),
    )
    lost = and_(
        jobs.c.state == "running",
        or_(jobs.c.lease_until <= now, jobs.c.lease_until > now + timedelta(seconds=2 * lease_seconds)),
    )
    return (
        select(*COLUMNS)
        .where(jobs.c.kind.in_(kinds), or_(free, lost))
        .order_by((jobs.c.state == "queued"), running, served.nulls_first(), jobs.c.created_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=jobs)
    )
