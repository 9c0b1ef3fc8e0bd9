"""Where tokens of a batch stand in its texts, for those who ask after the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedback_nlp.scan import Layout, Longs

__all__ = ["locate_tokens"]


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
    places: Longs = layout.chunks.code_points(texts)[chunks]
    return places[:, None] + layout.spans[layout.entries[chosen]]
