"""The linear model over whole batches: from tokens (integers) to scores, without a string in between.

What `reference` computes with scikit-learn's vectorizers, term by term, is here a handful of numpy and scipy calls
a batch: n-grams are looked up by one integer key in a flat hash table, repeated terms fall out in a sort, and
the weights are gathered by one sparse product. The spelling of a word is multiplied with the weights once a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from feedback_nlp.bundle import Floats, LinearPart
from feedback_nlp.chunks import ChunkTable, Form, Ints
from feedback_nlp.growing import GrowingArray
from feedback_nlp.preprocess import NEGATED
from feedback_nlp.scan import Longs, Tokens, run_starts, scan_texts
from feedback_nlp.spelled import SpellingScorer, Whole, sparse_product
from feedback_nlp.term_table import TermTable

__all__ = ["BatchScores", "LinearScorer"]

Doubles = NDArray[np.float64]

#: Bits a word number may take in the key of an n-gram: three of them fit into 63.
_WORD_BITS: Final = 21


@dataclass(frozen=True, slots=True)
class BatchScores:
    """Linear outputs of a batch.

    Parameters
    ----------
    tokens : Tokens
    texts : ndarray of float32, shape (n_texts, n_outputs)
        Scores of whole texts, without intercepts.
    clauses : ndarray of float32, shape (n_clauses, n_outputs)
    clause_texts, clause_sentences : ndarray of int, shape (n_clauses,)
        Text and sentence (counted through the batch) of each clause.
    clause_words : ndarray of int, shape (n_clauses,)
        Number of words of each clause.
    known_words, common_words, all_words : ndarray of int, shape (n_texts,)
        Alphabetic words: how many are in the vocabulary, how many among the commonest, how many there are.
    word_forms : ndarray of int
        Forms of the alphabetic words of all texts, in order.
    """

    tokens: Tokens
    texts: Floats
    clauses: Floats
    clause_texts: Longs
    clause_sentences: Longs
    clause_words: Longs
    known_words: Longs
    common_words: Longs
    all_words: Longs
    word_forms: Ints


class LinearScorer:
    """Scores batches of texts.

    Parameters
    ----------
    linear : LinearPart
    common_words : collection of str
        The commonest English words, counted for the language gate.
    handles : bool, default=False
        Whether handles ("@shop") are words, as they are to a company's own model.
    """

    def __init__(
        self, linear: LinearPart, common_words: frozenset[str] = frozenset(), *, handles: bool = False
    ) -> None:
        self.linear = linear
        self._n_words = len(linear.words)
        self._extra = sorted(common_words - set(linear.words))
        known = [*linear.words, *self._extra]
        self.table = ChunkTable(None, known, self._forget_forms, handles=handles)
        self._by_form: list[GrowingArray] = []
        self._speller: SpellingScorer | None = None
        self._whole = {word: row for row, word in enumerate(linear.whole_words)}
        self._n_outputs = linear.term_weights.shape[1]
        self._squares = linear.term_idf.astype(np.float64) ** 2
        self._index_terms(linear)
        self._spellings = self.add_form_column(np.float32, self._n_outputs)
        self._is_spelled = self.add_form_column(np.bool_)
        self._word_kinds = self.add_form_column(np.int8)
        self._word_kinds.extend([_word_kind(form, common_words) for form in self.table.forms])

    def _index_terms(self, linear: LinearPart) -> None:
        scope, words = linear.terms[:, 0], linear.terms[:, 1:].astype(np.int64)
        numbers = np.arange(len(words), dtype=np.int32)
        single = words[:, 1] < 0
        # One row a scope, one column a word; the last column stands for every unknown form.
        self._singles = np.full((2, self._n_words + 1), -1, dtype=np.int32)
        self._singles[(scope[single] == NEGATED).astype(int), words[single, 0]] = numbers[single]
        self._phrases = TermTable(_phrase_keys(words[~single].T), numbers[~single])

    def add_form_column(self, dtype: DTypeLike, width: int | None = None, filler: Any = 0) -> GrowingArray:
        """Return an array for something that is known of each form; it is cut when forms are forgotten."""
        self._by_form.append(GrowingArray(dtype, width, filler))
        return self._by_form[-1]

    def _forget_forms(self) -> None:
        for column in self._by_form:
            column.cut(self.n_known_forms)

    def spellings(self, forms: Ints) -> Floats:
        """Return the table of spelling scores, shape (n_forms, n_outputs); the rows of `forms` are filled in."""
        self._is_spelled.lengthen(len(self.table.forms))
        self._spellings.lengthen(len(self.table.forms))
        unspelled = ~self._is_spelled.view[forms]
        if unspelled.any():
            new = np.unique(forms[unspelled])
            words = [self.table.forms[form] for form in new.tolist()]
            self._spellings.view[new] = self._score_words(words)
            self._is_spelled.view[new] = True
        return self._spellings.view

    def _score_words(self, words: list[str]) -> Floats:
        """Return the scores of words: by their spelling, and as a whole where they have a weight of their own."""
        if self._speller is None:
            linear = self.linear
            self._speller = SpellingScorer(linear.grams, linear.gram_idf, linear.gram_weights)
        scores = self._speller.score(words)
        if self.linear.whole_weights is not None:
            rows = np.array([self._whole.get(word, -1) for word in words])
            scores[rows >= 0] += self.linear.whole_weights[rows[rows >= 0]]
        return np.asarray(np.rint(scores * _GRID) / _GRID, dtype=np.float32)

    def score(self, texts: list[str]) -> BatchScores:
        """Return the linear outputs of `texts` and of their clauses."""
        tokens = scan_texts(self.table, texts)
        first = run_starts(tokens.clauses)
        clause_texts = tokens.texts[first]
        rows = _Rows(clause_texts, tokens.n_texts)
        word = (tokens.bits & Form.WORD) != 0
        terms, owners = self._terms(tokens, word)
        spelled = ((tokens.bits & Form.SPELLED) != 0).nonzero()[0]
        forms = tokens.forms[spelled]
        spellings = self.spellings(forms)
        scores = self._product(rows.distinct(owners, terms, len(self._squares)), len(rows))
        scores += _spelling_product(
            rows.distinct(tokens.clauses[spelled], forms, len(spellings)), len(rows), spellings
        )
        return BatchScores(
            tokens,
            scores[rows.n_clauses :],
            scores[: rows.n_clauses],
            clause_texts,
            tokens.sentences[first],
            np.bincount(tokens.clauses[word], minlength=rows.n_clauses),
            *self._count_words(tokens),
        )

    def _count_words(self, tokens: Tokens) -> tuple[Longs, Longs, Longs, Ints]:
        new = self.table.forms[len(self._word_kinds) :]
        if new:
            self._word_kinds.extend([_word_kind(form, frozenset()) for form in new])
        kind = self._word_kinds.view[tokens.forms]
        letters = kind.nonzero()[0]
        texts, kind, n = tokens.texts[letters], kind[letters], tokens.n_texts
        forms = tokens.forms[letters]
        known = forms < self.n_known_forms
        return (
            np.bincount(texts[known], minlength=n),
            np.bincount(texts[kind > _ALPHABETIC], minlength=n),
            np.bincount(texts, minlength=n),
            forms,
        )

    @property
    def n_known_forms(self) -> int:
        """Forms with smaller numbers are words of the vocabulary or common words."""
        return self._n_words + len(self._extra)

    def _terms(self, tokens: Tokens, word: NDArray[np.bool_]) -> tuple[Longs, Longs]:
        """Return the number of every known term of the batch and the clause it stands in."""
        forms = np.minimum(tokens.forms, self._n_words)
        single = word | ((tokens.bits & Form.EXPRESSIVE) != 0)
        singles = self._singles[(tokens.scopes[single] == NEGATED).view(np.int8), forms[single]]
        run, clause = forms[word].astype(np.int64), tokens.clauses[word]
        known = run < self._n_words
        pair = known[1:] & known[:-1] & (clause[1:] == clause[:-1])
        pair_at = pair.nonzero()[0] + 1
        pairs = self._phrases.find(_phrase_keys((run[pair_at - 1], run[pair_at])))
        triple_at = (pair[1:] & pair[:-1]).nonzero()[0] + 2
        triples = self._phrases.find(_phrase_keys((run[triple_at - 2], run[triple_at - 1], run[triple_at])))
        terms = np.concatenate([singles, pairs, triples])
        owners = np.concatenate([tokens.clauses[single], clause[pair_at], clause[triple_at]])
        found = (terms >= 0).nonzero()[0]
        return terms[found], owners[found]

    def _product(self, distinct: tuple[Whole, Whole], n: int) -> Floats:
        owners, terms = distinct
        norms: Doubles = np.sqrt(np.bincount(owners, self._squares[terms], n))
        values = np.asarray(self.linear.term_idf[terms] / norms[owners], dtype=np.float32)
        return sparse_product(owners, terms, values, n, self.linear.term_weights)


#: Kinds of forms: 0 for those that are no words of letters.
_ALPHABETIC, _COMMON = 1, 2


#: Spelling scores are multiples of its inverse: sums below 64 are then exact in single precision, and the same in
#: whatever order a process met the words. Half a step is 2e-6.
_GRID: Final = np.float32(1 << 18)


def _word_kind(form: str, common: frozenset[str]) -> int:
    if not form.replace("'", "").isalpha():
        return 0
    return _COMMON if form in common else _ALPHABETIC


def _phrase_keys(words: tuple[Longs, ...] | NDArray[np.int64]) -> Longs:
    """Return one key a phrase from two or three word numbers; -1 or nothing for "no third word"."""
    keys = (words[0] + 1) << _WORD_BITS | (words[1] + 1)
    third = words[2] + 1 if len(words) > 2 else 0
    return keys << _WORD_BITS | third


class _Rows:
    """The rows of a batch's products: its clauses, and behind them its texts, so that one product gives both.

    Parameters
    ----------
    clause_texts : ndarray of int, shape (n_clauses,)
    n_texts : int
    """

    def __init__(self, clause_texts: Longs, n_texts: int) -> None:
        self.n_clauses = len(clause_texts)
        self._text_rows = clause_texts + self.n_clauses
        self._n_texts = n_texts

    def __len__(self) -> int:
        return self.n_clauses + self._n_texts

    def distinct(self, clauses: Longs, members: Longs | Ints, width: int) -> tuple[Whole, Whole]:
        """Return rows and what stands in them, each once a row, sorted by row; `width` exceeds every member."""
        width = max(width, 1)
        # Where they suffice, short integers are sorted and gathered in half the time.
        kind: Any = np.int32 if len(self) * width <= np.iinfo(np.int32).max else np.int64
        by_clause = _distinct(clauses.astype(kind) * kind(width) + members.astype(kind))
        owners = by_clause // kind(width)
        moves = ((self._text_rows - np.arange(self.n_clauses)) * width).astype(kind)
        by_text = _distinct(by_clause + moves[owners])
        rows = np.concatenate([owners, by_text // kind(width)])
        return rows, np.concatenate([by_clause, by_text]) - rows * kind(width)


def _distinct(keys: Whole) -> Whole:
    """Return keys sorted, each once; sorts in place."""
    keys.sort()
    keep = np.empty(len(keys), dtype=np.bool_)
    keep[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=keep[1:])
    return keys[keep]


def _spelling_product(distinct: tuple[Whole, Whole], n: int, spellings: Floats) -> Floats:
    owners, words = distinct
    counts = np.maximum(np.bincount(owners, minlength=n), 1)
    sums = sparse_product(owners, words, np.ones(len(owners), dtype=np.float32), n, spellings)
    return sums * (1 / np.sqrt(counts)).astype(np.float32)[:, None]
