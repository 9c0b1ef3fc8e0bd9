"""The short way of plain scoring requests, below Flask.

Flask finds out anew for each request what is known of these two routes, at several times the price of their own work.
Here a request is answered if it is plainly right; whatever is not, or is in any way unusual, goes to Flask as if
nothing had been, which says what is wrong with it. So this file knows no error, and its only status is 200.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from typing import IO, Any, Final

from api.access import SPENT_KEY, Access, address_of
from api.envelope import REQUEST_ID_KEY, Application, Headers, StartResponse
from api.hooks import RequestLog
from api.origins import check_host
from api.requests import parsed_body
from api.schemas import BatchRequest, ScoreRequest
from api.scopes import scope_of
from api.score import answer_batch, answer_one
from api.service import Service

__all__ = ["Lane"]

_JSON: Final = frozenset(
    {"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"}
)
#: What a request that Flask has to look at may hold: a query, another base address, what only browsers send.
_UNUSUAL: Final = ("QUERY_STRING", "SCRIPT_NAME", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")
_SCOPE: Final = scope_of("score.score")

#: Answers a parsed body; returns JSON and the number of texts.
_Answer = Callable[[Service, Any], tuple[str, int]]


def _one(service: Service, body: Any) -> tuple[str, int]:
    return answer_one(service, ScoreRequest.model_validate(body)), 1


def _batch(service: Service, body: Any) -> tuple[str, int]:
    batch = BatchRequest.model_validate(body)
    return answer_batch(service, batch), len(batch.documents)


_ROUTES: Final[dict[str, _Answer]] = {"/v1/score": _one, "/v1/score/batch": _batch}


class Lane:
    """Answers plain scoring requests, and passes on all others.

    Parameters
    ----------
    application : WSGI application
        Takes what is passed on.
    service : Service
    access : Access
    note : RequestLog
        Counts and logs what is answered here.
    """

    def __init__(self, application: Application, service: Service, access: Access, note: RequestLog) -> None:
        self._application = application
        self._service = service
        self._access = access
        self._note = note

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        route = environ.get("PATH_INFO", "")
        answer = _ROUTES.get(route)
        if answer is None or not self._is_plain(environ):
            return self._application(environ, start_response)
        length = int(environ["CONTENT_LENGTH"])
        raw = _read(environ["wsgi.input"], length)
        headers: Headers = [("Content-Type", "application/json")]
        try:
            self._let_in(environ, headers)
            found, texts = answer(self._service, parsed_body(raw))
        except Exception:  # whatever it is, Flask meets it again and says so
            environ["wsgi.input"] = io.BytesIO(raw)
            return self._application(environ, start_response)
        body = found.encode()
        headers.append(("Content-Length", str(len(body))))
        seconds = time.perf_counter() - began
        self._note(environ[REQUEST_ID_KEY], "POST", route, 200, seconds, length, texts)
        start_response("200 OK", headers)
        return [body]

    def _is_plain(self, environ: dict[str, Any]) -> bool:
        length = environ.get("CONTENT_LENGTH", "")
        return (
            environ["REQUEST_METHOD"] == "POST"
            and environ.get("CONTENT_TYPE", "").lower() in _JSON
            and length.isascii()
            and length.isdigit()
            and len(length) < 16
            and int(length) <= self._service.settings.max_body_bytes
            and not any(environ.get(name) for name in _UNUSUAL)
        )

    def _let_in(self, environ: dict[str, Any], headers: Headers) -> None:
        """Do what access checks before every request.

        Raises
        ------
        Exception
            The request may not come in, or it needs a closer look.
        """
        check_host(environ, self._service.settings.allowed_hosts)
        if self._access.asks_for_keys():
            key = self._access.bearer(environ.get("HTTP_AUTHORIZATION", ""))
            if key is None or not key.allows(_SCOPE):
                raise PermissionError
            caller = f"key:{key.id}"
        else:
            caller = address_of(environ.get("REMOTE_ADDR", ""))
        rate = environ[SPENT_KEY] = self._access.spend(caller)
        if rate is not None:
            headers += rate.items()


def _read(source: IO[bytes], length: int) -> bytes:
    """Return a body, or as much of it as came: Flask says what is to be said of a broken one."""
    pieces = []
    try:
        while length and (piece := source.read(length)):
            pieces.append(piece)
            length -= len(piece)
    except Exception:  # noqa: S110 - the server's own kinds: a connection that is gone
        pass
    return b"".join(pieces)
