"""/v1/models: which bundles there are, which one is active, and who changed that."""

from __future__ import annotations

from typing import Any

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.access import current_actor
from api.model_schemas import ModelBody, ModelList, ModelPath
from api.requests import refuse_query
from api.service import Service, current_service
from api.specification import problem_responses
from feedback_nlp.store import Store
from feedback_nlp.store.bundles import activate_model as activate
from feedback_nlp.store.bundles import find_bundles, is_available, load_model
from feedback_nlp.store.bundles import roll_back_model as roll_back
from feedback_nlp.store.following import ActiveAnalyzer
from feedback_nlp.store.model_values import ModelEntry

__all__ = ["blueprint", "change_model", "model_body"]

blueprint = APIBlueprint(
    "models",
    __name__,
    url_prefix="/v1/models",
    abp_tags=[Tag(name="models", description="Bundles: list, activate, roll back.")],
    abp_responses=problem_responses(404, 405, 422, 500, 503),
)
blueprint.before_request(refuse_query)


@blueprint.get(
    "",
    operation_id="listModels",
    summary="All bundles with their measured quality, and who activated which",
    description="Folders of bundles in `models/` of the data folder are found by this.",
    responses={200: ModelList},
)
def list_models() -> dict[str, Any]:
    """Answer bundles and history."""
    service = current_service()
    store = service.ready_store()
    found = find_bundles(store)
    return {
        "active": next((entry.model for entry in found if entry.active), None),
        "answering": str(service.ready_analyzer().model) if service.analyzer else None,
        "models": [model_body(store, entry) for entry in found],
        "history": [
            {"model": one.model, "at": one.at.isoformat(), "actor": one.actor, "reason": one.reason}
            for one in store.models.history()
        ],
    }


@blueprint.post(
    "/<model>/activate",
    operation_id="activateModel",
    summary="Let a bundle analyse what comes in from now on",
    description="It is loaded first; one that is refused is not activated (422). Every process of the service and "
    "every worker follows within about a second, jobs with their next file. What is stored keeps its labels until "
    "it is rescored.",
    responses={200: ModelBody},
)
def activate_model(path: ModelPath) -> dict[str, Any]:
    """Activate and answer the bundle."""
    return change_model(current_service(), path.model)


@blueprint.post(
    "/rollback",
    operation_id="rollBackModel",
    summary="Activate the bundle that was active before the present one",
    responses={200: ModelBody},
)
def roll_back_model() -> dict[str, Any]:
    """Roll back and answer the bundle."""
    return change_model(current_service(), None)


def change_model(service: Service, model: str | None) -> dict[str, Any]:
    """Activate a bundle, or for None the one before; this process follows before it answers."""
    store, analyzer = service.ready_store(), service.analyzer
    following = analyzer if isinstance(analyzer, ActiveAnalyzer) else None
    load = load_model if following is None else following.load
    if model is None:
        entry = roll_back(store, actor=current_actor(), load=load)
    else:
        entry = activate(store, model, actor=current_actor(), load=load)
    if following is not None:
        following.latest()
    return model_body(store, entry)


def model_body(store: Store, entry: ModelEntry) -> dict[str, Any]:
    """Return the answer's shape of a bundle."""
    return {
        "model": entry.model,
        "name": entry.name,
        "version": entry.version,
        "digest": entry.digest,
        "added_at": entry.added_at.isoformat(),
        "active": entry.active,
        "activated_at": None if entry.activated_at is None else entry.activated_at.isoformat(),
        "available": is_available(store, entry),
        "metrics": entry.metrics,
    }
