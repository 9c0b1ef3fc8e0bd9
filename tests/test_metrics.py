"""Every figure on cases small enough to work out by hand."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from feedback_nlp.metrics import calibration_error, coverage_at_precision, macro_f1, pair_f1, risk_coverage


def test_calibration_error_of_two_bins() -> None:
    # Bin of 0.9: one of two right, gap |0.5 - 0.9| = 0.4; bin of 0.6: both right, gap |1 - 0.6| = 0.4.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.6, 0.4]])
    assert calibration_error(probabilities, np.array([0, 1, 1, 0]), bins=10) == pytest.approx(0.4)


def test_gaps_within_one_bin_cancel_and_between_bins_do_not() -> None:
    probabilities = np.array([[0.7, 0.3], [0.7, 0.3], [0.9, 0.1], [0.9, 0.1]])
    labels = np.array([0, 0, 1, 1])
    # Two bins: gaps 0.3 and 0.9, half of the texts each. One bin: (2 - 3.2) / 4.
    assert calibration_error(probabilities, labels, bins=10) == pytest.approx(0.6)
    assert calibration_error(probabilities, labels, bins=1) == pytest.approx(0.3)


def test_full_confidence_falls_into_the_last_bin() -> None:
    assert calibration_error(np.array([[1.0, 0.0]]), np.array([0])) == 0
    assert calibration_error(np.array([[1.0, 0.0]]), np.array([1])) == 1


def test_risk_and_coverage() -> None:
    curve = risk_coverage(np.array([0.6, 0.9, 0.8, 0.7]), np.array([True, True, False, True]))
    assert curve.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 3 / 4])


def test_of_equal_confidences_the_first_come_first() -> None:
    curve = risk_coverage(np.array([0.5, 0.5, 0.5]), np.array([False, True, True]))
    assert curve.tolist() == pytest.approx([0, 1 / 2, 2 / 3])


def test_coverage_at_a_threshold() -> None:
    confidence, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, True])
    assert coverage_at_precision(confidence, right, 0.7) == pytest.approx((0.75, 2 / 3))
    assert coverage_at_precision(confidence, right, 0.0) == (1.0, 0.75)
    coverage, precision = coverage_at_precision(confidence, right, 0.95)
    assert coverage == 0
    assert isnan(precision)


def test_f1_over_sets() -> None:
    truth = [{("delivery", "negative"), ("venue", "positive")}, set(), {("venue", "neutral")}]
    found = [{("delivery", "negative")}, {("venue", "neutral")}, {("venue", "negative")}]
    # One hit; three true ones, three found.
    assert pair_f1(truth, found) == pytest.approx(2 / 6)
    assert pair_f1([set()], [set()]) == 1
    assert pair_f1([{"a"}], [set()]) == 0
    with pytest.raises(ValueError, match="zip"):
        pair_f1([{"a"}], [])


def test_macro_f1() -> None:
    truth, found = ["a", "a", "b", "c"], ["a", "b", "b", "b"]
    # a: P 1, R 1/2 -> 2/3; b: P 1/3, R 1 -> 1/2; c: 0.
    assert macro_f1(truth, found) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert macro_f1(truth, found, ["a", "b"]) == pytest.approx((2 / 3 + 1 / 2) / 2)
    # A class that nobody has or finds counts as 0 when it is asked for.
    assert macro_f1(["a"], ["a"], ["a", "z"]) == pytest.approx(0.5)
