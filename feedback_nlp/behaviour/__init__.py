"""The behaviour suite: plain sentences with known answers, and how often an analyzer is wrong on them.

Three kinds of test: `label` (the answer lies in an allowed set), `invariance` (a change that means nothing
changes nothing), `direction` (a change that means something moves the score). Templates and lexicons are
the TOML files of `sentences/`; the failure rate that each test may have stands in `limits.toml`.

Examples
--------
>>> suite = load_suite()
>>> len(suite) >= 50
True
>>> sum(len(test.cases) for test in suite) >= 5000
True
"""

from __future__ import annotations

from feedback_nlp.behaviour.cases import FIELDS, SPLITS, BehaviourTest, Case
from feedback_nlp.behaviour.expectations import Expectation, LabelIn, Moves, TopicsFound, Unchanged
from feedback_nlp.behaviour.limits import Limits, load_limits
from feedback_nlp.behaviour.runner import BehaviourOutcome, Failure, SuiteResult, Tally, run_suite
from feedback_nlp.behaviour.suite import load_suite, read_tests, suite_digest
from feedback_nlp.behaviour.table import render_failures, render_limits, render_table

__all__ = [
    "FIELDS",
    "SPLITS",
    "BehaviourOutcome",
    "BehaviourTest",
    "Case",
    "Expectation",
    "Failure",
    "LabelIn",
    "Limits",
    "Moves",
    "SuiteResult",
    "Tally",
    "TopicsFound",
    "Unchanged",
    "load_limits",
    "load_suite",
    "read_tests",
    "render_failures",
    "render_limits",
    "render_table",
    "run_suite",
    "suite_digest",
]
