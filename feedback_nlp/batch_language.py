"""Languages of a whole batch: known words decide for most texts, the gate for the unsure rest."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.chunks import Form
from feedback_nlp.language import LanguageGate, Verdict, english_confidence
from feedback_nlp.scoring import BatchScores, LinearScorer

__all__ = ["identify_languages"]


def identify_languages(
    gate: LanguageGate, scorer: LinearScorer, texts: list[str], scores: BatchScores
) -> list[Verdict | float]:
    """Return a verdict for each text; for surely English ones just the confidence, which is most of them."""
    counts = scores.all_words, scores.known_words, scores.common_words
    out: list[Verdict | float] = list(english_confidence(*counts).tolist())
    unsure = ~gate.is_surely_english(*counts)
    rows = unsure.nonzero()[0].tolist()
    if rows:
        words = _words(scorer, scores, unsure)
        verdicts = gate.judge_unsure([texts[row] for row in rows], [words[row] for row in rows])
        for row, verdict in zip(rows, verdicts, strict=True):
            out[row] = verdict
    return out


def _words(scorer: LinearScorer, scores: BatchScores, chosen: NDArray[np.bool_]) -> list[list[str]]:
    """Return the alphabetic words of the chosen texts; of the others none."""
    tokens = scores.tokens
    spelled = chosen[tokens.texts] & ((tokens.bits & Form.SPELLED) != 0)
    places = (spelled & scorer.alphabetic(tokens.forms)).nonzero()[0]
    words = list(map(scorer.table.forms.__getitem__, tokens.forms[places].tolist()))
    ends = np.searchsorted(tokens.texts[places], np.arange(len(chosen) + 1)).tolist()
    return [words[start:end] for start, end in pairwise(ends)]
