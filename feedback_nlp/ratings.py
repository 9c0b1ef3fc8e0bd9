"""Stars that contradict their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.records import MISMATCH, SENTIMENTS, Analysis
from feedback_nlp.sentiment import NEGATIVE, POSITIVE

__all__ = ["contradicted", "note_rating"]

#: Stars (of 5) that contradict a clearly negative or positive text.
_GLAD_STARS: Final = 4.0
_SAD_STARS: Final = 2.0
#: Sentiment score (either sign) from which a text is clear enough to contradict its stars. It does not depend on the
#: precision asked for: a label may be uncertain between negative and neutral and surely not positive.
_CLEAR_SCORE: Final = 0.5


def note_rating(one: Analysis, rating: float | None) -> Analysis:
    """Return the analysis, flagged where the text clearly says the opposite of its stars."""
    if rating is None or one.sentiment is None or one.sentiment_score is None:
        return one
    label = SENTIMENTS.index(one.sentiment)
    return replace(one, flags=(*one.flags, MISMATCH)) if _opposes(label, one.sentiment_score, rating) else one


def contradicted(
    labels: NDArray[np.int64], scores: NDArray[np.float64], ratings: Sequence[float | None]
) -> list[int]:
    """Return the places of texts that clearly say the opposite of their stars."""
    stars = np.array([np.nan if rating is None else rating for rating in ratings])
    places: list[int] = _opposes(labels, scores, stars).nonzero()[0].tolist()
    return places


def _opposes(label: Any, score: Any, stars: Any) -> Any:
    """Whether a text, or each of an array of them, clearly says the opposite of its stars."""
    sad = (label == NEGATIVE) & (score <= -_CLEAR_SCORE) & (stars >= _GLAD_STARS)
    glad = (label == POSITIVE) & (score >= _CLEAR_SCORE) & (stars <= _SAD_STARS)
    return sad | glad
