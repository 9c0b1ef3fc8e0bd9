"""How many requests a process has before it: those that it answers, and those that are still being read."""

from __future__ import annotations

import threading

__all__ = ["HERE", "Arrivals"]


class Arrivals:
    """A count that threads raise and lower.

    Examples
    --------
    >>> arrivals = Arrivals()
    >>> arrivals.enter(), arrivals.enter(), arrivals.leave(), arrivals.count
    (None, None, None, 1)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def enter(self) -> None:
        """One more is here."""
        with self._lock:
            self.count += 1

    def leave(self) -> None:
        """One is done."""
        with self._lock:
            self.count -= 1


#: Of this process, from the moment on that a connection has something to read.
HERE = Arrivals()
