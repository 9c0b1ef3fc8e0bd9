"""The records of the suite: a case is a text (or a text and its changed form), a test is a set of cases."""

from __future__ import annotations

from dataclasses import dataclass

from feedback_nlp.behaviour.expectations import Expectation

__all__ = ["FIELDS", "SPLITS", "BehaviourTest", "Case"]

#: Failures on "tuning" templates may be looked at while building a model; "held_out" ones are only counted.
SPLITS: tuple[str, ...] = ("tuning", "held_out")
#: The part of an analysis that a test is about.
FIELDS: tuple[str, ...] = ("sentiment", "kind", "topics")


@dataclass(frozen=True, slots=True)
class Case:
    """One filled template.

    Parameters
    ----------
    text : str
        The sentence to score.
    changed : str or None
        Its changed form, for tests of invariance and direction.
    split : {"tuning", "held_out"}
        The half of the templates that it was filled from.
    template : int
        Index of its template within the half, from 0.
    """

    text: str
    changed: str | None
    split: str
    template: int

    @property
    def texts(self) -> tuple[str, ...]:
        """The one or two texts to score."""
        return (self.text,) if self.changed is None else (self.text, self.changed)


@dataclass(frozen=True, slots=True)
class BehaviourTest:
    """One thing that an analyzer must get right, with the cases that show it.

    Parameters
    ----------
    name : str
        Unique in the suite.
    capability : str
        The ability it belongs to, such as "negation".
    about : str
        What must hold, in one sentence.
    kind : {"label", "invariance", "direction"}
    field : {"sentiment", "kind", "topics"}
        The part of the analysis looked at.
    expectation : Expectation
        Judges one case.
    limit : float
        Highest failure rate at which the test passes, in [0, 1].
    cases : tuple of Case
        In the order of the halves and templates.
    rough : bool, default=False
        Whether the texts are meant to be untidy (no capitals, no full stop).
    """

    name: str
    capability: str
    about: str
    kind: str
    field: str
    expectation: Expectation
    limit: float
    cases: tuple[Case, ...]
    rough: bool = False

    def half(self, split: str | None) -> tuple[Case, ...]:
        """Return the cases of one half, or all of them for None."""
        return tuple(case for case in self.cases if split is None or case.split == split)
