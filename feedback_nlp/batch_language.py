"""Languages of a whole batch: known words decide for most texts, the gate for the unsure rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.chunks import Ints
from feedback_nlp.language import LanguageGate, Verdict, english_confidence
from feedback_nlp.scan import Longs
from feedback_nlp.scoring import BatchScores, LinearScorer
from feedback_nlp.word_traits import Traits

__all__ = ["BatchGate"]

_NOT_FOUND = -1


class BatchGate:
    """The language gate over scored batches; the traits of a word are kept beside the scorer's table of forms.

    Parameters
    ----------
    gate : LanguageGate
    scorer : LinearScorer
    """

    def __init__(self, gate: LanguageGate, scorer: LinearScorer) -> None:
        self._gate, self._forms = gate, scorer.table.forms
        self._traits = scorer.add_form_column(np.int32, len(Traits._fields), _NOT_FOUND)

    def identify(self, texts: list[str], scores: BatchScores) -> list[Verdict | float]:
        """Return a verdict for each text; for surely English ones just the confidence, which is most of them."""
        counts = scores.all_words, scores.known_words, scores.common_words
        out: list[Verdict | float] = english_confidence(*counts).tolist()
        unsure = ~self._gate.is_surely_english(*counts)
        rows = unsure.nonzero()[0].tolist()
        if not rows:
            return out
        forms = scores.word_forms[unsure.repeat(scores.all_words)]
        ends = scores.all_words[unsure].cumsum()
        starts = ends - scores.all_words[unsure]

        def words_of(place: int) -> list[str]:
            return [self._forms[form] for form in forms[starts[place] : ends[place]].tolist()]

        traits = self._sums(forms, starts, ends)
        verdicts = self._gate.judge_unsure([texts[row] for row in rows], traits, words_of)
        for row, verdict in zip(rows, verdicts, strict=True):
            out[row] = verdict
        return out

    def _sums(self, forms: Ints, starts: Longs, ends: Longs) -> list[Traits]:
        """Return the traits of each text, given where its words start and end among `forms`."""
        self._traits.lengthen(len(self._forms))
        unmet = forms[self._traits.view[forms, 0] == _NOT_FOUND]
        if len(unmet):
            new = np.unique(unmet)
            self._traits.view[new] = [self._gate.traits.of(self._forms[form]) for form in new.tolist()]
        upto: NDArray[np.int64] = np.zeros((len(forms) + 1, len(Traits._fields)), dtype=np.int64)
        np.cumsum(self._traits.view[forms], axis=0, out=upto[1:])
        return [Traits(*sums) for sums in (upto[ends] - upto[starts]).tolist()]
