"""/v1/jobs: files that are scored in the background."""

from __future__ import annotations

import mimetypes
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from flask import Response, g, jsonify, request, send_file, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.job_schemas import (
    JobHeaders,
    JobListQuery,
    JobListResponse,
    JobPath,
    JobResponse,
    PreviewResponse,
    UploadForm,
)
from api.problems import Problem
from api.requests import JsonRequest, refuse_query
from api.service import current_owner, current_service
from api.specification import problem_responses
from feedback_nlp.errors import JobConflictError, NotStoredError
from feedback_nlp.jobs import JobFiles, Upload, UploadOptions, submit_upload
from feedback_nlp.jobs.preview import preview_file
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import ENDED, JobRecord
from feedback_nlp.store.keys import ApiKey

if TYPE_CHECKING:
    from feedback_nlp.batch.scoring import AnalyzerLike

__all__ = ["blueprint", "job_body"]

#: What a form may hold beside the file: a mapping and some words.
FORM_BYTES = 1 << 16

blueprint = APIBlueprint(
    "jobs",
    __name__,
    url_prefix="/v1/jobs",
    abp_tags=[Tag(name="jobs", description="Score a file in the background: upload, wait, download.")],
    abp_responses=problem_responses(405, 422, 500, 503),
)


@blueprint.before_request
def _check_request() -> None:
    if request.endpoint != "jobs.list_jobs":
        refuse_query()
    if request.method == "POST" and isinstance(request, JsonRequest):
        limit = current_service().settings.max_upload_bytes
        request.max_content_length = limit + FORM_BYTES
        g.upload = None
        request.receive_files(lambda: _begin_upload(limit))


def _begin_upload(limit: int) -> IO[bytes]:
    g.upload = Upload(JobFiles(_store().data_dir), limit)
    return cast(IO[bytes], g.upload)  # what a form's reader needs of a file: write and seek


@blueprint.teardown_request
def _drop_upload(error: BaseException | None) -> None:
    if upload := g.pop("upload", None):
        upload.close()


def _store() -> Store:
    return current_service().ready_store()


@blueprint.post(
    "",
    operation_id="createJob",
    summary="Score a file in the background",
    description="CSV, TSV, JSON Lines, Parquet or XLSX, the text formats also compressed. With the same "
    "`Idempotency-Key`, file and options the same job is returned again; with another file it is 409.",
    responses={202: JobResponse, **problem_responses(400, 403, 409, 413, 415)},
)
def create_job(header: JobHeaders, form: UploadForm) -> Response:
    """Queue an upload."""
    _check_may_store(form)
    job, _ = submit_upload(
        _store(),
        _received(form),
        _options(form),
        owner=current_owner() or "",
        idempotency_key=header.idempotency_key,
    )
    response = _answer(job)
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = url_for("jobs.get_job", job_id=job.id)
    return response


@blueprint.post(
    "/preview",
    operation_id="previewJob",
    summary="Show which columns would be taken for what, and the first ten rows scored",
    description="The form of `POST /v1/jobs`. Nothing is queued or kept.",
    responses={200: PreviewResponse, **problem_responses(400, 413, 415)},
)
def preview_job(form: UploadForm) -> dict[str, Any]:
    """Answer what a job would make of an upload."""
    service = current_service()
    upload = _received(form)
    analyzer = cast("AnalyzerLike", service.ready_analyzer())
    seen = preview_file(upload.path, analyzer, _options(form), redactor=service.redactor, name="The upload")
    return PreviewResponse.model_validate(
        seen.to_dict() | {"columns": list(seen.columns)}, strict=False
    ).model_dump()


def _options(form: UploadForm) -> UploadOptions:
    return UploadOptions(
        mapping=form.mapping,
        store=form.store,
        spreadsheet_safe=form.spreadsheet_safe,
        precision=form.precision or current_service().settings.precision,
        encoding=form.encoding or None,
        delimiter=form.delimiter or None,
    )


def _check_may_store(form: UploadForm) -> None:
    key: ApiKey | None = g.get("key")
    if form.store and key is not None and not key.allows("write"):
        detail = "To keep the feedback of a file the key needs the scope `write`."
        raise Problem(HTTPStatus.FORBIDDEN, "scope", detail)


def _received(form: UploadForm) -> Upload:
    """Return the file of the request, completely on disk."""
    upload: Upload | None = g.upload
    if upload is None:  # `file` was a plain field
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", "Send the file as the form field `file`.")
    upload.complete(form.file.filename or "", form.format)
    return upload


@blueprint.get(
    "",
    operation_id="listJobs",
    summary="List jobs, newest first",
    responses={200: JobListResponse, **problem_responses(404)},
)
def list_jobs(query: JobListQuery) -> dict[str, Any]:
    """Answer a page of jobs."""
    table = _store().jobs
    owner = current_owner()
    before = table.get(query.before, owner) if query.before else None
    states = [query.state] if query.state else []
    found = table.list(owner=owner, states=states, limit=query.limit + 1, before=before)
    page = found[: query.limit]
    return {
        "jobs": [job_body(job) for job in page],
        "next": page[-1].id if len(found) > query.limit else None,
    }


@blueprint.get(
    "/<job_id>",
    operation_id="getJob",
    summary="How far a job is",
    responses={200: JobResponse, **problem_responses(404)},
)
def get_job(path: JobPath) -> Response:
    """Answer one job."""
    return _answer(_job(path))


@blueprint.get(
    "/<job_id>/results",
    operation_id="getJobResults",
    summary="The scored file, in the format of the upload",
    responses={200: {"content": {"application/octet-stream": {}}}, **problem_responses(404, 409)},
)
def get_results(path: JobPath) -> Response:
    """Send the scored file."""
    job = _done(path)
    return _send(JobFiles(_store().data_dir).result(job.id), f"scored-{job.id}")


@blueprint.get(
    "/<job_id>/rejected",
    operation_id="getJobRejected",
    summary="The rows that could not be read, as JSON Lines: line, reason, how they begin",
    responses={200: {"content": {"application/x-ndjson": {}}}, **problem_responses(404, 409)},
)
def get_rejected(path: JobPath) -> Response:
    """Send the rejected rows; none is an empty file."""
    job = _done(path)
    files = JobFiles(_store().data_dir)
    if job.rows_rejected == 0 and files.result(job.id) is not None:
        return Response(b"", mimetype="application/x-ndjson")
    return _send(files.rejected(job.id), f"rejected-{job.id}")


@blueprint.post(
    "/<job_id>/cancel",
    operation_id="cancelJob",
    summary="Stop a job",
    description="At once if it waits, after its next chunk if it runs. One that has ended stays as it is.",
    responses={200: JobResponse, **problem_responses(404)},
)
def cancel_job(path: JobPath) -> Response:
    """Cancel a job."""
    job = _store().jobs.cancel(path.job_id, current_owner())
    if job.state == "cancelled":
        JobFiles(_store().data_dir).drop_upload(job.id)
    return _answer(job)


@blueprint.delete(
    "/<job_id>",
    operation_id="deleteJob",
    summary="Delete a job and its files; one that runs is stopped",
    responses={204: None, **problem_responses(404)},
)
def delete_job(path: JobPath) -> Response:
    """Delete a job."""
    job = _store().jobs.delete(path.job_id, current_owner())
    JobFiles(_store().data_dir).discard(job.id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _job(path: JobPath) -> JobRecord:
    return _store().jobs.get(path.job_id, current_owner())


def _done(path: JobPath) -> JobRecord:
    """Return a job that has a result."""
    job = _job(path)
    if job.state != "done":
        remedy = "It has no result." if job.state in ENDED else "Ask again when its state is done."
        raise JobConflictError(f"The job is {job.state}.", remedy=remedy)
    return job


def _send(path: Path | None, stem: str) -> Response:
    if path is None:
        raise NotStoredError("The files of this job were deleted.")
    ending = "".join(path.suffixes)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return send_file(
        path, mimetype=kind, as_attachment=True, download_name=f"{stem}{ending}", etag=False, max_age=None
    )


def _answer(job: JobRecord) -> Response:
    return jsonify(job_body(job))


def job_body(job: JobRecord) -> dict[str, Any]:
    """Return the answer's shape of a job."""
    running = job.result or {} if job.state not in ENDED else {}
    done = job.state == "done"
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "rows_read": job.rows_read,
        "rows_scored": job.rows_scored,
        "rows_rejected": job.rows_rejected,
        "fraction": 1.0 if done else running.get("fraction"),
        "rate": running.get("rate"),
        "seconds_left": 0.0 if done else running.get("seconds_left"),
        "attempts": job.attempts,
        "created_at": _moment(job.created_at),
        "started_at": _moment(job.started_at),
        "finished_at": _moment(job.finished_at),
        "error": job.error,
        "result": job.result if done else None,
    }


def _moment(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
