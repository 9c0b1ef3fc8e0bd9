"""GET and POST /login, POST /logout: people use the pages with the same keys as programs."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import cast

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from api.access import current_access
from api.hooks import PAGE_POLICY
from api.service import current_service
from api.sessions import end_session

__all__ = ["blueprint"]

#: A place on this site: one slash, then nothing that a browser would read as another site.
PLACE = re.compile(r"/(?![/\\])[A-Za-z0-9._~/?&=%+,:-]*")

blueprint = Blueprint("login", __name__)


@blueprint.after_request
def _allow_own_assets(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


@blueprint.get("/login")
def show_form() -> Response:
    """Show the form; without keys there is nothing to log in to."""
    if not current_access().asks_for_keys():
        return _go(url_for("pages.first_page"))
    return _form()


@blueprint.post("/login")
def log_in() -> Response:
    """Open a session for whoever has a key."""
    access = current_access()
    if not access.asks_for_keys():
        return _go(url_for("pages.first_page"))
    key = current_service().ready_store().keys.find(request.form.get("key", "").strip())
    if key is None:
        answer = _form("This is no key, or it has expired or was revoked.")
        answer.status_code = HTTPStatus.UNAUTHORIZED
        answer.headers["WWW-Authenticate"] = 'Bearer realm="feedback-nlp"'
        return answer
    answer = _go(_place())
    access.sessions.begin(answer, key.id)
    return answer


@blueprint.post("/logout")
def log_out() -> Response:
    """End the session."""
    answer = _go(url_for("login.show_form"))
    end_session(answer)
    return answer


def _form(fault: str = "") -> Response:
    return make_response(render_template("login.html", fault=fault, place=_place()))


def _place() -> str:
    given = request.values.get("next", "")
    return given if PLACE.fullmatch(given) else url_for("pages.first_page")


def _go(place: str) -> Response:
    return cast(Response, redirect(place, HTTPStatus.SEE_OTHER))
