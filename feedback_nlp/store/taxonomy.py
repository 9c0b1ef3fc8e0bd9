"""A company's own taxonomy: topics renamed, merged, split, retired, and new ones that phrases name.

What the model found is never changed; the topics that count are made from it, so a taxonomy can be changed and the
whole history follows. Topics that no entry mentions stay as the model has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from feedback_nlp.errors import InputError
from feedback_nlp.records import Analysis

__all__ = ["OwnTopic", "Taxonomy", "read_topics"]

MOST_TOPICS, MOST_PHRASES, LONGEST_PHRASE = 200, 50, 100
#: No separators of scored files, nothing that moves a cursor or a path.
_NAME = re.compile(r"[^\W_][\w &'+-]{0,59}")
_KEYS = {"name", "from", "phrases", "within", "instead", "retired"}


@dataclass(frozen=True)
class OwnTopic:
    """One entry of a taxonomy.

    Parameters
    ----------
    name : str
    sources : tuple of str
        Topics of the model that count under this name: one renames it, several merge them.
    phrases : tuple of str
        A text with one of them has the topic. Case and spaces are no matter; a * at the end stands for any ending.
    within : str or None
        Only texts that have this topic of the model get it by a phrase: so a topic is split.
    instead : bool
        Whether it takes the place of `within` in these texts.
    retired : bool
        Whether the topic does not count any more.
    """

    name: str
    sources: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    within: str | None = None
    instead: bool = False
    retired: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """What finds the phrases."""
        parts = [_pattern_of(phrase) for phrase in self.phrases]
        return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})", re.IGNORECASE) if parts else None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as it stands in a file."""
        full = {
            "name": self.name,
            "from": list(self.sources),
            "phrases": list(self.phrases),
            "within": self.within,
            "instead": self.instead,
            "retired": self.retired,
        }
        return {key: value for key, value in full.items() if value or key == "name"}


def _pattern_of(phrase: str) -> str:
    bare = phrase.removesuffix("*")
    words = [re.escape(word).replace("'", "['’]") for word in bare.split()]
    return r"\s+".join(words) + (r"\w*" if phrase.endswith("*") else r"(?!\w)")


@dataclass(frozen=True)
class Taxonomy:
    """The entries in force.

    Parameters
    ----------
    topics : tuple of OwnTopic
    version : int
        0 is the model's own taxonomy.

    Examples
    --------
    >>> own = Taxonomy((OwnTopic("shipping", ("delivery", "order_accuracy")), OwnTopic("venue", retired=True)))
    >>> own.renamed(["delivery", "venue", "price_value"])
    ['shipping', 'price_value']
    """

    topics: tuple[OwnTopic, ...] = ()
    version: int = 0

    @cached_property
    def _targets(self) -> Mapping[str, str | None]:
        """New name by old one; None for what does not count."""
        targets: dict[str, str | None] = {one.name: None for one in self.topics if one.retired}
        return targets | {
            source: one.name for one in self.topics for source in one.sources if not one.retired
        }

    @cached_property
    def _by_phrase(self) -> tuple[OwnTopic, ...]:
        return tuple(one for one in self.topics if one.phrases and not one.retired)

    def renamed(self, names: Iterable[str]) -> list[str]:
        """Return the names that count for topics of the model or of people, each once."""
        found = (self._targets.get(name, name) for name in names)
        return list(dict.fromkeys(name for name in found if name is not None))

    def offered(self, known: Sequence[str]) -> list[str]:
        """Return all names that can be said, `known` being the model's."""
        return list(
            dict.fromkeys([*self.renamed(known), *(one.name for one in self.topics if not one.retired)])
        )

    def of_person(self, said: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str | None], ...]:
        """Return what counts of topics that people named, perhaps before the taxonomy was changed."""
        return _once((self._targets.get(one["topic"], one["topic"]), one.get("sentiment")) for one in said)

    def of_model(self, text: str, analysis: Analysis) -> tuple[tuple[str, str | None], ...]:
        """Return what counts of what a model found in a text."""
        found: dict[str, str | None] = dict(analysis.topic_pairs)
        if not self.topics or analysis.status != "ok":
            return tuple(found.items())
        added = [
            (one.name, _felt(one, text, analysis) or found.get(one.within or "") or analysis.sentiment)
            for one in self._by_phrase
            if (one.within is None or one.within in found) and one.pattern and one.pattern.search(text)
        ]
        named = {name for name, _ in added}
        gone = {one.within for one in self._by_phrase if one.instead and one.name in named}
        kept = ((self._targets.get(name, name), felt) for name, felt in found.items() if name not in gone)
        return _once([*kept, *added])

    def to_model(self, names: Iterable[str]) -> list[str] | None:
        """Return topics of the model for names that count; None where it cannot be known which are meant."""
        sources = {one.name: one.sources for one in self.topics if one.sources and not one.retired}
        phrased = {one.name for one in self._by_phrase if not one.sources}
        out: list[str] = []
        for name in names:
            if len(sources.get(name, ())) > 1:
                return None
            if name not in phrased:
                out += sources.get(name, (name,))
        # A topic that does not count is never said: its absence means nothing.
        return None if any(one.retired or one.instead for one in self.topics) else out


def _once(pairs: Iterable[tuple[str | None, str | None]]) -> tuple[tuple[str, str | None], ...]:
    """Return each name once, with the sentiment that stands first; what does not count is left out."""
    kept: dict[str, str | None] = {}
    for name, felt in pairs:
        if name is not None:
            kept.setdefault(name, felt)
    return tuple(kept.items())


def _felt(topic: OwnTopic, text: str, analysis: Analysis) -> str | None:
    """Return the clearest sentiment of the sentences in which a phrase stands."""
    places = [found.start() for found in topic.pattern.finditer(text)] if topic.pattern else []
    about = [one for one in analysis.sentences if any(one.start <= place < one.end for place in places)]
    return max(about, key=lambda one: abs(one.score)).sentiment if about else None


def read_topics(content: Any) -> tuple[OwnTopic, ...]:
    """Return the entries of a file or a request.

    Parameters
    ----------
    content : Any
        A list of objects with name and any of from, phrases, within, instead, retired.

    Raises
    ------
    InputError
        For what is no taxonomy; it names the entry.
    """
    if not isinstance(content, list) or len(content) > MOST_TOPICS:
        raise InputError(f"A taxonomy is a list of at most {MOST_TOPICS} topics.")
    topics = tuple(_read_topic(number, entry) for number, entry in enumerate(content, 1))
    names = [one.name for one in topics]
    taken = [source for one in topics for source in one.sources]
    for listed, what in ((names, "name"), (taken, "source")):
        twice = next((one for one in listed if listed.count(one) > 1), None)
        if twice is not None:
            raise InputError(f"The {what} {twice!r} stands in two topics.", remedy="Merge the entries.")
    return topics


def _read_topic(number: int, entry: Any) -> OwnTopic:
    where = f"Topic {number}"
    if not isinstance(entry, dict) or not set(entry) <= _KEYS:
        raise InputError(f"{where} is no topic.", remedy=f"It has the keys {', '.join(sorted(_KEYS))}.")
    sources = tuple(_name(where, one) for one in _listed(where, entry, "from"))
    phrases = tuple(_phrase(where, one) for one in _listed(where, entry, "phrases"))
    within = entry.get("within")
    for key in ("instead", "retired"):
        if not isinstance(entry.get(key, False), bool):
            raise InputError(f"{where}: {key} is true or false.")
    if entry.get("instead") and within is None:
        raise InputError(f"{where}: instead of what? Name it with within.")
    return OwnTopic(
        _name(where, entry.get("name")),
        sources,
        phrases,
        None if within is None else _name(where, within),
        entry.get("instead", False),
        entry.get("retired", False),
    )


def _listed(where: str, entry: dict[str, Any], key: str) -> list[Any]:
    found = entry.get(key, [])
    if not isinstance(found, list) or len(found) > MOST_PHRASES:
        raise InputError(f"{where}: {key} is a list of at most {MOST_PHRASES}.")
    return found


def _name(where: str, value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InputError(f"{where}: a name has 1 to 60 letters, digits, spaces and _ & ' + -.")
    return value


def _phrase(where: str, value: Any) -> str:
    words = " ".join(value.split()) if isinstance(value, str) else ""
    if not 1 <= len(words) <= LONGEST_PHRASE or not re.match(r"\w", words) or not words.isprintable():
        raise InputError(f"{where}: a phrase begins with a letter or digit and has at most {LONGEST_PHRASE}.")
    return words
