"""White-space chunks of many texts at once, found in their bytes; a chunk is known by its fingerprint, not by a string.

A string for each chunk and a look-up of it in a dictionary cost more than all that is done here. The fingerprint of a
chunk is a polynomial over random numbers that stand for its bytes, all drawn anew in each process: nobody can make two
chunks that meet, and in a billion texts a meeting by chance is unlikely by a factor of thousands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chunks", "split_texts"]

Longs = NDArray[np.int64]
Words = NDArray[np.uint64]

_CODING: Final = ("utf-8", "surrogatepass")
#: What str.split splits at: one byte each, and beyond ASCII.
_IS_SPACE: Final = np.array([chr(code).isspace() and code < 128 for code in range(256)])
_WIDE_SPACE: Final = re.compile("[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_LINE_BREAK: Final = 10
#: Bytes looked at together; the arrays of so many stay in the cache of a core.
_BLOCK: Final = 1 << 15
#: Longer chunks have keys of their own, each another one.
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class Chunks:
    """The chunks of some texts in order; a line break is a chunk, too.

    Parameters
    ----------
    raw : bytes
        The texts, with a space between each two.
    starts, ends : ndarray of int, shape (n_chunks,)
        Places in `raw`.
    keys : ndarray of int, shape (n_chunks,)
        Equal for equal chunks of at most 256 bytes; negative for others.
    counts : ndarray of int, shape (n_texts,)
        Number of chunks up to the end of each text.
    """

    raw: bytes
    starts: Longs
    ends: Longs
    keys: Longs
    counts: Longs

    def strings(self, places: Longs) -> list[str]:
        """Return some chunks as strings."""
        bounds = zip(self.starts[places].tolist(), self.ends[places].tolist(), strict=True)
        return [self.raw[start:end].decode(*_CODING) for start, end in bounds]

    def code_points(self, texts: Sequence[str]) -> Longs:
        """Return where each chunk starts in its text, in code points; `texts` are those that were split."""
        starts = self.starts
        if not self.raw.isascii():
            # Of the bytes of a code point all but the first begin with the bits 10.
            firsts = (np.frombuffer(self.raw, dtype=np.uint8) & 0xC0) != 0x80
            starts = firsts.cumsum()[starts] - 1
        sizes = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
        return starts - (sizes.cumsum() - sizes).repeat(np.diff(self.counts, prepend=0))


def split_texts(texts: Sequence[str]) -> Chunks:
    r"""Return the chunks of texts.

    Examples
    --------
    >>> chunks = split_texts(["good app\n\nthanks ", "", "so good"])
    >>> chunks.strings(np.arange(7)), chunks.counts.tolist()
    (['good', 'app', '\n', '\n', 'thanks', 'so', 'good'], [5, 5, 7])
    >>> bool(chunks.keys[0] == chunks.keys[6])
    True
    """
    encoded = [(text if text.isascii() else _WIDE_SPACE.sub(" ", text)).encode(*_CODING) for text in texts]
    raw = b" ".join(encoded)
    letters = np.frombuffer(raw, dtype=np.uint8)
    starts, ends = _find(letters)
    sizes = np.fromiter(map(len, encoded), np.int64, len(encoded)) + 1
    return Chunks(
        raw, starts, ends, _keys(letters, starts, ends), np.searchsorted(starts, sizes.cumsum() - 1)
    )


def _find(letters: NDArray[np.uint8]) -> tuple[Longs, Longs]:
    """Return where chunks start and end."""
    inside = np.zeros(len(letters) + 2, dtype=np.bool_)
    np.logical_not(_IS_SPACE[letters], out=inside[1:-1])
    edges = (inside[1:] != inside[:-1]).nonzero()[0]
    starts, ends = edges[::2], edges[1::2]
    breaks = (letters == _LINE_BREAK).nonzero()[0]
    if not len(breaks):
        return starts, ends
    starts = np.concatenate([starts, breaks])
    order = starts.argsort()
    return starts[order], np.concatenate([ends, breaks + 1])[order]


def _keys(letters: NDArray[np.uint8], starts: Longs, ends: Longs) -> Longs:
    """Return the fingerprints of chunks, which do not depend on where they stand: sums of running sums, moved back."""
    codes, powers, back = _numbers()
    prints = np.empty(len(starts), dtype=np.uint64)
    done = 0
    while done < len(starts):
        first = starts[done]
        stop = int(np.searchsorted(starts, first + _BLOCK))
        block = letters[first : min(ends[stop - 1], first + len(powers))]
        sums = np.zeros(len(block) + 1, dtype=np.uint64)
        np.cumsum(codes[block] * powers[: len(block)], out=sums[1:])
        begin = starts[done:stop] - first
        end = np.minimum(ends[done:stop] - first, len(block))
        prints[done:stop] = (sums[end] - sums[begin]) * back[begin]
        done = stop
    keys = (prints >> np.uint64(1)).view(np.int64)
    long = (ends - starts > _LONGEST).nonzero()[0]
    keys[long] = -2 - starts[long]
    return keys


@cache
def _numbers() -> tuple[Words, Words, Words]:
    """Return a random number for each byte, and the powers of another one, forwards and backwards."""
    codes = np.frombuffer(os.urandom(256 * 8), dtype=np.uint64)
    # Of this form a number's powers repeat last.
    base = int.from_bytes(os.urandom(8), "little") & ~7 | 5
    return codes, _powers(base), _powers(pow(base, -1, 1 << 64))


def _powers(base: int) -> Words:
    powers = np.ones(1, dtype=np.uint64)
    while len(powers) < _BLOCK + _LONGEST:
        powers = np.concatenate([powers, powers * np.uint64(base)])
        base = base * base % (1 << 64)
    return powers[: _BLOCK + _LONGEST]
