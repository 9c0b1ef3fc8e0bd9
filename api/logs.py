"""Structured logs: one JSON object a line on standard error. No text of a customer ever goes in."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import structlog

__all__ = ["WordlessFormatter", "log", "log_request"]


class _StandardError:
    """Writes to what standard error is at that moment, so that nothing is held open across a fork."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    info = warning = error = msg


log: Any = structlog.wrap_logger(
    _StandardError(),
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
).bind()  # else every line would begin with making a logger


def log_request(
    request_id: str,
    method: str,
    route: str | None,
    status: int,
    milliseconds: float,
    body_bytes: int | None,
    texts: int | None,
) -> None:
    """Write the line of an answered request as `log.info` would, at a fifth of its price.

    Parameters
    ----------
    request_id, method, route : str
        Ours, or checked: nothing in them has to be escaped.
    status : int
    milliseconds : float
    body_bytes, texts : int or None
    """
    place = "null" if route is None else f'"{route}"'
    size, count = ("null" if number is None else number for number in (body_bytes, texts))
    now = datetime.now(UTC).isoformat().removesuffix("+00:00")
    sys.stderr.write(
        f'{{"request_id": "{request_id}", "method": "{method}", "route": {place}, "status": {status}, '
        f'"milliseconds": {milliseconds}, "body_bytes": {size}, "texts": {count}, "event": "request", '
        f'"level": "info", "timestamp": "{now}Z"}}\n'
    )


class WordlessFormatter(logging.Formatter):
    """Lines of other programs as JSON, without what they fill into their messages, but for numbers.

    A server that complains of a request may quote it; the message's own words and the kind of error say enough.

    Examples
    --------
    >>> record = logging.LogRecord("x", logging.ERROR, "", 1, "Error handling %s (pid:%s)", ("/Rufus", 7), None)
    >>> json.loads(WordlessFormatter().format(record))["event"]
    'Error handling ... (pid:7)'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        words = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        given = record.args if isinstance(record.args, tuple) else ()
        filled = tuple(value if isinstance(value, int) else "..." for value in given)
        try:
            event = words % filled if filled else words
        except (TypeError, ValueError):
            event = words
        line = {"event": event, "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line | {"timestamp": datetime.fromtimestamp(record.created, UTC).isoformat()})
