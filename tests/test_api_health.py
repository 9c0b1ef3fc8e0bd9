"""Probes and requests while the store is away, comes back, or is of another version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from api import create_app
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import POSTGRESQL_SERVER, postgresql_database

FEEDBACK = {"id": "T-1", "text": "Lovely shoes."}


def client_of(store: Store) -> FlaskClient:
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), store).test_client()


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Store]:
    with postgresql_database() as url, Store.open(url, tmp_path) as store:
        yield store


def let_in(store: Store, allowed: bool) -> None:
    """Open or close a database; what is connected is cut off."""
    name = store.database.url.database
    server = create_engine(POSTGRESQL_SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {allowed}'))
        if not allowed:
            ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            connection.execute(ended, {"name": name})
    server.dispose()


@pytest.mark.postgresql
def test_a_database_that_goes_and_comes_back(
    on_postgresql: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    client = client_of(on_postgresql)
    assert client.get("/readyz").status_code == 200
    let_in(on_postgresql, False)
    for answer in (client.get("/readyz"), client.post("/v1/feedback", json=FEEDBACK)):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        body: dict[str, Any] = answer.get_json()
        assert body["type"] == "urn:feedback-nlp:problem:store-unavailable"
    assert client.get("/healthz").status_code == 200
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["event"] for line in said} == {"store unavailable"}
    assert all(line["request_id"] and "Lovely" not in str(line) for line in said)
    let_in(on_postgresql, True)
    assert client.get("/readyz").status_code == 200
    assert client.post("/v1/feedback", json=FEEDBACK).status_code == 201


def test_tables_of_another_version_are_not_ready(store: Store) -> None:
    client = client_of(store)
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        answer = client.get("/readyz")
    finally:
        from feedback_nlp.store.migrate import HEAD

        with store.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
    assert answer.status_code == 503
    assert answer.get_json()["type"] == "urn:feedback-nlp:problem:store-version"
    assert client.get("/readyz").status_code == 200


def test_a_service_that_keeps_nothing_is_ready_without_a_database() -> None:
    client = create_app(QUIET, FakeAnalyzer()).test_client()
    assert client.get("/readyz").status_code == 200
