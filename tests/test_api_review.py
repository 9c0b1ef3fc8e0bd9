"""/v1/review, /v1/corrections and `feedback-nlp corrections`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from api import create_app
from feedback_nlp.cli import commands
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import said

HELLO = [said("a", "it is blue"), said("b", "lovely card"), said("c", "my card was declined", rating=5.0)]


@pytest.fixture
def filled(tmp_path: Path, sqlite_file: Path) -> Iterator[Store]:
    (tmp_path / sqlite_file.name).write_bytes(sqlite_file.read_bytes())
    with Store.open(data_dir=tmp_path) as store:
        store.feedback.add(HELLO)
        yield store


@pytest.fixture
def client(filled: Store) -> FlaskClient:
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), filled).test_client()


def test_the_queue_is_filled_listed_and_answered(client: FlaskClient, filled: Store) -> None:
    assert client.get("/v1/review").json == {"items": [], "counts": {}}
    assert client.post("/v1/review", json={"size": 5}).json == {"added": 5}
    waiting = client.get("/v1/review?limit=500").json
    assert waiting is not None
    assert waiting["counts"] == {
        "conflict": {"open": 1, "done": 0},
        "random": {"open": 3, "done": 0},
        "uncertain": {"open": 1, "done": 0},
    }
    first = next(item for item in waiting["items"] if item["feedback"]["id"] == "c")
    answer = client.post(
        f"/v1/review/{first['item']}",
        json={"revision": 1, "sentiment": "mixed", "kind": "question", "topics": [{"topic": "delivery"}]},
    )
    assert answer.json is not None
    assert (answer.json["sentiment"], answer.json["kind"]) == ("mixed", "question")
    assert answer.json["topics"] == [{"topic": "delivery", "sentiment": None}]
    assert {one.reviewer for one in filled.corrections.of("c")} == {"local"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"revision": 2, "sentiment": "mixed"}, 422),
        ({"revision": 1}, 422),
        ({"revision": 1, "sentiment": "angry"}, 422),
        ({"revision": 1, "topics": [{"topic": ""}]}, 422),
        ({"sentiment": "mixed"}, 422),
    ],
)
def test_answers_that_cannot_be_are_refused(
    client: FlaskClient, filled: Store, body: dict[str, object], status: int
) -> None:
    filled.review.draw(1)
    item = filled.review.open()[0].key
    answer = client.post(f"/v1/review/{item}", json=body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert client.post("/v1/review/999", json={"revision": 1, "kind": "praise"}).status_code == 404
    assert len(filled.review.open()) == 1


def test_quality_comes_with_intervals(client: FlaskClient, filled: Store) -> None:
    assert client.get("/v1/review/quality").json == {"reviewed": 0, "labels": []}
    filled.review.draw(10)
    for item in filled.review.open():
        filled.review.answer(item.key, {"kind": "praise"})
    found = client.get("/v1/review/quality").json
    assert found is not None
    assert found["reviewed"] == 3
    assert found["labels"] == [
        {
            "field": "kind",
            "label": "complaint",
            "precision": {"value": 0.0, "low": 0.0, "high": 0.7935, "n": 1},
            "recall": None,
        },
        {
            "field": "kind",
            "label": "praise",
            "precision": {"value": 1.0, "low": 0.3424, "high": 1.0, "n": 2},
            "recall": {"value": 0.6667, "low": 0.2077, "high": 0.9385, "n": 3},
        },
    ]


def test_corrections_go_out_and_come_in(client: FlaskClient, filled: Store) -> None:
    filled.corrections.add("b", {"sentiment": "negative", "topics": []}, reviewer="=eve")
    table = client.get("/v1/corrections?format=csv")
    assert table.text.splitlines()[0].startswith("feedback_id,text_digest,revision,field,value")
    assert len(table.text.splitlines()) == 3
    rows = [json.loads(line) for line in client.get("/v1/corrections").text.splitlines()]
    assert [row["value"] for row in rows] == ["negative", []]
    filled.corrections.withdraw("b")
    answer = client.post(
        "/v1/corrections",
        json={"corrections": [*rows, {"feedback_id": "a", "field": "kind", "value": "question"}, {}]},
    )
    assert answer.json == {
        "added": 1,
        "unchanged": 2,
        "rejected": [{"line": 4, "reason": "The row lacks feedback_id."}],
    }
    assert filled.feedback.get("a").kind == "question"
    assert client.get("/v1/corrections?format=xlsx").status_code == 422


def test_the_command_writes_and_reads_files(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDBACK_DATA_DIR", str(filled.data_dir))
    filled.corrections.add("b", {"sentiment": "negative"})
    run = CliRunner().invoke
    for name in ("out.csv", "out.jsonl"):
        file = str(tmp_path / name)
        assert run(commands, ["corrections", "export", "-o", file]).stderr == "1 corrections written.\n"
        again = run(commands, ["corrections", "import", file])
        assert again.stderr == "0 added, 1 there already, 0 refused.\n"
    printed = run(commands, ["corrections", "export"]).stdout
    assert json.loads(printed)["feedback_id"] == "b"
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == printed
    wrong = run(
        commands,
        ["corrections", "import", "-", "--format", "csv"],
        input="feedback_id,field,value\nz,kind,x\n",
    )
    assert wrong.stderr.splitlines() == [
        "0 added, 0 there already, 1 refused.",
        "line 2: There is no feedback with this id.",
    ]
    assert run(commands, ["corrections", "import", str(tmp_path / "none.csv")]).exit_code == 3
    (tmp_path / "latin.csv").write_bytes(b"feedback_id\xe4\n")
    assert run(commands, ["corrections", "import", str(tmp_path / "latin.csv")]).exit_code == 3
