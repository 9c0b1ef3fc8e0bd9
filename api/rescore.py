"""POST /v1/rescore and its diff: the whole history by another bundle."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.job_schemas import JobHeaders, JobPath, JobResponse
from api.jobs import job_body
from api.model_schemas import DiffResponse, RescoreRequest
from api.quoting import options_of
from api.requests import refuse_query
from api.service import current_owner, current_service
from api.specification import problem_responses
from feedback_nlp.errors import NotStoredError
from feedback_nlp.jobs.diff import ModelDiff, TaskDiff
from feedback_nlp.jobs.rescore import diff_of, submit_rescore
from feedback_nlp.report.statistics import Estimate
from feedback_nlp.store.jobs import JobRecord

__all__ = ["blueprint", "diff_body", "rescore_job"]

#: Characters of an example that are shown.
MOST_SHOWN = 300

blueprint = APIBlueprint(
    "rescore",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="models", description="Bundles: list, activate, roll back.")],
    abp_responses=problem_responses(404, 405, 422, 500, 503),
)
blueprint.before_request(refuse_query)


@blueprint.post(
    "/rescore",
    operation_id="rescore",
    summary="Let a bundle analyse the whole history",
    description="A job in the background. Each text keeps what every bundle said of it; `apply` says whose labels "
    "count. The diff tells what changes: first without `apply`, then, if it pleases, with it, which is quick.",
    responses={202: JobResponse, **problem_responses(400, 409, 413, 415)},
)
def start_rescore(header: JobHeaders, body: RescoreRequest) -> Response:
    """Queue it."""
    service = current_service()
    job = submit_rescore(
        service.ready_store(),
        body.model,
        apply=body.apply,
        precision=body.precision or service.settings.precision,
        owner=current_owner() or "",
        idempotency_key=header.idempotency_key,
    )
    answer = jsonify(job_body(job))
    answer.status_code = HTTPStatus.ACCEPTED
    answer.headers["Location"] = url_for("jobs.get_job", job_id=job.id)
    return answer


@blueprint.get(
    "/jobs/<job_id>/diff",
    operation_id="getDiff",
    summary="What a rescoring changes: old label, new label, share with interval, examples",
    responses={200: DiffResponse},
)
def get_diff(path: JobPath) -> dict[str, Any]:
    """Answer the diff; it is about the store, so everybody who may read sees it."""
    return diff_body(rescore_job(path.job_id))


def rescore_job(job_id: str) -> JobRecord:
    """Return a job that has a diff, whoever started it.

    Raises
    ------
    NotStoredError
        If there is none under this id.
    """
    job = current_service().ready_store().jobs.get(job_id)
    if job.kind != "rescore":
        raise NotStoredError("This job has no diff.", remedy="Jobs of POST /v1/rescore have one.")
    return job


def diff_body(job: JobRecord) -> dict[str, Any]:
    """Return the answer's shape of the diff of a job, with its examples as they are stored now."""
    store = current_service().ready_store()
    diff = diff_of(store, job.id)
    shown = _examples(diff)
    return {
        "job": job.id,
        "state": job.state,
        "model": job.options["model"],
        "applied": job.options["apply"],
        "rows": diff.rows,
        "compared": diff.compared,
        "before": diff.before,
        "tasks": [_task_body(task, shown) for task in diff.tasks],
    }


def _examples(diff: ModelDiff) -> dict[int, dict[str, str]]:
    """Return what is shown of the examples that are not deleted, by number."""
    service = current_service()
    mask = options_of(service.settings).mask
    keys = {key for task in diff.tasks for change in task.changes for key in change.examples}
    return {
        one.key: {"id": one.id, "text": mask(one.text)[:MOST_SHOWN]}
        for one in service.ready_store().feedback.get_many(sorted(keys))
    }


def _task_body(task: TaskDiff, shown: dict[int, dict[str, str]]) -> dict[str, Any]:
    return {
        "task": task.task,
        "changed": _part(task.count, task.changed),
        "changes": [
            {
                "before": change.before,
                "after": change.after,
                **_part(change.count, change.share),
                "examples": [shown[key] for key in change.examples if key in shown],
            }
            for change in task.changes
        ],
    }


def _part(count: int, share: Estimate) -> dict[str, Any]:
    return {"count": count, "share": share.value, "low": share.low, "high": share.high}
