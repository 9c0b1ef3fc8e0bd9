"""GET /healthz (is the process alive) and GET /readyz (can it answer: it asks the store and analyses a sentence)."""

from __future__ import annotations

from http import HTTPStatus

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.logs import log
from api.problems import Problem
from api.requests import refuse_query
from api.schemas import HealthResponse
from api.service import Scorer, Service, current_service
from api.specification import problem_responses
from feedback_nlp.errors import StoreVersionError

__all__ = ["blueprint"]

SELF_TEST = "The delivery was quick and the shoes fit, but the payment page failed twice."

blueprint = APIBlueprint(
    "health",
    __name__,
    abp_tags=[Tag(name="health", description="For load balancers and supervisors.")],
    abp_responses=problem_responses(405, 422, 500),
)
blueprint.before_request(refuse_query)


@blueprint.get(
    "/healthz",
    operation_id="health",
    summary="Whether the process is alive",
    responses={200: HealthResponse},
)
def health() -> dict[str, str]:
    """Answer without touching the bundle."""
    return {"status": "ok"}


@blueprint.get(
    "/readyz",
    operation_id="ready",
    summary="Whether feedback can be analysed and kept now",
    description="Asks the database, and analyses a sentence from end to end; 503 if the database does not answer or "
    "its tables are of another version, if the analysis fails or the bundle was refused.",
    responses={200: HealthResponse, **problem_responses(503)},
)
def ready() -> dict[str, str]:
    """Answer after a self-test."""
    service = current_service()
    if service.settings.store:
        _check_store(service)
    analyzer = service.ready_analyzer()
    passed = _passes(analyzer)
    service.metrics.skip_words(analyzer)
    if not passed:
        detail = "The self-test sentence could not be analysed. The log has the kind of error."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "self-test", detail, retry_after=60)
    return {"status": "ok"}


def _check_store(service: Service) -> None:
    try:
        service.ready_store().check()
    except StoreVersionError as error:
        log.error("not ready", error=type(error).__name__, reason=error.message)
        detail = "The tables of the store are of another version of this program. The log says which."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "store-version", detail, retry_after=60) from error


def _passes(analyzer: Scorer) -> bool:
    try:
        analysis = analyzer.analyze(SELF_TEST, language="en", explain=True)
    except Exception as error:  # whatever it is, the answer is "not ready"
        log.error("self-test failed", error=type(error).__name__)
        return False
    shares = (analysis.p_negative, analysis.p_neutral, analysis.p_positive)
    return analysis.status == "ok" and abs(sum(share or 0.0 for share in shares) - 1.0) < 0.01
