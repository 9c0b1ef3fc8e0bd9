"""Where spaCy cuts common chunks, kept in a file, so that a text of them needs no spaCy: importing it takes seconds.

`cuts.json` holds spaCy's own answers for its special cases ("can't") and for the shapes (see `shapes`) of words with
the usual marks around them. ``python -m feedback_nlp.cuts`` writes it anew; tests/test_cuts.py compares it with the
installed spaCy. Answers of another spaCy version than the installed one are not used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from feedback_nlp.preprocess import LINE_BREAK, build_tokenizer, split_surfaces
from feedback_nlp.shapes import Cuts, ShapeReader

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["KnownCuts", "cut_chunks"]

_PATH: Final = Path(__file__).with_name("cuts.json")
_WORDS: Final = tuple("q qq qqq Q QQ QQQ Qq Qqq Qqqq 0 00 000".split())
_BEFORE: Final = ("", *"\"'(#@*-")
_BEHIND: Final = ("", *".,!?:;)\"'*-", "...", "..", "!!", "!!!", "??", ").", '."', "'s", "…")
_BETWEEN: Final = ("-", ".", "...", ",", "/", "&")


@dataclass(frozen=True, slots=True)
class KnownCuts:
    """Answers of spaCy.

    Parameters
    ----------
    special_cases : dict of str to Cuts
        Of all strings that the tokenizer knows as they are.
    shapes : dict of str to Cuts
    """

    special_cases: dict[str, Cuts]
    shapes: dict[str, Cuts]

    @classmethod
    def read(cls) -> Self | None:
        """Return what the package holds; None where it was made with another spaCy."""
        stored = json.loads(_PATH.read_text(encoding="utf-8"))
        if stored["spacy"] != version("spacy"):
            return None
        return cls(*(dict(zip(part, map(tuple, part.values()), strict=True)) for part in stored["cuts"]))

    @classmethod
    def ask(cls, nlp: Language) -> Self:
        """Return spaCy's answers."""
        cases = sorted(nlp.tokenizer.rules)  # type: ignore[union-attr]
        reader = ShapeReader(cases, nlp.tokenizer.suffix_search)  # type: ignore[union-attr]
        usual = _usual_shapes()
        shapes = [shape for shape, own in zip(usual, reader.shapes_of(usual), strict=True) if own == shape]
        return cls(
            dict(zip(cases, cut_chunks(nlp, cases), strict=True)),
            dict(zip(shapes, cut_chunks(nlp, shapes), strict=True)),
        )

    def write(self) -> None:
        """Put the answers into the package."""
        stored = {"spacy": version("spacy"), "cuts": [self.special_cases, self.shapes]}
        _PATH.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


def cut_chunks(nlp: Language, chunks: list[str]) -> list[Cuts]:
    """Return spaCy's answer for each chunk: where its tokens start, and its length.

    Examples
    --------
    >>> cut_chunks(build_tokenizer(), ["can't", "late!)"])
    [(0, 2, 5), (0, 4, 5, 6)]
    """
    # A line break is a token of its own, so that no rule of the tokenizer sees two chunks side by side.
    with nlp.memory_zone():  # else spaCy keeps every string for ever
        tokens = split_surfaces(nlp, LINE_BREAK.join(chunks))
    cuts: list[list[int]] = [[]]
    first = 0
    for surface, offset in tokens:
        if surface == LINE_BREAK:
            cuts.append([])
            first = offset + 1
        else:
            cuts[-1].append(offset - first)
    return [(*starts, len(chunk)) for starts, chunk in zip(cuts, chunks, strict=True)]


def _usual_shapes() -> list[str]:
    """Return shortened shapes of words with marks around them, and of two words with marks between them."""
    one = ["".join(parts) for parts in product(_BEFORE, _WORDS, _BEHIND)]
    two = ["".join(parts) for parts in product(_WORDS, _BETWEEN, _WORDS, ("", ".", ","))]
    return [*one, *two]


if __name__ == "__main__":
    KnownCuts.ask(build_tokenizer()).write()
