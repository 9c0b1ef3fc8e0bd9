"""What the language gate wants to know of a word: six small numbers, which are summed over the words of a text."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from feedback_nlp.language_words import COMMON_ENGLISH, FOREIGN_MARKERS
from feedback_nlp.readability import is_keyboard_noise

__all__ = ["Traits", "WordTraits"]

#: Words whose traits are remembered; about 10 MB.
_REMEMBERED_WORDS: Final = 65_536
_LONG_RUN = re.compile(r"(\w)\1{2,}")


class Traits(NamedTuple):
    """Traits of a word, or sums of them over the words of a text.

    Parameters
    ----------
    words : int
        1 for a word.
    markers : int
        Words of FOREIGN_MARKERS; they count neither as known nor as common.
    known, common : int
        Known words, and words of COMMON_ENGLISH, stretched ("sooo") or not.
    letters, noise : int
        Length; length of unknown words that look like keys hit at random.
    """

    words: int
    markers: int
    known: int
    common: int
    letters: int
    noise: int


class WordTraits:
    """Finds the traits of words.

    Parameters
    ----------
    known_words : collection of str

    Examples
    --------
    >>> traits = WordTraits({"parcel"})
    >>> traits.of("thaaat")
    Traits(words=1, markers=0, known=1, common=1, letters=6, noise=0)
    >>> traits.of_all(["parcel", "danke", "hjkl"])
    Traits(words=3, markers=1, known=1, common=0, letters=15, noise=4)
    """

    def __init__(self, known_words: Collection[str]) -> None:
        self.known = frozenset(known_words) | COMMON_ENGLISH
        self.of = lru_cache(_REMEMBERED_WORDS)(self._find)

    def of_all(self, words: Sequence[str]) -> Traits:
        """Return the sums over the words of a text."""
        none = Traits(0, 0, 0, 0, 0, 0)
        return Traits(*map(sum, zip(none, *map(self.of, words), strict=True)))

    def _find(self, word: str) -> Traits:
        noise = len(word) if word not in self.known and is_keyboard_noise(word) else 0
        if word in FOREIGN_MARKERS:
            return Traits(1, 1, 0, 0, len(word), noise)
        form = self._plain_form(word)
        return Traits(1, 0, int(form in self.known), int(form in COMMON_ENGLISH), len(word), noise)

    def _plain_form(self, word: str) -> str:
        """Return a known spelling of a stretched word ("sooo", "okkk"), or the word."""
        if word in self.known or not _LONG_RUN.search(word):
            return word
        forms = (_LONG_RUN.sub(r"\1\1", word), _LONG_RUN.sub(r"\1", word))
        return next((form for form in forms if form in self.known), word)
