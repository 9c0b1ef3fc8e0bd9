"""The one error body: RFC 9457 `application/problem+json`, whatever went wrong.

No detail ever quotes a text: a message names the place (field, line and column) and what to do.
"""

from __future__ import annotations

import difflib
import json
import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, render_template, request
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from api.hooks import PAGE_POLICY
from api.logs import log
from api.schemas import FIELDS
from feedback_nlp.errors import FeedbackError, OutputError, StoreUnavailableError

__all__ = ["Problem", "install_problems", "problem_of_document", "schema_problem", "wants_page"]

MEDIA_TYPE = "application/problem+json"
#: Schema errors listed in one answer; more would only repeat themselves.
MAX_ERRORS = 50
#: Seconds after which it makes sense to ask again while the database is away: a restart takes about so long.
STORE_RETRY_AFTER = 2
#: Longest part of a place that is repeated; the rest of a hostile field name is of no use to anyone.
MAX_PLACE = 60

TOO_MANY_DOCUMENTS = "too-many-documents"
SCHEMA_DETAIL = "The request does not have the expected shape; `errors` says where and why."


class Problem(HTTPException):
    """An error that knows its place in the API.

    Parameters
    ----------
    status : int
        HTTP status.
    kind : str
        Last part of the `type` URN; stable, so that clients can act on it.
    detail : str
        What is wrong and what to do, without any customer text.
    errors : list of dict, optional
        `{"loc": [...], "msg": "..."}` for each schema error.
    retry_after : int, optional
        Seconds until another try makes sense.
    headers : mapping of str to str, optional
        Headers that the status demands.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.kind = kind
        self.errors = errors
        self.retry_after = retry_after
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the members of the problem, without `instance`."""
        status = int(self.code or 500)
        members: dict[str, Any] = {
            "type": f"urn:feedback-nlp:problem:{self.kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": self.description,
        }
        return members | ({"errors": self.errors} if self.errors is not None else {})


def schema_problem(error: ValidationError) -> Problem:
    """Turn what pydantic found into a problem: 413 for too many documents, 422 for all else."""
    found = _found(error)
    if any(item["type"] == "too_long" and item["loc"] == ("documents",) for item in found):
        return Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            TOO_MANY_DOCUMENTS,
            "A batch holds at most 1,000 documents. Send the rest in further requests.",
        )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", SCHEMA_DETAIL, errors=_readable(found))


def problem_of_document(error: ValidationError) -> Problem:
    """Turn what is wrong with one document of a batch into the problem that stands in its place."""
    detail = "The document does not have the expected shape; `errors` says where and why."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", detail, errors=_readable(_found(error)))


def _found(error: ValidationError) -> list[ErrorDetails]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    for item in found:
        # Which of two shapes a body was taken for is no place in it.
        if item["loc"][:1] in (("one",), ("many",)):
            item["loc"] = item["loc"][1:]
    return found


def _readable(found: Iterable[ErrorDetails]) -> list[dict[str, Any]]:
    listed = list(found)
    errors = [
        {"loc": [_place(part) for part in item["loc"]], "msg": _message(item)} for item in listed[:MAX_ERRORS]
    ]
    if len(listed) > MAX_ERRORS:
        errors.append({"loc": [], "msg": f"{len(listed) - MAX_ERRORS} more errors are not listed."})
    return errors


def _place(part: int | str) -> int | str:
    return part if isinstance(part, int) else part[:MAX_PLACE]


def _message(item: ErrorDetails) -> str:
    if item["type"] == "string_unicode":
        return "Input holds half of a surrogate pair, which is no character; cut texts between characters."
    if item["type"] != "extra_forbidden":
        return item["msg"]
    close = difflib.get_close_matches(str(item["loc"][-1])[:MAX_PLACE], FIELDS, n=1)
    return f"There is no such field; did you mean {close[0]!r}?" if close else "There is no such field."


def install_problems(app: Flask) -> None:
    """Answer every error of `app`, foreseen or not, with a problem."""
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(FeedbackError, _answer_ours)
    app.register_error_handler(Exception, _answer_unforeseen)


def _answer_http(error: HTTPException) -> Response:
    problem = error if isinstance(error, Problem) else _named(error)
    answer = _response(problem)
    if not isinstance(error, Problem):
        _keep_headers(answer, dict(error.get_headers()))
    return answer


def _named(error: HTTPException) -> Problem:
    status = int(error.code or 500)
    limit = request.max_content_length
    named = {
        404: ("not-found", "There is nothing at this address. GET /openapi.json lists what there is."),
        405: (
            "method-not-allowed",
            "This address does not take this method; the Allow header names those it takes.",
        ),
        413: ("body-too-large", f"The body is over the limit of {limit or 0:,} bytes. Send smaller batches."),
    }
    kind, detail = named.get(status, ("http", HTTPStatus(status).description or HTTPStatus(status).phrase))
    return Problem(status, kind, detail.rstrip(".") + ".")


def _keep_headers(answer: Response, headers: Mapping[str, str]) -> None:
    """Keep what the status demands: `Allow` with 405."""
    for name in ("Allow", "Retry-After"):
        if name in headers:
            answer.headers[name] = headers[name]


def _answer_ours(error: FeedbackError) -> Response:
    if isinstance(error, StoreUnavailableError):
        log.error("store unavailable", request_id=g.request_id, reason=error.message)
        detail = "The database does not answer now; nothing was kept. Try again in a moment."
        return _response(
            Problem(error.http_status, "store-unavailable", detail, retry_after=STORE_RETRY_AFTER)
        )
    if isinstance(error, OutputError):
        log.error("disk not writable", request_id=g.request_id, reason=error.message)
        detail = "What was sent cannot be written to disk now; nothing was kept. Try again in a moment."
        return _response(
            Problem(HTTPStatus.SERVICE_UNAVAILABLE, "disk", detail, retry_after=STORE_RETRY_AFTER)
        )
    if error.http_status >= 500:
        # Its message may name folders of this machine: for the log, not for the caller.
        return _answer_unforeseen(error)
    return _response(Problem(error.http_status, "input", str(error)))


def _answer_unforeseen(error: Exception) -> Response:
    # The message is left out of log and answer alike: it may quote the text that caused it.
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
    log.error("unforeseen error", request_id=g.request_id, error=type(error).__name__, places=places)
    detail = "The service met an error of its own; nothing was kept. The request id finds it in the log."
    return _response(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail))


def _response(problem: Problem) -> Response:
    instance = f"urn:feedback-nlp:request:{g.request_id}"
    body = problem.body() | {"instance": instance}
    if wants_page():
        answer = Response(render_template("problem.html", problem=body), problem.code)
        answer.headers["Content-Security-Policy"] = PAGE_POLICY
    else:
        answer = Response(json.dumps(body), problem.code, mimetype=MEDIA_TYPE)
    answer.headers.update(problem.headers)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def wants_page() -> bool:
    """Whether a browser asks, and not for a resource of the API."""
    if request.path.startswith(("/v1/", "/openapi.json", "/healthz", "/readyz")):
        return False
    return request.accept_mimetypes.best_match([MEDIA_TYPE, "application/json", "text/html"]) == "text/html"
