"""Structured logs: one JSON object a line on standard error. No text of a customer ever goes in."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

__all__ = ["log"]


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
)
