"""/openapi.json: what flask-openapi gathers from the routes, as OpenAPI 3.1 with problem+json errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI

from api.schemas import ProblemBody
from feedback_nlp import __version__

__all__ = ["OPENAPI_VERSION", "SECURITY_SCHEMES", "api_info", "describe_api", "problem_responses"]

#: flask-openapi 5 writes 3.2.0, which few tools read yet.
OPENAPI_VERSION = "3.1.0"
DESCRIPTION = (
    "Customer-feedback analysis on your own machines: sentiment, kind and topics of a text, with calibrated "
    "probabilities and the words that decided. Errors are RFC 9457 `application/problem+json`."
)
#: How a key is shown.
SECURITY_SCHEMES: dict[str, Any] = {
    "key": {"type": "http", "scheme": "bearer", "description": "Made by `feedback-nlp keys create`."}
}


def api_info() -> Info:
    """Return title, version and licence of the API."""
    license_ = {"name": "MIT", "identifier": "MIT"}
    return Info.model_validate(
        {"title": "feedback-nlp", "version": __version__, "description": DESCRIPTION, "license": license_}
    )


def problem_responses(*statuses: int) -> dict[str | int, Any]:
    """Return the entries of the description for errors with these statuses."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in statuses
    }


def describe_api(app: OpenAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, with what the checks before every route may answer; built once."""
    description: dict[str, Any] = app.api_doc
    for path, item in description["paths"].items():
        keyed = path.startswith("/v1/")
        for method, operation in item.items():
            refusals = [421, 429]
            refusals += [401] if keyed else []
            refusals += [403] if keyed or method != "get" else []
            for status, response in problem_responses(*refusals).items():
                operation["responses"].setdefault(status, response)
            if keyed:
                # A service that never had a key asks for none.
                operation.setdefault("security", [{"key": []}, {}])
    return description
