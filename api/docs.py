"""GET /openapi.json and GET /docs: Swagger UI from the installed package, nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Response, current_app, render_template, send_from_directory
from flask_openapi.openapi import OpenAPI

from api.hooks import DOCS_POLICY
from api.specification import describe_api

__all__ = ["blueprint"]

ASSETS = Path(str(files("flask_openapi_swagger") / "templates" / "swagger"))

blueprint = Blueprint("docs", __name__)


@blueprint.get("/openapi.json")
def openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description."""
    return describe_api(cast(OpenAPI, current_app))


@blueprint.get("/docs")
def docs() -> Response:
    """Show the description as a page on which requests can be tried."""
    response = Response(render_template("docs.html"))
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


@blueprint.get("/docs/assets/<path:name>")
def asset(name: str) -> Response:
    """Send a file of Swagger UI."""
    return send_from_directory(ASSETS, name)
