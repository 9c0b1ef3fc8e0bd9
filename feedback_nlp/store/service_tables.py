"""The tables of the service around the feedback: jobs, review queue, keys, audit log, taxonomies, alerts."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from feedback_nlp.store.column_types import Json, Key, UtcTime
from feedback_nlp.store.tables import metadata

__all__ = [
    "alerts",
    "api_keys",
    "audit_log",
    "deletions",
    "job_chunks",
    "jobs",
    "metadata",
    "review_items",
    "state",
    "taxonomies",
]

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),  # score | rescore | retention | retrain | taxonomy
    Column("state", String(12), nullable=False),  # queued | running | done | failed | cancelled
    Column("owner", String(36), nullable=False),  # id of an API key; empty without keys
    Column("idempotency_key", String(200)),
    Column("request_digest", String(64)),
    Column("options", Json, nullable=False),
    Column("result", Json),
    Column("rows_total", Integer),
    Column("rows_read", Integer, nullable=False, server_default="0"),
    Column("rows_scored", Integer, nullable=False, server_default="0"),
    Column("rows_rejected", Integer, nullable=False, server_default="0"),
    Column("chunks_done", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column(
        "cancel_requested", Boolean(create_constraint=False), nullable=False, server_default=text("false")
    ),
    Column("lease_owner", String(100)),
    Column("lease_until", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("error", Text),
    UniqueConstraint("owner", "idempotency_key"),
    Index(None, "state", "created_at"),
    Index(None, "owner", "created_at"),
)

job_chunks = Table(
    "job_chunks",
    metadata,
    Column("job_id", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    Column("rows_rejected", Integer, nullable=False, server_default="0"),
    Column("result", Json),
    Column("finished_at", UtcTime, nullable=False),
)

review_items = Table(
    "review_items",
    metadata,
    Column("id", Key, primary_key=True),
    Column("feedback_id", Key, ForeignKey("feedback.id", ondelete="CASCADE"), nullable=False),
    Column("slice", String(20), nullable=False),  # random | uncertain | conflict
    Column("sampling_probability", Float),
    Column("position", Float, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("assigned_to", String(200)),
    Column("assigned_until", UtcTime),
    Column("done_at", UtcTime),
    UniqueConstraint("feedback_id", "slice"),
    Index(None, "done_at", "position"),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("prefix", String(16), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("scopes", String(100), nullable=False),  # joined by spaces: score read write admin
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("last_used_at", UtcTime),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(50), nullable=False),
    Column("target", String(200), nullable=False),
    Column("detail", Json),
    Index(None, "at", "id"),
    sqlite_autoincrement=True,
)

deletions = Table(
    "deletions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deleted_at", UtcTime, nullable=False),
    Column("reason", String(20), nullable=False),  # feedback | customer | retention
    Column("subject_digest", String(64), nullable=False),  # of the id or reference, which is gone itself
    Column("actor", String(200), nullable=False),
    Column("counts", Json, nullable=False),  # rows deleted, by table
)

taxonomies = Table(
    "taxonomies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False, unique=True),
    Column("content", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200)),
    Column("active", Boolean(create_constraint=False), nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("topic", String(100), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("state", String(12), nullable=False),  # open | seen | closed
    Column("before", Float),
    Column("after", Float),
    Column("low", Float),
    Column("high", Float),
    Column("detail", Json),
    Index(
        "uq_alerts_open_topic",
        "topic",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

state = Table(
    "state",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Json, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)
