"""Remembered tokens of white-space chunks: spaCy's answer, looked up instead of computed again.

spaCy's tokenizer splits a text at white space and treats each chunk by itself, so the tokens of a chunk never change
and can be kept. Customers use few distinct chunks (a million app reviews hold some 300,000), so nearly
every chunk of a text is looked up. Each chunk is an integer; its tokens are a run in flat arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from itertools import chain, compress, pairwise
from typing import TYPE_CHECKING, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.cuts import KnownCuts, cut_chunks
from feedback_nlp.forms import (
    EXPRESSIVE_MARKS,
    MARK,
    WORD,
    classify_form,
    handle_of,
    normalize_token,
    normalize_words,
)
from feedback_nlp.growing import GrowingArray
from feedback_nlp.preprocess import (
    BREAKS,
    CLAUSE_MARKS,
    LIFTERS,
    LINE_BREAK,
    NEGATORS,
    SCOPE_ENDS,
    build_tokenizer,
    mend_surrogates,
)
from feedback_nlp.roles import CONTRASTS, WISHES, cues_of
from feedback_nlp.shapes import Cuts, ShapeReader, shorten, stretch
from feedback_nlp.splitting import Chunks, split_texts
from feedback_nlp.term_table import TermTable

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokenizer import Tokenizer

__all__ = ["LINE_BREAK", "ChunkTable", "Form"]

#: Chunks remembered before the table starts anew: some 340 bytes each, so a large file takes no more memory than a
#: middling one, and the words that come often are learned again within a few thousand texts.
CAPACITY = 150_000
#: A chunk longer than this is looked at each time: it is an address or noise and will not come again.
LONGEST_REMEMBERED = 64
#: New chunks given to spaCy at a time, as one text: a call of it costs more than the tokens of a chunk.
_TOGETHER = 2_000
#: Bits of a known form that no chunk has had yet.
_NOT_MET = -1

Ints = NDArray[np.int32]
_Item = TypeVar("_Item")


class Form:
    """Bits that say what a normal form does to its neighbours (see preprocess); roles.Cue has those above them."""

    WORD, MARK, END, ELLIPSIS, EMOTE = 1, 2, 4, 8, 16
    NEGATOR, LIFTER, CONTRAST, WISH, BREAK, CLAUSE_MARK = 32, 64, 128, 256, 512, 1024
    CAPITAL, SPELLED, EXPRESSIVE = 2048, 4096, 8192
    OF_CLASS = (WORD, MARK, END, ELLIPSIS, EMOTE)


#: Words that have bits of their own, besides cues.
_TELLING: Final = NEGATORS | LIFTERS | CONTRASTS | WISHES | CLAUSE_MARKS | SCOPE_ENDS


def bits_of(form: str) -> int:
    """Return the bits of a normal form.

    Examples
    --------
    >>> bits_of("but") == Form.WORD | Form.SPELLED | Form.CONTRAST
    True
    """
    cues = cues_of(form)
    if form.isalpha() and not cues and form not in _TELLING:
        return Form.WORD | Form.SPELLED  # nearly all
    if form[:1] == "@" and handle_of(form):
        # Of a table that keeps handles: they count, and change nothing around them.
        return Form.MARK | Form.EXPRESSIVE
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
    if form in SCOPE_ENDS or (cls != WORD and (cls != MARK or form in BREAKS)):
        bits |= Form.BREAK
    return bits | cues


class ChunkTable:
    """Maps chunks of text to runs of tokens.

    Parameters
    ----------
    nlp : spacy.language.Language or None
        What `preprocess.build_tokenizer` returns; None to build it when a chunk first needs it.
    forms : sequence of str
        Known normal forms: they get the numbers 0, 1, 2, ... for good.
    on_forget : callable
        Called when unknown forms have been forgotten and their numbers will be used anew.
    handles : bool, default=False
        Whether handles ("@shop") are forms of their own instead of nothing.
    """

    def __init__(
        self,
        nlp: Language | None,
        forms: Sequence[str],
        on_forget: Callable[[], None],
        *,
        handles: bool = False,
    ) -> None:
        self._given = nlp
        self._handles = handles
        known = KnownCuts.read() if nlp is None else None
        self._known_cuts = known or KnownCuts.ask(self._nlp)
        self._shapes = ShapeReader(self._known_cuts.special_cases, self._has_suffix)
        self._known = len(forms)
        self._on_forget = on_forget
        self.forms: list[str] = list(forms)
        self._form_index: dict[str, int] = {form: number for number, form in enumerate(forms)}
        self._form_bits = GrowingArray(np.int32, filler=_NOT_MET)
        self._form_bits.lengthen(len(forms))
        self._start_empty()

    def _start_empty(self) -> None:
        self._numbers = TermTable(split_texts([LINE_BREAK]).keys, np.zeros(1, dtype=np.int32))
        self._token_forms = GrowingArray(np.int32)
        self._token_bits = GrowingArray(np.int32)
        self._token_spans = GrowingArray(np.int32, 2)
        self._starts = GrowingArray(np.int32)
        self._counts = GrowingArray(np.int32)
        self._starts.extend([0])
        self._counts.extend([0])
        self._cuts = {**self._known_cuts.shapes, **self._known_cuts.special_cases}

    @cached_property
    def _nlp(self) -> Language:
        return self._given or build_tokenizer()

    def _has_suffix(self, text: str) -> bool:
        return cast("Tokenizer", self._nlp.tokenizer).suffix_search(text) is not None

    def look_up(self, chunks: Chunks) -> Ints:
        """Return the number of each chunk, learning those not seen before."""
        if len(self._starts) > CAPACITY:
            self._forget()
        numbers = self._numbers.find(chunks.keys)
        unknown = (numbers < 0).nonzero()[0]
        if len(unknown):
            keys, first, inverse = np.unique(chunks.keys[unknown], return_index=True, return_inverse=True)
            order = first.argsort()  # as they come in the texts, so that every process numbers them alike
            learned = np.empty(len(order), dtype=np.int32)
            learned[order] = self._learn(chunks.strings(unknown[first[order]]), keys[order])
            numbers[unknown] = learned[inverse]
        return numbers

    def arrays(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Return first token and token count of each chunk, and form and bits of each token."""
        return self._starts.view, self._counts.view, self._token_forms.view, self._token_bits.view

    @property
    def token_spans(self) -> Ints:
        """Start and end of each token, counted from the first character of its chunk, shape (n_tokens, 2)."""
        return self._token_spans.view

    def spans(self, chunk: int) -> list[tuple[int, int]]:
        """Return start and end of each token of a chunk, counted from the chunk's first character."""
        start = int(self._starts.view[chunk])
        return list(map(tuple, self._token_spans.view[start : start + self._counts.view[chunk]].tolist()))

    def _learn(self, chunks: list[str], keys: NDArray[np.int64]) -> Ints:
        """Add new, distinct chunks and return their numbers; long ones will not be found again."""
        short = np.fromiter(map(len, chunks), np.int64, len(chunks)) <= LONGEST_REMEMBERED
        shapes = self._shapes.shapes_of(
            [chunk if fits else "" for chunk, fits in zip(chunks, short, strict=True)]
        )
        self._learn_shapes(dict.fromkeys(shape for shape in shapes if shape and shape not in self._cuts))
        # What the tokenizer knows as it is has no shape.
        cuts = [self._cuts.get(shape or chunk) for shape, chunk in zip(shapes, chunks, strict=True)]
        unlike = [place for place, found in enumerate(cuts) if not found]
        together = [place for place in unlike if short[place]]
        for block in [[place] for place in unlike if not short[place]] + _blocks(together):
            for place, found in zip(block, cut_chunks(self._nlp, [chunks[at] for at in block]), strict=True):
                cuts[place] = found
        numbers = np.arange(len(self._starts), len(self._starts) + len(chunks), dtype=np.int32)
        self._add(chunks, [found for found in cuts if found])
        self._numbers.add(keys[short], numbers[short])
        return numbers

    def _learn_shapes(self, shapes: Collection[str]) -> None:
        """Find the cuts of new shapes; spaCy is asked for the shortened ones."""
        short = list(map(shorten, shapes))
        new = [shape for shape in dict.fromkeys(short) if shape not in self._cuts]
        # A shape that is no shape of its own holds a special case by chance, and says nothing of its chunks.
        sound = [shape for shape, own in zip(new, self._shapes.shapes_of(new), strict=True) if own == shape]
        for block in _blocks(sound):
            self._cuts.update(zip(block, cut_chunks(self._nlp, block), strict=True))
        for shape, shorter in zip(shapes, short, strict=True):
            if (found := self._cuts.get(shorter)) and (cuts := stretch(found, shape, shorter)):
                self._cuts[shape] = cuts

    def _add(self, chunks: list[str], cuts: list[Cuts]) -> None:
        """Add chunks with the tokens of each."""
        surfaces: list[str] = []
        for chunk, places in zip(chunks, cuts, strict=True):
            if len(places) == 2:  # one token, the whole chunk
                surfaces.append(chunk)
            else:
                surfaces += [chunk[start:end] for start, end in pairwise(places)]
        forms = self._form_numbers(surfaces)
        capitals = np.fromiter((surface[:1].isupper() for surface in surfaces), np.bool_, len(surfaces))
        counts = np.fromiter(map(len, cuts), np.int64, len(cuts)) - 1
        edges = np.fromiter(chain.from_iterable(cuts), np.int32, len(surfaces) + len(cuts))
        # The end of a chunk and the start of the next one are no token.
        inside = np.delete(np.arange(len(edges) - 1), (counts + 1).cumsum()[:-1] - 1)
        self._starts.extend(len(self._token_forms) + np.cumsum(counts) - counts)
        self._counts.extend(counts)
        self._token_forms.extend(forms)
        self._token_bits.extend(self._form_bits.view[forms] | capitals * np.int32(Form.CAPITAL))
        self._token_spans.extend(np.stack([edges[inside], edges[inside + 1]], axis=1))

    def _form_numbers(self, surfaces: list[str]) -> Ints:
        """Return the number of the normal form of each token."""
        are_words = [surface.isalpha() and surface.isascii() for surface in surfaces]
        words = iter(normalize_words(list(compress(surfaces, are_words))))
        return self.numbers_of(
            [
                next(words) if is_word else self._normalize(mend_surrogates(surface))
                for surface, is_word in zip(surfaces, are_words, strict=True)
            ]
        )

    def _normalize(self, surface: str) -> str:
        return normalize_token(surface) or (handle_of(surface) if self._handles else "")

    def numbers_of(self, forms: list[str]) -> Ints:
        """Return the number of each form; new ones get the next free ones, and those first met their bits."""
        index = self._form_index
        fresh = [form for form in dict.fromkeys(forms) if form not in index]
        index.update(zip(fresh, range(len(self.forms), len(self.forms) + len(fresh)), strict=True))
        self.forms += fresh
        self._form_bits.lengthen(len(self.forms))
        numbers = np.fromiter(map(index.__getitem__, forms), np.int32, len(forms))
        new = np.unique(numbers[self._form_bits.view[numbers] == _NOT_MET])
        self._form_bits.view[new] = [bits_of(self.forms[number]) for number in new.tolist()]
        return numbers

    def _forget(self) -> None:
        for form in self.forms[self._known :]:
            del self._form_index[form]
        del self.forms[self._known :]
        self._form_bits.cut(self._known)
        self._start_empty()
        self._on_forget()


def _blocks(items: list[_Item]) -> list[list[_Item]]:
    return [items[start : start + _TOGETHER] for start in range(0, len(items), _TOGETHER)]
