"""What happens around every request: clock, counts, one line in the access log; what pages may load."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request

from api.counters import Metrics
from api.envelope import NOWHERE, REQUEST_ID_KEY
from api.logs import log

__all__ = ["DOCS_POLICY", "PAGE_POLICY", "SCRIPT_PAGE_POLICY", "install_hooks"]

#: Pages load their own style sheet and images, post to themselves, and run no script at all.
PAGE_POLICY = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; {NOWHERE}"
#: Pages that follow a job's progress: as above, and they run our own script, which asks this service.
SCRIPT_PAGE_POLICY = f"{PAGE_POLICY}; script-src 'self'; connect-src 'self'"
#: Swagger UI runs its own scripts, sets styles from them, draws icons from data: and calls this API.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    f"connect-src 'self'; form-action 'none'; {NOWHERE}"
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install_hooks(app: Flask, metrics: Metrics, *, access_log: bool) -> None:
    """Count every request of `app` and write its line in the log."""

    def end(response: Response) -> Response:
        # What the proxies stand for, once: each use of one costs as much as counting does.
        now, asked = g._get_current_object(), request._get_current_object()  # type: ignore[attr-defined]
        seconds = time.perf_counter() - now.started
        # Not the path, which holds whatever the caller put there.
        route = asked.url_rule.rule if asked.url_rule else None
        method = asked.method if asked.method in METHODS else "other"
        metrics.count_request(route or "none", method, response.status_code, seconds)
        if access_log:
            log.info(
                "request",
                request_id=now.request_id,
                method=method,
                route=route,
                status=response.status_code,
                milliseconds=round(seconds * 1000, 2),
                body_bytes=asked.content_length,
                texts=now.get("texts"),
            )
        return response

    app.before_request(_begin)
    app.after_request(end)


def _begin() -> None:
    now = g._get_current_object()
    now.started = time.perf_counter()
    now.request_id = request.environ.get(REQUEST_ID_KEY, "none")  # none: a context made by hand
