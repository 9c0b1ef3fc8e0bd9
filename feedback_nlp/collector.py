"""Python's cyclic garbage collector, held still while many small objects without cycles are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_held"]


@contextmanager
def collector_held() -> Iterator[None]:
    """Hold the collector still inside; it is on afterwards if it was before.

    A batch makes thousands of records that all live until it is stored; the collector would walk over them again and
    again and find nothing. Reference counting still frees what is let go.

    Examples
    --------
    >>> with collector_held():
    ...     print(gc.isenabled())
    False
    >>> gc.isenabled()
    True
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
