"""Sentences, clauses and scopes of whole batches at once: what `preprocess` defines, computed in numpy.

The rules of `preprocess` walk from token to token and remember what they last saw. Here every "last seen" is a
running maximum of positions over all tokens of the batch, with the start of each text as its floor.
tests/test_fastpath.py holds the two against each other, on real sentences and on random ones.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.chunks import ChunkTable, Form, Ints
from feedback_nlp.preprocess import LEAST_CLAUSE, NEGATED, NEGATION_REACH, PLAIN, WISH_REACH, WISHED
from feedback_nlp.roles import Cue
from feedback_nlp.splitting import Chunks, split_texts

__all__ = ["ONE_AT_A_TIME", "Layout", "Tokens", "run_starts", "scan_texts"]

#: Tables of words grow while texts are analysed, and spaCy's do in any thread. Python runs one thread at a time anyway.
ONE_AT_A_TIME: Final = threading.RLock()

Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a batch of texts, in order; arrays have one entry a token unless said otherwise.

    Parameters
    ----------
    texts : ndarray of int
        Number of the text.
    forms, bits : ndarray of int
        Number and bits of the normal form (see chunks.Form).
    sentences, clauses : ndarray of int
        Counted through the whole batch, from 0.
    scopes : ndarray of int
        preprocess.PLAIN, NEGATED or WISHED.
    asides : ndarray of bool, shape (n_clauses,)
        Clauses that do not count (see roles).
    n_texts : int
    layout : Layout or None
        Where the tokens stand in the texts; None where nobody will ask.
    """

    texts: Longs
    forms: Ints
    bits: Ints
    sentences: Longs
    clauses: Longs
    scopes: NDArray[np.int8]
    asides: Bools
    n_texts: int
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the tokens of a batch come from: chunks of the texts, and places of the table of chunks.

    Parameters
    ----------
    chunks : Chunks
    token_ends : ndarray of int, shape (n_chunks,)
        Number of tokens up to the end of each chunk.
    entries : ndarray of int, shape (n_tokens,)
        Place of each token in the table.
    spans : ndarray of int
        Start and end, within its chunk, of each token of the table as it was.
    """

    chunks: Chunks
    token_ends: Longs
    entries: Longs
    spans: Ints


def run_starts(numbers: Longs) -> Longs:
    """Return where each run of equal numbers begins.

    Examples
    --------
    >>> run_starts(np.array([0, 0, 2, 2, 5])).tolist()
    [0, 2, 4]
    """
    begins = np.empty(len(numbers), dtype=np.bool_)
    begins[:1] = True
    np.not_equal(numbers[1:], numbers[:-1], out=begins[1:])
    return begins.nonzero()[0]


def scan_texts(table: ChunkTable, texts: list[str]) -> Tokens:
    """Return the tokens of `texts` with sentences, clauses and scopes."""
    chunks = split_texts(texts)
    numbers = table.look_up(chunks)
    starts, counts, token_forms, token_bits = table.arrays()
    counts = counts[numbers]
    chunk_ends = counts.cumsum(dtype=np.int64)
    total = int(chunk_ends[-1]) if len(chunk_ends) else 0
    first: Longs = np.repeat(starts[numbers] - (chunk_ends - counts), counts)
    entries = first + np.arange(total)
    forms, bits = token_forms[entries], token_bits[entries]
    text_ends = np.concatenate([[0], chunk_ends])[chunks.counts]
    begins = np.concatenate([[0], text_ends[:-1]])[: len(texts)]
    lengths = text_ends - begins
    owner = np.arange(len(texts)).repeat(lengths)
    floor = begins.repeat(lengths)
    fresh = _after_line_break(numbers, chunk_ends, total, floor)
    sentences = _sentences(bits, fresh, floor, total)
    clauses, clause_starts = _clauses(bits, sentences, total)
    scopes = _scopes(bits, clause_starts, total)
    asides = _asides(bits, clause_starts.nonzero()[0], sentences, owner)
    layout = Layout(chunks, chunk_ends, entries, table.token_spans)
    return Tokens(owner, forms, bits, sentences, clauses, scopes, asides, len(texts), layout)


def _last(where: Bools, positions: Longs) -> Longs:
    """Return for each position the last one at or before it where the mask holds, else -1."""
    return np.maximum.accumulate(np.where(where, positions, -1))


def _before(last: Longs) -> Longs:
    """Shift: the last one strictly before each position."""
    out = np.empty_like(last)
    out[1:] = last[:-1]
    out[:1] = -1
    return out


def _after_line_break(numbers: Ints, chunk_ends: Longs, total: int, floor: Longs) -> Bools:
    """Return which tokens are the first after a line break (text starts excluded: nothing can end there)."""
    fresh = np.zeros(total + 1, dtype=np.bool_)
    fresh[chunk_ends[numbers == 0]] = True
    fresh = fresh[:-1]
    fresh[floor[:1]] = False
    after: Bools = fresh & (np.arange(total) != floor)
    return after


def _sentences(bits: Ints, fresh: Bools, floor: Longs, total: int) -> Longs:
    positions = np.arange(total)
    word = (bits & Form.WORD) != 0
    capital = (bits & Form.CAPITAL) != 0
    since = np.maximum(_before(_last(word, positions)), floor - 1)
    ended = _before(_last((bits & Form.END) != 0, positions)) > since
    paused = _before(_last((bits & (Form.ELLIPSIS | Form.EMOTE)) != 0, positions)) > since
    begins = word & (ended | (capital & (paused | fresh)))
    begins |= fresh & ((bits & Form.MARK) != 0)
    begins |= positions == floor
    return np.cumsum(begins) - 1


def _clauses(bits: Ints, sentences: Longs, total: int) -> tuple[Longs, Bools]:
    starts = np.empty(total, dtype=np.bool_)
    starts[:1] = True
    starts[1:] = sentences[1:] != sentences[:-1]
    starts[1:] |= (bits[1:] & Form.CONTRAST) != 0
    starts[1:] |= (bits[:-1] & Form.CLAUSE_MARK) != 0
    subject = ((bits[1:] & Cue.OPENS) != 0) & ((bits[:-1] & Cue.COMMA) != 0)
    subject |= ((bits[1:] & Cue.FOLLOWS) != 0) & ((bits[:-1] & Cue.AND) != 0)
    begins = run_starts(sentences)
    positions = np.arange(total)
    subject &= (positions - begins[np.maximum(sentences - sentences[:1], 0)])[1:] >= LEAST_CLAUSE
    starts[1:] |= subject
    return np.cumsum(starts) - 1, starts


def _scopes(bits: Ints, clause_starts: Bools, total: int) -> NDArray[np.int8]:
    positions = np.arange(total)
    word = (bits & Form.WORD) != 0
    rank = np.cumsum(word)
    negator = ((bits & Form.NEGATOR) != 0) & word
    lifted = np.zeros(total, dtype=np.bool_)
    lifted[:-1] = negator[:-1] & ((bits[1:] & Form.LIFTER) != 0)
    wish = ((bits & Form.WISH) != 0) & word
    cut = np.maximum(_before(_last((bits & Form.BREAK) != 0, positions)), _last(clause_starts, positions) - 1)
    scopes = np.zeros(total, dtype=np.int8)  # PLAIN
    if wish.any():
        scopes[_reached(wish, cut, rank, positions, WISH_REACH)] = WISHED
    if negator.any():
        cut = np.maximum(cut, _before(_last(lifted, positions)))
        scopes[_reached(negator, cut, rank, positions, NEGATION_REACH)] = NEGATED
    scopes[negator | ~word] = PLAIN
    return scopes


def _asides(bits: Ints, starts: Longs, sentences: Longs, texts: Longs) -> Bools:
    """Return which clauses do not count; `starts` are their first tokens."""
    if not len(starts):
        return np.zeros(0, dtype=np.bool_)
    cues = np.bitwise_or.reduceat(_with_pairs(bits, starts), starts)
    owners = sentences[starts]
    firsts = run_starts(owners)

    def in_sentence(where: Bools) -> Bools:
        found: Bools = np.logical_or.reduceat(where, firsts)
        return found

    def have(cue: int) -> Bools:
        found: Bools = (cues & cue) != 0
        return found

    past, expects, self_ = have(Cue.PAST), have(Cue.EXPECTS), have(Cue.SELF)
    others = have(Cue.OTHERS) & have(Cue.OPINES) & ~self_
    if not (past | expects | others).any():
        return np.zeros(len(starts), dtype=np.bool_)
    overruled = in_sentence(self_) & ~in_sentence(have(Cue.AGREES))
    now = have(Cue.NOW) & ~past
    changed = in_sentence(now | (((bits[starts] & Form.CONTRAST) != 0) & ~past))
    follows = np.zeros_like(changed)
    follows[:-1] = in_sentence(now)[1:] & (texts[starts][firsts][1:] == texts[starts][firsts][:-1])
    last = np.maximum.reduceat(np.where(expects, -1, np.arange(len(starts))), firsts)
    aside = (others & overruled[owners]) | (past & (changed | follows)[owners])
    return aside | (expects & (last[owners] > np.arange(len(starts))))


def _with_pairs(bits: Ints, starts: Longs) -> Ints:
    """Return the bits with those of two words that tell together ("used to"), within clauses."""
    if not (bits & (Cue.LEADS | Cue.PERIOD)).any():
        return bits
    before = np.zeros_like(bits)
    before[1:] = bits[:-1]
    before[starts] = 0
    leads, period = (before & Cue.LEADS) != 0, (bits & Cue.PERIOD) != 0
    past = (leads & ((bits & Cue.TRAILS) != 0)) | (period & ((before & Cue.LAST) != 0))
    out = np.where(leads, bits & ~Cue.PAST, bits)  # "at once" is not the past
    out |= np.where(past, Cue.PAST, 0).astype(out.dtype)
    out |= np.where(period & ((before & Cue.THIS) != 0), Cue.NOW, 0).astype(out.dtype)
    return out


def _reached(cue: Bools, cut: Longs, rank: Longs, positions: Longs, reach: int) -> Bools:
    """Return which tokens stand within `reach` words after a cue with no cut between."""
    last = _before(_last(cue, positions))
    return (last > cut) & (rank - rank[np.maximum(last, 0)] <= reach)
