"""Fill templates: a seeded sample of the product of their slots, the same on every machine and Python.

A slot is a lexicon's name in braces: ``{product}``. A capital first letter asks for a capital filler
(``{Product}``), ``{a:product}`` puts "a" or "an" before it, and a digit at the end (``{product2}``) draws a
second, different filler of the same lexicon.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from math import prod

from feedback_nlp.errors import InputError

__all__ = ["SLOT", "expand", "with_other_fillers"]

SLOT = re.compile(r"\{(?:(?P<article>[aA]):)?(?P<lexicon>[A-Za-z_]+)(?P<draw>\d?)\}")
#: Enumerating is cheaper than drawing and rejecting below this many combinations for each one wanted.
_ENUMERATE_BELOW = 8
#: Sounds decide between "a" and "an", letters only mislead in these beginnings.
_CONSONANT_SOUND = re.compile(r"(?:one\b|once\b|uni|use|usu|euro)", re.IGNORECASE)
_VOWEL_SOUND = re.compile(r"(?:[aeiou]|hour|honest|8|11\b|18\b)", re.IGNORECASE)

Template = tuple[str, ...]
Lexicons = Mapping[str, Sequence[str]]


def expand(
    templates: Sequence[Template], lexicons: Lexicons, wanted: int, key: str
) -> Iterator[tuple[int, Template]]:
    """Yield up to `wanted` different fillings, taking turns between the templates.

    Parameters
    ----------
    templates : sequence of tuple of str
        Each a text, or a text and its changed form, which then share their fillers.
    lexicons : mapping of str to sequence of str
        Fillers by slot name.
    wanted : int
        Highest number of fillings.
    key : str
        Seed of the sample.

    Yields
    ------
    tuple of (int, tuple of str)
        Index of the template, and its texts without slots.

    Raises
    ------
    InputError
        A slot has no lexicon.

    Examples
    --------
    >>> list(expand([("{A:thing} came.",)], {"thing": ["apple"]}, wanted=5, key="x"))
    [(0, ('An apple came.',))]
    """
    columns = [
        _fillings(template, lexicons, wanted, f"{key}/{index}") for index, template in enumerate(templates)
    ]
    seen: set[Template] = set()
    for row in zip_longest(*columns):
        for index, filled in enumerate(row):
            if filled is not None and filled not in seen and len(seen) < wanted:
                seen.add(filled)
                yield index, filled


def with_other_fillers(template: str, varied: Sequence[str]) -> Template:
    """Return the template and a twin that draws other fillers for the lexicons in `varied`.

    Examples
    --------
    >>> with_other_fillers("{Name} paid {price}.", ["name"])
    ('{Name} paid {price}.', '{Name9} paid {price}.')
    """

    def other(slot: re.Match[str]) -> str:
        name = slot["lexicon"]
        return slot[0].replace("}", "9}") if name.lower() in varied else slot[0]

    return template, SLOT.sub(other, template)


def _fillings(template: Template, lexicons: Lexicons, wanted: int, key: str) -> list[Template]:
    slots = _slots(template)
    missing = [lexicon for lexicon, _ in slots if lexicon not in lexicons]
    if missing:
        raise InputError(
            f"Template {template[0]!r}: no lexicon {missing[0]!r}.", remedy="Add it under [lexicons]."
        )
    choices = [lexicons[lexicon] for lexicon, _ in slots]
    filled = []
    for picks in _sample([len(choice) for choice in choices], wanted, key):
        fillers = {slot: choice[pick] for slot, choice, pick in zip(slots, choices, picks, strict=True)}
        if _all_different(fillers):
            filled.append(tuple(_fill(part, fillers) for part in template))
    return filled


def _slots(template: Template) -> list[tuple[str, str]]:
    found = (match for part in template for match in SLOT.finditer(part))
    return list(dict.fromkeys((match["lexicon"].lower(), match["draw"]) for match in found))


def _sample(sizes: Sequence[int], wanted: int, key: str) -> Iterator[tuple[int, ...]]:
    """Yield different index tuples.

    Only Random.random() is used, because Python promises the same sequence for it in every version.
    """
    rng = random.Random(key)  # noqa: S311 - a sample, not a secret
    total = prod(sizes)
    if total <= wanted * _ENUMERATE_BELOW:
        order = sorted(range(total), key=lambda _: rng.random())
    else:
        drawn: dict[int, None] = {}
        while len(drawn) < wanted * 2:  # twice: fillings with the same filler in two slots fall out
            drawn[int(rng.random() * total)] = None
        order = list(drawn)
    for number in order:
        yield _digits(number, sizes)


def _digits(number: int, sizes: Sequence[int]) -> tuple[int, ...]:
    digits = []
    for size in sizes:
        number, digit = divmod(number, size)
        digits.append(digit)
    return tuple(digits)


def _all_different(fillers: Mapping[tuple[str, str], str]) -> bool:
    pairs = {(lexicon, filler) for (lexicon, _), filler in fillers.items()}
    return len(pairs) == len(fillers)


def _fill(text: str, fillers: Mapping[tuple[str, str], str]) -> str:
    def filler(slot: re.Match[str]) -> str:
        word = fillers[slot["lexicon"].lower(), slot["draw"]]
        if slot["article"]:
            word = f"{_article(word)} {word}"
        capital = slot["article"] == "A" or slot["lexicon"][0].isupper()
        return word[:1].upper() + word[1:] if capital else word

    return SLOT.sub(filler, text)


def _article(word: str) -> str:
    return "an" if _VOWEL_SOUND.match(word) and not _CONSONANT_SOUND.match(word) else "a"
