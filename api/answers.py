"""Answers in JSON, written without going through dicts, or by the serialiser that schemas use."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic_core import to_json

from api.contracts import Scorer
from api.counters import Metrics
from api.schemas import Document
from feedback_nlp.answer_json import answer_texts
from feedback_nlp.records import Analysis

__all__ = ["analyze_documents", "answer_documents", "json_answer"]


def json_answer(body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a body of plain JSON types as an answer."""
    return Response(to_json(body), status, mimetype="application/json")


def answer_documents(
    analyzer: Scorer, metrics: Metrics, documents: Sequence[Document], precision: float | None
) -> list[str]:
    """Analyse documents and count what is said of them; return the answer of each as JSON."""
    analyses = analyze_documents(analyzer, documents, precision)
    metrics.count_texts([document.text for document in documents], analyses, analyzer)
    return answer_texts(analyses, [document.id for document in documents])


def analyze_documents(
    analyzer: Scorer, documents: Sequence[Document], precision: float | None
) -> list[Analysis]:
    """Analyse documents in one go; in two if only some of them are to be explained."""
    found: dict[int, Analysis] = {}
    for explain in (False, True):
        places = [place for place, document in enumerate(documents) if document.explain is explain]
        if places:
            chosen = [documents[place] for place in places]
            made = analyzer.analyze_many(
                [document.text for document in chosen],
                languages=[document.language for document in chosen],
                ratings=[document.rating for document in chosen],
                explain=explain,
                precision=precision,
            )
            found.update(zip(places, made, strict=True))
    return [found[place] for place in range(len(documents))]
