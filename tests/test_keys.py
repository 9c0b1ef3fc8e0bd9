"""API keys and the audit log: in both databases, and by the command line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from feedback_nlp.cli import commands
from feedback_nlp.cli.keys import SCOPE_WORDS
from feedback_nlp.errors import InputError, NotStoredError
from feedback_nlp.store import Store
from feedback_nlp.store.keys import SCOPES, KeyTable
from feedback_nlp.store.service_tables import api_keys


def test_a_key_is_random_and_only_its_digest_is_stored(store: Store) -> None:
    made = store.keys.add("checkout", ["write", "score"], actor="cli:ada")
    other = store.keys.add("checkout", ["read"], actor="cli:ada")
    assert re.fullmatch(r"fnlp_[0-9a-z]{8}_[0-9A-Za-z]{43}", made.token)
    assert made.token != other.token
    assert made.key.scopes == ("score", "write")
    with store.database.read() as connection:
        stored = [value for row in connection.execute(select(api_keys)) for value in row]
    secret = made.token.rpartition("_")[2]
    assert not any(secret in str(value) for value in stored)
    assert store.keys.find(made.token) == made.key


@pytest.mark.parametrize("change", ["", "x", "\x00", " ", "é"])
def test_what_is_not_exactly_the_key_is_no_key(store: Store, change: str) -> None:
    token = store.keys.add("a", ["read"], actor="t").token
    wrong = (token + change) if change else token[:-1] + ("a" if token[-1] != "a" else "b")
    assert store.keys.find(wrong) is None
    assert store.keys.find(change) is None


def test_a_secret_opens_only_with_its_own_prefix(store: Store) -> None:
    one, other = (store.keys.add("a", ["read"], actor="t").token for _ in range(2))
    assert store.keys.find(one.rpartition("_")[0] + "_" + other.rpartition("_")[2]) is None


def test_a_revoked_key_is_useless_at_once_and_says_so_once_in_the_log(store: Store) -> None:
    made = store.keys.add("a", ["admin"], actor="t")
    for _ in range(2):
        assert store.keys.revoke(made.key.prefix, actor="cli:ada").state(datetime.now(UTC)) == "revoked"
    assert store.keys.find(made.token) is None
    assert store.keys.active(made.key.id) is None
    assert store.keys.exist()
    entries = store.audit.page()
    assert [(entry.actor, entry.action, entry.target) for entry in entries] == [
        ("cli:ada", "key.revoke", made.key.prefix),
        ("t", "key.create", made.key.prefix),
    ]
    assert entries[1].detail == {"name": "a", "scopes": ["admin"]}


def test_a_key_expires(store: Store) -> None:
    made = store.keys.add("a", ["read"], actor="t", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert store.keys.find(made.token) is not None
    with store.database.write() as connection:
        connection.execute(update(api_keys).values(expires_at=datetime.now(UTC)))
    assert store.keys.find(made.token) is None
    assert store.keys.list()[0].state(datetime.now(UTC)) == "expired"


def test_the_last_use_is_written_once_a_minute(store: Store) -> None:
    token = store.keys.add("a", ["read"], actor="t").token
    assert store.keys.list()[0].last_used_at is None
    store.keys.find(token)
    first = store.keys.list()[0].last_used_at
    assert first is not None
    store.keys.find(token)
    assert store.keys.list()[0].last_used_at == first
    with store.database.write() as connection:
        connection.execute(update(api_keys).values(last_used_at=first - timedelta(minutes=2)))
    store.keys.find(token)
    assert (store.keys.list()[0].last_used_at or first) >= first


def test_admin_includes_the_other_scopes_and_no_other_scope_does(store: Store) -> None:
    scopes = ("score", "read", "write", "metrics", "admin")
    assert scopes == SCOPES == SCOPE_WORDS
    allowed = {
        scope: [asked for asked in scopes if store.keys.add("a", [scope], actor="t").key.allows(asked)]
        for scope in scopes
    }
    assert allowed == {scope: [scope] for scope in scopes[:-1]} | {"admin": list(scopes)}


@pytest.mark.parametrize(
    ("name", "scopes", "expires", "message"),
    [
        ("", ["read"], None, "name of 1 to 200"),
        (" ", ["read"], None, "name of 1 to 200"),
        ("a\nb", ["read"], None, "name of 1 to 200"),
        ("a" * 201, ["read"], None, "name of 1 to 200"),
        ("a", [], None, "one or more of the scopes"),
        ("a", ["root"], None, "one or more of the scopes"),
        ("a", ["read"], datetime(2020, 1, 1, tzinfo=UTC), "expired already"),
    ],
)
def test_what_cannot_be_a_key_is_refused(
    tmp_path: Path, name: str, scopes: list[str], expires: datetime | None, message: str
) -> None:
    with Store.open(data_dir=tmp_path) as store:
        with pytest.raises(InputError, match=message):
            store.keys.add(name, scopes, actor="t", expires_at=expires)
        assert not store.keys.exist()


def test_an_unknown_key_cannot_be_revoked_and_is_not_repeated(store: Store) -> None:
    with pytest.raises(NotStoredError) as caught:
        store.keys.revoke("fnlp_secret", actor="t")
    assert "fnlp_secret" not in str(caught.value)
    assert store.audit.page() == []


def test_the_audit_log_is_read_page_by_page(store: Store) -> None:
    for number in range(5):
        store.audit.add("t", "test.act", f"{number}" * 300)
    first = store.audit.page(limit=2)
    second = store.audit.page(limit=3, before=first[-1].id)
    assert [entry.target[0] for entry in first + second] == ["4", "3", "2", "1", "0"]
    assert {len(entry.target) for entry in first} == {200}


def test_a_key_by_the_command_line(tmp_path: Path) -> None:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, arguments, env={"FEEDBACK_DATA_DIR": str(tmp_path / "kept")})

    made = run("keys", "create", "checkout team", "--scope", "score", "--scope", "write", "--days", "30")
    token = made.stdout.strip()
    assert made.stderr == "Keep it now; it is not shown again.\n"
    with Store.open(data_dir=tmp_path / "kept") as store:
        key = KeyTable(store.database).find(token)
    assert key is not None
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - datetime.now(UTC) <= timedelta(days=30)
    prefix = token.rpartition("_")[0]
    listed = run("keys", "list").stdout
    assert re.fullmatch(rf"{prefix}  active   score\+write  used [-0-9TZ:]+  checkout team\n", listed)
    assert token not in listed
    assert run("keys", "revoke", prefix).exit_code == 0
    assert [row["state"] for row in json.loads(run("keys", "list", "--json").stdout)] == ["revoked"]
    log = json.loads(run("audit", "--json").stdout)
    assert [(row["action"], row["target"]) for row in log] == [("key.revoke", prefix), ("key.create", prefix)]
    assert f"key.revoke  {prefix}" in run("audit", "--limit", "1").stdout
    refused = run("keys", "revoke", "nothing")
    assert refused.exit_code == 8
    assert refused.stderr == (
        "feedback-nlp: error: There is no such key. `feedback-nlp keys list` shows all prefixes.\n"
    )
