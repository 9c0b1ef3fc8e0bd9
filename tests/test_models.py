"""Bundles are taken in whole, activated only if they load, and followed by every process."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from api import create_app
from feedback_nlp.bundle import manifest_digest, shipped_bundle_path
from feedback_nlp.cli import commands
from feedback_nlp.errors import BundleDigestError, BundleError, InputError, NotStoredError
from feedback_nlp.records import ModelId
from feedback_nlp.store import Store, following
from feedback_nlp.store.bundles import (
    activate_model,
    adopt_bundle,
    find_bundles,
    is_available,
    load_model,
    roll_back_model,
)
from feedback_nlp.store.following import ActiveAnalyzer
from feedback_nlp.store.model_values import ModelEntry
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import said

OLD = FakeAnalyzer.model
NEW = ModelId("counting", "0.0.2", "ffeeddccbbaa")


class Newer(FakeAnalyzer):
    """Another bundle."""

    model = NEW


def load_fake(store: Store, entry: ModelEntry) -> FakeAnalyzer:
    if entry.digest not in (OLD.digest, NEW.digest):
        raise BundleError("It is damaged.")
    return Newer() if entry.digest == NEW.digest else FakeAnalyzer()


def make_bundle(folder: Path, version: str) -> str:
    """Write the shipped bundle under another version; return its digest."""
    shutil.copytree(shipped_bundle_path(), folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | {"version": version}
    manifest["digest"] = manifest_digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return str(manifest["digest"])


# -- bundles on disk


def test_a_bundle_is_taken_in_activated_and_rolled_back(own_store: Store, tmp_path: Path) -> None:
    store = own_store
    digest = make_bundle(tmp_path / "new", "1.1.0")
    shipped = store.models.start_with(ModelId("commerce-en", "1.0.0", load_digest(shipped_bundle_path())))
    entry = adopt_bundle(store, tmp_path / "new", actor="eve")
    assert (entry.name, entry.version, entry.active) == ("commerce-en", "1.1.0", False)
    assert adopt_bundle(store, tmp_path / "new", actor="eve") == entry
    shutil.rmtree(tmp_path / "new")
    assert load_model(store, entry).model == ModelId("commerce-en", "1.1.0", digest)
    assert activate_model(store, "commerce-en@1.1.0", actor="eve").active
    assert store.models.active() == store.models.get(entry.model)
    assert roll_back_model(store, actor="bob").model == shipped.model
    assert [(one.model, one.actor, one.reason) for one in store.models.history()] == [
        (shipped.model, "bob", "rollback"),
        (entry.model, "eve", "activate"),
        (shipped.model, "start", "start"),
    ]
    acts = [(one.actor, one.action) for one in store.audit.page()]
    assert acts == [
        ("bob", "model.rollback"), ("eve", "model.activate"), *[("eve", "model.add")] * 2, ("start", "model.start"),
    ]  # fmt: skip


def load_digest(folder: Path) -> str:
    return str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["digest"])


def test_a_damaged_bundle_is_neither_taken_in_nor_activated(own_store: Store, tmp_path: Path) -> None:
    make_bundle(tmp_path / "new", "1.1.0")
    entry = adopt_bundle(own_store, tmp_path / "new", actor="eve")
    (tmp_path / "new" / "heads.json").write_text("{}")
    shutil.rmtree(own_store.data_dir / "models")
    with pytest.raises(BundleDigestError):
        adopt_bundle(own_store, tmp_path / "new", actor="eve")
    assert not list(own_store.data_dir.glob("models/*"))
    assert not is_available(own_store, entry)
    with pytest.raises(
        InputError, match=r"cannot be activated: model bundle not found\. Nothing was changed"
    ):
        activate_model(own_store, entry.model, actor="eve")
    assert own_store.models.active() is None
    with pytest.raises(NotStoredError, match="No other model was active"):
        roll_back_model(own_store, actor="eve")


def test_folders_laid_into_the_data_folder_are_found_and_halves_are_not(own_store: Store) -> None:
    root = own_store.data_dir / "models"
    make_bundle(root / "laid", "2.0.0")
    make_bundle(root / ".half.partial", "3.0.0")
    (root / "broken").mkdir()
    (root / "broken" / "manifest.json").write_text("{")
    make_bundle(root / "odd", "../../4")
    assert [entry.version for entry in find_bundles(own_store)] == ["2.0.0"]
    assert [entry.version for entry in find_bundles(own_store)] == ["2.0.0"]
    assert own_store.models.list()[0].path == "models/laid"


def test_a_bundle_in_the_place_of_another_is_not_taken_for_it(own_store: Store) -> None:
    old = own_store.models.register(ModelId("commerce-en", "0.9.0", "0123456789abcdef"))
    assert not is_available(own_store, old)
    with pytest.raises(BundleError, match=r"commerce-en@0\.9\.0\+0123456789ab is not here any more"):
        load_model(own_store, old)


# -- following


def follower(store: Store, on_event: Any = None) -> ActiveAnalyzer:
    made = ActiveAnalyzer(lambda: store, FakeAnalyzer(), load=load_fake, on_event=on_event)
    made.start()
    return made


def test_a_process_follows_by_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "CHECK_SECONDS", 0.01)
    changed = threading.Event()
    analyzer = follower(store, lambda name, said: changed.set())
    assert analyzer.analyze("lovely").model == OLD
    store.models.register(NEW)
    store.models.activate(str(NEW), "eve")
    assert changed.wait(10.0)
    assert next(analyzer.analyze_many(["lovely"])).model == NEW
    assert analyzer.model == NEW
    analyzer.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_processes_of_a_server_follow_what_another_process_activates(own_store: Store) -> None:
    analyzer = follower(own_store)
    own_store.models.register(NEW)
    own_store.close()  # connections do not go over a fork
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, analyzer.analyze("lovely").model.version.encode())
            while analyzer.model == OLD:
                threading.Event().wait(0.01)
            os.write(write, analyzer.analyze("lovely").model.version.encode())
        finally:
            os._exit(0)
    try:
        assert os.read(read, 10) == b"0.0.1"
        own_store.models.activate(str(NEW), "eve")
        assert select.select([read], [], [], 20)[0]
        assert os.read(read, 10) == b"0.0.2"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read)
        os.close(write)


def test_what_cannot_be_loaded_changes_nothing_and_is_told_once(own_store: Store) -> None:
    events: list[tuple[str, Mapping[str, Any]]] = []
    analyzer = follower(own_store, lambda name, said: events.append((name, said)))
    gone = own_store.models.register(ModelId("gone", "1", "00"))
    own_store.models.activate(gone.model, "eve")
    assert [analyzer.latest().model for _ in range(3)] == [OLD] * 3
    said = {"reason": "Unusable model bundle", "answering": str(OLD), "model": gone.model}
    assert events == [("active model refused", said)]
    own_store.models.roll_back("eve")
    assert analyzer.latest().model == OLD


def test_an_upgrade_of_the_shipped_bundle_is_taken_over_and_a_choice_is_kept(own_store: Store) -> None:
    follower(own_store)
    newer = ActiveAnalyzer(lambda: own_store, Newer(), load=load_fake)
    newer.start()
    assert newer.latest().model == NEW
    own_store.models.activate(str(OLD), "eve")
    newer.start()
    assert newer.latest().model == OLD


# -- the API


@pytest.fixture
def client(store: Store) -> Iterator[FlaskClient]:
    analyzer = follower(store)
    yield create_app(replace(QUIET, store=True), analyzer, store).test_client()
    analyzer.close()


def test_bundles_are_listed_activated_and_rolled_back(client: FlaskClient, store: Store) -> None:
    other = follower(store)
    store.models.register(NEW, "models/new", {"accuracy": 0.9})
    body = client.get("/v1/models").get_json()
    assert (body["active"], body["answering"]) == (str(OLD), str(OLD))
    assert [(one["model"], one["active"], one["available"], one["metrics"]) for one in body["models"]] == [
        (str(NEW), False, False, {"accuracy": 0.9}),
        (str(OLD), True, False, {"accuracy": 0.5}),
    ]
    activated = client.post(f"/v1/models/{NEW.name}@{NEW.version}/activate")
    assert (activated.status_code, activated.get_json()["active"]) == (200, True)
    answer = client.post("/v1/feedback", json={"text": "lovely"}).get_json()
    assert answer["results"][0]["feedback"]["analysis"]["model"]["version"] == "0.0.2"
    assert client.get("/v1/models").get_json()["answering"] == str(NEW)
    assert other.latest().model == NEW
    assert client.post("/v1/models/rollback").get_json()["model"] == str(OLD)
    history = client.get("/v1/models").get_json()["history"]
    assert [(one["model"], one["actor"], one["reason"]) for one in history] == [
        (str(OLD), "local", "rollback"),
        (str(NEW), "local", "activate"),
        (str(OLD), "start", "start"),
    ]


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("nothing@1/activate", 404, "There is no model 'nothing@1'."),
        ("broken@1/activate", 422, "cannot be activated: unusable model bundle. Nothing was changed."),
        ("rollback", 404, "No other model was active before this one."),
    ],
)
def test_what_cannot_be_activated_is_refused(
    client: FlaskClient, store: Store, path: str, status: int, detail: str
) -> None:
    store.models.register(ModelId("broken", "1", "77"))
    answer = client.post(f"/v1/models/{path}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert detail in answer.get_json()["detail"]
    assert client.get("/v1/models").get_json()["active"] == str(OLD)


# -- the command line


def test_bundles_by_the_command_line(own_store: Store, tmp_path: Path) -> None:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, arguments, env={"FEEDBACK_DATA_DIR": str(own_store.data_dir)})

    own_store.feedback.add([said("a", "lovely shoes"), said("b", "awful, my card was declined twice")])
    digest = make_bundle(tmp_path / "new", "1.1.0")
    name = f"commerce-en@1.1.0+{digest[:12]}"
    assert run("models", "add", str(tmp_path / "new")).stdout == f"{name}\n"
    assert run("models", "list").stdout == f"  {name}\n  {OLD}  not available\n"
    shown = run("rescore", "commerce-en@1.1.0")
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.splitlines()[:2] == [
        "2 texts, 2 of them had labels of another bundle",
        "sentiment: 0 changed",
    ]
    assert own_store.feedback.get("a").analysis.model == OLD
    applied = json.loads(run("rescore", name, "--apply", "--json").stdout)
    assert (applied["applied"], applied["compared"]) == (True, 2)
    assert str(own_store.feedback.get("a").analysis.model) == name
    activated = run("models", "activate", name)
    assert (activated.exit_code, activated.stderr) == (0, f"Active: {name}\n")
    assert [row["active"] for row in json.loads(run("models", "list", "--json").stdout)] == [True, False]
    refused = run("models", "rollback")
    assert refused.exit_code == 8
    assert refused.stderr == (
        "feedback-nlp: error: No other model was active before this one. Activate one by name.\n"
    )
