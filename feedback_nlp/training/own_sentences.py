"""Sentences of our own as training texts: what each must be called is known, because we wrote it.

Templates and words are the TOML files of `sentences/`, filled by a seed, the same everywhere. One template in six is
kept from the linear model and teaches the head, so that the head does not learn from scores of sentences that the
model knows by heart. Clauses about topics stand alone and in pairs, so that the model learns which part carries what.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar

import numpy as np

from feedback_nlp.behaviour.templates import expand
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.corpus import Corpus, GoldRow, fingerprint

__all__ = ["SOURCE", "OwnText", "add_own_sentences", "head_texts", "own_texts", "topic_rows"]

_T = TypeVar("_T")
SOURCE: Final = "own_sentences"
_FILES: Final = ("opinions.toml", "turns.toml", "idioms.toml", "reports.toml", "verdicts.toml")
#: Fillings of a template; of a clause about a topic; pairs of such clauses.
_A_TEMPLATE: Final = 10
_A_CLAUSE: Final = 3
_PAIRS: Final = 7_000
#: One template in so many teaches the head only.
_HEAD_SHARE: Final = 6
#: Both clauses are praise or both are blame; one of each.
_ALIKE: Final = (
    "{a} and {b}.",
    "{a}. {B}.",
    "{a}, and {b}.",
    "{a}; {b}!",
    "{a}. Besides, {b}.",
    "{a}, {b}.",
    "{a} and also {b}",
)
_UNLIKE: Final = (
    "{a}, but {b}.",
    "{a}. But {b}.",
    "{a}, yet {b}.",
    "Although {a}, {b}.",
    "{a}; {b}.",
    "{a}. On the other hand {b}.",
    "{a}, {b}.",
    "While {a}, {b}.",
    "{a} but {b}",
    "{a}, even though {b}.",
    "{A}. However, {b}.",
    "{a}. Only {b}.",
    "{a}, it is just that {b}.",
    "{A}. Sadly {b}.",
    "I admit {a}, only {b}.",
    "{a} - {b}",
)
_ALONE: Final = ("{a}.", "{a}!", "{a}", "I have to say {a}.", "{a}, as always.")
_OPPOSITE: Final = frozenset(("positive", "negative"))
_QUESTION: Final = frozenset("which can where how why is what does do when who are will".split())
_KIND: Final = {"positive": "praise", "negative": "complaint"}


@dataclass(frozen=True, slots=True)
class OwnText:
    """One sentence.

    Parameters
    ----------
    text : str
    sentiment : mapping of str to float
        Shares of labels, which sum to 1.
    kind : str or None
        None where it is not clear.
    topics : mapping of str to str, or None
        Topic to sentiment; None where nothing is known of topics.
    for_head : bool
        Whether it is kept from the linear model.
    """

    text: str
    sentiment: Mapping[str, float]
    kind: str | None
    topics: Mapping[str, str] | None
    for_head: bool


def own_texts(seed: int) -> tuple[OwnText, ...]:
    """Return all sentences, each once.

    Examples
    --------
    >>> texts = own_texts(7)
    >>> len(texts) > 10_000, len({one.text for one in texts}) == len(texts)
    (True, True)
    """
    out: dict[int | str, OwnText] = {}
    words = _read("words.toml")
    for one in [*_opinions(words, seed), *_about_topics(words, seed)]:
        out.setdefault(fingerprint(one.text) if any(c.isalnum() for c in one.text) else one.text, one)
    return tuple(out.values())


@cache
def _read(name: str) -> dict[str, Any]:
    path = files("feedback_nlp.training").joinpath("sentences", name)
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _opinions(words: Mapping[str, Sequence[str]], seed: int) -> Iterator[OwnText]:
    for name in _FILES:
        for group in _read(name)["groups"]:
            shares = group["sentiment"]
            shares = {shares: 1.0} if isinstance(shares, str) else shares
            sign = max(shares, key=lambda label: shares[label])
            topics = {topic: sign for topic in group["topics"]} if "topics" in group else None
            for number, template in enumerate(group["templates"]):
                key = f"{seed}/{group['about']}/{number}"
                for _, (text,) in expand([(template,)], words, group.get("fillings", _A_TEMPLATE), key):
                    for_head = number % _HEAD_SHARE == _HEAD_SHARE - 1
                    yield OwnText(_capital(text, key), shares, group.get("kind"), topics, for_head)


def _about_topics(words: Mapping[str, Sequence[str]], seed: int) -> Iterator[OwnText]:
    rng = random.Random(f"{seed}/topics")  # noqa: S311 - a sample, not a secret
    clauses = list(_clauses(words, seed))
    for clause, topic, sign, for_head in clauses:
        text = _fill(_pick(_ALONE, rng), clause, clause)
        question = clause.split()[0] in _QUESTION
        yield OwnText(
            f"{clause[:1].upper()}{clause[1:]}?" if question else text,
            {sign: 1.0},
            "question" if question else _KIND.get(sign),
            {topic: sign},
            for_head,
        )
    judged = [clause for clause in clauses if clause[2] in _OPPOSITE]
    parts = [[clause for clause in judged if clause[3] is for_head] for for_head in (False, True)]
    for number in range(_PAIRS):
        part = parts[number % _HEAD_SHARE == 0]
        first, second = _pick(part, rng), _pick(part, rng)
        if first[1] == second[1]:
            continue
        alike = first[2] == second[2]
        text = _fill(_pick(_ALIKE if alike else _UNLIKE, rng), first[0], second[0])
        sentiment = {first[2]: 1.0} if alike else {"mixed": 1.0}
        topics = {first[1]: first[2], second[1]: second[2]}
        yield OwnText(text, sentiment, _KIND[first[2]] if alike else None, topics, first[3])


def _clauses(words: Mapping[str, Sequence[str]], seed: int) -> Iterator[tuple[str, str, str, bool]]:
    for topic, by_sign in _read("topics.toml").items():
        for sign, templates in by_sign.items():
            for number, template in enumerate(templates):
                for _, (text,) in expand([(template,)], words, _A_CLAUSE, f"{seed}/{topic}/{template}"):
                    yield text, topic, sign, number % _HEAD_SHARE == _HEAD_SHARE - 1


def _pick(options: Sequence[_T], rng: random.Random) -> _T:
    """Choose by Random.random() alone, which is the same in every version of Python."""
    return options[int(rng.random() * len(options))]


def _fill(joint: str, first: str, second: str) -> str:
    text = joint.replace("{a}", first).replace("{b}", second)
    text = text.replace("{A}", _upper_first(first)).replace("{B}", _upper_first(second))
    return _upper_first(text)


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _capital(text: str, key: str) -> str:
    """Begin two sentences of three with a capital: customers often do not."""
    return text if random.Random(f"{key}{text}").random() < 1 / 3 else text[:1].upper() + text[1:]  # noqa: S311


def add_own_sentences(corpus: Corpus, weight: float, seed: int) -> None:
    """Append the sentences that the linear model learns from; `weight` is that of each."""
    for one in own_texts(seed):
        if one.for_head:
            continue
        topics = one.topics or {}
        targets = (
            np.array([one.sentiment.get(s, 0.0) for s in SENTIMENTS], dtype=np.float32),
            np.array([one.kind == k for k in KINDS], dtype=np.float32),
            np.array([topic in topics for topic in TOPICS], dtype=np.float32),
        )
        weights = (weight, weight * (one.kind is not None), weight * (one.topics is not None))
        corpus.add(one.text, SOURCE, targets, weights)


def head_texts(seed: int) -> list[OwnText]:
    """Return the sentences that the linear model does not see."""
    return [one for one in own_texts(seed) if one.for_head]


def topic_rows(seed: int) -> list[GoldRow]:
    """Return those about topics among them; only the topics of these rows mean something."""
    return [
        GoldRow(
            one.text,
            max(one.sentiment, key=lambda s: one.sentiment[s]),
            one.kind or "other",
            dict(one.topics),
            SOURCE,
        )
        for one in head_texts(seed)
        if one.topics
    ]
