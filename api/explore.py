"""Feedback found by filters and words, and one piece of it with why it was labelled so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Response, abort, g, render_template, request

from api.correct import correct_feedback, offered_topics
from api.highlight import Line, lines_of, reasons_of
from api.periods import day_named
from api.problems import Problem
from api.service import current_service
from api.shell import page_blueprint
from feedback_nlp.records import KINDS, SENTIMENTS, Contribution
from feedback_nlp.report.stored import day_start
from feedback_nlp.store import Store
from feedback_nlp.store.values import Filters, StoredFeedback

__all__ = ["blueprint"]

PAGE_SIZE = 25
#: Counting stops here; "more than" is enough for a list that nobody reads to its end.
_MOST_COUNTED = 10_000
_CHOICES = {"sentiment": SENTIMENTS, "topic_sentiment": SENTIMENTS, "kind": KINDS}
_FREE = ("topic", "channel", "product", "customer_ref", "job")
_SWITCHES = ("uncertain", "mismatch", "corrected")
_WORD = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')

blueprint = page_blueprint("explore", __name__)


@blueprint.get("/explore")
def explore() -> str:
    """Show feedback that passes the filters, newest first."""
    store = current_service().ready_store()
    if store.counts.days() is None:
        return render_template("nothing_stored.html")
    filters = _filters()
    page = store.feedback.page(filters, limit=PAGE_SIZE, cursor=request.args.get("after") or None)
    words = _pattern(filters.search or "")
    return render_template(
        "explore.html",
        items=[(one, _lines(one, words)) for one in page.items],
        next=page.next,
        total=store.feedback.count(filters, cap=_MOST_COUNTED),
        most=_MOST_COUNTED,
        filters=filters,
        choices=_choices(store),
    )


@blueprint.get("/explore/<int:key>")
def one(key: int) -> str:
    """Show one piece of feedback: sentences, words, why."""
    service = current_service()
    stored = _stored(service.ready_store(), key)
    g.texts = 1
    with service.admission.slot():
        said = service.ready_analyzer().analyze(
            stored.text, rating=stored.rating, explain=True, precision=service.settings.precision
        )
    lines, left_out = lines_of(stored.text, said)
    return render_template(
        "feedback.html",
        one=stored,
        said=said,
        lines=lines,
        left_out=left_out,
        reasons=reasons_of(said),
        labels={
            "sentiment": SENTIMENTS,
            "kind": KINDS,
            "topics": offered_topics(service.ready_analyzer().manifest, stored),
        },
        revisions=service.ready_store().feedback.revisions(stored.id) if stored.revision > 1 else [],
    )


@blueprint.post("/explore/<int:key>/correct")
def correct(key: int) -> Response:
    """Take what a person says of one text."""
    return correct_feedback(_stored(current_service().ready_store(), key))


def _stored(store: Store, key: int) -> StoredFeedback:
    found = store.feedback.get_many([key]) if key < 1 << 62 else []
    if not found:
        abort(HTTPStatus.NOT_FOUND)
    return found[0]


def _filters() -> Filters:
    """Return the filters of the query; empty fields of the form are none."""
    given: dict[str, Any] = {name: _given(name) for name in (*_CHOICES, *_FREE)}
    for name, allowed in _CHOICES.items():
        if given[name] not in (None, *allowed):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "schema", f"`{name}` must be one of {', '.join(allowed)}."
            )
    if given["topic"] is None:
        given["topic_sentiment"] = None
    given |= {name: True for name in _SWITCHES if _given(name)}
    first, last = day_named("from"), day_named("to")
    return Filters(
        since=day_start(first) if first else None,
        until=day_start(last + timedelta(days=1)) if last else None,
        search=_given("q"),
        **given,
    )


def _given(name: str) -> str | None:
    return request.args.get(name, "").strip() or None


def _choices(store: Store) -> dict[str, list[str]]:
    """Return what the form offers: labels, and the names that occur."""
    occurring = {
        name: [one for one, _ in store.counts.names(name, 200)] for name in ("topic", "channel", "product")
    }
    return {"sentiment": [*SENTIMENTS], "kind": [*KINDS], **occurring}


def _pattern(search: str) -> re.Pattern[str] | None:
    """Return what marks the words that were searched for, wherever a word begins with them."""
    words = [quoted or plain for minus, quoted, plain in _WORD.findall(search[:500]) if not minus]
    wanted = [re.escape(word) for word in words if word.strip()]
    return re.compile(rf"\b(?:{'|'.join(wanted)})\w*", re.IGNORECASE) if wanted else None


def _lines(stored: StoredFeedback, words: re.Pattern[str] | None) -> list[Line]:
    """Return a text by sentences in their colours, the words that were searched for marked."""
    found = words.finditer(stored.text) if words else ()
    marks = tuple(Contribution(match[0], match.start(), match.end(), "found", 1.0) for match in found)
    return lines_of(stored.text, replace(stored.analysis, explanation=marks))[0]
