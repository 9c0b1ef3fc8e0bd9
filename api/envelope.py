"""What is around every request below Flask: how many are under way, and the headers that every answer has.

Headers go on as they leave, as plain pairs: Flask's own objects check each of them anew for every answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import getrandbits
from typing import Any, Final

from api.arrivals import Arrivals

__all__ = ["API_POLICY", "NOWHERE", "REQUEST_ID_KEY", "Application", "Envelope", "Headers", "StartResponse"]

#: What no answer may have: another base address, a frame around it.
NOWHERE = "base-uri 'none'; frame-ancestors 'none'"
#: Content-Security-Policy of answers that are no pages: nothing may load, should a browser show one.
API_POLICY = f"default-src 'none'; form-action 'none'; {NOWHERE}"
#: Where the environment of a request holds its id.
REQUEST_ID_KEY: Final = "feedback_nlp.request_id"
_ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # To other sites nothing; with no-referrer, browsers would also hide from us which page a form came from.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
_UNLESS_SAID = (
    ("Content-Security-Policy", API_POLICY),
    # Answers hold what customers wrote; no cache between here and the caller may keep them.
    ("Cache-Control", "no-store"),
)
#: A caller's own request id is taken over if it cannot break a log line or a header.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Envelope:
    """Counts the requests that an application is at, and gives every answer an id and security headers.

    Parameters
    ----------
    application : WSGI application

    Examples
    --------
    >>> def application(environ, start_response):
    ...     start_response("200 OK", [("Cache-Control", "max-age=60")])
    ...     return [b"hello"]
    >>> sent = {}
    >>> envelope = Envelope(application)
    >>> envelope({"HTTP_X_REQUEST_ID": "a-1"}, lambda status, headers, exc_info=None: sent.update(headers))
    [b'hello']
    >>> sent["X-Request-ID"], sent["Cache-Control"], sent["X-Frame-Options"], envelope.under_way
    ('a-1', 'max-age=60', 'DENY', 0)
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._under_way = Arrivals()

    @property
    def under_way(self) -> int:
        """Number of requests that the application is at."""
        return self._under_way.count

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"{getrandbits(64):016x}"
        environ[REQUEST_ID_KEY] = request_id

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            said = {name.lower() for name, _ in headers}
            headers += _ALWAYS
            headers.append(("X-Request-ID", request_id))
            headers += [(name, value) for name, value in _UNLESS_SAID if name.lower() not in said]
            return start_response(status, headers, exc_info)

        self._under_way.enter()
        try:
            return self._application(environ, start)
        finally:
            self._under_way.leave()
