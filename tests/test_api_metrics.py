"""GET /metrics: what is counted, over requests and processes; that no text is in it."""

from __future__ import annotations

import multiprocessing
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from api import create_app
from api.counters import Metrics, render, shared_folder
from api.drift import drift_gauges
from feedback_nlp.profile import LENGTHS, length_class
from feedback_nlp.store import Store
from tests.fake_analyzer import MODEL, QUIET, FakeAnalyzer, build_client
from tests.test_api_server import ask, running_server
from tests.test_docs import blocks

ROOT = Path(__file__).parent.parent
Figures = dict[str, float]


def figures_of(page: bytes) -> Figures:
    """Return every figure by its name and labels, in their order."""
    return {
        sample.name + "".join(f" {label}" for _, label in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_texts_and_what_was_said_of_them_are_counted() -> None:
    client = build_client()
    client.post("/v1/score", json={"text": "Lovely, early, lovely card."})
    documents = [{"text": "declined card"}, {"text": "   "}, {"text": "x" * 50}, {"id": "no text"}]
    client.post("/v1/score/batch", json={"documents": documents})
    figures = figures_of(client.get("/metrics").data)
    expected = {
        "feedback_texts_total ok": 3,
        "feedback_texts_total empty": 1,
        "feedback_sentiment_total positive": 1,
        "feedback_sentiment_total negative": 1,
        "feedback_sentiment_total neutral": 1,
        "feedback_topic_total checkout_payment": 2,
        "feedback_uncertain_total": 1,
        "feedback_length_total 0-19": 2,
        "feedback_length_total 20-39": 1,
        "feedback_length_total 40-79": 1,
        "feedback_batch_texts_count": 2,
        "feedback_batch_texts_sum": 4,
        "feedback_words_total true": 3,
        "feedback_words_total false": 4,
        "feedback_requests_total POST /v1/score 200": 1,
        "feedback_requests_total POST /v1/score/batch 200": 1,
        "feedback_request_seconds_count /v1/score": 1,
        f"feedback_model_info {MODEL.digest} {MODEL.name} {MODEL.version}": 1,
    }
    assert {name: figures.get(name) for name in expected} == expected
    assert not any(name.startswith("feedback_jobs") for name in figures)


def test_neither_texts_nor_paths_of_callers_are_in_it() -> None:
    client = build_client()
    client.post("/v1/score", json={"text": "Rufus ate it", "id": "Rufus-1"})
    client.post("/v1/score", json={"text": "explode Rufus"})
    client.open("/Rufus?name=Rufus", method="RUFUS")
    answer = client.get("/metrics")
    assert "rufus" not in answer.text.lower()
    assert 'feedback_requests_total{method="other",route="none",status="404"} 1.0' in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert client.get("/metrics?name=Rufus").status_code == 422


def test_a_self_test_is_not_a_text() -> None:
    client = build_client()
    client.get("/readyz")
    client.post("/v1/score", json={"text": "lovely words"})
    figures = figures_of(client.get("/metrics").data)
    assert (figures["feedback_words_total true"], figures["feedback_words_total false"]) == (1, 1)


@pytest.fixture
def page(store: Store) -> Iterator[Figures]:
    store.jobs.add("score", owner="a", options={})
    store.jobs.add("score", owner="a", options={})
    assert store.jobs.claim("w", ["score"]) is not None
    client = create_app(replace(QUIET, store=True), FakeAnalyzer(), store).test_client()
    yield figures_of(client.get("/metrics").data)


def test_jobs_are_looked_up(page: Figures) -> None:
    assert page["feedback_store_up"] == 1
    assert page["feedback_jobs score queued"] == 1
    assert page["feedback_jobs score running"] == 1
    assert 0 < page["feedback_job_age_seconds queued"] < 60
    assert 0 < page["feedback_job_age_seconds running"] < 60


def test_a_lost_database_costs_the_jobs_only(tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path) as store:
        client = create_app(
            replace(QUIET, store=True, data_dir=tmp_path), FakeAnalyzer(), store
        ).test_client()
        assert client.get("/metrics").status_code == 200
        store.close()
        (tmp_path / "feedback.sqlite3").unlink()
        (tmp_path / "feedback.sqlite3").mkdir()
        figures = figures_of(client.get("/metrics").data)
    assert figures["feedback_store_up"] == 0
    assert "feedback_build_info" in " ".join(figures)


def test_ended_jobs_are_counted_as_workers_tell() -> None:
    metrics = Metrics()
    metrics.count_event("job taken", {"job": "1"})
    told = {"job": "1", "kind": "score", "state": "done", "rows_scored": 9, "rows_rejected": 1}
    metrics.count_event("job ended", told)
    figures = figures_of(render(metrics))
    assert figures["feedback_jobs_ended_total score done"] == 1
    assert figures["feedback_job_rows_total scored"] == 9
    assert figures["feedback_job_rows_total rejected"] == 1


def test_every_length_falls_into_one_class() -> None:
    assert len({length_class(number) for number in range(LENGTHS[-1] + 1)}) == len(LENGTHS) + 1


def test_two_processes_of_a_server_add_up() -> None:
    with running_server() as (process, address, _):
        for _ in range(30):
            assert ask(address, "lovely")[0] == 200
        # Whoever answers, the figures are those of both.
        for _ in range(6):
            with urllib.request.urlopen(f"{address}metrics", timeout=30) as answer:
                figures = figures_of(answer.read())
            assert figures["feedback_texts_total ok"] == 30
            assert figures["feedback_words_total true"] == 30
            assert figures["feedback_request_seconds_bucket +Inf /v1/score"] == 30
        process.terminate()
        assert process.wait(30) == 0


def test_counts_of_a_process_that_ended_are_kept() -> None:
    fork = multiprocessing.get_context("fork")
    with shared_folder() as folder:
        metrics = Metrics(folder)

        def count(times: int) -> None:
            for _ in range(times):
                metrics.count_request("/", "GET", 200, 0.3)

        for times in (3, 4):
            child = fork.Process(target=count, args=(times,))
            child.start()
            child.join()
        figures = figures_of(render(metrics))
    assert not folder.exists()
    assert figures["feedback_requests_total GET / 200"] == 7
    assert figures["feedback_request_seconds_bucket 0.25 /"] == 0
    assert figures["feedback_request_seconds_bucket 0.5 /"] == 7


def test_every_metric_is_in_the_handbook(page: Figures) -> None:
    metrics = Metrics()
    names = set(re.findall(r"^# HELP (\w+)", render(metrics).decode(), re.MULTILINE))
    names |= {name.split()[0] for name in page}
    names |= {family.name for family in drift_gauges({"kind": {"praise": 1}}, {})}
    handbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `(\w+)`", handbook, re.MULTILINE))
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in names} == known


def test_alert_rules_of_the_handbook_name_what_there_is() -> None:
    handbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `(\w+)`", handbook, re.MULTILINE))
    (written,) = (block for page, block in blocks("yaml") if page == "operations.md" and "alert:" in block)
    rules = yaml.safe_load(written)["groups"][0]["rules"]
    named = {rule["alert"]: set(re.findall(r"feedback_\w+", rule["expr"])) for rule in rules}
    assert len(named) == 5
    assert all(named.values())
    assert set.union(*named.values()) <= known
