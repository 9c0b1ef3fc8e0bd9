"""What a bundle says of texts on the whole: counts of labels, lengths and known words; and how far two counts differ.

The profile of texts kept from the training stands in a bundle's manifest; a service compares what it meets with it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from feedback_nlp.records import Analysis

__all__ = [
    "LENGTHS",
    "Profile",
    "build_profile",
    "count_analyses",
    "drift_between",
    "length_class",
    "profile_of",
    "yes_or_no",
]

#: Characters at which the next class of text lengths begins.
LENGTHS = (20, 40, 80, 160, 320, 640, 1280, 2560)
#: Counts by what is counted ("sentiment", "length" ...) and its values.
Profile = dict[str, dict[str, int]]


class _Analyzes(Protocol):
    @property
    def words_met(self) -> tuple[int, int]: ...

    def analyze_many(self, texts: Sequence[str]) -> Iterator[Analysis]: ...


def build_profile(analyzer: _Analyzes, texts: Sequence[str]) -> Profile:
    """Return the profile of texts.

    Parameters
    ----------
    analyzer : Analyzer
    texts : sequence of str
        Better none that it learned from: of those it knows more words than of others.
    """
    words, known = analyzer.words_met
    counted = count_analyses(texts, list(analyzer.analyze_many(texts)))
    words, known = analyzer.words_met[0] - words, analyzer.words_met[1] - known
    return {**counted, "words": yes_or_no(known, words)}


def count_analyses(texts: Sequence[str], analyses: Sequence[Analysis]) -> Profile:
    """Return counts of labels and lengths; labels of texts that have any."""
    status, sentiment, kind, topic, length = _Tally(), _Tally(), _Tally(), _Tally(), _Tally()
    labelled = uncertain = 0
    for text, one in zip(texts, analyses, strict=True):
        status[one.status] += 1
        length[length_class(len(text))] += 1
        if one.status == "ok":
            labelled += 1
            uncertain += bool(one.uncertain)
            sentiment[str(one.sentiment)] += 1
            kind[str(one.kind)] += 1
            for name, _ in one.topic_pairs:
                topic[name] += 1
    return {
        "status": status,
        "sentiment": sentiment,
        "kind": kind,
        "topic": topic,
        "uncertain": yes_or_no(uncertain, labelled),
        "length": length,
    }


class _Tally(dict[str, int]):
    """Counts of values; collections.Counter costs more for the few of one request."""

    def __missing__(self, value: str) -> int:
        return 0


def yes_or_no(yes: int, of: int) -> dict[str, int]:
    """Return counts of two values.

    Examples
    --------
    >>> yes_or_no(2, 5)
    {'true': 2, 'false': 3}
    """
    return {"true": yes, "false": of - yes}


def length_class(characters: int) -> str:
    """Return the class of a text's length.

    Examples
    --------
    >>> length_class(19), length_class(20), length_class(5000)
    ('0-19', '20-39', '2560-')
    """
    place = bisect_right(LENGTHS, characters)
    first = LENGTHS[place - 1] if place else 0
    last = LENGTHS[place] - 1 if place < len(LENGTHS) else ""
    return f"{first}-{last}"


def drift_between(before: Mapping[str, float], now: Mapping[str, float]) -> float | None:
    """Return the population stability index of two counts by value: 0 where their shares are the same.

    Half a text is added to every count, so that a value that is missing on one side gives no infinite figure. By
    custom less than 0.1 is little, more than 0.25 much.

    Returns
    -------
    float or None
        None if one side counts nothing.

    Examples
    --------
    >>> drift_between({"a": 500, "b": 500}, {"a": 50, "b": 50})
    0.0
    >>> round(drift_between({"a": 500, "b": 500}, {"a": 800, "b": 200}), 2)
    0.41
    """
    values = sorted(before.keys() | now.keys())
    if not sum(before.values()) or not sum(now.values()):
        return None
    old, new = _shares(before, values), _shares(now, values)
    return sum((b - a) * math.log(b / a) for a, b in zip(old, new, strict=True))


def _shares(counts: Mapping[str, float], values: Sequence[str]) -> list[float]:
    smoothed = [counts.get(value, 0) + 0.5 for value in values]
    return [count / sum(smoothed) for count in smoothed]


def profile_of(manifest: Mapping[str, Any]) -> Profile:
    """Return the profile in a manifest; empty if the bundle was made without one."""
    found = manifest.get("profile", {})
    return dict(found) if isinstance(found, dict) else {}
