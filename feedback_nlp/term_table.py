"""A hash table in flat arrays: many integer keys are looked up at once."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["TermTable"]

Longs = NDArray[np.int64]

#: Spreads keys over the table (Knuth, TAOCP 3, 6.4: multiplicative hashing with 2**64 / golden ratio).
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_LEAST_BITS: Final = 4


class TermTable:
    """Finds numbers by keys: an open-addressing hash table in two flat arrays.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Distinct and positive.
    values : ndarray of int32, shape (n,)
    """

    def __init__(self, keys: Longs, values: NDArray[np.int32]) -> None:
        self._n = 0
        self._allocate(_LEAST_BITS)
        self.add(keys, values)

    def _allocate(self, bits: int) -> None:
        self._shift = np.uint64(64 - bits)
        self._keys = np.full(1 << bits, -1, dtype=np.int64)
        self._values = np.full(1 << bits, -1, dtype=np.int32)
        self._mask = (1 << bits) - 1
        self.probes = 0

    def add(self, keys: Longs, values: NDArray[np.int32]) -> None:
        """Put in further keys, distinct from each other and from those that are there."""
        self._n += len(keys)
        if 4 * self._n > len(self._keys):
            taken = self._keys != -1
            old = self._keys[taken], self._values[taken]
            self._allocate((4 * self._n - 1).bit_length())
            self._insert(*old)
        self._insert(keys, values)

    def _insert(self, keys: Longs, values: NDArray[np.int32]) -> None:
        slots = self._slots(keys)
        left = np.arange(len(keys))
        probe = 0
        while len(left):
            wanted = (slots[left] + probe) & self._mask
            free = self._keys[wanted] == -1
            # Of several keys that want one free slot the first gets it.
            _, first = np.unique(wanted[free], return_index=True)
            winners = np.flatnonzero(free)[first]
            self._keys[wanted[winners]] = keys[left[winners]]
            self._values[wanted[winners]] = values[left[winners]]
            left = np.delete(left, winners)
            probe += 1
        self.probes = max(self.probes, probe)

    def _slots(self, keys: Longs) -> Longs:
        return ((keys.view(np.uint64) * _GOLDEN) >> self._shift).view(np.int64)

    def find(self, keys: Longs) -> NDArray[np.int32]:
        """Return the value of each key, -1 for a key that is not there."""
        slots = self._slots(keys)
        met = self._keys[slots]
        found = np.where(met == keys, self._values[slots], -1)
        # Most keys are absent, and most absent ones meet an empty slot at once.
        open_ = ((met != keys) & (met != -1)).nonzero()[0]
        for probe in range(1, self.probes):
            if not len(open_):
                break
            at = (slots[open_] + probe) & self._mask
            hit = self._keys[at] == keys[open_]
            found[open_[hit]] = self._values[at[hit]]
            open_ = open_[~hit & (self._keys[at] != -1)]
        return found
