"""Bounded admission: a process analyses a few requests at a time, a few more wait, the rest are told to come back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from api.problems import Problem

__all__ = ["Admission"]

#: Seconds after which a refused caller may try again: a queue of short texts is empty long before.
RETRY_AFTER = 1


class Admission:
    """At most `running` requests inside and `waiting` at the door of one process.

    A queue without a bound answers every caller late; one with a bound answers most in time and tells the
    others at once.

    Parameters
    ----------
    running : int
        Requests analysed at a time.
    waiting : int
        Requests that may wait for that.
    """

    def __init__(self, running: int, waiting: int) -> None:
        self._places = threading.BoundedSemaphore(running + waiting)
        self._running = threading.BoundedSemaphore(running)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a place while the block runs, once it is its turn.

        Raises
        ------
        Problem
            503 with Retry-After if every place is taken.
        """
        with self.place(), self._running:
            yield

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while the block runs, for work that is analysed together with what waits beside it.

        Raises
        ------
        Problem
            503 with Retry-After if every place is taken.
        """
        if not self._places.acquire(blocking=False):
            detail = f"The service is busy. Try again in {RETRY_AFTER} s."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail, retry_after=RETRY_AFTER)
        try:
            yield
        finally:
            self._places.release()
