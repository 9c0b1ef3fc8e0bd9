"""Remembered tokens of white-space chunks: spaCy's answer, looked up instead of computed again.

spaCy's tokenizer splits a text at white space and treats each chunk by itself, so the tokens of a chunk never change
and can be kept. Customers use few distinct chunks (a million app reviews hold some 300,000), so nearly
every chunk of a text is one dictionary look-up. Each chunk is an integer; its tokens are a run in flat arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.features import EXPRESSIVE_MARKS
from feedback_nlp.preprocess import (
    BREAKS,
    CLAUSE_MARKS,
    CONTRASTS,
    LIFTERS,
    MARK,
    NEGATORS,
    WISHES,
    WORD,
    classify_form,
    normalize_token,
    split_surfaces,
)

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["LINE_BREAK", "ChunkTable", "Form"]

#: Chunks remembered before the table starts anew; about 60 MB.
CAPACITY = 400_000
#: A chunk longer than this is looked at each time: it is an address or noise and will not come again.
LONGEST_REMEMBERED = 64
#: Stands between the chunks of two lines; no text can hold it, since texts are split at white space.
LINE_BREAK = "\n"

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
        self._known = len(forms)
        self._on_forget = on_forget
        self.forms: list[str] = list(forms)
        self._form_index: dict[str, int] = {form: number for number, form in enumerate(forms)}
        self._form_bits: list[int] = [bits_of(form) for form in forms]
        self._start_empty()

    def _start_empty(self) -> None:
        self._index: dict[str, int] = {LINE_BREAK: 0}
        self._token_forms: list[int] = []
        self._token_bits: list[int] = []
        self._token_spans: list[tuple[int, int]] = []
        self._starts: list[int] = [0]
        self._counts: list[int] = [0]
        self._passing: list[str] = []
        self._frozen: tuple[Ints, Ints, Ints, Ints] | None = None

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
            for chunk in dict.fromkeys(chunks):
                if chunk not in self._index:
                    self._learn(chunk)
            self._frozen = None
            return np.fromiter(map(self._index.__getitem__, chunks), np.int32, len(chunks))

    def arrays(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Return first token and token count of each chunk, and form and bits of each token."""
        if self._frozen is None:
            columns = (self._starts, self._counts, self._token_forms, self._token_bits)
            self._frozen = tuple(np.array(column, dtype=np.int32) for column in columns)  # type: ignore[assignment]
        assert self._frozen is not None  # noqa: S101  # set above
        return self._frozen

    def spans(self, chunk: int) -> list[tuple[int, int]]:
        """Return start and end of each token of a chunk, counted from the chunk's first character."""
        start = self._starts[chunk]
        return self._token_spans[start : start + self._counts[chunk]]

    def _learn(self, chunk: str) -> None:
        self._index[chunk] = len(self._starts)
        self._starts.append(len(self._token_forms))
        count = 0
        for surface, offset in self._split(chunk):
            form = self._number(normalize_token(surface))
            self._token_forms.append(form)
            self._token_bits.append(self._form_bits[form] | (Form.CAPITAL if chunk[offset].isupper() else 0))
            self._token_spans.append((offset, offset + len(surface)))
            count += 1
        self._counts.append(count)
        if len(chunk) > LONGEST_REMEMBERED:
            self._passing.append(chunk)

    def _split(self, chunk: str) -> Iterator[tuple[str, int]]:
        with self._nlp.memory_zone():  # else spaCy keeps every string for ever
            yield from split_surfaces(self._nlp, chunk)

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
