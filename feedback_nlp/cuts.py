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
from feedback_nlp.shapes import ShapeReader

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["Cuts", "KnownCuts", "cut_chunks"]

#: Where the tokens of a chunk start, and its length.
Cuts = tuple[int, ...]

_PATH: Final = Path(__file__).with_name("cuts.json")
_LONGEST_WORD: Final = 14
_BEFORE: Final = ("", '"', "(", "#", "@")
_BEHIND: Final = ("", *".,!?:;)\"'", "...", "!!", "!!!", "??", ").", "'s", "…")


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
        shapes = [shape for shape in _usual_shapes() if reader.shape_of(shape) == shape]
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
    words = [
        form for size in range(1, _LONGEST_WORD + 1) for form in ("q" * size, "Q" * size, "Q" + "q" * size)
    ]
    words += ["0" * size for size in range(1, 5)]
    shapes = [before + word + behind for before, word, behind in product(_BEFORE, words, _BEHIND)]
    sizes = range(1, _LONGEST_WORD // 2)
    shapes += [
        f"{'q' * left}-{'q' * right}{mark}" for left, right, mark in product(sizes, sizes, ("", ".", ","))
    ]
    return list(dict.fromkeys(shapes))


if __name__ == "__main__":
    KnownCuts.ask(build_tokenizer()).write()
