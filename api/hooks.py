"""What happens around every request: clock, counts, one line in the access log; what pages may load."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request

from api.counters import Metrics
from api.envelope import NOWHERE, REQUEST_ID_KEY
from api.logs import log_request

__all__ = ["DOCS_POLICY", "PAGE_POLICY", "SCRIPT_PAGE_POLICY", "RequestLog", "install_hooks"]

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


class RequestLog:
    """Counts answered requests and writes their lines in the log.

    Parameters
    ----------
    metrics : Metrics
    access_log : bool
        Whether lines are written.
    """

    def __init__(self, metrics: Metrics, *, access_log: bool) -> None:
        self._metrics = metrics
        self._access_log = access_log

    def __call__(
        self,
        request_id: str,
        method: str,
        route: str | None,
        status: int,
        seconds: float,
        body_bytes: int | None,
        texts: int | None,
    ) -> None:
        """Note one request."""
        self._metrics.count_request(route or "none", method, status, seconds)
        if self._access_log:
            log_request(request_id, method, route, status, round(seconds * 1000, 2), body_bytes, texts)


def install_hooks(app: Flask, note: RequestLog) -> None:
    """Count every request of `app` and write its line in the log."""

    def end(response: Response) -> Response:
        # What the proxies stand for, once: each use of one costs as much as counting does.
        now, asked = g._get_current_object(), request._get_current_object()  # type: ignore[attr-defined]
        note(
            now.request_id,
            asked.method if asked.method in METHODS else "other",
            # Not the path, which holds whatever the caller put there.
            asked.url_rule.rule if asked.url_rule else None,
            response.status_code,
            time.perf_counter() - now.started,
            asked.content_length,
            now.get("texts"),
        )
        return response

    app.before_request(_begin)
    app.after_request(end)


def _begin() -> None:
    now = g._get_current_object()
    now.started = time.perf_counter()
    now.request_id = request.environ.get(REQUEST_ID_KEY, "none")  # none: a context made by hand
