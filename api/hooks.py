"""What happens around every request: id, clock, security headers, one line in the access log."""

from __future__ import annotations

import re
import secrets
import time

from flask import Flask, Response, g, request

from api.counters import Metrics
from api.logs import log

__all__ = ["API_POLICY", "DOCS_POLICY", "PAGE_POLICY", "SCRIPT_PAGE_POLICY", "install_hooks"]

_NOWHERE = "base-uri 'none'; frame-ancestors 'none'"
#: Content-Security-Policy of answers that are no pages: nothing may load, should a browser show one.
API_POLICY = f"default-src 'none'; form-action 'none'; {_NOWHERE}"
#: Pages load their own style sheet and images, post to themselves, and run no script at all.
PAGE_POLICY = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; {_NOWHERE}"
#: Pages that follow a job's progress: as above, and they run our own script, which asks this service.
SCRIPT_PAGE_POLICY = f"{PAGE_POLICY}; script-src 'self'; connect-src 'self'"
#: Swagger UI runs its own scripts, sets styles from them, draws icons from data: and calls this API.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    f"connect-src 'self'; form-action 'none'; {_NOWHERE}"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # To other sites nothing; with no-referrer, browsers would also hide from us which page a form came from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: A caller's own request id is taken over if it cannot break a log line or a header.
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install_hooks(app: Flask, metrics: Metrics, *, access_log: bool) -> None:
    """Give every answer of `app` an id and security headers, count every request and write its line in the log."""

    def count(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        metrics.count_request(_route() or "none", _method(), response.status_code, seconds)
        return response

    app.before_request(_begin)
    app.after_request(count)
    if access_log:
        app.after_request(_write_line)
    app.after_request(_add_headers)


def _begin() -> None:
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.extend(HEADERS)
    headers["X-Request-ID"] = g.request_id
    headers.setdefault("Content-Security-Policy", API_POLICY)
    # Answers hold what customers wrote; no cache between here and the caller may keep them.
    headers.setdefault("Cache-Control", "no-store")
    return response


def _route() -> str | None:
    # Not the path, which holds whatever the caller put there.
    return request.url_rule.rule if request.url_rule else None


def _method() -> str:
    return request.method if request.method in METHODS else "other"


def _write_line(response: Response) -> Response:
    log.info(
        "request",
        request_id=g.request_id,
        method=_method(),
        route=_route(),
        status=response.status_code,
        milliseconds=round((time.perf_counter() - g.started) * 1000, 2),
        body_bytes=request.content_length,
        texts=g.get("texts"),
    )
    return response
