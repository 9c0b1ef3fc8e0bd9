"""/v1/review and /v1/corrections: what people look at, what they say, and how right the model is by it."""

from __future__ import annotations

import io
import json

from flask import Response, g, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.access import current_actor
from api.answers import json_answer
from api.feedback_schemas import FeedbackRecord
from api.requests import refuse_query
from api.review_schemas import (
    AddedItems,
    CorrectionsImport,
    CorrectionsQuery,
    CorrectionsRead,
    DrawRequest,
    ItemPath,
    QualityResponse,
    ReviewAnswer,
    ReviewQuery,
    ReviewResponse,
)
from api.service import current_service
from api.specification import problem_responses
from feedback_nlp.review import label_quality, read_corrections, write_corrections
from feedback_nlp.review.choosing import nearest_first
from feedback_nlp.store import Store

__all__ = ["blueprint"]

_WITH_QUERY = ("review.list_items", "review.export_corrections")

blueprint = APIBlueprint(
    "review",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="review", description="What people say of texts.")],
    abp_responses=problem_responses(404, 405, 422, 500, 503),
)


@blueprint.before_request
def _check_query() -> None:
    if request.endpoint not in _WITH_QUERY:
        refuse_query()


def _store() -> Store:
    return current_service().ready_store()


@blueprint.get(
    "/review",
    operation_id="listReview",
    summary="The review queue, in order",
    responses={200: ReviewResponse},
)
def list_items(query: ReviewQuery) -> Response:
    """Answer what waits."""
    queue = _store().review
    items = [
        {
            "item": item.key,
            "slice": item.slice,
            "sampling_probability": item.sampling_probability,
            "feedback": item.feedback.to_dict(),
        }
        for item in queue.open(query.limit)
    ]
    counts = {name: {"open": waiting, "done": done} for name, (waiting, done) in queue.counts().items()}
    return json_answer({"items": items, "counts": counts})


@blueprint.post(
    "/review",
    operation_id="drawReview",
    summary="Fill the review queue",
    description="A tenth is drawn at random, a fifth are texts whose stars contradict them, the rest what the "
    "model is least certain of.",
    responses={200: AddedItems, **problem_responses(400, 413, 415)},
)
def draw_items(body: DrawRequest) -> Response:
    """Draw."""
    return json_answer(
        {"added": _store().review.draw(body.size, nearest_first(current_service().ready_analyzer()))}
    )


@blueprint.post(
    "/review/<int:item>",
    operation_id="answerReview",
    summary="Say what a text of the queue means",
    description="It counts at once. 422 if the text was revised meanwhile.",
    responses={200: FeedbackRecord, **problem_responses(400, 413, 415)},
)
def answer_item(path: ItemPath, body: ReviewAnswer) -> Response:
    """Take an answer."""
    g.texts = 1
    changes = body.model_dump(exclude={"revision"}, exclude_none=True)
    if body.topics is not None:
        changes["topics"] = [said.model_dump() for said in body.topics]
    one = _store().review.answer(path.item, changes, reviewer=current_actor(), revision=body.revision)
    return json_answer(one.to_dict())


@blueprint.get(
    "/review/quality",
    operation_id="reviewQuality",
    summary="Precision and recall by label, with intervals, from the random slice",
    responses={200: QualityResponse},
)
def quality() -> Response:
    """Answer how right the model is."""
    reviewed = _store().review.random_sample()
    found = [one.to_dict() for one in label_quality(reviewed)]
    return json_answer({"reviewed": len(reviewed), "labels": found})


@blueprint.get(
    "/corrections",
    operation_id="exportCorrections",
    summary="All corrections, also those not in force, as JSON Lines or CSV",
    responses={200: {"content": {"application/x-ndjson": {}, "text/csv": {}}}},
)
def export_corrections(query: CorrectionsQuery) -> Response:
    """Send all corrections."""
    target = io.StringIO(newline="")
    write_corrections(_store(), target, query.format)
    kind = "text/csv" if query.format == "csv" else "application/x-ndjson"
    answer = Response(target.getvalue().encode(), mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="corrections.{query.format}"'
    return answer


@blueprint.post(
    "/corrections",
    operation_id="importCorrections",
    summary="Take corrections as they were exported",
    description="Each is checked by itself; those that are there already change nothing.",
    responses={200: CorrectionsRead, **problem_responses(400, 413, 415)},
)
def import_corrections(body: CorrectionsImport) -> Response:
    """Take corrections."""
    lines = io.StringIO("".join(f"{json.dumps(one)}\n" for one in body.corrections))
    return json_answer(read_corrections(_store(), lines).to_dict())
