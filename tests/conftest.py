"""What all tests share: the shipped bundle, loaded once, and the rule that nothing is skipped in CI."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from feedback_nlp import Analyzer

IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    """Return the shipped bundle's analyzer; the same object for the whole run."""
    from feedback_nlp import Analyzer

    return Analyzer.load()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one, unless it needs training data, which nobody ships."""
    report = yield
    expected: Any = hasattr(report, "wasxfail") or item.get_closest_marker("training_data")
    if IN_CI and report.skipped and not expected:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped in CI: {report.longrepr}"
    return report
