"""What all tests share: the shipped bundle, loaded once, and the rule that nothing is skipped in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from feedback_nlp import Analyzer
    from feedback_nlp.store import Store

IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests out of the data folder of whoever runs them, of each other's, and of their working folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    """Return the shipped bundle's analyzer; the same object for the whole run."""
    from feedback_nlp import Analyzer

    return Analyzer.load()


@pytest.fixture(scope="session")
def postgresql_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Yield a store on PostgreSQL for the whole run; take `store` instead, which is empty for every test."""
    from feedback_nlp.store import Store
    from tests.stores import postgresql_database

    with (
        postgresql_database() as url,
        Store.open(url, tmp_path_factory.mktemp("postgresql")) as store,
    ):
        yield store


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with empty tables, to be copied."""
    from feedback_nlp.store import Store

    folder = tmp_path_factory.mktemp("sqlite")
    Store.open(data_dir=folder).close()
    return folder / "feedback.sqlite3"


@pytest.fixture
def own_store(tmp_path: Path, sqlite_file: Path) -> Iterator[Store]:
    """Yield an empty store on an SQLite file of the test's own."""
    from feedback_nlp.store import Store

    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(sqlite_file, folder)
    with Store.open(data_dir=folder) as fresh:
        yield fresh


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> Store:
    """Return an empty store: the test runs once on SQLite and once on PostgreSQL."""
    from tests.stores import empty

    if request.param == "sqlite":
        own: Store = request.getfixturevalue("own_store")
        return own
    shared: Store = request.getfixturevalue("postgresql_store")
    empty(shared)
    return shared


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one, unless it needs training data, which nobody ships."""
    report = yield
    expected: Any = hasattr(report, "wasxfail") or item.get_closest_marker("training_data")
    if IN_CI and report.skipped and not expected:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped in CI: {report.longrepr}"
    return report
