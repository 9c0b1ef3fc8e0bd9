"""/v1/taxonomy/own and the page: the topics that count, changed, previewed, suggested."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

from flask import Response, redirect, render_template, request, url_for
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from api.access import current_actor
from api.answers import json_answer
from api.requests import refuse_query
from api.review_schemas import (
    OwnTaxonomy,
    PreviewBody,
    PreviewTopicRequest,
    SavedTaxonomy,
    Suggestions,
    TaxonomyRequest,
)
from api.service import current_owner, current_service
from api.shell import page_blueprint
from api.specification import problem_responses
from feedback_nlp.jobs.retopic import put_in_force
from feedback_nlp.records import TOPICS
from feedback_nlp.review.suggesting import Preview, Suggestion, preview_topic, suggest_topics
from feedback_nlp.store import Store
from feedback_nlp.store.taxonomy import OwnTopic, Taxonomy, read_topics
from feedback_nlp.store.taxonomy_changes import add_topic, merge_topics, retire_topics

__all__ = ["blueprint", "pages"]

blueprint = APIBlueprint(
    "own_taxonomy",
    __name__,
    url_prefix="/v1/taxonomy",
    abp_tags=[Tag(name="taxonomy", description="The topics that count.")],
    abp_responses=problem_responses(404, 405, 422, 500, 503),
)
blueprint.before_request(refuse_query)
pages = page_blueprint("taxonomy_pages", __name__)


def _store() -> Store:
    return current_service().ready_store()


@blueprint.get(
    "/own", operation_id="ownTaxonomy", summary="The company's own topics", responses={200: OwnTaxonomy}
)
def show() -> Response:
    """Answer the entries in force."""
    active = _store().taxonomies.active()
    return json_answer({"version": active.version, "topics": [one.to_dict() for one in active.topics]})


@blueprint.put(
    "/own",
    operation_id="saveTaxonomy",
    summary="Put a taxonomy in force",
    description="At once for what comes in; a job walks the history.",
    responses={200: SavedTaxonomy, **problem_responses(400, 413, 415)},
)
def save(body: TaxonomyRequest) -> Response:
    """Save and queue."""
    version, job = _put_in_force(read_topics(body.topics))
    return json_answer({"version": version, "job": job})


@blueprint.post(
    "/preview",
    operation_id="previewTopic",
    summary="How many stored texts have one of these phrases",
    responses={200: PreviewBody, **problem_responses(400, 413, 415)},
)
def preview(body: PreviewTopicRequest) -> Response:
    """Count them."""
    store = _store()
    (topic,) = read_topics([{"name": "preview", "phrases": body.phrases}])
    found = preview_topic(store, topic)
    return json_answer(
        {"looked_at": found.looked_at, "found": found.found, "examples": _examples(store, found.examples)}
    )


@blueprint.get(
    "/suggestions",
    operation_id="suggestTopics",
    summary="What the newest texts without a topic are about",
    responses={200: Suggestions},
)
def suggest() -> Response:
    """Group them."""
    store = _store()
    found = [
        {
            "name": one.name,
            "terms": list(one.terms),
            "texts": one.texts,
            "weeks": list(one.weeks),
            "examples": _examples(store, one.examples),
        }
        for one in suggest_topics(store)
    ]
    return json_answer({"suggestions": found})


def _examples(store: Store, keys: Sequence[int]) -> list[dict[str, str]]:
    return [{"id": one.id, "text": one.text} for one in store.feedback.get_many(list(keys))]


def _put_in_force(topics: Sequence[OwnTopic]) -> tuple[int, str]:
    saved, job = put_in_force(_store(), topics, actor=current_actor(), owner=current_owner() or "")
    return saved.version, job.id


@pages.get("/taxonomy")
def taxonomy() -> str:
    """Show what counts, what a new topic would find, and suggestions."""
    store = _store()
    active = store.taxonomies.active()
    given = _given(request.args)
    tried = preview_topic(store, given) if given else None
    suggested = suggest_topics(store) if request.args.get("suggest") else None
    return render_template(
        "taxonomy.html",
        active=active,
        names=active.offered(_known()),
        own={one.name: one for one in active.topics},
        retired=[one.name for one in active.topics if one.retired],
        counts=dict(store.counts.names("topic")),
        given=given,
        tried=tried,
        found=_texts(store, tried),
        suggested=None if suggested is None else [(one, _texts(store, one)) for one in suggested],
    )


@pages.post("/taxonomy/add")
def add() -> Response:
    """Add a topic, or phrases to one."""
    new = _given(request.form)
    if new is None:
        new = OwnTopic(request.form.get("name", ""))
    return _changed(add_topic(_active().topics, new))


@pages.post("/taxonomy/merge")
def merge() -> Response:
    """Give the chosen topics one name."""
    names, name = request.form.getlist("topic"), request.form.get("name", "").strip()
    return _changed(merge_topics(_active().topics, names, name, _known()))


@pages.post("/taxonomy/retire")
def retire() -> Response:
    """Let the chosen topics count no more."""
    return _changed(retire_topics(_active().topics, request.form.getlist("topic")))


@pages.post("/taxonomy/restore")
def restore() -> Response:
    """Let a topic count as the model has it."""
    name = request.form.get("topic", "")
    return _changed([one for one in _active().topics if one.name != name])


def _active() -> Taxonomy:
    return _store().taxonomies.active()


def _known() -> list[str]:
    known: list[str] = current_service().ready_analyzer().manifest.get("labels", {}).get("topics", TOPICS)
    return list(known)


def _given(form: Any) -> OwnTopic | None:
    """Return the topic of a form; None without phrases."""
    phrases = [line.strip() for line in form.get("phrases", "").splitlines() if line.strip()]
    if not phrases:
        return None
    entry = {
        "name": form.get("name", "").strip(),
        "phrases": phrases,
        "within": form.get("within") or None,
        "instead": bool(form.get("within")) and form.get("instead") == "yes",
    }
    return read_topics([entry])[0]


def _texts(store: Store, found: Preview | Suggestion | None) -> list[Any]:
    return store.feedback.get_many(list(found.examples)) if found else []


def _changed(topics: Sequence[OwnTopic]) -> Response:
    _put_in_force(topics)
    return cast(Response, redirect(url_for("taxonomy_pages.taxonomy"), HTTPStatus.SEE_OTHER))
