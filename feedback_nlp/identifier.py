"""py3langid, one text at a time as it comes, and for a whole batch at once with the same answers to the last bit.

py3langid walks an automaton over the bytes of a text, counts the features it meets and multiplies their logarithms
with a table. The automaton knows the longest feature that ends at a byte, and no feature is longer than six bytes,
so its state follows from the last six bytes: all bytes of all texts can be walked side by side, in six steps.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from copy import copy
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["rank", "ranked", "share_batch"]

_NOT_WORDS = re.compile(r"#\w+|\d+")
_MAY_NOT_BE_WORD = re.compile(r"[#\d]")
_LONG_RUN = re.compile(r"(\w)\1{2,}")
#: Most bytes walked side by side; eight arrays of so many integers are in memory at a time.
_BLOCK_BYTES: Final = 1 << 20
#: Values of a byte.
_BYTES: Final = 256


def rank(plain: str, languages: tuple[str, ...]) -> Mapping[str, float]:
    """Return the identifier's probabilities over some languages, largest first.

    Parameters
    ----------
    plain : str
        Text without addresses and handles; hash tags, numbers and long runs are left out here.
    languages : tuple of str
        ISO 639-1 codes.
    """
    cleaned = _LONG_RUN.sub(r"\1\1", _NOT_WORDS.sub(" ", plain))
    return dict(_identifier(languages).rank(cleaned))


def share_batch(plains: list[str], languages: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Return what `rank` gives for each text, as an array.

    Parameters
    ----------
    plains : list of str
    languages : tuple of str
        Without those that py3langid knows by two names, such as Serbian.

    Returns
    -------
    codes : tuple of str
        Languages in the order of the columns.
    shares : ndarray of float32, shape (n_texts, n_languages)
    """
    if not plains:
        return languages, np.zeros((0, len(languages)), dtype=np.float32)
    blocks = []
    for encoded in _blocks([_encode(text) for text in _clean(plains)]):
        scores = _scores(encoded, languages)
        lengths = np.array([len(text) or 1 for text in encoded])
        scores *= (1.0 / np.sqrt(lengths)).astype(np.float32)[:, None]
        np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        blocks.append(scores)
    return tuple(_identifier(languages).nb_classes), np.concatenate(blocks)


def ranked(codes: tuple[str, ...], shares: NDArray[np.float32]) -> Mapping[str, float]:
    """Return the shares of one text by language, largest first, as `rank` does."""
    order = np.argsort(-shares, kind="stable").tolist()
    return {codes[place]: float(shares[place]) for place in order}


def _blocks(encoded: list[bytes]) -> list[list[bytes]]:
    blocks: list[list[bytes]] = [[]]
    size = 0
    for text in encoded:
        if size + len(text) > _BLOCK_BYTES and blocks[-1]:
            blocks.append([])
            size = 0
        blocks[-1].append(text)
        size += len(text)
    return blocks


def _clean(plains: list[str]) -> list[str]:
    """Search for long runs once for all texts: the pattern costs more than everything else here."""
    points = np.frombuffer("\n".join(plains).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    runs = np.flatnonzero((points[2:] == points[1:-1]) & (points[1:-1] == points[:-2]))
    ends = np.cumsum([len(text) + 1 for text in plains])
    stretched = set(np.searchsorted(ends, runs, side="right").tolist())
    out = []
    for row, plain in enumerate(plains):
        words = _NOT_WORDS.sub(" ", plain) if _MAY_NOT_BE_WORD.search(plain) else plain
        # Leaving a number out may bring nothing together but the spaces in its place, which are no letters.
        out.append(_LONG_RUN.sub(r"\1\1", words) if row in stretched else words)
    return out


def _encode(text: str) -> bytes:
    """Do to a text what py3langid does to it first."""
    if text.isupper():
        text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.encode("utf8", errors="surrogatepass")


def _scores(encoded: list[bytes], languages: tuple[str, ...]) -> NDArray[np.float32]:
    """Return the raw scores, shape (n_texts, n_languages): the features of a text in the order it meets them."""
    features, owners = _features(encoded)
    owners, distinct, counts = _count_in_order(owners, features, _automaton().n_features)
    logs = np.log1p(counts.astype(np.float32))
    ends = np.searchsorted(owners, np.arange(len(encoded) + 1))
    weights = _weights(languages)[distinct]
    out = np.zeros((len(encoded), weights.shape[1]), dtype=np.float32)
    for row, (start, end) in enumerate(pairwise(ends.tolist())):
        if end > start:
            np.matmul(logs[start:end], weights[start:end], out=out[row])
    out[ends[1:] > ends[:-1]] += _identifier(languages).nb_pc
    return out


def _count_in_order(
    owners: NDArray[np.int64], members: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct members of each owner and their counts, in the order in which they first come.

    Place and member share one integer, since sorting plain integers is much faster than sorting their places.

    Examples
    --------
    >>> found = _count_in_order(np.array([0, 0, 0, 1]), np.array([7, 2, 7, 2]), 8)
    >>> [column.tolist() for column in found]
    [[0, 0, 1], [7, 2, 2], [2, 1, 1]]
    """
    bits = max(len(owners), 1).bit_length()
    keys = ((owners * width + members) << bits) | np.arange(len(owners))
    keys.sort()
    pairs = keys >> bits
    begins = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=begins[1:])
    firsts = begins.nonzero()[0]
    counts = np.diff(firsts, append=len(keys))
    in_order = ((keys[firsts] & ((1 << bits) - 1)) << bits) | np.arange(len(firsts))
    in_order.sort()
    order = in_order & ((1 << bits) - 1)
    places = in_order >> bits
    return owners[places], members[places], counts[order]


def _features(encoded: list[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every feature met in a batch of texts, and the number of its text."""
    automaton = _automaton()
    letters = np.frombuffer(b"".join(encoded), dtype=np.uint8).astype(np.int64)
    lengths = np.array([len(text) for text in encoded], dtype=np.int64)
    owners = np.repeat(np.arange(len(encoded)), lengths)
    since = np.arange(len(letters)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    states = np.zeros(len(letters), dtype=np.int64)
    for back in range(automaton.depth - 1, -1, -1):
        inside = slice(back, None)
        moved = automaton.moves[automaton.rows[states[inside]] + letters[: max(len(letters) - back, 0)]]
        states[inside] = np.where(since[inside] >= back, moved, 0)
    features = automaton.outputs[states]
    met = features >= 0
    return features[met], owners[met]


class _Automaton:
    """py3langid's automaton as arrays.

    `moves` is indexed by what `rows` holds of a state plus byte; `outputs` holds the feature of a state or -1.
    """

    def __init__(self, identifier: LanguageIdentifier) -> None:
        self.moves = np.frombuffer(identifier.tk_nextmove, dtype=f"u{identifier.tk_nextmove.itemsize}")
        self.rows = np.array(identifier.tk_row, dtype=np.int64) * _BYTES
        self.outputs = np.array(identifier.tk_output, dtype=np.int64)
        self.n_features = int(self.outputs.max()) + 1
        self.depth = self._measure_depth()

    def _measure_depth(self) -> int:
        """Return the length of the longest path from the start that meets new states only: that of a feature."""
        table = self.moves.reshape(-1, _BYTES)
        reached = np.zeros(len(self.rows), dtype=np.bool_)
        reached[0] = True
        front = np.zeros(1, dtype=np.int64)
        depth = 0
        while True:
            after = np.zeros_like(reached)
            after[table[self.rows[front] // _BYTES]] = True
            front = np.flatnonzero(after & ~reached)
            if not len(front):
                return depth
            reached[front] = True
            depth += 1


@cache
def _automaton() -> _Automaton:
    return _Automaton(_whole_identifier())


@cache
def _weights(languages: tuple[str, ...]) -> NDArray[np.float32]:
    """Return the table of some languages at the precision at which it is multiplied."""
    return np.ascontiguousarray(_identifier(languages).nb_ptc, dtype=np.float32)


@cache
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    """Return the identifier restricted to some languages; the large tables are shared by all."""
    identifier = copy(_whole_identifier())
    identifier.set_languages(list(languages))
    return identifier


@cache
def _whole_identifier() -> LanguageIdentifier:
    """Load py3langid when first needed: half a second and about 100 MB, which plain English never costs."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
