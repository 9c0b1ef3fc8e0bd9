"""POST /explore/KEY/correct: what a person says one text means."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from flask import Response, redirect, request, url_for

from api.access import current_actor
from api.problems import Problem
from api.service import current_service
from feedback_nlp.records import TOPICS
from feedback_nlp.store.values import StoredFeedback

__all__ = ["correct_feedback", "offered_topics"]


def correct_feedback(stored: StoredFeedback) -> Response:
    """Store what the form says of a text, and go back to it.

    Only what differs from the labels that count is a correction; with `confirm` sentiment and kind are kept as they
    are, said by a person now.

    Raises
    ------
    Problem
        422 for a form without the revision that was looked at.
    InputError
        For labels that cannot be, and for a text that was revised meanwhile.
    """
    if not request.form.get("revision", "").isdecimal():
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", "`revision` must be a whole number.")
    changes = _confirmed(stored) if request.form.get("confirm") else _changed(stored)
    if changes:
        current_service().ready_store().corrections.add(
            stored.id, changes, reviewer=current_actor(), revision=int(request.form["revision"][:9])
        )
    return cast(Response, redirect(url_for("explore.one", key=stored.key), HTTPStatus.SEE_OTHER))


def _confirmed(stored: StoredFeedback) -> dict[str, Any]:
    return {"sentiment": stored.sentiment, "kind": stored.kind} if stored.sentiment else {}


def _changed(stored: StoredFeedback) -> dict[str, Any]:
    """Return the fields of the form that differ from what counts."""
    form = request.form
    topics = {name[6:]: said for name, said in form.items() if name.startswith("topic:") and said}
    given = {"sentiment": form.get("sentiment"), "kind": form.get("kind")}
    changes: dict[str, Any] = {
        field: value for field, value in given.items() if value and value != getattr(stored, field)
    }
    if topics != {label.topic: label.sentiment or stored.sentiment for label in stored.topics}:
        changes["topics"] = [{"topic": topic, "sentiment": said} for topic, said in topics.items()]
    return changes


def offered_topics(manifest: dict[str, Any], stored: StoredFeedback) -> dict[str, str]:
    """Return every topic that can be said, with the sentiment that counts; empty where it does not."""
    counted = {label.topic: label.sentiment or stored.sentiment or "" for label in stored.topics}
    known = manifest.get("labels", {}).get("topics", TOPICS)
    offered = current_service().ready_store().taxonomies.active().offered(known)
    return {topic: counted.get(topic, "") for topic in dict.fromkeys([*offered, *counted])}
