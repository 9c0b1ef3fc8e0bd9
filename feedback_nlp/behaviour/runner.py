"""Run the suite on an analyzer: every text is scored once, in one stream; then each case is judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from feedback_nlp.behaviour.cases import SPLITS, BehaviourTest, Case
from feedback_nlp.behaviour.limits import load_limits
from feedback_nlp.behaviour.suite import load_suite
from feedback_nlp.errors import InputError
from feedback_nlp.records import Analysis

__all__ = ["BehaviourOutcome", "Failure", "Scorer", "SuiteResult", "Tally", "run_suite"]


class Scorer(Protocol):
    """Whatever analyses texts the way `Analyzer` does."""

    def analyze_many(self, texts: Iterable[str]) -> Iterator[Analysis]:
        """Yield one analysis a text, in the same order."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """Cases judged and cases failed."""

    n: int
    failures: int

    @property
    def rate(self) -> float:
        """Share of failures, in [0, 1]; 0 for no cases."""
        return self.failures / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that failed, and what was found instead."""

    case: Case
    fault: str


@dataclass(frozen=True, slots=True)
class BehaviourOutcome:
    """How an analyzer did on one test.

    Parameters
    ----------
    test : BehaviourTest
    tuning, held_out : Tally
        Counts by half; empty (n = 0) for a half that was not run.
    examples : tuple of Failure
        Some failures. Those of the held-out half are shown only when that half alone was asked for, so that
        looking at them is a decision.
    """

    test: BehaviourTest
    tuning: Tally
    held_out: Tally
    examples: tuple[Failure, ...]

    @property
    def n(self) -> int:
        """Cases judged."""
        return self.tuning.n + self.held_out.n

    @property
    def failures(self) -> int:
        """Cases failed."""
        return self.tuning.failures + self.held_out.failures

    @property
    def rate(self) -> float:
        """Share of failures, in [0, 1]."""
        return Tally(self.n, self.failures).rate

    @property
    def limit(self) -> float:
        """Highest rate at which the test passes."""
        return self.test.limit

    @property
    def passed(self) -> bool:
        """Whether the rate is within the limit."""
        return self.rate <= self.limit


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """The outcomes of a run, in the order of the suite.

    Parameters
    ----------
    outcomes : tuple of BehaviourOutcome
    mean_limit : float
        Highest mean failure rate at which the suite passes.
    """

    outcomes: tuple[BehaviourOutcome, ...]
    mean_limit: float

    @property
    def mean_rate(self) -> float:
        """Mean failure rate over tests (each counts the same), in [0, 1]."""
        return _mean([outcome.rate for outcome in self.outcomes])

    @property
    def worst(self) -> BehaviourOutcome:
        """The test with the highest failure rate; the first of them where several share it."""
        return max(self.outcomes, key=lambda outcome: outcome.rate)

    @property
    def passed(self) -> bool:
        """Whether every test and the mean are within their limits."""
        return self.mean_rate <= self.mean_limit and not self.over_limit

    @property
    def over_limit(self) -> tuple[BehaviourOutcome, ...]:
        """The tests that did not pass."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)

    def half_rate(self, split: str) -> float:
        """Return the mean failure rate over tests of one half ("tuning" or "held_out")."""
        tallies = [outcome.tuning if split == "tuning" else outcome.held_out for outcome in self.outcomes]
        return _mean([tally.rate for tally in tallies if tally.n])


def run_suite(
    analyzer: Scorer,
    split: str | None = None,
    *,
    tests: Sequence[BehaviourTest] | None = None,
    fields: Collection[str] | None = None,
    max_examples: int = 5,
) -> SuiteResult:
    """Score all cases in one stream and judge them.

    Parameters
    ----------
    analyzer : Scorer
        An `Analyzer`, or anything with its `analyze_many`.
    split : {"tuning", "held_out"} or None, default=None
        Run one half only; None runs both.
    tests : sequence of BehaviourTest or None, default=None
        Other tests than the shipped suite.
    fields : collection of str or None, default=None
        Only tests about these parts of the analysis, such as {"sentiment"}.
    max_examples : int, default=5
        Failures kept for each test, at most one a template until all templates have one.

    Raises
    ------
    InputError
        `split` is unknown, or no test is left to run.
    """
    if split is not None and split not in SPLITS:
        raise InputError(f"Split {split!r} is unknown.", remedy=f"Use one of {', '.join(SPLITS)}.")
    chosen = [
        test for test in (load_suite() if tests is None else tests) if fields is None or test.field in fields
    ]
    if not chosen:
        raise InputError("No behaviour test to run.", remedy="Check the fields asked for.")
    texts = list(dict.fromkeys(text for test in chosen for case in test.half(split) for text in case.texts))
    analyses = dict(zip(texts, analyzer.analyze_many(texts), strict=True))
    outcomes = tuple(_outcome(test, split, analyses, max_examples) for test in chosen)
    return SuiteResult(outcomes, mean_limit=load_limits().mean)


def _outcome(
    test: BehaviourTest, split: str | None, analyses: dict[str, Analysis], max_examples: int
) -> BehaviourOutcome:
    failures = [failure for case in test.half(split) if (failure := _judge(test, case, analyses))]
    tallies = {}
    for half in SPLITS:
        n = len(test.half(half)) if split in (None, half) else 0
        tallies[half] = Tally(n, sum(failure.case.split == half for failure in failures))
    visible = [failure for failure in failures if failure.case.split == "tuning" or split == "held_out"]
    return BehaviourOutcome(test, tallies["tuning"], tallies["held_out"], _spread(visible, max_examples))


def _judge(test: BehaviourTest, case: Case, analyses: dict[str, Analysis]) -> Failure | None:
    second = None if case.changed is None else analyses[case.changed]
    fault = test.expectation.fault(analyses[case.text], second)
    return Failure(case, fault) if fault else None


def _spread(failures: Sequence[Failure], wanted: int) -> tuple[Failure, ...]:
    """Take failures of different templates first: five of one template teach less than one of five."""
    turns: dict[int, int] = {}
    ranked = []
    for order, failure in enumerate(failures):
        turn = turns[failure.case.template] = turns.get(failure.case.template, -1) + 1
        ranked.append((turn, order, failure))
    return tuple(failure for _, _, failure in sorted(ranked, key=lambda item: item[:2])[:wanted])


def _mean(rates: Sequence[float]) -> float:
    return sum(rates) / len(rates) if rates else 0.0
