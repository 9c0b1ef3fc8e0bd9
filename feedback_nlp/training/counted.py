"""Terms and words of many texts as integers, so that half a million texts take a minute.

`features` defines what the terms of a text are; here they are counted on whole batches of tokens (the tests hold both
against each other).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats
from feedback_nlp.chunks import ChunkTable, Form
from feedback_nlp.forms import handle_of
from feedback_nlp.own_labels import shipped_inputs
from feedback_nlp.preprocess import NEGATED
from feedback_nlp.scan import Longs, Tokens, scan_texts
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.sentiment import pool_clauses

__all__ = ["Counted", "name_terms", "weigh_terms"]

_BATCH: Final = 2048
#: A handle ("@shop") must stand in so many texts: those of single customers are no words.
_LEAST_TEXTS_OF_HANDLE: Final = 5
#: A term is one integer: three word numbers, counted from 1, at 21 bits each; 0 for no word. No word has the last
#: number, so it can say in the second place that a single word is negated.
_BITS: Final = 21
_NEGATED_MARK: Final = (1 << _BITS) - 1


@dataclass(frozen=True, slots=True)
class Counted:
    """Distinct terms and spelled words of each text, by number.

    Parameters
    ----------
    n_texts : int
    forms : list of str
        Normal forms by their number.
    terms, words : tuple of two arrays of int
        Texts, in order, and the key of a term, or the number of a form, in it.
    scores : ndarray of float32, shape (n_texts, n_shipped_inputs)
        What a scorer said of the texts and their clauses (see `shipped_inputs`); no columns without one.
    """

    n_texts: int
    forms: list[str]
    terms: tuple[Longs, Longs]
    words: tuple[Longs, Longs]
    scores: Floats

    @classmethod
    def of(cls, texts: list[str], scorer: LinearScorer | None = None) -> Self:
        """Count `texts`, and score them on the way if a scorer is given."""
        table = scorer.table if scorer else ChunkTable(None, [], lambda: None)
        numbers: dict[str, int] = {}
        terms, words, scores = [], [], []
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            scored = scorer.score(batch) if scorer else None
            tokens = scored.tokens if scored else scan_texts(table, batch)
            forms = _number_forms(tokens, table.forms, numbers)
            spelled = (tokens.bits & Form.SPELLED) != 0
            terms.append(_distinct(start, *_term_keys(tokens, forms)))
            words.append(_distinct(start, tokens.texts[spelled], forms[spelled]))
            said = (
                shipped_inputs(scored, pool_clauses(scored))
                if scored
                else np.zeros((len(batch), 0), np.float32)
            )
            scores.append(said)
        return cls(len(texts), list(numbers), _joined(terms), _joined(words), np.vstack(scores))

    def term_presence(self, min_df: int) -> tuple[Longs, sp.csr_matrix]:
        """Return the keys of the terms that stand in so many texts, and the 0/1 matrix of texts by them.

        Handles must stand in five; only tables that keep them have any.
        """
        owners, members = self.terms
        keys, places, counts = np.unique(members, return_inverse=True, return_counts=True)
        are_handles = np.array([form[:1] == "@" and handle_of(form) != "" for form in self.forms], np.bool_)
        least = np.where(are_handles[(keys >> 2 * _BITS) - 1], max(min_df, _LEAST_TEXTS_OF_HANDLE), min_df)
        kept = counts >= least
        number, chosen = np.cumsum(kept) - 1, kept[places]
        shape = (self.n_texts, int(kept.sum()))
        return keys[kept], _presence(owners[chosen], number[places[chosen]], shape)

    def spelled(self) -> tuple[sp.csr_matrix, list[str]]:
        """Return the 0/1 matrix of texts by spelled words, and the words."""
        owners, members = self.words
        present, places = np.unique(members, return_inverse=True)
        names = [self.forms[number] for number in present.tolist()]
        return _presence(owners, places, (self.n_texts, len(names))), names


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


def weigh_terms(presence: sp.csr_matrix) -> tuple[sp.csr_matrix, Floats]:
    """Return binary TF-IDF, texts scaled to length 1, and the inverse document frequencies.

    Parameters
    ----------
    presence : sparse matrix of 0 and 1, shape (n_texts, n_terms)
    """
    counts = np.bincount(presence.indices, minlength=presence.shape[1])
    idf = (np.log((1 + presence.shape[0]) / (1 + counts)) + 1).astype(np.float32)
    block = presence.copy()
    block.data = idf[block.indices]
    lengths = np.sqrt(np.add.reduceat(np.r_[block.data**2, 0], block.indptr[:-1]))
    lengths[np.diff(block.indptr) == 0] = 1
    block.data /= np.repeat(lengths, np.diff(block.indptr)).astype(np.float32)
    return block, idf


def name_terms(keys: Longs, forms: list[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
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
