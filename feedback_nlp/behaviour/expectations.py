"""What an analysis must look like for a case to pass. Each expectation returns None, or what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from feedback_nlp.records import Analysis

__all__ = ["Expectation", "LabelIn", "Moves", "TopicsFound", "Unchanged"]


class Expectation(Protocol):
    """Judges the analysis of a text, and of its changed form where there is one."""

    def fault(self, first: Analysis, second: Analysis | None) -> str | None:
        """Return None if the case passes, else what was found instead."""
        ...


@dataclass(frozen=True, slots=True)
class LabelIn:
    """The label of `field` ("sentiment" or "kind") is one of `allowed`; a text without a label fails."""

    field: str
    allowed: frozenset[str]

    def fault(self, first: Analysis, second: Analysis | None = None) -> str | None:
        """Return None if the label is allowed, else the label."""
        label = first.sentiment if self.field == "sentiment" else first.kind
        return None if label in self.allowed else f"{label or first.status}, not {_either(self.allowed)}"


@dataclass(frozen=True, slots=True)
class TopicsFound:
    """Every pair in `required` is found with its sentiment, and no topic of `forbidden` is found.

    Parameters
    ----------
    required : tuple of (str, str)
        Topic and sentiment; "any" accepts every sentiment.
    forbidden : frozenset of str
        Topics that the text does not speak of.
    """

    required: tuple[tuple[str, str], ...]
    forbidden: frozenset[str]

    def fault(self, first: Analysis, second: Analysis | None = None) -> str | None:
        """Return None if the topics are as required, else those missing and those too many."""
        if first.status != "ok":
            return first.status
        found = {finding.topic: finding.sentiment for finding in first.topics}
        faults = [
            f"{topic} is {found.get(topic, 'absent')}, not {sentiment}"
            for topic, sentiment in self.required
            if topic not in found or sentiment not in ("any", found[topic])
        ]
        faults += [f"{topic} found" for topic in sorted(self.forbidden & found.keys())]
        return "; ".join(faults) or None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The label stays and the sentiment score moves by at most `max_change` (score runs from -1 to 1)."""

    max_change: float

    def fault(self, first: Analysis, second: Analysis | None) -> str | None:
        """Return None if label and score hold, else how they moved."""
        if second is None or first.sentiment is None or second.sentiment is None:
            return _unscored(first, second)
        moved = _score(second) - _score(first)
        if first.sentiment != second.sentiment:
            return f"{first.sentiment} became {second.sentiment} (score {moved:+.2f})"
        return None if abs(moved) <= self.max_change else f"score moved {moved:+.2f}"


@dataclass(frozen=True, slots=True)
class Moves:
    """The sentiment score moves `toward` "up" or "down" by a distance within [at_least, at_most].

    A slightly negative `at_least` says "must not move the other way": a sentence that is already at the end
    of the scale cannot be moved further.
    """

    toward: str
    at_least: float
    at_most: float = 2.0

    def fault(self, first: Analysis, second: Analysis | None) -> str | None:
        """Return None if the score moved as stated, else the movement."""
        if second is None or first.sentiment is None or second.sentiment is None:
            return _unscored(first, second)
        moved = _score(second) - _score(first)
        distance = moved if self.toward == "up" else -moved
        return (
            None
            if self.at_least <= distance <= self.at_most
            else f"score moved {moved:+.2f}, not {self.toward}"
        )


def _score(analysis: Analysis) -> float:
    return 0.0 if analysis.sentiment_score is None else analysis.sentiment_score


def _unscored(first: Analysis, second: Analysis | None) -> str:
    return f"no label: {first.status}, {'missing' if second is None else second.status}"


def _either(labels: frozenset[str]) -> str:
    return " or ".join(sorted(labels))
