"""Where the tokens of a batch stand in its texts, from remembered chunks: for those who ask after the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feedback_nlp.preprocess import LINE_BREAK
from feedback_nlp.scan import ONE_AT_A_TIME, split_chunks

if TYPE_CHECKING:
    from feedback_nlp.chunks import ChunkTable
    from feedback_nlp.scan import Longs

__all__ = ["locate_tokens"]


def locate_tokens(table: ChunkTable, texts: list[str]) -> Longs:
    """Return start and end of every token of a batch, in the order of `scan_texts`.

    Returns
    -------
    ndarray of int, shape (n_tokens, 2)
        Code points into the text of each token.
    """
    chunks: list[str] = []
    counted: list[int] = []
    for text in texts:
        found = split_chunks(text)
        chunks += found
        counted.append(len(found))
    places = _places(texts, chunks, np.array(counted, dtype=np.int64))
    with ONE_AT_A_TIME:
        numbers = table.look_up(chunks)
        starts, counts = table.arrays()[:2]
        counts = counts[numbers]
        ends = np.cumsum(counts, dtype=np.int64)
        first = np.repeat(starts[numbers] - (ends - counts), counts)
        spans = table.token_spans[first + np.arange(len(first))]
    return np.repeat(places, counts)[:, None] + spans


def _places(texts: list[str], chunks: list[str], counted: Longs) -> Longs:
    """Return where each chunk begins in its text; `counted` says how many chunks each text has."""
    sizes = np.fromiter(map(len, chunks), np.int64, len(chunks)) + 1
    ends = np.concatenate([[0], sizes.cumsum()])
    last = counted.cumsum()
    begins = ends[last - counted]
    places: Longs = ends[:-1] - begins.repeat(counted)
    # Where chunks and one space between each two make up the text, that was all; line breaks are chunks themselves.
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    lines = np.fromiter((LINE_BREAK in text for text in texts), np.bool_, len(texts))
    for row in (((ends[last] - begins != lengths + 1) | lines) & (counted > 0)).nonzero()[0].tolist():
        text, at = texts[row], 0
        for place in range(last[row] - counted[row], last[row]):
            at = text.index(chunks[place], at)  # between two chunks there is white space only
            places[place] = at
            at += len(chunks[place])
    return places
