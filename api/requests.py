"""Strict reading of JSON bodies: what is not exactly one JSON value is refused with its place."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import IO, Any, NoReturn

from flask import Request, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from api.problems import Problem

__all__ = ["JsonRequest", "parsed_body", "refuse_query"]

FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class JsonRequest(Request):
    """A request whose JSON is UTF-8, finite, without repeated names, and an object.

    Python's own parser takes NaN, UTF-16 and repeated names (the last wins, unseen); RFC 8259 and RFC 7493
    (I-JSON) do not. flask-openapi asks with `silent=True` and would call every fault 422; here it is 400 or 415.
    """

    _build_file: Callable[[], IO[bytes]] | None = None

    def __init__(self, environ: dict[str, Any], populate_request: bool = True, shallow: bool = False) -> None:
        environ["wsgi.input"] = _Arriving(environ["wsgi.input"])
        super().__init__(environ, populate_request, shallow)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body as a dict.

        Raises
        ------
        Problem
            415 for another content type, 400 for what is not JSON, 422 for another JSON value than an object.
        RequestEntityTooLarge
            413 for a body over the limit.
        """
        if not self.is_json:
            detail = "The body must be JSON, sent with the header Content-Type: application/json."
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", detail)
        body = parsed_body(self._whole_body())
        if not isinstance(body, dict):
            errors = [{"loc": [], "msg": "Input should be an object."}]
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "schema", "The body must be a JSON object.", errors=errors
            )
        return body

    def receive_files(self, build: Callable[[], IO[bytes]]) -> None:
        """Let the files of a form be written to what `build` returns instead of to memory."""
        self._build_file = build

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return where the next file of a form is written; there is one at most."""
        build, self._build_file = self._build_file, None
        if build is None:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "schema", "One file is taken, as the form field `file`."
            )
        return build()

    def _whole_body(self) -> bytes:
        length, limit = self.content_length, self.max_content_length
        if length is None:
            raw = self.get_data(cache=False)
            # Werkzeug ends a body of unknown length at the limit without a word; what it left may look complete.
            if len(raw) >= (limit or len(raw) + 1):
                raise RequestEntityTooLarge()
            return raw
        if limit is not None and length > limit:
            raise RequestEntityTooLarge()
        begun: bytes = self.environ["wsgi.input"].read(length)
        return begun if len(begun) == length else begun + self._rest_of_body(length - len(begun))

    def _rest_of_body(self, length: int) -> bytes:
        """Read on: a server may give a body in pieces."""
        pieces = []
        while length:
            piece = self.environ["wsgi.input"].read(length)
            if not piece:
                raise ClientDisconnected()
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)


class _Arriving:
    """A body on its way: if it breaks off, or its framing is no HTTP, that is the caller's fault (400)."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(size)
        except Exception:  # the server's own kinds: a broken chunk, a connection that is gone
            raise ClientDisconnected() from None

    def readline(self, size: int = -1) -> bytes:
        try:
            return self._source.readline(size)
        except Exception:
            raise ClientDisconnected() from None

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def refuse_query() -> None:
    """Refuse query parameters on routes that take none: an ignored one is a wish that nobody hears."""
    if request.query_string and request.args:
        errors = [
            {"loc": ["query", name[:60]], "msg": "This address takes no query parameters."}
            for name in request.args
        ]
        detail = "This address takes no query parameters; options stand in the body."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", detail, errors=errors[:50])


def parsed_body(raw: bytes) -> Any:
    """Return what a JSON body says.

    Raises
    ------
    Problem
        400 for what is not JSON.
    """
    try:
        # A byte order mark is what some shells and spreadsheets add; RFC 8259 lets a reader pass over it.
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_members, parse_constant=_not_a_number)
    except UnicodeDecodeError as error:
        _refuse(f"Byte {error.start} of the body is not UTF-8. Send JSON in UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).")
    except RecursionError:
        _refuse("The body is nested too deeply.")
    except ValueError:  # Python refuses whole numbers of more than 4,300 digits
        _refuse("The body holds a number with too many digits.")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        named = f" ({twice!r})" if FIELD_NAME.fullmatch(twice) else ""
        _refuse(f"An object of the body holds one name twice{named}; which value is meant cannot be known.")
    return members


def _not_a_number(constant: str) -> NoReturn:
    _refuse(f"The body is not JSON: {constant} is no JSON number.")


def _refuse(detail: str) -> NoReturn:
    raise Problem(HTTPStatus.BAD_REQUEST, "not-json", detail)
