"""Why a text got its label: what each word and phrase adds to the log-odds of that label against the runner-up.

The decision is linear in the terms once the clauses that stand for the text are chosen (see sentiment.py), so
contributions are exact: their sum plus `intercept` equals `decision`. A term that stands in several places shares its
contribution evenly among them; the spelling of a word (its character n-grams) is summed into the word.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.forms import EXPRESSIVE_MARKS, MARK, WORD
from feedback_nlp.heads import Heads
from feedback_nlp.preprocess import NEGATED, SCOPE_PREFIX, Prepared, Preprocessor
from feedback_nlp.records import SENTIMENTS, Contribution
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.sentiment import (
    BEST,
    LAST,
    MEAN,
    N_SENTIMENTS,
    TEXT,
    WORST,
    ClausePools,
    pool_clauses,
)
from feedback_nlp.terms import MAX_TERM_WORDS, term_names

__all__ = ["Explainer", "Explanation"]

_Span = tuple[int, int]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision of one text, taken apart.

    Parameters
    ----------
    label, against : str
        The label shown and the runner-up.
    decision : float
        Log-odds of the one against the other, before thresholds.
    intercept : float
        What stands there without a word.
    contributions : tuple of Contribution
        Strongest first.
    """

    label: str
    against: str
    decision: float
    intercept: float
    contributions: tuple[Contribution, ...]


class Explainer:
    """Explains single texts with the parts that scored them.

    Parameters
    ----------
    scorer : LinearScorer
    heads : Heads
    """

    def __init__(self, scorer: LinearScorer, heads: Heads) -> None:
        self._scorer = scorer
        self._heads = heads
        self._preprocessor = Preprocessor()
        self._terms = {name: row for row, name in enumerate(term_names(scorer.linear))}

    def explain(self, text: str, label: int) -> Explanation:
        """Return the explanation of a text whose label is known.

        Parameters
        ----------
        text : str
        label : int
            Place of the label shown in records.SENTIMENTS.
        """
        scores = self._scorer.score([text])
        pools = pool_clauses(scores)
        head = self._heads.sentiment
        decisions = head.decision(pools.inputs)[0]
        against = max(
            (place for place in range(N_SENTIMENTS) if place != label), key=lambda place: decisions[place]
        )
        contrast = head.weights[:, label] - head.weights[:, against]
        whole, by_clause = _directions(contrast, pools)
        prepared = self._preprocessor.prepare(text)
        sums: dict[_Span, float] = defaultdict(float)
        self._spread(prepared, range(len(prepared.forms)), whole, sums)
        for tokens, direction in zip(_clause_tokens(prepared), by_clause, strict=True):
            self._spread(prepared, tokens, direction, sums)
        contributions = [
            Contribution(text[s:e], s, e, SENTIMENTS[label if w > 0 else against], float(abs(w)))
            for (s, e), w in sums.items()
        ]
        contributions.sort(key=lambda part: (-part.weight, part.start, part.end))
        return Explanation(
            SENTIMENTS[label],
            SENTIMENTS[against],
            float(decisions[label] - decisions[against]),
            float(head.intercepts[label] - head.intercepts[against]),
            tuple(part for part in contributions if part.weight > 0),
        )

    def _spread(
        self, prepared: Prepared, tokens: range, direction: Doubles, sums: dict[_Span, float]
    ) -> None:
        """Add what the terms and spellings of these tokens (a text or one clause) contribute, by span."""
        if not direction.any():
            return
        linear = self._scorer.linear
        spans = {name: at for name, at in _term_spans(prepared, tokens).items() if name in self._terms}
        rows = np.array([self._terms[name] for name in spans], dtype=np.int64)
        idf = linear.term_idf[rows].astype(np.float64)
        values = idf * (linear.term_weights[rows, :N_SENTIMENTS] @ direction) / np.sqrt(np.sum(idf**2) or 1)
        words = _word_spans(prepared, tokens)
        numbers = self._scorer.table.numbers_of(list(words))
        spelled = (
            self._scorer.spellings(numbers)[numbers, :N_SENTIMENTS] @ direction / np.sqrt(len(words) or 1)
        )
        for places, value in zip(
            [*spans.values(), *words.values()], [*values.tolist(), *spelled.tolist()], strict=True
        ):
            _share(sums, places, value)


def _directions(contrast: NDArray[np.float64], pools: ClausePools) -> tuple[Doubles, list[Doubles]]:
    """Return by what each of the four scores of the text, and of each clause, counts in the decision."""
    in_mean = contrast[MEAN] + (contrast[TEXT] if pools.replaced[0] else 0)
    by_clause = [share * in_mean for share in pools.shares]
    if by_clause:
        by_clause[pools.last[0]] = by_clause[pools.last[0]] + contrast[LAST]
        tilt = np.array([-1.0, 0.0, 1.0, 0.0])
        by_clause[pools.best[0]] = by_clause[pools.best[0]] + contrast[BEST] * tilt
        by_clause[pools.worst[0]] = by_clause[pools.worst[0]] + contrast[WORST] * tilt
    return np.zeros(N_SENTIMENTS) if pools.replaced[0] else contrast[TEXT], by_clause


def _share(sums: dict[_Span, float], places: list[_Span], value: float) -> None:
    for place in places:
        sums[place] += value / len(places)


def _clause_tokens(prepared: Prepared) -> list[range]:
    """Return the tokens of each clause."""
    starts = [t for t, clause in enumerate(prepared.clauses) if not t or clause != prepared.clauses[t - 1]]
    return [range(start, end) for start, end in pairwise([*starts, len(prepared.forms)])]


def _term_spans(prepared: Prepared, tokens: range) -> dict[str, list[_Span]]:
    """Return where each term stands; the terms are those of `features.terms_of`."""
    spans: dict[str, list[_Span]] = defaultdict(list)
    run: list[int] = []
    current = -1
    for token in tokens:
        form, cls = prepared.forms[token], prepared.classes[token]
        if prepared.clauses[token] != current:
            run, current = [], prepared.clauses[token]
        own = (prepared.starts[token], prepared.ends[token])
        if cls == WORD:
            negated = prepared.scopes[token] == NEGATED
            name = SCOPE_PREFIX[NEGATED] + form if negated else form
            spans[name].append(_from_negator(prepared, token) if negated else own)
            run = [*run[1 - MAX_TERM_WORDS :], token]
            for size in range(2, len(run) + 1):
                words = run[-size:]
                spans[" ".join(prepared.forms[w] for w in words)].append((prepared.starts[words[0]], own[1]))
        elif form and (cls != MARK or form in EXPRESSIVE_MARKS):
            spans[form].append(own)
    return spans


def _from_negator(prepared: Prepared, token: int) -> _Span:
    """Return the span from the negator to the word it turns, so that a reader sees both."""
    first = token
    while first > 0 and prepared.scopes[first] == NEGATED:
        first -= 1
    return prepared.starts[first], prepared.ends[token]


def _word_spans(prepared: Prepared, tokens: range) -> dict[str, list[_Span]]:
    """Return where each spelled word stands."""
    spans: dict[str, list[_Span]] = defaultdict(list)
    for token in tokens:
        form = prepared.forms[token]
        if prepared.classes[token] == WORD and form[0] != "<":
            spans[form].append((prepared.starts[token], prepared.ends[token]))
    return spans
