"""Where tokens of a batch stand in its texts, for those who ask after the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from feedback_nlp.preprocess import LINE_BREAK

if TYPE_CHECKING:
    from feedback_nlp.scan import Layout, Longs

__all__ = ["locate_tokens"]

#: Up to so many chunks, looking for each in its text costs less than the arrays that tell where it need not be done.
_FEW: Final = 150


def locate_tokens(texts: list[str], layout: Layout, chosen: Longs) -> Longs:
    """Return start and end of some tokens of a batch.

    Parameters
    ----------
    texts : list of str
    layout : Layout
        Of their tokens.
    chosen : ndarray of int, shape (n_chosen,)
        Numbers of tokens.

    Returns
    -------
    ndarray of int, shape (n_chosen, 2)
        Code points into the text of each token.
    """
    chunks = layout.token_ends.searchsorted(chosen, side="right")
    return _places(texts, layout)[chunks][:, None] + layout.spans[layout.entries[chosen]]


def _places(texts: list[str], layout: Layout) -> Longs:
    """Return where each chunk begins in its text."""
    chunks, ends = layout.chunks, layout.text_ends.tolist()
    if len(chunks) <= _FEW:
        places, rows = np.zeros(len(chunks), dtype=np.int64), list(range(len(texts)))
    else:
        places, rows = _likely_places(texts, layout)
    for row in rows:
        text, at = texts[row], 0
        for place in range(ends[row - 1] if row else 0, ends[row]):
            at = text.index(chunks[place], at)  # between two chunks there is white space only
            places[place] = at
            at += len(chunks[place])
    return places


def _likely_places(texts: list[str], layout: Layout) -> tuple[Longs, list[int]]:
    """Return where each chunk begins if there is one space between any two, and the texts where it is not so."""
    chunks, last = layout.chunks, layout.text_ends
    counted = np.diff(last, prepend=0)
    sizes = np.fromiter(map(len, chunks), np.int64, len(chunks)) + 1
    ends = np.concatenate([[0], sizes.cumsum()])
    begins = ends[last - counted]
    # Where chunks and one space between each two make up the text, that was all; line breaks are chunks themselves.
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    lines = np.fromiter((LINE_BREAK in text for text in texts), np.bool_, len(texts))
    others = ((ends[last] - begins != lengths + 1) | lines) & (counted > 0)
    return ends[:-1] - begins.repeat(counted), others.nonzero()[0].tolist()
