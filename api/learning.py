"""POST /v1/retrain and its page: a candidate bundle from corrections, what it brings, and the way to activate it."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from flask import Response, jsonify, redirect, render_template, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.access import current_actor
from api.hooks import SCRIPT_PAGE_POLICY
from api.job_schemas import JobResponse
from api.jobs import job_body
from api.models import change_model
from api.requests import refuse_query
from api.review_schemas import RetrainRequest
from api.service import current_owner, current_service
from api.shell import page_blueprint
from api.specification import problem_responses
from feedback_nlp.errors import NotStoredError
from feedback_nlp.store.jobs import ENDED, JobRecord

__all__ = ["blueprint", "pages"]

blueprint = APIBlueprint(
    "learning",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="review", description="What people say of texts.")],
    abp_responses=problem_responses(404, 405, 422, 500, 503),
)
blueprint.before_request(refuse_query)
pages = page_blueprint("learning_pages", __name__, SCRIPT_PAGE_POLICY)


@blueprint.post(
    "/retrain",
    operation_id="retrain",
    summary="Make a candidate bundle from what people corrected",
    description="A job in the background. Its result compares the candidate with the bundle in use on corrections "
    "that neither saw, and names gates of the behaviour suite that it breaks; `diff_job` is the rescoring whose diff "
    "says what it would change. It is activated only on request, and only if it is better beyond noise.",
    responses={202: JobResponse, **problem_responses(400, 413, 415)},
)
def start(body: RetrainRequest) -> Response:
    """Queue it."""
    answer = jsonify(job_body(_submit(activate=body.activate_if_better)))
    answer.status_code = HTTPStatus.ACCEPTED
    return answer


def _submit(*, activate: bool) -> JobRecord:
    # Brings what trains models along, scikit-learn and all: not at the start of every service.
    from feedback_nlp.jobs.retraining import submit_retrain

    store = current_service().ready_store()
    return submit_retrain(store, actor=current_actor(), activate=activate, owner=current_owner() or "")


@pages.post("/review/retrain")
def start_on_page() -> Response:
    """Queue it, and go to the page that watches it."""
    job = _submit(activate=False)
    return cast(Response, redirect(url_for("learning_pages.outcome", job_id=job.id), HTTPStatus.SEE_OTHER))


@pages.get("/review/retrain/<job_id>")
def outcome(job_id: str) -> str:
    """Show how far it is, and what came of it."""
    store = current_service().ready_store()
    job = store.jobs.get(job_id, None)
    if job.kind != "retrain":
        raise NotStoredError("There is no retraining with this id.")
    result = job.result if job.state == "done" else None
    active = store.models.active()
    return render_template(
        "retrained.html",
        job=job,
        ended=job.state in ENDED,
        result=result,
        is_active=result is not None and active is not None and active.model == result["model"],
    )


@pages.post("/review/retrain/<job_id>/activate")
def activate(job_id: str) -> Response:
    """Let the candidate analyse what comes in."""
    service = current_service()
    job = service.ready_store().jobs.get(job_id, None)
    if job.kind != "retrain" or job.state != "done" or job.result is None:
        raise NotStoredError("There is no candidate of this retraining.")
    change_model(service, job.result["model"])
    return cast(Response, redirect(url_for("learning_pages.outcome", job_id=job_id), HTTPStatus.SEE_OTHER))
