"""/v1/feedback: analyse and keep, list, find, read, delete."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import TypeAdapter, ValidationError

from api.access import current_actor
from api.answers import json_answer
from api.feedback_schemas import (
    DeletionReceipt,
    FeedbackBatch,
    FeedbackDocument,
    FeedbackItem,
    FeedbackPage,
    FeedbackPath,
    FeedbackQuery,
    FeedbackRequest,
    StoredResults,
)
from api.problems import Problem, problem_of_document
from api.requests import refuse_query
from api.service import Service, current_service
from api.specification import problem_responses
from api.stored import deletion_body, item_body
from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.redact import PersonalSpan
from feedback_nlp.store.values import Added, Filters

__all__ = ["blueprint"]

#: Counting stops here.
MOST_COUNTED = 10_000
TOO_LONG = "`text` has {length:,} characters; at most {limit:,} are analysed. Split it, or raise the limit."

blueprint = APIBlueprint(
    "feedback",
    __name__,
    url_prefix="/v1/feedback",
    abp_tags=[Tag(name="feedback", description="Feedback that is kept.")],
    abp_responses=problem_responses(404, 405, 422, 500, 503),
)

_documents = TypeAdapter(FeedbackDocument)


@blueprint.before_request
def _check_query() -> None:
    if request.endpoint != "feedback.list_feedback":
        refuse_query()


@blueprint.post(
    "",
    operation_id="addFeedback",
    summary="Analyse feedback and keep it: one document, or up to 1,000",
    description="The same id and text again changes nothing, so a request can be repeated when its answer was "
    "lost; another text under the same id is a new revision. When the answer comes, everything is on disk. "
    "201 if anything was created, else 200.",
    responses={200: StoredResults, 201: StoredResults, **problem_responses(400, 413, 415)},
)
def add_feedback(body: FeedbackRequest) -> Response:
    """Analyse, store, answer."""
    service = current_service()
    store = service.ready_store()
    alone = isinstance(body.root, FeedbackDocument)
    raws: list[Any] = body.root.documents if isinstance(body.root, FeedbackBatch) else [body.root]
    g.texts = len(raws)
    found = [_checked(service, raw) for raw in raws]
    if alone and isinstance(found[0], Problem):
        raise found[0]
    sound = [one for one in found if not isinstance(one, Problem)]
    added = store.feedback.add(_analysed(service, sound), masked=service.redactor is not None)
    kept = {one.id: one.to_dict() for one in store.feedback.by_ids([one.id for one in added])}
    outcomes = iter(zip(added, sound, strict=True))
    results = [
        _rejected(raw, one) if isinstance(one, Problem) else _stored(kept, *next(outcomes))
        for raw, one in zip(raws, found, strict=True)
    ]
    created = any(one.outcome == "created" for one in added)
    return json_answer({"results": results}, HTTPStatus.CREATED if created else HTTPStatus.OK)


Sound = tuple[Feedback, str | None, tuple[PersonalSpan, ...]]


def _checked(service: Service, raw: Any) -> Sound | Problem:
    """Return feedback with its language and what was masked in it, or why it cannot be kept."""
    try:
        document: FeedbackDocument = _documents.validate_python(raw)
    except ValidationError as error:
        return problem_of_document(error)
    limit = service.settings.max_text_characters
    if len(document.text) > limit:
        detail = TOO_LONG.format(length=len(document.text), limit=limit)
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "text-too-long", detail)
    masked = service.redactor.mask(document.text) if service.redactor else None
    feedback = Feedback(
        id=document.id or "",
        text=masked.text if masked else document.text,
        created_at=document.created_at,
        channel=document.channel,
        product=document.product,
        rating=document.rating,
        customer_ref=document.customer_ref,
    )
    return feedback, document.language, masked.spans if masked else ()


def _analysed(service: Service, sound: list[Sound]) -> list[tuple[Feedback, Analysis]]:
    analyzer = service.ready_analyzer()
    with service.admission.slot():
        analyses = list(
            analyzer.analyze_many(
                [one.text for one, _, _ in sound],
                languages=[language for _, language, _ in sound],
                ratings=[one.rating for one, _, _ in sound],
                precision=service.settings.precision,
            )
        )
    service.metrics.count_batch(len(sound))
    service.metrics.count_texts([one.text for one, _, _ in sound], analyses, analyzer)
    return [(one, analysis) for (one, _, _), analysis in zip(sound, analyses, strict=True)]


def _stored(kept: dict[str, dict[str, Any]], added: Added, sound: Sound) -> dict[str, Any]:
    return {
        "id": added.id,
        "outcome": added.outcome,
        "revision": added.revision,
        "feedback": kept.get(added.id),  # null if somebody deleted it in this very moment
        "masked_spans": [{"kind": span.kind, "start": span.start, "end": span.end} for span in sound[2]],
        "error": None,
    }


def _rejected(raw: Any, problem: Problem) -> dict[str, Any]:
    given = raw.get("id") if isinstance(raw, dict) else None
    usable = isinstance(given, str) and len(given) <= 512 and given.isprintable()
    return {
        "id": given if usable else None,
        "outcome": "rejected",
        "revision": None,
        "feedback": None,
        "masked_spans": [],
        "error": problem.body(),
    }


@blueprint.get(
    "",
    operation_id="listFeedback",
    summary="List and find feedback, page by page",
    responses={200: FeedbackPage},
)
def list_feedback(query: FeedbackQuery) -> Response:
    """Answer a page."""
    table = current_service().ready_store().feedback
    chosen = query.model_dump(exclude={"q", "limit", "cursor", "count"})
    filters = Filters(**chosen, search=query.q)
    page = table.page(filters, limit=query.limit, cursor=query.cursor)
    count = table.count(filters, cap=MOST_COUNTED + 1) if query.count else None
    return json_answer(
        {
            "items": [one.to_dict() for one in page.items],
            "next": page.next,
            "count": None if count is None else min(count, MOST_COUNTED),
            "count_is_capped": count is not None and count > MOST_COUNTED,
        }
    )


@blueprint.get(
    "/<path:feedback_id>",
    operation_id="getFeedback",
    summary="One piece of feedback with its older texts and corrections",
    responses={200: FeedbackItem},
)
def get_feedback(path: FeedbackPath) -> Response:
    """Answer one piece of feedback."""
    store = current_service().ready_store()
    return json_answer(item_body(store, store.feedback.get(path.feedback_id)))


@blueprint.delete(
    "/<path:feedback_id>",
    operation_id="deleteFeedback",
    summary="Delete a piece of feedback with all that hangs on it",
    responses={200: DeletionReceipt},
)
def delete_feedback(path: FeedbackPath) -> Response:
    """Delete and answer the receipt."""
    store = current_service().ready_store()
    return json_answer(deletion_body(store, store.deletions.feedback(path.feedback_id, current_actor())))
