"""What a candidate unlearned: tests on which it is worse than another bundle beyond noise, and their mean."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from feedback_nlp.behaviour import BehaviourTest, Case, LabelIn, Unchanged
from feedback_nlp.behaviour.expectations import Expectation
from feedback_nlp.review.gates import failed_cases, worse_tests
from tests.fake_analyzer import FakeAnalyzer

POSITIVE = LabelIn("sentiment", frozenset({"positive"}))


def suite_of(n_tests: int, n_cases: int, n_templates: int) -> list[BehaviourTest]:
    cases = tuple(Case(f"text {n}", None, "held_out", n % n_templates) for n in range(n_cases))
    return [asked(f"test{n}", POSITIVE, *cases) for n in range(n_tests)]


def asked(name: str, expectation: Expectation, *cases: Case) -> BehaviourTest:
    return BehaviourTest(name, "any", "any", "label", "sentiment", expectation, 0.0, cases)


def failing(n_cases: int, *places: int) -> NDArray[np.bool_]:
    return np.isin(np.arange(n_cases), places)


@pytest.mark.parametrize(
    ("lost", "won", "named"), [(6, 0, ()), (7, 0, ("test0",)), (9, 1, ()), (10, 1, ("test0",))]
)
def test_a_test_is_named_beyond_noise(lost: int, won: int, named: tuple[str, ...]) -> None:
    # The chance of 7 of 7 is 1/128, under a hundredth; of 6 of 6 it is 1/64. Of 10 or more of 11 it is 12/2048,
    # of 9 or more of 10 it is 11/1024. All lie in one template of two, so the mean is not sure of anything.
    suite = suite_of(1, 50, 2)
    before = failing(50, *(1 + 2 * n for n in range(won)))
    after = failing(50, *(2 * n for n in range(lost)))
    assert worse_tests(suite, [before], [after]) == named


def test_losses_too_small_for_any_test_show_in_the_mean() -> None:
    suite = suite_of(40, 50, 8)
    rng = np.random.default_rng(5)
    none = [failing(50)] * 40
    little = [failing(50, *rng.choice(50, 3, replace=False)) for _ in suite]
    assert worse_tests(suite, none, little) == ("mean",)
    assert worse_tests(suite, little, none) == ()
    assert worse_tests(suite, little, little) == ()
    moved = [failing(50, *rng.choice(50, 3, replace=False)) for _ in suite]
    assert worse_tests(suite, little, moved) == ()


def test_only_held_out_cases_are_judged() -> None:
    tuning = Case("declined", None, "tuning", 0)
    held_out = [Case(text, None, "held_out", 0) for text in ("lovely", "declined")]
    pair = Case("lovely shoes", "lovely shoes, declined", "held_out", 0)
    suite = [asked("praise", POSITIVE, tuning, *held_out), asked("same", Unchanged(0.1), pair)]
    assert [failed.tolist() for failed in failed_cases(FakeAnalyzer(), suite)] == [[False, True], [True]]
