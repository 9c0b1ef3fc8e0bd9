"""A backup is one moment of a running store; a restore replaces all or nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedback_nlp.cli import commands
from feedback_nlp.errors import SettingError, StoreError
from feedback_nlp.store import Store
from feedback_nlp.store.backup import back_up
from feedback_nlp.store.migrate import HEAD, stored_version
from feedback_nlp.store.values import Filters
from tests.stores import counted, counted_anew, said


@pytest.fixture
def own_store(tmp_path: Path, sqlite_file: Path) -> Iterator[Store]:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(sqlite_file, folder)
    with Store.open(data_dir=folder) as store:
        store.feedback.add([said(f"{n}", f"lovely shoes {n}") for n in range(20)])
        yield store


def run(folder: Path, *arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(commands, arguments, env={"FEEDBACK_DATA_DIR": str(folder), **settings})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_store_comes_back_as_it_was_at_the_moment_of_the_backup(own_store: Store, tmp_path: Path) -> None:
    kept = tmp_path / "kept.sqlite3"
    with own_store.database.read() as reading:  # somebody is at work
        reading.exec_driver_sql("SELECT count(*) FROM feedback").all()
        made = run(own_store.data_dir, "backup", str(kept))
    assert (made.exit_code, made.stderr.rpartition(", ")[0]) == (0, f"{kept}: 20 pieces of feedback")
    assert kept.stat().st_mode & 0o077 == 0
    assert names(tmp_path) == ["data", "kept.sqlite3"]
    own_store.feedback.add([said("later", "declined")])
    other = tmp_path / "other"
    assert run(other, "restore", str(kept)).exit_code == 0
    with Store.open(data_dir=other) as restored:
        assert restored.feedback.count() == 20
        assert restored.feedback.get("7") == own_store.feedback.get("7")
        assert restored.feedback.count(Filters(search="shoes -7")) == 19
        assert counted(restored) == counted_anew(restored)
        restored.feedback.add([said("new", "lovely")])
        acts = [(entry.action, entry.target) for entry in restored.audit.page()]
        assert acts == [("store.restore", "kept.sqlite3"), ("store.backup", "kept.sqlite3")]
    assert names(other) == ["feedback.sqlite3"]


def test_a_backup_of_an_older_version_is_brought_up_to_date(own_store: Store, tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from feedback_nlp.store.engine import Database, database_url
    from feedback_nlp.store.migrate import FOLDER

    old = Database(database_url(f"sqlite:///{tmp_path / 'old.sqlite3'}", tmp_path))
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with old.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    old.close()
    assert run(tmp_path / "other", "restore", str(tmp_path / "old.sqlite3")).exit_code == 0
    with Store.open(data_dir=tmp_path / "other") as restored:
        assert stored_version(restored.database) == HEAD


def test_what_is_there_is_replaced_only_if_asked_and_set_aside(own_store: Store, tmp_path: Path) -> None:
    folder, kept = own_store.data_dir, tmp_path / "kept.sqlite3"
    assert run(folder, "backup", str(kept)).exit_code == 0
    again = run(folder, "backup", str(kept))
    assert again.exit_code == 5
    assert "is there already. Choose another name, or use --force." in again.stderr
    assert run(folder, "backup", str(kept), "--force").exit_code == 0
    refused = run(folder, "restore", str(kept))
    assert (refused.exit_code, "There is a store already" in refused.stderr) == (5, True)
    in_use = run(folder, "restore", str(kept), "--force")
    assert in_use.exit_code == 3
    assert "Somebody uses the store. Stop the service" in in_use.stderr
    own_store.feedback.add([said("later", "declined")])
    own_store.close()
    done = run(folder, "restore", str(kept), "--force")
    assert done.exit_code == 0, done.stderr
    with Store.open(data_dir=folder) as restored:
        assert restored.feedback.count() == 20
    (aside,) = [path for path in folder.iterdir() if ".replaced-" in path.name]
    assert f"The store before lies in {aside}" in done.stderr
    with sqlite3.connect(aside) as before:
        assert before.execute("SELECT count(*) FROM feedback").fetchone() == (21,)
    before.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        (b"", "it has other tables than ours"),
        (b"text" * 1000, "it is no SQLite database, or a damaged one"),
    ],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    source = tmp_path / "given.sqlite3"
    if content is not None:
        source.write_bytes(content)
    refused = run(tmp_path / "data", "restore", str(source))
    assert (refused.exit_code, message in refused.stderr) == (3, True), refused.stderr
    assert names(tmp_path / "data") == []


def test_a_damaged_or_newer_backup_changes_nothing(own_store: Store, tmp_path: Path) -> None:
    kept = tmp_path / "kept.sqlite3"
    back_up(own_store, kept, actor="eve")
    damaged = tmp_path / "damaged.sqlite3"
    damaged.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    refused = run(tmp_path / "other", "restore", str(damaged))
    assert (refused.exit_code, "is no sound backup" in refused.stderr) == (3, True)
    with sqlite3.connect(kept) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    newer = run(tmp_path / "other", "restore", str(kept))
    assert (newer.exit_code, "Install the newer version" in newer.stderr) == (8, True)
    assert names(tmp_path / "other") == []


def test_a_backup_that_cannot_be_written_leaves_nothing(own_store: Store, tmp_path: Path) -> None:
    refused = run(own_store.data_dir, "backup", str(tmp_path / "nowhere" / "kept.sqlite3"))
    assert (refused.exit_code, "cannot be written: No such file or directory" in refused.stderr) == (5, True)
    assert names(tmp_path) == ["data"]


def test_a_damaged_store_gives_no_backup(
    own_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback_nlp.store.backup._trouble", lambda path: "its pages do not fit together")
    with pytest.raises(StoreError, match="The store is damaged"):
        back_up(own_store, tmp_path / "kept.sqlite3", actor="eve")
    assert names(tmp_path) == ["data"]


@pytest.mark.postgresql
def test_postgresql_has_its_own_tools(postgresql_store: Store, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="Use pg_dump and pg_restore"):
        back_up(postgresql_store, tmp_path / "kept.sqlite3", actor="eve")
    refused = run(
        tmp_path, "restore", str(tmp_path), FEEDBACK_DATABASE_URL="postgresql://nobody@127.0.0.1/none"
    )
    assert refused.exit_code in (2, 7)
