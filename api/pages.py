"""The first page: paste a comment, read labels, colours, weights. A plain form; no script."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request

from api.highlight import lines_of, reasons_of
from api.hooks import PAGE_POLICY
from api.model import topic_title
from api.problems import Problem
from api.service import Service, current_service
from feedback_nlp.records import Analysis

__all__ = ["EXAMPLES", "blueprint"]

#: Texts to click on, written for this page: each shows something else.
EXAMPLES: dict[str, tuple[str, str]] = {
    "mixed": (
        "Praise and a problem",
        "The boots are gorgeous and came a day early. But my card was declined twice at checkout, and support "
        "never answered my e-mail.",
    ),
    "praise": (
        "Praise",
        "The courier rang ahead, the parcel was spotless and the jacket fits like it was made for me. Thank you!",
    ),
    "complaint": (
        "Complaint",
        "Third week of waiting for my refund. Every time I call, somebody tells me a different story.",
    ),
    "suggestion": (
        "Suggestion",
        "It would help if the app remembered my size, so I don't have to filter every time.",
    ),
    "question": ("Question", "Do you ship to Norway, and can I pay by invoice?"),
    "german": ("Another language", "Die Lieferung kam viel zu spät und der Karton war offen."),
}
FLAG_WORDS = {
    "rating_text_mismatch": "The rating and the text disagree.",
    "truncated": "Only the beginning of the text was analysed.",
}
STATUS_WORDS = {
    "empty": "There is nothing to analyse: the text is empty.",
    "unsupported_language": "This does not look like a language that the model was trained on, so it gives no labels.",
    "unreadable": "This does not look like feedback written by a person, so the model gives no labels.",
}

blueprint = Blueprint("pages", __name__)


@blueprint.after_request
def _allow_own_assets(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


@blueprint.get("/")
def first_page() -> str:
    """Show the form, or the form with one of the examples answered."""
    name = request.args.get("example")
    if name is None:
        return _render(current_service(), "")
    if name not in EXAMPLES:
        abort(HTTPStatus.NOT_FOUND)
    return _answer(current_service(), EXAMPLES[name][1], None, example=name)


@blueprint.post("/")
def answer_form() -> str | tuple[str, int]:
    """Show the form with its answer."""
    if request.content_length is None:  # a form of unknown length would be cut at the limit without a word
        raise Problem(
            HTTPStatus.LENGTH_REQUIRED, "length-required", "A form must be sent with its Content-Length."
        )
    # Browsers send line breaks of a form as CR LF; the customer's text had none of the CRs.
    text = request.form.get("text", "").replace("\r\n", "\n")
    rating = _rating(request.form.get("rating", ""))
    service = current_service()
    limit = service.settings.max_text_characters
    if len(text) > limit:
        fault = f"The text has {len(text):,} characters; at most {limit:,} are analysed. Shorten it and try again."
        return _render(service, text, fault=fault), HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return _answer(service, text, rating)


def _rating(raw: str) -> float | None:
    if raw not in ("", "1", "2", "3", "4", "5"):
        detail = "`rating` must be a whole number from 1 to 5, or empty."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", detail)
    return float(raw) if raw else None


def _answer(service: Service, text: str, rating: float | None, *, example: str = "") -> str:
    analyzer = service.ready_analyzer()
    g.texts = 1
    with service.admission.slot():
        analysis = analyzer.analyze(text, rating=rating, explain=True, precision=service.settings.precision)
        service.metrics.count_batch(1)
        service.metrics.count_texts([text], [analysis], analyzer)
        lines, left_out = lines_of(text, analysis)
        shown = {
            "lines": lines,
            "left_out": left_out,
            "reasons": reasons_of(analysis),
            "bars": _bars(analysis),
            "notes": [FLAG_WORDS.get(flag, flag.replace("_", " ")) for flag in analysis.flags]
            + [*analysis.warnings],
            "status_words": STATUS_WORDS.get(analysis.status, ""),
            "answer": json.dumps(analysis.to_dict(id=None), indent=2, ensure_ascii=False),
        }
        return _render(service, text, rating=rating, example=example, analysis=analysis, **shown)


def _bars(analysis: Analysis) -> list[tuple[str, float]]:
    shares = (
        ("negative", analysis.p_negative),
        ("neutral", analysis.p_neutral),
        ("positive", analysis.p_positive),
    )
    return [(label, 100 * share) for label, share in shares if share is not None]


def _render(service: Service, text: str, **values: Any) -> str:
    return render_template(
        "first_page.html",
        text=text,
        examples=EXAMPLES,
        topic_title=topic_title,
        model=service.ready_analyzer().model,
        **values,
    )
