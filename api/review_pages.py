"""The review queue as a page: one text at a time, labelled with a few keys."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from flask import Response, redirect, render_template, request, url_for

from api.access import current_actor
from api.correct import offered_topics
from api.highlight import lines_of
from api.hooks import SCRIPT_PAGE_POLICY
from api.problems import Problem
from api.service import current_service
from api.shell import page_blueprint
from feedback_nlp.records import KINDS, SENTIMENTS
from feedback_nlp.review import label_quality
from feedback_nlp.review.choosing import nearest_first
from feedback_nlp.store.review_values import ReviewItem
from feedback_nlp.store.values import StoredFeedback

__all__ = ["blueprint"]

#: Texts that a draw leaves open.
DRAW = 50
#: One key a label, in the order of the labels.
SENTIMENT_KEYS, KIND_KEYS, TOPIC_KEYS = "1234567890", "qwertyuiop", "asdfghjklzxcvbnm"
WHY = {
    "random": "drawn at random",
    "uncertain": "the model is unsure",
    "conflict": "stars and words contradict each other",
}

blueprint = page_blueprint("review_pages", __name__, SCRIPT_PAGE_POLICY)


@blueprint.get("/review")
def queue() -> str:
    """Show the next text, or how to get some."""
    service = current_service()
    review = service.ready_store().review
    item = review.next(current_actor())
    reviewed = review.random_sample()
    page: dict[str, Any] = {
        "item": item,
        "why": WHY,
        "counts": review.counts(),
        "reviewed": len(reviewed),
        "quality": label_quality(reviewed),
        "draw": DRAW,
    }
    if item is not None:
        page |= _form(item, offered_topics(service.ready_analyzer().manifest, item.feedback))
    return render_template("review.html", **page)


def _form(item: ReviewItem, topics: dict[str, str]) -> dict[str, Any]:
    one = item.feedback
    kinds = [*dict.fromkeys([*KINDS, *([one.kind] if one.kind else [])])]
    return {
        "lines": lines_of(one.text, one.analysis)[0],
        "sentiments": _with_keys([*SENTIMENTS], SENTIMENT_KEYS),
        "kinds": _with_keys(kinds, KIND_KEYS),
        "topics": _with_keys([*topics], TOPIC_KEYS),
        "counted": {name for name, felt in topics.items() if felt},
    }


def _with_keys(labels: list[str], keys: str) -> list[tuple[str, str]]:
    """Give labels their keys; those beyond the last key are reached with Tab."""
    return [(label, keys[n] if n < len(keys) else "") for n, label in enumerate(labels)]


@blueprint.post("/review/draw")
def draw() -> Response:
    """Fill the queue."""
    service = current_service()
    service.ready_store().review.draw(DRAW, nearest_first(service.ready_analyzer()))
    return _go()


@blueprint.post("/review/<int:key>")
def answer(key: int) -> Response:
    """Take what the form says, or put the text behind the others."""
    review = current_service().ready_store().review
    if key >= 1 << 62:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "There is no such item in the review queue.")
    if request.form.get("skip"):
        review.skip(key)
        return _go()
    if not request.form.get("revision", "").isdecimal():
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", "`revision` must be a whole number.")
    item = review.get(key)
    review.answer(
        key, _said(item.feedback), reviewer=current_actor(), revision=int(request.form["revision"][:9])
    )
    return _go()


def _said(stored: StoredFeedback) -> dict[str, Any]:
    """Return all three labels: what is left as it was is confirmed. A topic keeps the sentiment it had."""
    own = {label.topic: label.sentiment for label in stored.topics}
    topics = [{"topic": name, "sentiment": own.get(name)} for name in request.form.getlist("topic")]
    return {
        "sentiment": request.form.get("sentiment", stored.sentiment),
        "kind": request.form.get("kind", stored.kind),
        "topics": topics,
    }


def _go() -> Response:
    return cast(Response, redirect(url_for("review_pages.queue"), HTTPStatus.SEE_OTHER))
