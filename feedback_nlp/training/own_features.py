"""The features of a company's texts, counted on whole batches of tokens.

They are those of the shipped model (words, pairs, triples, negated words; spellings of words), the meanings of words
(`word_vectors`; summed as spellings are) and the shipped model's scores. `features` defines the first two; here terms
are integers, so that 100,000 texts take seconds (the tests hold both against each other).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats, LinearPart
from feedback_nlp.chunks import Form
from feedback_nlp.features import SpellingVectorizer
from feedback_nlp.preprocess import NEGATED
from feedback_nlp.scan import Longs, Tokens
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.training.word_vectors import load_word_vectors

__all__ = ["MEANING_SHARE", "SHIPPED_SHARE", "Features"]

#: Length of the shipped scores beside the term block's 1, after dividing by their spread.
SHIPPED_SHARE: Final = 0.1
#: Length of a text in the block of meanings, on average, beside the term block's 1.
MEANING_SHARE: Final = 1.2
#: From so many texts on a term or spelling must stand in two: single ones are mostly names and numbers.
_LEAST_TEXTS_FOR_MIN_DF: Final = 20_000
#: From so many texts on there are no meanings: the words stand often enough to be learned one by one, and full columns
#: would take most of the time.
_LEAST_TEXTS_WITHOUT_MEANINGS: Final = 20_000
_BATCH: Final = 2048
#: A term is one integer: three word numbers, counted from 1, at 21 bits each; 0 for no word. No word has the last
#: number, so it can say in the second place that a single word is negated.
_BITS: Final = 21
_NEGATED_MARK: Final = (1 << _BITS) - 1


@dataclass(frozen=True, slots=True)
class Features:
    """The block of all texts, and what is needed to write a model over it.

    Parameters
    ----------
    block : sparse matrix, shape (n_texts, n_features)
    sizes : tuple of int
        Columns of its four blocks: terms, spellings, meanings, shipped scores.
    words : tuple of str
        Normal forms that stand in terms.
    terms : ndarray of int32, shape (n_terms, 4)
        Scope and word numbers, as a bundle has them.
    term_idf : ndarray of float32, shape (n_terms,)
    grams : tuple of str
    gram_idf : ndarray of float32, shape (n_grams,)
    shipped_factors : ndarray of float32, shape (n_shipped_outputs,)
        What the shipped scores were multiplied with.
    """

    block: sp.csr_matrix
    sizes: tuple[int, ...]
    words: tuple[str, ...]
    terms: NDArray[np.int32]
    term_idf: Floats
    grams: tuple[str, ...]
    gram_idf: Floats
    shipped_factors: Floats

    @classmethod
    def of(cls, texts: list[str], shipped: LinearPart) -> Self:
        """Count vocabulary and frequencies in `texts`; labels play no part in it."""
        min_df = 2 if len(texts) >= _LEAST_TEXTS_FOR_MIN_DF else 1
        counted = _Counted.of(texts, shipped)
        keys, term_block, term_idf = _weigh_terms(counted, len(texts), min_df)
        words, terms = _name_terms(keys, counted.forms)
        presence, spelled = counted.spelled(len(texts))
        counts = np.bincount(presence.indices, minlength=len(spelled)).tolist()
        speller = SpellingVectorizer(min_df=min_df).fit_counts(spelled, counts, len(texts))
        factors = (SHIPPED_SHARE / (counted.scores.std(axis=0) + 1e-6)).astype(np.float32)
        parts = [
            term_block,
            speller.transform_presence(presence, spelled),
            _meanings(presence, spelled, columns=0 if len(texts) >= _LEAST_TEXTS_WITHOUT_MEANINGS else None),
            sp.csr_matrix(counted.scores * factors),
        ]
        block, sizes = sp.hstack(parts).tocsr(), tuple(part.shape[1] for part in parts)
        return cls(block, sizes, words, terms, term_idf, tuple(speller.vocabulary_), speller.idf_, factors)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Distinct terms and spelled words of each text, by number.

    Parameters
    ----------
    forms : list of str
        Normal forms by their number.
    terms, words : tuple of two arrays of int
        Texts, in order, and the key of a term, or the number of a form, in it.
    scores : ndarray of float32, shape (n_texts, n_shipped_outputs)
    """

    forms: list[str]
    terms: tuple[Longs, Longs]
    words: tuple[Longs, Longs]
    scores: Floats

    @classmethod
    def of(cls, texts: list[str], shipped: LinearPart) -> Self:
        scorer, numbers = LinearScorer(shipped), dict[str, int]()
        terms, words, scores = [], [], []
        for start in range(0, len(texts), _BATCH):
            scored = scorer.score(texts[start : start + _BATCH])
            tokens = scored.tokens
            forms = _number_forms(tokens, scorer.table.forms, numbers)
            spelled = (tokens.bits & Form.SPELLED) != 0
            terms.append(_distinct(start, *_term_keys(tokens, forms)))
            words.append(_distinct(start, tokens.texts[spelled], forms[spelled]))
            scores.append(scored.texts)
        return cls(list(numbers), _joined(terms), _joined(words), np.vstack(scores))

    def spelled(self, n_texts: int) -> tuple[sp.csr_matrix, list[str]]:
        """Return the 0/1 matrix of texts by spelled words, and the words."""
        owners, members = self.words
        present, places = np.unique(members, return_inverse=True)
        names = [self.forms[number] for number in present.tolist()]
        return _presence(owners, places, (n_texts, len(names))), names


def _number_forms(tokens: Tokens, names: list[str], numbers: dict[str, int]) -> Longs:
    """Return numbers of the forms that stay the same when the scorer's table forgets its own."""
    present, places = np.unique(tokens.forms, return_inverse=True)
    kept = [numbers.setdefault(names[form], len(numbers)) for form in present.tolist()]
    return np.array(kept, dtype=np.int64)[places]


def _term_keys(tokens: Tokens, forms: Longs) -> tuple[Longs, Longs]:
    """Return text and key of every term, repeated ones included."""
    word = (tokens.bits & Form.WORD) != 0
    single = word | ((tokens.bits & Form.EXPRESSIVE) != 0)
    negated = word & (tokens.scopes == NEGATED)
    marks = np.where(negated[single], _NEGATED_MARK, 0)
    run, clause, owner = forms[word], tokens.clauses[word], tokens.texts[word]
    pair = np.flatnonzero(clause[1:] == clause[:-1]) + 1
    triple = np.flatnonzero(clause[2:] == clause[:-2]) + 2
    keys = [
        _key(forms[single] + 1, marks),
        _key(run[pair - 1] + 1, run[pair] + 1),
        _key(run[triple - 2] + 1, run[triple - 1] + 1, run[triple] + 1),
    ]
    return np.concatenate([tokens.texts[single], owner[pair], owner[triple]]), np.concatenate(keys)


def _key(first: Longs, second: Longs, third: Longs | int = 0) -> Longs:
    return (first << _BITS | second) << _BITS | third


def _distinct(start: int, owners: Longs, members: Longs) -> tuple[Longs, Longs]:
    """Return owners, counted from `start`, and members without repetition, sorted."""
    present, places = np.unique(members, return_inverse=True)
    pairs = np.unique(owners * max(len(present), 1) + places)
    return start + pairs // max(len(present), 1), present[pairs % max(len(present), 1)]


def _joined(parts: list[tuple[Longs, Longs]]) -> tuple[Longs, Longs]:
    owners, members = zip(*parts, strict=True)
    return np.concatenate(owners), np.concatenate(members)


def _presence(owners: Longs, columns: Longs, shape: tuple[int, int]) -> sp.csr_matrix:
    """Return the 0/1 matrix of sorted owners and their columns."""
    ends = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=shape[0]))])
    return sp.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=shape)


def _weigh_terms(counted: _Counted, n_texts: int, min_df: int) -> tuple[Longs, sp.csr_matrix, Floats]:
    """Return the keys of the terms kept, their block (texts scaled to length 1) and inverse document frequencies."""
    owners, members = counted.terms
    keys, places, counts = np.unique(members, return_inverse=True, return_counts=True)
    kept = counts >= min_df
    number = np.cumsum(kept) - 1
    idf = (np.log((1 + n_texts) / (1 + counts[kept])) + 1).astype(np.float32)
    chosen = kept[places]
    block = _presence(owners[chosen], number[places[chosen]], (n_texts, len(idf)))
    block.data = idf[block.indices]
    lengths = np.sqrt(np.add.reduceat(np.r_[block.data**2, 0], block.indptr[:-1]))
    lengths[np.diff(block.indptr) == 0] = 1
    block.data /= np.repeat(lengths, np.diff(block.indptr)).astype(np.float32)
    return keys[kept], block, idf


def _name_terms(keys: Longs, forms: list[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the words of terms, sorted, and the terms by their numbers."""
    mask = (1 << _BITS) - 1
    parts = np.stack([keys >> 2 * _BITS, keys >> _BITS & mask, keys & mask], axis=1)
    negated = parts[:, 1] == _NEGATED_MARK
    parts[negated, 1] = 0
    present = np.unique(parts[parts > 0])
    words = sorted(forms[number - 1] for number in present.tolist())
    place = {word: row for row, word in enumerate(words)}
    number = np.full(len(forms) + 1, -1, dtype=np.int32)
    number[present] = [place[forms[row - 1]] for row in present.tolist()]
    return tuple(words), np.column_stack([np.where(negated, NEGATED, 0), number[parts]]).astype(np.int32)


def _meanings(presence: sp.csr_matrix, words: list[str], *, columns: int | None) -> sp.csr_matrix:
    """Return the sum of the vectors of each text's words, divided by the root of their number; the first columns."""
    known = load_word_vectors()
    number = {word: row for row, word in enumerate(known.words)}
    rows = np.array([number.get(word, -1) for word in words], dtype=np.int64)
    found = np.flatnonzero(rows >= 0)
    roots = 1 / np.sqrt(np.maximum(np.diff(presence.indptr), 1)).astype(np.float32)
    sums = presence[:, found] @ known.vectors[rows[found], :columns]
    return sp.csr_matrix(sums * (MEANING_SHARE * roots)[:, None])
