"""Who may do what: looked at before every request, by one table of routes and scopes.

A service that has never had a key asks for none, and listens on this machine only. From the first key on every
route that is not open asks for one: as ``Authorization: Bearer KEY``, or as the session of a person who logged in.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from http import HTTPStatus
from typing import cast

from flask import Flask, Response, current_app, g, redirect, request, url_for

from api.limits import RateLimit, network_of
from api.origins import check_host, check_origin, is_from_page_of_ours
from api.problems import Problem, wants_page
from api.scopes import OPEN, scope_of
from api.service import Service, current_service
from api.sessions import Sessions
from feedback_nlp.store.keys import ApiKey

__all__ = ["SPENT_KEY", "Access", "address_of", "current_access", "current_actor", "install_access"]

EXTENSION = "feedback_nlp.access"
#: Where the environment of a request that is counted already holds what is left.
SPENT_KEY = "feedback_nlp.spent"
#: Seconds after which a service without keys looks again whether there is one now.
LOOK_AGAIN = 1.0
#: Probes and style sheets: they cost nothing, and a supervisor must not be refused.
UNCOUNTED = frozenset({"health.health", "static"})


class Access:
    """What the checks know of one application.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._asks = False
        self._looked_at = -LOOK_AGAIN
        self._sessions: Sessions | None = None
        quota = service.settings.rate_limit
        self._limit = RateLimit(quota) if quota else None
        self._is_local = _is_loopback(service.settings.host)

    def spend(self, caller: str) -> dict[str, str] | None:
        """Count a request of a caller; return the headers that say what is left, None where there is no limit.

        Raises
        ------
        Problem
            429 if it is over the limit.
        """
        if self._limit is None or (self._is_local and not self.asks_for_keys()):
            return None
        verdict = self._limit.spend(caller)
        rate = {
            "RateLimit-Policy": f'"requests";q={self._limit.quota};w=60',
            "RateLimit": f'"requests";r={verdict.remaining};t={verdict.reset}',
        }
        if not verdict.allowed:
            detail = f"More than {self._limit.quota:,} requests a minute. Wait, or send batches."
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, "rate-limit", detail, retry_after=verdict.reset, headers=rate
            )
        return rate

    def asks_for_keys(self) -> bool:
        """Whether a key was ever made; once it was, revoking the last one opens nothing."""
        if not self._asks and self._service.settings.store:
            now = time.monotonic()
            if now - self._looked_at >= LOOK_AGAIN:
                self._asks = self._service.ready_store().keys.exist()
                self._looked_at = now
        return self._asks

    def bearer(self, header: str) -> ApiKey | None:
        """Return the key in an Authorization header, None if there is none that is good."""
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer":
            return None
        return self._service.ready_store().keys.find(token.strip())

    @property
    def sessions(self) -> Sessions:
        """Sessions of people; the secret is made when somebody first logs in."""
        with self._lock:
            if self._sessions is None:
                self._sessions = Sessions(self._service.ready_store().data_dir)
        return self._sessions

    def key(self) -> ApiKey | None:
        """Return the key of the caller, None if there is none that is good.

        A key in the header counts alone. A session counts for what a page of ours sends: that a cookie came
        along says nothing about who wanted the request.
        """
        given = request.headers.get("Authorization")
        if given is not None:
            return self.bearer(given)
        if "Cookie" not in request.headers or not is_from_page_of_ours():
            return None
        key_id = self.sessions.key_id()
        return None if key_id is None else self._service.ready_store().keys.active(key_id)


def install_access(app: Flask, service: Service) -> Access:
    """Check every request to `app`."""
    access = app.extensions[EXTENSION] = Access(service)
    app.before_request(_check)
    app.after_request(_say_what_is_left)
    app.context_processor(_for_pages)
    return access


def current_access() -> Access:
    """Return the checks of the application that answers this request."""
    return cast(Access, current_app.extensions[EXTENSION])


def current_actor() -> str:
    """Return who asks, for the audit log: ``key:PREFIX``, or ``local`` where there are no keys."""
    key: ApiKey | None = g.get("key")
    return "local" if key is None else f"key:{key.prefix}"


def _for_pages() -> dict[str, object]:
    return {"signed_in": g.get("key")}


def _check() -> Response | None:
    check_host(request.environ, current_service().settings.allowed_hosts)
    check_origin()
    endpoint = request.endpoint
    if endpoint is None or request.method == "OPTIONS":
        return None  # no route: 404 or 405
    scope = scope_of(endpoint)
    access = current_access()
    if scope == OPEN or not access.asks_for_keys():
        if endpoint not in UNCOUNTED:
            _count(access, caller_address())
        return None
    key = access.key()
    if key is None:
        _count(access, caller_address())
        if request.method == "GET" and wants_page():
            return _to_login()
        raise _unknown_caller()
    g.key, g.owner = key, key.id
    _count(access, f"key:{key.id}")
    if not key.allows(scope):
        detail = f"The key lacks the scope `{scope}`. An admin makes keys with `feedback-nlp keys create`."
        raise Problem(HTTPStatus.FORBIDDEN, "scope", detail)
    return None


def _count(access: Access, caller: str) -> None:
    """Count this request of a caller, unless it was before it came here."""
    spent = request.environ.get(SPENT_KEY, False)
    g.rate = access.spend(caller) if spent is False else spent


def _say_what_is_left(response: Response) -> Response:
    rate = g.get("rate")
    if rate is not None:
        response.headers.update(rate)
    return response


def caller_address() -> str:
    """Return what stands for the caller where no key does."""
    return address_of(request.remote_addr or "")


def address_of(remote: str) -> str:
    """Return what stands for the caller at an address."""
    return f"address:{network_of(remote)}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def _to_login() -> Response:
    form = url_for("login.show_form", next=request.full_path.rstrip("?"))
    return cast(Response, redirect(form, HTTPStatus.SEE_OTHER))


def _unknown_caller() -> Problem:
    detail = "A good API key is needed: Authorization: Bearer KEY. This one is missing, unknown, expired or revoked."
    challenge = {"WWW-Authenticate": 'Bearer realm="feedback-nlp"'}
    return Problem(HTTPStatus.UNAUTHORIZED, "key", detail, headers=challenge)
