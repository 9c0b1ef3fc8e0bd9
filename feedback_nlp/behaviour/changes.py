"""Changes of a text that leave its meaning alone. Each is a plain function, the same for the same text."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

__all__ = ["CHANGES"]

_WORD = re.compile(r"[A-Za-z]{5,}")
_URLS = (
    "https://example.com/orders/4821",
    "http://shop.example.org",
    "www.example.net/help",
    "https://exm.pl/a7x",
)
_MENTIONS = ("@shopname", "@ExampleStore", "@acme_support", "@my_shop24")
_TAGS = ("#shopping", "#order", "#customer", "#monday")
_NEUTRAL_ENDINGS = (
    "I ordered on Tuesday.",
    "My order number is 48213.",
    "I live in Leeds.",
    "I placed the order with my tablet.",
    "The parcel went to my office address.",
)
_GREETINGS = ("Hello,", "Hi there,", "Good morning,", "Dear team,", "To whom it may concern:")
_CLOSINGS = (
    "Regards, Sam",
    "Kind regards, M. Novak",
    "Best regards, Anna",
    "Sincerely, J. Brown",
    "Yours, Priya",
)
_CONTRACTIONS: Mapping[str, str] = {
    "can not": "can't",
    "cannot": "can't",
    "could not": "couldn't",
    "did not": "didn't",
    "do not": "don't",
    "does not": "doesn't",
    "has not": "hasn't",
    "have not": "haven't",
    "is not": "isn't",
    "it is": "it's",
    "they are": "they're",
    "was not": "wasn't",
    "were not": "weren't",
    "will not": "won't",
    "would not": "wouldn't",
    "I am": "I'm",
    "I have": "I've",
    "I would": "I'd",
}
_CONTRACTIBLE = re.compile(r"\b(" + "|".join(_CONTRACTIONS) + r")\b", re.IGNORECASE)


def _chosen(options: Sequence[str], text: str) -> str:
    return options[int(_rng(text).random() * len(options))]


def _rng(text: str) -> random.Random:
    return random.Random(text)  # noqa: S311 - a sample, not a secret


def _spoil_one_word(text: str, spoil: Callable[[str, int], str]) -> str:
    """Apply `spoil(word, place)` to one word of five letters or more, inside the word."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    rng = _rng(text)
    word = words[int(rng.random() * len(words))]
    place = 1 + int(rng.random() * (len(word[0]) - 3))
    return text[: word.start()] + spoil(word[0], place) + text[word.end() :]


def _swap_letters(text: str) -> str:
    return _spoil_one_word(text, lambda word, at: word[:at] + word[at + 1] + word[at] + word[at + 2 :])


def _drop_letter(text: str) -> str:
    return _spoil_one_word(text, lambda word, at: word[:at] + word[at + 1 :])


def _double_letter(text: str) -> str:
    return _spoil_one_word(text, lambda word, at: word[:at] + word[at] + word[at:])


def _contract(text: str) -> str:
    def short(match: re.Match[str]) -> str:
        written = match[0]
        form = _CONTRACTIONS.get(written) or _CONTRACTIONS[written.lower()]
        return form[0].upper() + form[1:] if written[0].isupper() else form

    return _CONTRACTIBLE.sub(short, text)


def _lower_start(text: str) -> str:
    return text if text.startswith(("I ", "I'")) else text[:1].lower() + text[1:]


CHANGES: Mapping[str, Callable[[str], str]] = {
    "upper_case": str.upper,
    "lower_case": str.lower,
    "title_case": lambda text: " ".join(word[:1].upper() + word[1:] for word in text.split(" ")),
    "no_final_punctuation": lambda text: text.rstrip(".!?"),
    "no_punctuation": lambda text: re.sub(r"[.,!?;:]", "", text),
    "many_full_stops": lambda text: re.sub(r"\.(?=\s|$)", "...", text),
    "two_exclamation_marks": lambda text: text.rstrip(".!") + "!!",
    "no_space_after_stop": lambda text: re.sub(r"([.,]) (?=\w)", r"\1", text),
    "line_breaks": lambda text: text.replace(". ", ".\n\n").replace(", ", ",\n"),
    "wide_spaces": lambda text: "  " + text.replace(" ", "  ") + " ",
    "add_url": lambda text: f"{text} {_chosen(_URLS, text)}",
    "add_mention": lambda text: f"{_chosen(_MENTIONS, text)} {text}",
    "add_neutral_hashtag": lambda text: f"{text} {_chosen(_TAGS, text)}",
    "swap_letters": _swap_letters,
    "drop_letter": _drop_letter,
    "double_letter": _double_letter,
    "contract": _contract,
    "contract_without_apostrophe": lambda text: _contract(text).replace("'", ""),
    "curly_apostrophe": lambda text: _contract(text).replace("'", "\u2019"),
    "double_text": lambda text: f"{text} {text}",
    "triple_text": lambda text: f"{text} {text} {text}",
    "add_neutral_ending": lambda text: f"{text} {_chosen(_NEUTRAL_ENDINGS, text)}",
    "add_neutral_opening": lambda text: f"{_chosen(_NEUTRAL_ENDINGS, text)} {text}",
    "add_greeting": lambda text: f"{_chosen(_GREETINGS, text)} {_lower_start(text)}",
    "add_closing": lambda text: f"{text} {_chosen(_CLOSINGS, text)}",
}
