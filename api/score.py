"""POST /v1/score and POST /v1/score/batch."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, g
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from api.problems import Problem, problem_of_document
from api.requests import refuse_query
from api.schemas import BatchRequest, BatchResponse, Document, ScoreRequest, ScoreResponse
from api.service import Service, current_service
from api.specification import problem_responses
from feedback_nlp.records import ModelId

__all__ = ["answer_batch", "answer_one", "blueprint"]

blueprint = APIBlueprint(
    "score",
    __name__,
    url_prefix="/v1/score",
    abp_tags=[Tag(name="score", description="Analyse feedback. Nothing is stored.")],
    abp_responses=problem_responses(400, 405, 413, 415, 422, 500, 503),
)
blueprint.before_request(refuse_query)

_documents = TypeAdapter(Document)


@blueprint.post(
    "",
    operation_id="score",
    summary="Analyse one piece of feedback",
    description="Sentiment, kind and topics with calibrated probabilities; offsets are code points into `text`.",
    responses={200: ScoreResponse},
)
def score(body: ScoreRequest) -> Response:
    """Answer one document."""
    g.texts = 1
    return Response(answer_one(current_service(), body), mimetype="application/json")


@blueprint.post(
    "/batch",
    operation_id="scoreBatch",
    summary="Analyse up to 1,000 pieces of feedback",
    description='One result a document, in order. A bad document has `status` "error" and fails no other.',
    responses={200: BatchResponse},
)
def score_batch(body: BatchRequest) -> Response:
    """Answer a batch."""
    g.texts = len(body.documents)
    return Response(answer_batch(current_service(), body), mimetype="application/json")


def answer_one(service: Service, body: ScoreRequest) -> str:
    """Return the answer to one document as JSON.

    Raises
    ------
    Problem
        413 if the text is too long, 503 if the service is busy or has no bundle.
    """
    combiner = service.ready_combiner()
    _refuse_long(body.text, service.settings.max_text_characters)
    with service.admission.place():
        (answer,) = combiner.answer([body], body.precision or service.settings.precision)
    service.metrics.count_batch(1)
    return answer


def answer_batch(service: Service, body: BatchRequest) -> str:
    """Return the answers to a batch as JSON; a bad document has its error in its place.

    Raises
    ------
    Problem
        503 if the service is busy or has no bundle.
    """
    combiner, model = service.ready_combiner(), service.ready_analyzer().model
    checked = [_checked(raw, service.settings.max_text_characters) for raw in body.documents]
    sound = [found for found in checked if isinstance(found, Document)]
    with service.admission.place():
        answers = combiner.answer(sound, body.precision or service.settings.precision) if sound else []
    service.metrics.count_batch(len(sound))
    if len(sound) < len(checked):
        answered = iter(answers)
        answers = [
            to_json(_failed(raw, found, model)).decode() if isinstance(found, Problem) else next(answered)
            for raw, found in zip(body.documents, checked, strict=True)
        ]
    return f'{{"results":[{",".join(answers)}]}}'


def _checked(raw: object, limit: int) -> Document | Problem:
    try:
        document = _documents.validate_python(raw)
        _refuse_long(document.text, limit)
    except ValidationError as error:
        return problem_of_document(error)
    except Problem as problem:
        return problem
    return document


def _refuse_long(text: str, limit: int) -> None:
    if len(text) > limit:
        detail = f"`text` has {len(text):,} characters; at most {limit:,} are analysed. Split it, or raise the limit."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "text-too-long", detail)


def _failed(raw: object, problem: Problem, model: ModelId) -> dict[str, Any]:
    """Return what stands in the place of a document that could not be analysed."""
    given = raw.get("id") if isinstance(raw, dict) else None
    usable = isinstance(given, str) and len(given) <= 512 and given.isprintable()
    return {
        "id": given if usable else None,
        "status": "error",
        "language": {"code": "und", "confidence": 0.0},
        **dict.fromkeys(("sentiment", "kind", "topics", "sentences", "explanation")),
        "flags": [],
        "warnings": [],
        "model": {"name": model.name, "version": model.version, "digest": model.digest},
        "error": problem.body(),
    }
