"""The client against the real application and a real store; refusals and lost answers come from a transport."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api import create_app
from feedback_nlp.client import Client
from feedback_nlp.errors import JobFailedError, ServiceError
from feedback_nlp.jobs import Worker
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.test_models import NEW, follower


@pytest.fixture
def client(own_store: Store) -> Iterator[Client]:
    app = create_app(QUIET.with_changes(store=True), FakeAnalyzer(), own_store)
    worker = Worker(own_store, FakeAnalyzer)
    # Waiting is when the others work.
    with Client(transport=httpx.WSGITransport(app), wait=lambda seconds: work(worker)) as client:
        yield client


def work(worker: Worker) -> None:
    worker.run_one()


def test_texts_are_scored_in_batches_of_a_thousand(client: Client) -> None:
    assert client.score("lovely", id="a")["sentiment"]["label"] == "positive"
    results = list(
        client.score_many(f"lovely {number}" if number % 2 else "declined" for number in range(1001))
    )
    assert [result["sentiment"]["label"] for result in results] == ["negative", "positive"] * 500 + [
        "negative"
    ]


def test_feedback_is_kept_and_comes_back_page_by_page(client: Client) -> None:
    results = list(client.add([{"id": "a", "text": "lovely", "channel": "app"}, "declined", "early"]))
    assert len({result["id"] for result in results}) == 3
    assert [item["text"] for item in client.feedback(limit=1, channel="app")] == ["lovely"]
    assert sorted(item["text"] for item in client.feedback(limit=1)) == ["declined", "early", "lovely"]


def test_a_file_goes_up_and_comes_back_scored(client: Client, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("ref,words\n1,lovely\n2\n3,declined\n")
    job = client.submit(source, mapping={"text": "words"}, spreadsheet_safe=True, idempotency_key="k")
    assert client.submit(source, mapping={"text": "words"}, spreadsheet_safe=True, idempotency_key="k") == job
    assert [found["id"] for found in client.jobs()] == [job["id"]]
    seen: list[str] = []
    done = client.wait_for(job["id"], on_progress=lambda now: seen.append(now["state"]))
    assert (seen, done["rows_rejected"]) == (["queued", "done"], 1)
    with client.download(job["id"], tmp_path / "out.csv").open(newline="") as file:
        assert [row["fb_sentiment"] for row in csv.DictReader(file)] == ["positive", "negative"]
    rejected = client.download(job["id"], tmp_path / "bad.jsonl", part="rejected").read_text()
    assert json.loads(rejected)["line"] == 3
    client.delete_job(job["id"])
    with pytest.raises(ServiceError, match=r"answered 404: There is no such job") as told:
        client.download(job["id"], tmp_path / "again.csv")
    assert told.value.status == 404
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "data", "in.csv", "out.csv"]


def test_a_job_that_was_stopped_is_an_error(client: Client, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nlovely\n")
    job = client.submit(tmp_path / "in.csv")
    assert client.cancel(job["id"])["state"] == "cancelled"
    with pytest.raises(JobFailedError, match="The job cancelled: somebody stopped it"):
        client.wait_for(job["id"])


def scripted(*answers: httpx.Response | Exception) -> tuple[Client, list[httpx.Request], list[float]]:
    """Return a client that gets these answers, what it sent, and how long it waited."""
    sent: list[httpx.Request] = []
    waits: list[float] = []
    rest = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        sent.append(request)
        given = next(rest)
        if isinstance(given, Exception):
            raise given
        return given

    return Client(transport=httpx.MockTransport(answer), wait=waits.append, retries=2), sent, waits


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    later = httpx.Response(503, headers={"Retry-After": "7"})
    client, sent, waits = scripted(later, httpx.Response(429), httpx.Response(200, json={"id": "j"}))
    assert client.job("j") == {"id": "j"}
    assert len(sent) == 3
    assert waits[0] == 7.0
    assert 0.5 <= waits[1] <= 1.0


def test_a_lost_answer_is_asked_for_with_the_same_ids_and_keys(tmp_path: Path) -> None:
    kept = httpx.Response(200, json={"results": []})
    client, sent, _ = scripted(httpx.ReadTimeout("lost"), kept)
    assert list(client.add(["lovely"])) == []
    assert sent[0].content == sent[1].content
    assert json.loads(sent[0].content)["documents"][0]["id"]
    (tmp_path / "in.csv").write_text("text\nlovely\n")
    client, sent, _ = scripted(httpx.ConnectError("gone"), httpx.Response(202, json={"id": "j"}))
    client.submit(tmp_path / "in.csv")
    assert sent[0].headers["Idempotency-Key"] == sent[1].headers["Idempotency-Key"]
    assert all(b"text\nlovely\n" in request.content for request in sent)


@pytest.mark.parametrize(
    ("answers", "words", "status"),
    [
        ([httpx.ConnectError("x")] * 3, r"does not answer \(ConnectError\)", None),
        ([httpx.Response(503)] * 3, "answered 503: Service Unavailable", 503),
        ([httpx.Response(422, json={"detail": "No such field."})], "answered 422: No such field", 422),
    ],
)
def test_tries_end(answers: list[httpx.Response | Exception], words: str, status: int | None) -> None:
    client, _, _ = scripted(*answers)
    with pytest.raises(ServiceError, match=words) as told:
        client.score("lovely")
    assert told.value.status == status


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDBACK_API_KEY", "fnlp_x")
    client, sent, _ = scripted(httpx.Response(200, json={}))
    client.score("lovely")
    assert sent[0].headers["Authorization"] == "Bearer fnlp_x"


def test_waiting_ends_in_time() -> None:
    client, _, _ = scripted(httpx.Response(200, json={"state": "queued"}))
    with pytest.raises(TimeoutError, match="The job is queued after"):
        client.wait_for("j", timeout=-1.0)


def test_models_are_listed_activated_and_rolled_back(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzer = follower(own_store)
    own_store.models.register(NEW)
    app = create_app(QUIET.with_changes(store=True), analyzer, own_store)
    with Client(transport=httpx.WSGITransport(app)) as client:
        assert client.activate_model(str(NEW))["active"]
        assert client.models()["answering"] == str(NEW)
        assert client.roll_back_model()["version"] == "0.0.1"
        monkeypatch.setattr("feedback_nlp.jobs.rescore.is_available", lambda store, entry: True)
        job = client.rescore(str(NEW))
        assert client.diff(job["id"])["state"] == "queued"
    analyzer.close()
