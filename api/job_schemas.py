"""The shapes of job requests and answers."""

from __future__ import annotations

from typing import Any, Literal

from flask_openapi.models.file import FileStorage
from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Precision, ScoreResponse, Share, Strict

__all__ = [
    "JobHeaders",
    "JobListQuery",
    "JobListResponse",
    "JobPath",
    "JobResponse",
    "PreviewResponse",
    "UploadForm",
]

State = Literal["queued", "running", "done", "failed", "cancelled"]


class JobHeaders(BaseModel):
    """Headers of an upload."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Any text that is new for each new job: sending the same request again starts nothing new.",
    )


class UploadForm(Strict):
    """A file and what is to be done with it (multipart/form-data)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: FileStorage = Field(description="The file; the ending of its name says what it is.")
    mapping: dict[str, str] = Field(
        default_factory=dict,
        description="JSON object of field to column; the fields are text, id, created_at, channel, product, "
        "rating and customer_ref. Fields left out are found by the columns' names.",
    )
    format: str = Field(
        "", max_length=20, description="Such as csv or jsonl.gz, where the name does not say it."
    )
    store: bool = Field(False, description="Whether to keep the feedback as well.")
    spreadsheet_safe: bool = Field(
        False, description="Put ' before cells that begin with = + - @, which spreadsheets would run."
    )
    precision: Precision | None = Field(
        None, description="Wanted precision of labels not marked uncertain; left out: the bundle's threshold."
    )
    encoding: str = Field("", max_length=40, description="Such as cp1252; left out: found out.")
    delimiter: str = Field("", max_length=1, description="Of CSV; left out: found out.")


class PreviewRow(Strict):
    """One of the first rows."""

    id: str
    text: str
    created_at: str | None
    channel: str | None
    product: str | None
    rating: float | None
    customer_ref: str | None
    analysis: ScoreResponse


class PreviewResponse(Strict):
    """What a job would make of the file; nothing was queued."""

    columns: list[str]
    mapping: dict[str, str] = Field(description="Column by field.")
    missing: list[str] = Field(description="Fields without a column.")
    rows: list[PreviewRow]
    rejected: list[dict[str, Any]] = Field(description="Rows that could not be read: line and reason.")
    warnings: list[str]


class JobPath(BaseModel):
    """Which job."""

    job_id: str = Field(max_length=36, description="As returned when the job was created.")


class JobListQuery(Strict):
    """Which jobs, and how many."""

    model_config = ConfigDict(strict=False)

    state: State | None = Field(None, description="Only jobs in this state.")
    limit: int = Field(50, ge=1, le=200)
    before: str = Field("", max_length=36, description="Id of a job: those older than it.")


class JobResponse(Strict):
    """A job. `rate` (rows a second) and `seconds_left` are known while it runs."""

    id: str
    kind: str
    state: State
    rows_read: int = Field(ge=0, description="rows_read = rows_scored + rows_rejected")
    rows_scored: int = Field(ge=0)
    rows_rejected: int = Field(ge=0)
    fraction: Share | None = Field(description="Share of the file that is done.")
    rate: float | None
    seconds_left: float | None
    attempts: int = Field(ge=0, description="Tries since it last got on.")
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: str | None = Field(description="Why it failed, or why it waits for another try.")
    result: dict[str, Any] | None = Field(description="Counts by status and sentiment, model and warnings.")


class JobListResponse(Strict):
    """A page of jobs, newest first."""

    jobs: list[JobResponse]
    next: str | None = Field(description="Give it as `before` for the next page; null on the last.")
