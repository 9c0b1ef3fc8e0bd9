"""Answers in JSON, written by the serialiser that schemas use: several times as fast as the standard library's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic_core import to_json

__all__ = ["json_answer"]


def json_answer(body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a body of plain JSON types as an answer."""
    return Response(to_json(body), status, mimetype="application/json")
