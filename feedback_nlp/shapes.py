"""Shapes of chunks: chunks that differ in their letters only are cut alike, so spaCy is asked once for all of them.

The tokenizer's rules look at classes of characters (small letter, capital, digit) and at single marks. So "late!)" is
cut like any four small letters with these marks, and the answer is kept under "qqqq!)". Where a rule reads the
letters themselves (special cases, units, addresses, emoticons with letters) a chunk has no shape and spaCy decides.

No rule looks further into letters and digits than three from a mark, so the answer for "qqq!)" holds for words of any
length.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from feedback_nlp.forms import DOMAINS

__all__ = ["Cuts", "ShapeReader", "shorten", "stretch"]

#: Where the tokens of a chunk start, and its length.
Cuts = tuple[int, ...]

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
#: The only suffixes that a plain address can have: units behind a digit, and an emoticon.
_MAY_HAVE_SUFFIX: Final = re.compile(r"[0-9][A-Za-z/]+$|[xX]D$")
#: No suffix rule looks further back than this; dots, of which any number is a suffix, do not end a plain address.
_LONGEST_SUFFIX: Final = 8


#: What is far from marks, and what goes beyond three of a class.
_FAR: Final = re.compile(r"(?<=[qQ0]{3})[qQ0]+(?=[qQ0]{3})")
_BEYOND: Final = re.compile(r"q(?=qqq)|Q(?=QQQ)|0(?=000)")
_RUNS: Final = re.compile(r"[qQ0]+|[^qQ0]+")


def shorten(shape: str) -> str:
    """Return a shape without the letters and digits that no rule looks at.

    Examples
    --------
    >>> shorten("Qqqqqq-00000!!!!"), shorten("#QqqqQqqqqQqq0")
    ('Qqqq-000!!!!', '#Qqqq0')
    """
    return _BEYOND.sub("", _FAR.sub("", shape))


def stretch(cuts: Cuts, shape: str, short: str) -> Cuts | None:
    """Return the cuts of a shape, given those of the shortened one; None where a cut goes through letters or digits.

    Examples
    --------
    >>> stretch((0, 4, 5, 8, 12), "Qqqqqq-00000!!!!", "Qqqq-000!!!!")
    (0, 6, 7, 12, 16)
    """
    places = {0: 0}
    for long_run, run in zip(_RUNS.finditer(shape), _RUNS.finditer(short), strict=True):
        if run[0][0] not in "qQ0":
            places.update(zip(range(*run.span()), range(*long_run.span()), strict=True))
        places[run.end()] = long_run.end()
    found = [places[cut] for cut in cuts if cut in places]
    return tuple(found) if len(found) == len(cuts) else None


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
    >>> reader.shapes_of(["late!)", "Pre-sale", "#1", "Bob's", "http://a.bc/d"])
    ['qqqq!)', 'Qqq-qqqq', '#0', "Qqq's", 'qqqqqqqqqqqqq']
    >>> reader.shapes_of(["etc.,", "5km", "a.com", ":D"])
    [None, None, None, None]
    """

    def __init__(self, special_cases: Collection[str], suffix_search: Callable[[str], Any]) -> None:
        runs = [found for case in special_cases if (found := _LETTER_RUNS.findall(case))]
        self._whole = frozenset(found[0] for found in runs if len(found) == 1)
        self._first = frozenset(found[0] for found in runs)
        self._suffix_search = suffix_search

    def shapes_of(self, chunks: Sequence[str]) -> list[str | None]:
        """Return each chunk with "q" for small letters, "Q" for capitals, "0" for digits; None where it has no shape.

        A plain address is one token, as a word is, and gets the shape of one.
        """
        cores = [chunk.strip(_MARKS) for chunk in chunks]
        return [
            self._shape_around(chunk, core, classes)
            if core.isalpha() and core.isascii()
            else self._shape_inside(chunk, classes)
            for chunk, core, classes in zip(chunks, cores, _classes(chunks), strict=True)
        ]

    def _shape_around(self, chunk: str, core: str, classes: str) -> str | None:
        """Return the shape of letters with marks around them."""
        if core in self._whole:
            return None
        # Without marks only one of the patterns can match.
        read = "XD" in chunk or "xD" in chunk if core == chunk else _READ_AROUND.search(chunk)
        return None if read else classes

    def _shape_inside(self, chunk: str, classes: str) -> str | None:
        if chunk.startswith("http") and _PLAIN_ADDRESS.fullmatch(chunk):
            end = chunk[-_LONGEST_SUFFIX:]
            return None if _MAY_HAVE_SUFFIX.search(end) and self._suffix_search(end) else "q" * len(chunk)
        if chunk[-2:] in ("'s", "'S"):
            return self._shape_of_genitive(chunk, classes)
        if not chunk.isascii() and not "".join(filter(str.isalnum, chunk)).isascii():
            return None
        if _READ_INSIDE.search(chunk) or not self._first.isdisjoint(_LETTER_RUNS.findall(chunk)):
            return None
        return classes

    def _shape_of_genitive(self, chunk: str, classes: str) -> str | None:
        head = chunk[:-2]
        if not (head.isascii() and head.isalpha()) or head in self._first or _READ_AROUND.search(chunk):
            return None
        return classes[:-2] + chunk[-2:]


def _classes(chunks: Sequence[str]) -> list[str]:
    """Translate letters and digits to their classes; ASCII together, which is many times as fast."""
    plain = [chunk for chunk in chunks if chunk.isascii()]
    together = iter("\n".join(plain).translate(_CLASSES).split("\n"))
    return [next(together) if chunk.isascii() else chunk.translate(_CLASSES) for chunk in chunks]
