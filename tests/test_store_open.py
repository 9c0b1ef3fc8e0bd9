"""The store is opened and its tables are made: once, whole, by one of many, on both databases."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select, text, update

from feedback_nlp.errors import SettingError, StoreUnavailableError, StoreVersionError
from feedback_nlp.store import Store
from feedback_nlp.store.engine import Database, database_url
from feedback_nlp.store.migrate import FOLDER, HEAD, migrate, stored_version
from feedback_nlp.store.service_tables import metadata, state
from tests.stores import postgresql_database

ROOT = Path(__file__).parent.parent
#: Opens the store named by its arguments and says whether it was the one who made the tables.
OPENER = """
import sys
from feedback_nlp.store.engine import Database, database_url
from feedback_nlp.store.folder import data_folder
from feedback_nlp.store.migrate import migrate

url, folder = sys.argv[1:]
database = Database(database_url(url or None, data_folder(folder)))
sys.stdin.readline()
print(migrate(database))
"""


def test_the_steps_make_exactly_the_tables_that_the_code_uses(store: Store) -> None:
    def ours(item: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
        return not (reflected and name is not None and re.match(r"(ix_)?feedback_search", name)) and (
            name != "search_vector"
        )

    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_the_newest_step_is_the_one_that_starts_look_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_second_start_finds_nothing_to_do(store: Store) -> None:
    assert stored_version(store.database) == HEAD
    assert migrate(store.database) is False


def start_together(url: str, folder: Path) -> list[str]:
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, url, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write("go\n")
        starter.stdin.flush()
    answers = [starter.communicate(timeout=60)[0].strip() for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    return answers


def test_of_several_starts_at_once_one_makes_the_tables(tmp_path: Path) -> None:
    assert sorted(start_together("", tmp_path)) == ["False", "False", "True"]


@pytest.mark.postgresql
def test_of_several_starts_at_once_one_makes_the_tables_in_postgresql(tmp_path: Path) -> None:
    with postgresql_database() as url:
        assert sorted(start_together(url, tmp_path)) == ["False", "False", "True"]


def test_a_start_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise KeyboardInterrupt

    monkeypatch.setattr("feedback_nlp.store.migrate._upgrade", fail)
    with pytest.raises(KeyboardInterrupt):
        Store.open(data_dir=tmp_path)
    monkeypatch.undo()
    with Store.open(data_dir=tmp_path) as store, store.database.read() as connection:
        assert not inspect(connection).has_table("half")


def test_a_store_of_a_newer_version_is_left_alone(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(StoreVersionError, match=rf"step 9999, this program knows steps up to {HEAD}"):
            migrate(store.database)
    finally:
        with store.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    database = Database(database_url(None, tmp_path))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE feedback (x INTEGER)"))
    with pytest.raises(StoreVersionError, match="did not make"):
        migrate(database)
    database.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("no address", "cannot be read"),
        ("mysql://root:hunter2@localhost/x", "names another database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://u:hunter2@host:port/x", "cannot be read"),
    ],
)
def test_an_address_of_no_database_is_refused_without_repeating_it(url: str, reason: str) -> None:
    with pytest.raises(SettingError) as caught:
        database_url(url, Path())
    assert reason in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_one_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError) as caught:
        Store.open("postgresql://shop:hunter2@127.0.0.1:1/feedback", tmp_path)
    assert str(caught.value) == (
        "The PostgreSQL server cannot be reached or does not answer. Try again in a moment."
    )


def test_a_locked_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedback_nlp.store.engine.BUSY_SECONDS", 0.05)
    with Store.open(data_dir=tmp_path) as store, Store.open(data_dir=tmp_path) as other:
        with (
            store.database.write(),
            pytest.raises(StoreUnavailableError, match="locked by another writer"),
            other.database.write(),
        ):
            pass
        with other.database.write() as connection:
            connection.execute(insert(state).values(name="a", value=1, changed_at=datetime.now(UTC)))


def test_moments_come_back_in_utc(store: Store) -> None:
    noon = datetime(2025, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with store.database.write() as connection:
        connection.execute(insert(state).values(name="a", value={"ü": [1]}, changed_at=noon))
    with store.database.read() as connection:
        value, at = connection.execute(select(state.c.value, state.c.changed_at)).one()
    assert value == {"ü": [1]}
    assert (at, at.tzinfo) == (datetime(2025, 3, 1, 7, 0, tzinfo=UTC), UTC)
    with pytest.raises(Exception, match="without a time zone"), store.database.write() as connection:
        connection.execute(update(state).values(changed_at=datetime(2025, 3, 1)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_store_is_carried_over_a_fork(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(insert(state).values(name="a", value=1, changed_at=datetime.now(UTC)))
    script = "child"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with store.database.write() as connection:
                connection.execute(insert(state).values(name=script, value=2, changed_at=datetime.now(UTC)))
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with store.database.read() as connection:
        assert connection.execute(select(state.c.name).order_by(state.c.name)).scalars().all() == [
            "a",
            "child",
        ]


def test_only_this_user_may_look_into_a_new_data_folder(tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path / "new") as store:
        assert store.data_dir.stat().st_mode & 0o777 == 0o700


def test_postgresql_plans_each_statement_for_the_tables_as_they_are(store: Store) -> None:
    if store.database.is_sqlite:
        return
    # A plan that is kept from when the tables were small walks over all of a large one.
    with store.database.read() as connection:
        assert connection.execute(text("SHOW plan_cache_mode")).scalar_one() == "force_custom_plan"
