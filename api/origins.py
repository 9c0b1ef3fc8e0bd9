"""Which names this service answers to, and whose pages may write to it.

A page of another site can make a browser send requests here, also to a service on the visitor's own machine, and
a name whose address changes under way (DNS rebinding) makes the two look like one site. So the name that a caller
used must be one of ours, and a browser that writes must come from a page of ours. This needs neither key nor
session, and leaves no token that could be stolen or replayed.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import request

from api.problems import Problem
from feedback_nlp.redact.addresses import is_ip_address

__all__ = ["check_host", "check_origin", "is_from_page_of_ours"]

ANY = "*"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_NAMES = frozenset({"localhost", socket.gethostname().lower()})


def check_host(environ: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Refuse requests to a name that is not ours.

    Addresses need no entry: only names can be made to point elsewhere. A request without the header comes from no
    browser.

    Parameters
    ----------
    environ : mapping
        Of the request.
    allowed : collection of str
        Names besides localhost and that of this machine; ``*`` allows all.

    Raises
    ------
    Problem
        421 for another name.
    """
    given = environ.get("HTTP_HOST", "")
    if given and ANY not in allowed and not _is_ours(given, frozenset(allowed)):
        detail = "The Host header names no service of ours. FEEDBACK_ALLOWED_HOSTS lists further names."
        raise Problem(HTTPStatus.MISDIRECTED_REQUEST, "host", detail)


@lru_cache(maxsize=256)
def _is_ours(host: str, allowed: frozenset[str]) -> bool:
    name = _name(host)
    return name is not None and (is_ip_address(name) or name in OWN_NAMES or name in allowed)


def _name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        whole = parts.netloc == host and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        return None
    return (parts.hostname or "").rstrip(".") or None if whole else None


def check_origin() -> None:
    """Refuse requests that change something and were sent by a browser from a page of another site.

    Raises
    ------
    Problem
        403 if the browser says so by Sec-Fetch-Site or Origin.
    """
    if request.method not in SAFE_METHODS and _came_from() == "elsewhere":
        detail = (
            "A page of another site may not send this. Other programs leave out Origin and Sec-Fetch-Site."
        )
        raise Problem(HTTPStatus.FORBIDDEN, "origin", detail)


def is_from_page_of_ours() -> bool:
    """Whether a browser vouches that a page of this service sent the request, or it changes nothing."""
    return request.method in SAFE_METHODS or _came_from() == "here"


def _came_from() -> str:
    """Return here, elsewhere or unknown; every current browser names the origin of what it posts."""
    headers = request.environ
    site, origin = headers.get("HTTP_SEC_FETCH_SITE"), headers.get("HTTP_ORIGIN")
    if site is None and origin is None:
        return "unknown"
    # The scheme is left out: a proxy may have taken off the TLS.
    own = origin is None or ("//" in origin and origin.partition("//")[2] == request.host)
    return "here" if own and site in (None, "same-origin", "none") else "elsewhere"
