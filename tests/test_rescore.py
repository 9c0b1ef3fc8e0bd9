"""Another bundle goes through the history: beside the labels or in their place, once each, whatever is killed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from api import create_app
from feedback_nlp.errors import InputError, JobConflictError, NotStoredError
from feedback_nlp.jobs import Worker
from feedback_nlp.jobs import rescore as module
from feedback_nlp.jobs.diff import DiffTally
from feedback_nlp.jobs.rescore import diff_of, submit_rescore
from feedback_nlp.records import Analysis, ModelId
from feedback_nlp.report.statistics import Estimate, wilson_interval
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import JobRecord
from feedback_nlp.store.values import TopicLabel
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.stores import counted, counted_anew, said
from tests.test_job_faults import Waiting, kill_worker_at

NEW = ModelId("counting", "0.0.2", "ffeeddccbbaa")
HISTORY = {
    "a": "lovely shoes",
    "b": "my card was declined",
    "c": "it is blue, write to ann@example.com",
    "d": "blue, early",
    "e": "Wo bleibt die Lieferung?",
}


def gloomy(text: str, analysis: Analysis) -> Analysis:
    """Say what the newer bundle says: what is blue is negative."""
    changed = replace(analysis, model=NEW)
    return replace(changed, sentiment="negative", kind="complaint") if "blue" in text else changed


class Gloomy(FakeAnalyzer):
    """The newer bundle."""

    model = NEW

    def analyze(self, text: str, **options: Any) -> Analysis:
        return gloomy(text, super().analyze(text, **options))


class GloomyWaiting(Waiting):
    """The same, in a worker that is to be killed."""

    model = NEW

    def analyze(self, text: str, **options: Any) -> Analysis:
        return gloomy(text, super().analyze(text, **options))


@pytest.fixture(autouse=True)
def newer(monkeypatch: pytest.MonkeyPatch) -> Gloomy:
    analyzer = Gloomy()
    monkeypatch.setattr(module, "is_available", lambda store, entry: True)
    monkeypatch.setattr(module, "load_model", lambda store, entry: analyzer)
    return analyzer


def fill(store: Store) -> None:
    store.models.register(FakeAnalyzer.model)
    store.models.register(NEW)
    store.feedback.add([said(id, words) for id, words in HISTORY.items()])


def run(store: Store, **options: Any) -> JobRecord:
    job = submit_rescore(store, str(NEW), **options)
    assert Worker(store, FakeAnalyzer).run_one()
    ended = store.jobs.get(job.id)
    assert ended.state == "done", ended.error
    return ended


def share(count: int, n: int) -> Estimate:
    return Estimate(count / n, *wilson_interval(count, n), n)


def test_the_diff_tells_what_would_change_and_nothing_does(store: Store) -> None:
    fill(store)
    before = [(one.id, one.sentiment, one.kind) for one in store.feedback.walk()]
    job = run(store)
    assert job.result == {
        "rows_read": 5, "rows_scored": 5, "rows_rejected": 0, "model": str(NEW), "applied": False, "compared": 5,
        "changed": {"sentiment": 2, "kind": 2, "topics": 0, "status": 0},
    }  # fmt: skip
    assert [(one.id, one.sentiment, one.kind) for one in store.feedback.walk()] == before
    assert [one.model for _, one in store.feedback.analyses("c")] == [FakeAnalyzer.model, NEW]
    diff = diff_of(store, job.id)
    assert (diff.rows, diff.compared, diff.before) == (5, 5, {str(FakeAnalyzer.model): 5})
    sentiment, kind, topics, status = diff.tasks
    assert (sentiment.count, sentiment.changed) == (2, share(2, 4))
    assert [(one.before, one.after, one.count, one.share) for one in sentiment.changes] == [
        ("neutral", "negative", 1, share(1, 4)),
        ("positive", "negative", 1, share(1, 4)),
    ]
    assert [one.id for one in store.feedback.get_many(sentiment.changes[0].examples)] == ["c"]
    assert [(one.before, one.after) for one in kind.changes] == [("praise", "complaint")]
    assert (topics.changes, status.changes, status.changed.n) == ((), (), 5)


def test_applied_its_labels_count_and_people_keep_the_last_word(store: Store, newer: Gloomy) -> None:
    fill(store)
    store.corrections.add("c", {"sentiment": "mixed"})
    run(store)
    newer.batches.clear()
    job = run(store, apply=True)
    assert newer.batches == []  # all of it was analysed before
    assert diff_of(store, job.id).tasks[0].count == 2
    found = {one.id: (one.sentiment, one.kind, one.analysis.model) for one in store.feedback.walk()}
    assert found["c"] == ("mixed", "complaint", NEW)
    assert found["d"] == ("negative", "complaint", NEW)
    assert found["b"] == ("negative", "complaint", NEW)
    assert store.feedback.get("b").topics == (TopicLabel("checkout_payment", "negative"),)
    assert counted(store) == counted_anew(store)
    again = diff_of(store, run(store).id)
    assert (again.rows, again.compared) == (5, 0)
    assert again.tasks[0].changed == Estimate(0.0, 0.0, 1.0, 0)


class Meddling(Gloomy):
    """Something happens to the history while it is analysed."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def analyze_many(self, texts: Iterable[str], **options: Any) -> Iterator[Analysis]:
        self._store.feedback.add([said("a", "declined, refund")])
        self._store.deletions.feedback("b", "eve")
        return super().analyze_many(texts, **options)


def test_what_is_revised_or_deleted_meanwhile_stays_as_it_is(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    monkeypatch.setattr(module, "load_model", lambda store, entry: Meddling(store))
    run(store, apply=True)
    one = store.feedback.get("a")
    assert (one.revision, one.sentiment, one.analysis.model) == (2, "negative", FakeAnalyzer.model)
    assert [revision for revision, said in store.feedback.analyses("a") if said.model == NEW] == []
    assert store.feedback.get("d").analysis.model == NEW
    assert counted(store) == counted_anew(store)


def test_a_killed_worker_loses_no_row_and_doubles_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 10)
    for place in ("worker", "run"):  # a lost worker is known sooner than in earnest
        monkeypatch.setattr(f"feedback_nlp.jobs.{place}.LEASE_SECONDS", 1.5)
    store.models.register(NEW)
    words = [f"blue {number}" if number % 3 else f"lovely {number}" for number in range(50)]
    store.feedback.add([said(f"{number}", text) for number, text in enumerate(words)])
    job = submit_rescore(store, str(NEW), apply=True)
    kill_worker_at(store, words[25], GloomyWaiting)
    assert diff_of(store, job.id).rows == 20
    other, killed = Worker(store, Gloomy), time.monotonic()
    while not other.run_one():
        assert time.monotonic() - killed < 10.0
    assert store.jobs.get(job.id).rows_read == 50
    diff = diff_of(store, job.id)
    assert (diff.rows, diff.compared, diff.tasks[0].count) == (50, 50, 33)
    assert all(len(store.feedback.analyses(f"{number}")) == 2 for number in range(50))
    assert {one.analysis.model for one in store.feedback.walk()} == {NEW}
    assert counted(store) == counted_anew(store)


def test_a_chunk_that_another_worker_stored_is_not_stored_again(store: Store) -> None:
    fill(store)
    key = store.models.get(str(NEW)).key
    job = submit_rescore(store, str(NEW))
    texts = store.rescoring.texts(key, 0, 10, 10)
    given = [(text, Gloomy().analyze(text.text)) for text in texts]
    part = DiffTally().to_json() | {"last": 5}
    assert store.rescoring.keep(job.id, 0, key, given, part, apply=False)
    assert not store.rescoring.keep(job.id, 0, key, given, part, apply=True)
    assert store.feedback.get("d").sentiment == "positive"
    assert Worker(store, FakeAnalyzer).run_one()
    assert store.jobs.get(job.id).rows_read == 5


def test_tallies_add_up_and_keep_five_examples() -> None:
    whole, parts = DiffTally(), DiffTally()
    for start in (0, 4):
        part = DiffTally()
        for key in range(start, start + 4):
            before, after = FakeAnalyzer().analyze("card is blue"), Gloomy().analyze("a blue one")
            whole.add(key, before, after)
            part.add(key, before, after)
        parts.add_json(part.to_json())
    assert parts.diff() == whole.diff()
    topics = whole.diff().tasks[2]
    assert [(one.before, one.after, one.count, one.examples) for one in topics.changes] == [
        ("checkout_payment", None, 8, (0, 1, 2, 3, 4))
    ]


def test_what_cannot_be_rescored_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    with pytest.raises(NotStoredError, match="There is no model 'nothing'"):
        submit_rescore(store, "nothing")
    first = submit_rescore(store, str(NEW), idempotency_key="k")
    assert submit_rescore(store, str(NEW), idempotency_key="k") == first
    with pytest.raises(JobConflictError):
        submit_rescore(store, str(NEW), apply=True, idempotency_key="k")
    monkeypatch.setattr(module, "is_available", lambda store, entry: False)
    with pytest.raises(InputError, match=r"0\.0\.2\+ffeeddccbbaa is not available\. Nothing was queued"):
        submit_rescore(store, str(NEW))
    assert len(store.jobs.list()) == 1


# -- the API


@pytest.fixture
def client(store: Store) -> FlaskClient:
    fill(store)
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), store).test_client()


def test_a_rescoring_is_asked_for_watched_and_read(client: FlaskClient, store: Store) -> None:
    answer = client.post("/v1/rescore", json={"model": "counting@0.0.2"})
    assert answer.status_code == 202
    place = answer.headers["Location"]
    assert client.get(f"{place}/diff").get_json()["rows"] == 0
    Worker(store, FakeAnalyzer).run_one()
    assert client.get(place).get_json()["state"] == "done"
    body = client.get(f"{place}/diff").get_json()
    assert (body["state"], body["model"], body["applied"], body["compared"]) == ("done", str(NEW), False, 5)
    sentiment = body["tasks"][0]
    assert (sentiment["task"], sentiment["changed"]["count"], sentiment["changed"]["share"]) == (
        "sentiment", 2, 0.5,
    )  # fmt: skip
    first = sentiment["changes"][0]
    assert (first["before"], first["after"], first["count"]) == ("neutral", "negative", 1)
    (example,) = first["examples"]
    assert example["id"] == "c"
    assert example["text"].startswith("it is blue, write to ")
    assert "ann@example.com" not in example["text"]
    client.delete("/v1/feedback/c")
    assert client.get(f"{place}/diff").get_json()["tasks"][0]["changes"][0]["examples"] == []


def test_only_rescorings_have_a_diff(client: FlaskClient, store: Store) -> None:
    job = store.jobs.add("score")[0]
    answer = client.get(f"/v1/jobs/{job.id}/diff")
    assert (answer.status_code, answer.get_json()["detail"][:22]) == (404, "This job has no diff. ")
    assert client.post("/v1/rescore", json={"model": "x@1"}).status_code == 404
    assert client.post("/v1/rescore", json={"apply": True}).status_code == 422
