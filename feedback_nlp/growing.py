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
    filler : scalar, default=0
        What `lengthen` puts at the end.

    Examples
    --------
    >>> column = GrowingArray(np.int32)
    >>> column.extend([3, 4])
    >>> column.extend([5])
    >>> column.lengthen(4)
    >>> column.view.tolist()
    [3, 4, 5, 0]
    """

    def __init__(self, dtype: DTypeLike, width: int | None = None, filler: Any = 0) -> None:
        self._filler = filler
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
        self._reserve(self._length + len(block))
        self._buffer[self._length : self._length + len(block)] = block
        self._length += len(block)

    def lengthen(self, length: int) -> None:
        """Have at least `length` entries, the new ones all alike."""
        if length > self._length:
            self._reserve(length)
            self._buffer[self._length : length] = self._filler
            self._length = length

    def _reserve(self, length: int) -> None:
        if length > len(self._buffer):
            grown = np.empty((max(length, 2 * len(self._buffer)), *self._tail), dtype=self._buffer.dtype)
            grown[: self._length] = self.view
            self._buffer = grown

    def cut(self, length: int) -> None:
        """Keep only the first `length` entries; views taken before must not be used any more."""
        self._length = min(self._length, length)
