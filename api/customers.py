"""/v1/customers: everything about one customer, to hand over or to delete."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic_core import to_json

from api.access import current_actor
from api.answers import json_answer
from api.feedback_schemas import CustomerPath, DeletionReceipt, ExportResponse
from api.requests import refuse_query
from api.service import current_service
from api.specification import problem_responses
from api.stored import analysis_body, deletion_body, item_body
from feedback_nlp.store import Store
from feedback_nlp.store.values import Filters

__all__ = ["blueprint"]

blueprint = APIBlueprint(
    "customers",
    __name__,
    url_prefix="/v1/customers",
    abp_tags=[Tag(name="customers", description="The rights of the people who wrote.")],
    abp_responses=problem_responses(404, 405, 422, 500, 503),
)
blueprint.before_request(refuse_query)


@blueprint.get(
    "/<path:customer_ref>/export",
    operation_id="exportCustomer",
    summary="Everything that is stored about a customer",
    description="With older texts, what each model said, and what people said. Empty where there is nothing.",
    responses={200: ExportResponse},
)
def export_customer(path: CustomerPath) -> Response:
    """Send everything, page by page."""
    store = current_service().ready_store()
    answer = Response(_export(store, path.customer_ref), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="customer-export.json"'
    return answer


def _export(store: Store, customer_ref: str) -> Iterator[bytes]:
    head = to_json({"customer_ref": customer_ref, "exported_at": datetime.now(UTC).isoformat()})
    yield head[:-1] + b',"feedback":['
    between = b""
    for one in store.feedback.walk(Filters(customer_ref=customer_ref)):
        said = [analysis_body(*found) for found in store.feedback.analyses(one.id)]
        yield between + to_json({**item_body(store, one), "analyses": said})
        between = b","
    yield b"]}"


@blueprint.delete(
    "/<path:customer_ref>",
    operation_id="deleteCustomer",
    summary="Delete everything of a customer",
    description="The receipt counts what was deleted; it can be repeated, and then counts nothing.",
    responses={200: DeletionReceipt},
)
def delete_customer(path: CustomerPath) -> Response:
    """Delete and answer the receipt."""
    store = current_service().ready_store()
    done = store.deletions.customer(path.customer_ref, current_actor())
    return json_answer(deletion_body(store, done))
