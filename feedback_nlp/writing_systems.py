"""Which writing system the letters of a text belong to, and which languages are told apart in each."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

__all__ = ["LATIN_OK_SHARE", "SCRIPTS", "foreign_script"]

#: From this share of Latin letters on, a text is weighed as Latin; below, its script decides. A half, since a brand
#: in Latin letters within a Russian or Chinese sentence is common and a foreign name in English is shorter than it.
LATIN_OK_SHARE: Final = 0.5

#: Script, as the first word of a letter's Unicode name, with the languages that are told apart in it.
SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "CYRILLIC": ("ru", "uk", "bg", "sr"),
        "ARABIC": ("ar", "fa", "ur"),
        "CJK": ("zh", "ja"),
        "DEVANAGARI": ("hi", "mr", "ne"),
        "HIRAGANA": ("ja",),
        "KATAKANA": ("ja",),
        "HANGUL": ("ko",),
        "GREEK": ("el",),
        "HEBREW": ("he",),
        "THAI": ("th",),
        "BENGALI": ("bn",),
        "TAMIL": ("ta",),
        "TELUGU": ("te",),
        "GUJARATI": ("gu",),
        "GURMUKHI": ("pa",),
        "KANNADA": ("kn",),
        "MALAYALAM": ("ml",),
        "GEORGIAN": ("ka",),
        "ARMENIAN": ("hy",),
    }
)


def foreign_script(letters: str) -> str | None:
    """Return the script most letters have, if fewer than LATIN_OK_SHARE are Latin; else None.

    Examples
    --------
    >>> foreign_script("Nokiaхорошийтелефон"), foreign_script("café")
    ('CYRILLIC', None)
    """
    if letters.isascii():
        return None
    foreign = [char for char in letters if not char.isascii()]
    if len(foreign) <= (1.0 - LATIN_OK_SHARE) * len(letters):
        return None
    scripts = Counter(_script_of(char) for char in letters)
    if scripts["LATIN"] >= LATIN_OK_SHARE * len(letters):
        return None
    del scripts["LATIN"]
    # Kana appear in Japanese only, and Japanese sentences hold many letters that Chinese has too.
    if scripts["HIRAGANA"] + scripts["KATAKANA"]:
        return "HIRAGANA"
    return scripts.most_common(1)[0][0]


@cache
def _script_of(char: str) -> str:
    name = unicodedata.name(char, "UNKNOWN").replace("IDEOGRAPHIC", "CJK").split(" ")[0].split("-")[0]
    return "LATIN" if name in ("LATIN", "FEMININE", "MASCULINE", "MICRO") else name
