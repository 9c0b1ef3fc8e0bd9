"""Where the tokens of a batch stand in its texts, from remembered chunks: for those who ask after the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    places: list[int] = []
    for text in texts:
        at = 0
        for chunk in split_chunks(text):
            at = text.index(chunk, at)  # between two chunks there is white space only
            chunks.append(chunk)
            places.append(at)
            at += len(chunk)
    with ONE_AT_A_TIME:
        numbers = table.look_up(chunks)
        starts, counts = table.arrays()[:2]
        counts = counts[numbers]
        ends = np.cumsum(counts, dtype=np.int64)
        first = np.repeat(starts[numbers] - (ends - counts), counts)
        spans = table.token_spans[first + np.arange(len(first))]
    return np.repeat(np.array(places, dtype=np.int64), counts)[:, None] + spans
