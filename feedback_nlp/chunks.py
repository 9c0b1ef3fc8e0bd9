"""Remembered tokens of white-space chunks: spaCy's answer, looked up instead of computed again.

spaCy's tokenizer splits a text at white space and treats each chunk by itself, so the tokens of a chunk never change
and can be kept. Customers use few distinct chunks (a million app reviews hold some 300,000), so nearly
every chunk of a text is one dictionary look-up. Each chunk is an integer; its tokens are a run in flat arrays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.features import EXPRESSIVE_MARKS
from feedback_nlp.forms import MARK, WORD, classify_form, normalize_token
from feedback_nlp.growing import GrowingArray
from feedback_nlp.preprocess import (
    BREAKS,
    CLAUSE_MARKS,
    CONTRASTS,
    LIFTERS,
    NEGATORS,
    WISHES,
    split_surfaces,
)

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["LINE_BREAK", "ChunkTable", "Form"]

#: Chunks remembered before the table starts anew; about 60 MB.
CAPACITY = 400_000
#: A chunk longer than this is looked at each time: it is an address or noise and will not come again.
LONGEST_REMEMBERED = 64
#: New chunks given to spaCy at a time, as one text: a call of it costs more than the tokens of a chunk.
_TOGETHER = 2_000
#: Stands between the chunks of two lines; no text can hold it, since texts are split at white space.
LINE_BREAK = "\n"

#: Letters without a "D", which may belong to an emoticon, with at most one mark on each side.
_PLAIN_CHUNK = re.compile(r"([@#]?)([A-CE-Za-z]+)((?:(?<=..)[,!?]|(?<=[a-z]{3})\.)?)")

Ints = NDArray[np.int32]


class Form:
    """Bits that say what a normal form does to its neighbours (see preprocess)."""

    WORD, MARK, END, ELLIPSIS, EMOTE = 1, 2, 4, 8, 16
    NEGATOR, LIFTER, CONTRAST, WISH, BREAK, CLAUSE_MARK = 32, 64, 128, 256, 512, 1024
    CAPITAL, SPELLED, EXPRESSIVE = 2048, 4096, 8192
    OF_CLASS = (WORD, MARK, END, ELLIPSIS, EMOTE)


def bits_of(form: str) -> int:
    """Return the bits of a normal form.

    Examples
    --------
    >>> bits_of("but") == Form.WORD | Form.SPELLED | Form.CONTRAST
    True
    """
    cls = classify_form(form)
    bits = Form.OF_CLASS[cls]
    if cls == WORD and form[0] != "<":
        bits |= Form.SPELLED
    for bit, members in (
        (Form.NEGATOR, NEGATORS),
        (Form.LIFTER, LIFTERS),
        (Form.CONTRAST, CONTRASTS),
        (Form.WISH, WISHES),
        (Form.CLAUSE_MARK, CLAUSE_MARKS),
    ):
        if form in members:
            bits |= bit
    if form and (cls not in (WORD, MARK) or form in EXPRESSIVE_MARKS):
        bits |= Form.EXPRESSIVE
    if cls != WORD and (cls != MARK or form in BREAKS):
        bits |= Form.BREAK
    return bits


class ChunkTable:
    """Maps chunks of text to runs of tokens.

    Parameters
    ----------
    nlp : spacy.language.Language
        The tokenizer of `preprocess.build_tokenizer`.
    forms : sequence of str
        Known normal forms: they get the numbers 0, 1, 2, ... for good.
    on_forget : callable
        Called when unknown forms have been forgotten and their numbers will be used anew.
    """

    def __init__(self, nlp: Language, forms: Sequence[str], on_forget: Callable[[], None]) -> None:
        self._nlp = nlp
        self._special_cases = frozenset(nlp.tokenizer.rules)  # type: ignore[union-attr]
        self._known = len(forms)
        self._on_forget = on_forget
        self.forms: list[str] = list(forms)
        self._form_index: dict[str, int] = {form: number for number, form in enumerate(forms)}
        self._form_bits: list[int] = [bits_of(form) for form in forms]
        self._start_empty()

    def _start_empty(self) -> None:
        self._index: dict[str, int] = {LINE_BREAK: 0}
        self._token_forms = GrowingArray(np.int32)
        self._token_bits = GrowingArray(np.int32)
        self._token_spans = GrowingArray(np.int32, 2)
        self._starts = GrowingArray(np.int32)
        self._counts = GrowingArray(np.int32)
        self._starts.extend([0])
        self._counts.extend([0])
        self._passing: list[str] = []

    def look_up(self, chunks: list[str]) -> Ints:
        """Return the number of each chunk, learning those not seen before.

        Parameters
        ----------
        chunks : list of str
            Runs without white space, or LINE_BREAK.
        """
        if len(self._starts) > CAPACITY:
            self._forget()
        elif self._passing:
            for chunk in self._passing:
                self._index.pop(chunk, None)
            self._passing = []
        try:
            return np.fromiter(map(self._index.__getitem__, chunks), np.int32, len(chunks))
        except KeyError:
            self._learn([chunk for chunk in dict.fromkeys(chunks) if chunk not in self._index])
            return np.fromiter(map(self._index.__getitem__, chunks), np.int32, len(chunks))

    def arrays(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Return first token and token count of each chunk, and form and bits of each token."""
        return self._starts.view, self._counts.view, self._token_forms.view, self._token_bits.view

    def spans(self, chunk: int) -> list[tuple[int, int]]:
        """Return start and end of each token of a chunk, counted from the chunk's first character."""
        start = int(self._starts.view[chunk])
        return list(map(tuple, self._token_spans.view[start : start + self._counts.view[chunk]].tolist()))

    def _learn(self, chunks: list[str]) -> None:
        """Add new, distinct chunks, long ones for this batch only."""
        self._learn_plain(chunks)
        others = [chunk for chunk in chunks if chunk not in self._index]
        long = [chunk for chunk in others if len(chunk) > LONGEST_REMEMBERED]
        short = [chunk for chunk in others if len(chunk) <= LONGEST_REMEMBERED]
        self._passing.extend(long)
        blocks = [[chunk] for chunk in long]
        blocks += [short[start : start + _TOGETHER] for start in range(0, len(short), _TOGETHER)]
        with self._nlp.memory_zone():  # else spaCy keeps every string for ever
            for block in blocks:
                self._learn_block(block)

    def _learn_plain(self, chunks: list[str]) -> None:
        """Add those chunks that need no tokenizer."""
        known: list[str] = []
        surfaces: list[str] = []
        starts: list[int] = []
        counts: list[int] = []
        for chunk in chunks:
            parts = self._split_plain(chunk)
            if parts:
                known.append(chunk)
                surfaces += parts
                counts.append(len(parts))
                starts += [0, len(parts[0]), len(chunk) - 1][: len(parts)]
        self._add(known, surfaces, starts, counts)

    def _split_plain(self, chunk: str) -> list[str] | None:
        """Return the tokens of letters with at most a mark before and behind; None where a rule may know better.

        No affix rule but "xD" and "XD" is of letters only, "#" is a prefix, "@" is none, and the marks are suffixes
        (the full stop not after one letter or capitals). Everything else is for spaCy.
        """
        found = _PLAIN_CHUNK.fullmatch(chunk)
        if found is None or len(chunk) > LONGEST_REMEMBERED:
            return None
        if not self._special_cases.isdisjoint((chunk, found[2], found[2] + found[3])):
            return None
        before, word, behind = found.groups()
        parts = ["#", word] if before == "#" else [before + word]
        return [*parts, behind] if behind else parts

    def _learn_block(self, chunks: list[str]) -> None:
        # A line break is a token of its own, so that no rule of the tokenizer sees two chunks side by side.
        tokens = split_surfaces(self._nlp, LINE_BREAK.join(chunks))
        surfaces = [surface for surface, _ in tokens if surface != LINE_BREAK]
        offsets = np.array([offset for surface, offset in tokens if surface != LINE_BREAK], dtype=np.int64)
        chunk_ends = np.cumsum([len(chunk) + 1 for chunk in chunks])
        owners = np.searchsorted(chunk_ends, offsets, side="right")
        chunk_starts = np.concatenate([[0], chunk_ends[:-1]])
        starts = (offsets - chunk_starts[owners]).tolist()
        self._add(chunks, surfaces, starts, np.bincount(owners, minlength=len(chunks)).tolist())

    def _add(self, chunks: list[str], surfaces: list[str], starts: list[int], counts: list[int]) -> None:
        """Add chunks with the tokens of each: how they are written, where they start in the chunk, how many."""
        forms = [self._number(normalize_token(surface)) for surface in surfaces]
        bits = [
            self._form_bits[form] | (Form.CAPITAL if surface[:1].isupper() else 0)
            for form, surface in zip(forms, surfaces, strict=True)
        ]
        self._index.update(
            zip(chunks, range(len(self._starts), len(self._starts) + len(chunks)), strict=True)
        )
        self._starts.extend(len(self._token_forms) + np.cumsum(counts) - counts)
        self._counts.extend(counts)
        self._token_forms.extend(forms)
        self._token_bits.extend(bits)
        ends = np.add(starts, list(map(len, surfaces)))
        self._token_spans.extend(np.stack([starts, ends], axis=1))

    def number_of(self, form: str) -> int:
        """Return the number of a form that `look_up` has met, or the next free one."""
        return self._number(form)

    def _number(self, form: str) -> int:
        number = self._form_index.get(form)
        if number is None:
            number = self._form_index[form] = len(self.forms)
            self.forms.append(form)
            self._form_bits.append(bits_of(form))
        return number

    def _forget(self) -> None:
        for form in self.forms[self._known :]:
            del self._form_index[form]
        del self.forms[self._known :], self._form_bits[self._known :]
        self._start_empty()
        self._on_forget()
