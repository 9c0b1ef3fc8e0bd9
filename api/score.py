"""POST /v1/score and POST /v1/score/batch."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, g
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import TypeAdapter, ValidationError

from api.answers import json_answer
from api.problems import Problem, problem_of_document
from api.requests import refuse_query
from api.schemas import BatchRequest, BatchResponse, Document, ScoreRequest, ScoreResponse
from api.service import Scorer, current_service
from api.specification import problem_responses
from feedback_nlp.records import Analysis, ModelId

__all__ = ["blueprint"]

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
    service = current_service()
    combiner = service.ready_combiner()
    _refuse_long(body.text, service.settings.max_text_characters)
    g.texts = 1
    with service.admission.place():
        analysis = combiner.analyze(
            body.text,
            language=body.language,
            rating=body.rating,
            explain=body.explain,
            precision=body.precision or service.settings.precision,
        )
        service.metrics.count_texts([body.text], [analysis], service.ready_analyzer())
        return json_answer(analysis.to_dict(id=body.id))


@blueprint.post(
    "/batch",
    operation_id="scoreBatch",
    summary="Analyse up to 1,000 pieces of feedback",
    description='One result a document, in order. A bad document has `status` "error" and fails no other.',
    responses={200: BatchResponse},
)
def score_batch(body: BatchRequest) -> Response:
    """Answer a batch."""
    service = current_service()
    analyzer = service.ready_analyzer()
    g.texts = len(body.documents)
    checked = [_checked(raw, service.settings.max_text_characters) for raw in body.documents]
    with service.admission.slot():
        analyses = _analyze(analyzer, checked, body.precision or service.settings.precision)
        sound = [found.text for found in checked if isinstance(found, Document)]
        service.metrics.count_texts(sound, list(analyses.values()), analyzer)
        results = [
            _failed(raw, found, analyzer.model)
            if isinstance(found, Problem)
            else analyses[index].to_dict(id=found.id)
            for index, (raw, found) in enumerate(zip(body.documents, checked, strict=True))
        ]
        return json_answer({"results": results})


def _checked(raw: object, limit: int) -> Document | Problem:
    try:
        document = _documents.validate_python(raw)
        _refuse_long(document.text, limit)
    except ValidationError as error:
        return problem_of_document(error)
    except Problem as problem:
        return problem
    return document


def _analyze(
    analyzer: Scorer, checked: list[Document | Problem], precision: float | None
) -> dict[int, Analysis]:
    """Analyse what is sound, in one go; in two if only some of it is to be explained."""
    sound = [(index, found) for index, found in enumerate(checked) if isinstance(found, Document)]
    analyses: dict[int, Analysis] = {}
    for explain in (False, True):
        chosen = [(index, found) for index, found in sound if found.explain is explain]
        if chosen:
            made = analyzer.analyze_many(
                [found.text for _, found in chosen],
                languages=[found.language for _, found in chosen],
                ratings=[found.rating for _, found in chosen],
                explain=explain,
                precision=precision,
            )
            analyses.update(zip([index for index, _ in chosen], made, strict=True))
    return analyses


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
