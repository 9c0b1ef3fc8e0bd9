"""GET /v1/model and GET /v1/taxonomy: what answers, and what it can answer."""

from __future__ import annotations

from typing import Any

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.requests import refuse_query
from api.schemas import ModelResponse, TaxonomyResponse
from api.service import Scorer, current_service
from api.specification import problem_responses
from feedback_nlp.analyzer import DEFAULT_PRECISION
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS

__all__ = ["TOPIC_WORDS", "blueprint", "topic_title"]

#: Title and meaning of each topic of the shipped taxonomy.
TOPIC_WORDS: dict[str, tuple[str, str]] = {
    "checkout_payment": (
        "Checkout and payment",
        "Basket, checkout, cards and other means of payment, double charges.",
    ),
    "price_value": ("Price and value", "Prices, fees, discounts, and whether it is worth the money."),
    "delivery": (
        "Delivery",
        "Shipping time and cost, couriers, tracking, parcels late, lost or damaged on the way.",
    ),
    "returns_refunds": ("Returns and refunds", "Sending back, exchanging, warranty, getting money back."),
    "order_accuracy": ("Order accuracy", "Wrong, missing or swapped items; cancelled or changed orders."),
    "product_quality": ("Product quality", "How good, durable, tasty or faulty the thing itself is."),
    "fit_description": (
        "Fit and description",
        "Size and fit, and whether pictures and descriptions hold true.",
    ),
    "customer_service": ("Customer service", "Staff and support: reachability, friendliness, help."),
    "app_website": ("App and website", "Usability, speed, crashes, search, features, updates."),
    "account_privacy": (
        "Account and privacy",
        "Log-in, registration, subscriptions, security, advertising mail, privacy.",
    ),
    "availability_range": ("Availability and range", "Stock, choice, opening hours, regions served."),
    "venue": ("Venue", "Shop, restaurant or hotel as a place: rooms, cleanliness, noise, location."),
}
#: Parts of the manifest that say how the bundle was made.
SUMMARY = ("format_version", "preprocess_version", "language", "seed", "trained_with", "texts", "sizes")

blueprint = APIBlueprint(
    "model",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="model", description="The bundle in use.")],
    abp_responses=problem_responses(405, 422, 500, 503),
)
blueprint.before_request(refuse_query)


@blueprint.get(
    "/model",
    operation_id="model",
    summary="Which bundle answers, its labels and its measured quality",
    responses={200: ModelResponse},
)
def model() -> dict[str, Any]:
    """Answer what the manifest says."""
    service = current_service()
    analyzer = service.ready_analyzer()
    manifest = analyzer.manifest
    return {
        "model": {
            "name": analyzer.model.name,
            "version": analyzer.model.version,
            "digest": analyzer.model.digest,
        },
        "labels": _labels(manifest),
        "precision": service.settings.precision or DEFAULT_PRECISION,
        "precisions": [
            dict(zip(("precision", "threshold", "coverage"), row, strict=True)) for row in analyzer.precisions
        ],
        "metrics": manifest.get("metrics", {}),
        "manifest": {name: manifest[name] for name in SUMMARY if name in manifest},
    }


@blueprint.get(
    "/taxonomy",
    operation_id="taxonomy",
    summary="The topics that the bundle knows",
    responses={200: TaxonomyResponse},
)
def taxonomy() -> dict[str, Any]:
    """Answer the topics in the order of the bundle."""
    analyzer = current_service().ready_analyzer()
    return {
        "name": _taxonomy_name(analyzer),
        "topics": [
            {"topic": topic, "title": topic_title(topic), "description": TOPIC_WORDS.get(topic, ("", ""))[1]}
            for topic in _labels(analyzer.manifest)["topics"]
        ],
    }


def topic_title(topic: str) -> str:
    """Return the title of a topic for people; of an unknown one, its name as words."""
    return TOPIC_WORDS.get(topic, (topic.replace("_", " ").capitalize(), ""))[0]


def _taxonomy_name(analyzer: Scorer) -> str:
    return str(analyzer.manifest.get("taxonomy", "commerce"))


def _labels(manifest: dict[str, Any]) -> dict[str, list[str]]:
    shipped = {"sentiment": SENTIMENTS, "kind": KINDS, "topics": TOPICS}
    named = manifest.get("labels", {})
    return {task: list(named.get(task, labels)) for task, labels in shipped.items()}
