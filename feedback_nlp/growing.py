"""Arrays that grow at their end at constant cost an entry, for tables that learn while they are used."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["GrowingArray"]

_FIRST_CAPACITY = 1024


class GrowingArray:
    """An array that is only ever lengthened or shortened.

    Parameters
    ----------
    dtype : dtype
    width : int or None, default=None
        Entries of a row; None for plain numbers.

    Examples
    --------
    >>> column = GrowingArray(np.int32)
    >>> column.extend([3, 4])
    >>> column.extend([5])
    >>> column.view.tolist()
    [3, 4, 5]
    """

    def __init__(self, dtype: DTypeLike, width: int | None = None) -> None:
        self._tail = () if width is None else (width,)
        self._buffer: NDArray[Any] = np.empty((_FIRST_CAPACITY, *self._tail), dtype=dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> NDArray[Any]:
        """The entries; later growth does not show in a view taken before."""
        return self._buffer[: self._length]

    def extend(self, entries: ArrayLike) -> None:
        """Put entries at the end."""
        block = np.asarray(entries, dtype=self._buffer.dtype).reshape(-1, *self._tail)
        needed = self._length + len(block)
        if needed > len(self._buffer):
            grown = np.empty((max(needed, 2 * len(self._buffer)), *self._tail), dtype=self._buffer.dtype)
            grown[: self._length] = self.view
            self._buffer = grown
        self._buffer[self._length : needed] = block
        self._length = needed

    def cut(self, length: int) -> None:
        """Keep only the first `length` entries; views taken before must not be used any more."""
        self._length = min(self._length, length)
