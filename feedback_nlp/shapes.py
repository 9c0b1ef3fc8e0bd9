"""Shapes of chunks: chunks that differ in their letters only are cut alike, so spaCy is asked once for all of them.

The tokenizer's rules look at classes of characters (small letter, capital, digit) and at single marks. So "late!)" is
cut like any four small letters with these marks, and the answer is kept under "qqqq!)". Where a rule reads the
letters themselves (special cases, units, addresses, emoticons with letters) a chunk has no shape and spaCy decides.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection
from typing import Any, Final

from feedback_nlp.forms import DOMAINS

__all__ = ["ShapeReader"]

_CLASSES: Final = str.maketrans(string.ascii_letters + string.digits, "q" * 26 + "Q" * 26 + "0" * 10)
_LETTER_RUNS: Final = re.compile(r"[^\W\d_]+")
_MARKS: Final = string.punctuation + "’‘“”…–—"
_EMOTICONS: Final = r"[xX]D|D[:;]|[:;=][-'^]?[DpP]"
#: What some rule reads letter by letter where marks stand around letters: emoticons, currencies such as "US$", and what
#: may be an address ("www.)", "-.com").
_READ_AROUND: Final = re.compile(rf"{_EMOTICONS}|[A-Za-z]\$|//|[wW]{{3}}\.|-\.")
#: The same elsewhere: also units behind a digit, degrees, "'s", and all that may be an address once marks are cut off.
_READ_INSIDE: Final = re.compile(
    rf"{_EMOTICONS}|[A-Za-z]\$|<3|°|['’][sS]|[0-9][A-Za-z]+(?![A-Za-z0-9])"
    rf"|//|[wW]{{3}}\.|[\w.+-]@[\w-]+\.[\w-]|\.(?i:{DOMAINS})(?![A-Za-z0-9])"
)
_PLAIN_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9./_-]*[A-Za-z0-9]")
#: No suffix rule looks further back than this; dots, of which any number is a suffix, do not end a plain address.
_LONGEST_SUFFIX: Final = 8


class ShapeReader:
    """Says which chunks have a shape.

    Parameters
    ----------
    special_cases : collection of str
        Strings that the tokenizer knows as they are; it finds them at any place between marks.
    suffix_search : callable
        The tokenizer's search for what is cut off at the end of a string.

    Examples
    --------
    >>> reader = ShapeReader(["can't", "etc."], re.compile(r"[.]$").search)
    >>> [reader.shape_of(chunk) for chunk in ("late!)", "Pre-sale", "#1", "Bob's", "http://a.bc/d")]
    ['qqqq!)', 'Qqq-qqqq', '#0', "Qqq's", 'qqqqqqqqqqqqq']
    >>> [reader.shape_of(chunk) for chunk in ("etc.,", "5km", "a.com", ":D")]
    [None, None, None, None]
    """

    def __init__(self, special_cases: Collection[str], suffix_search: Callable[[str], Any]) -> None:
        runs = [found for case in special_cases if (found := _LETTER_RUNS.findall(case))]
        self._whole = frozenset(found[0] for found in runs if len(found) == 1)
        self._first = frozenset(found[0] for found in runs)
        self._suffix_search = suffix_search

    def shape_of(self, chunk: str) -> str | None:
        """Return the chunk with "q" for small letters, "Q" for capitals, "0" for digits; None where it has no shape.

        A plain address is one token, as a word is, and gets the shape of one.
        """
        core = chunk.strip(_MARKS)
        if core.isascii() and core.isalpha():
            read = core in self._whole or _READ_AROUND.search(chunk)
            return None if read else chunk.translate(_CLASSES)
        if chunk.startswith("http") and _PLAIN_ADDRESS.fullmatch(chunk):
            return None if self._suffix_search(chunk[-_LONGEST_SUFFIX:]) else "q" * len(chunk)
        if chunk[-2:] in ("'s", "'S"):
            return self._shape_of_genitive(chunk)
        if not chunk.isascii() and not "".join(filter(str.isalnum, chunk)).isascii():
            return None
        if _READ_INSIDE.search(chunk) or not self._first.isdisjoint(_LETTER_RUNS.findall(chunk)):
            return None
        return chunk.translate(_CLASSES)

    def _shape_of_genitive(self, chunk: str) -> str | None:
        head, behind = chunk[:-2], chunk[-2:]
        if not (head.isascii() and head.isalpha()) or head in self._first or _READ_AROUND.search(chunk):
            return None
        return head.translate(_CLASSES) + behind
