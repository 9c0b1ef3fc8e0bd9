"""Uploading a file on a page: from the form to the report."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.hooks import SCRIPT_PAGE_POLICY
from feedback_nlp.jobs import JobFiles, Worker
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer

EXPORT = (
    b"nr,text,created_at\n1,a lovely tent,2026-06-01\n2\n3,my card was declined <b>twice</b>,2026-06-02\n"
)


@pytest.fixture
def client(own_store: Store) -> FlaskClient:
    return create_app(replace(QUIET, store=True), FakeAnalyzer(), own_store).test_client()


def upload(
    client: FlaskClient, content: bytes = EXPORT, name: str = "export.csv", **fields: str
) -> TestResponse:
    return client.post("/files", data={"file": (io.BytesIO(content), name), **fields})


def shown(client: FlaskClient, place: str) -> str:
    answer = client.get(place)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Security-Policy"] == SCRIPT_PAGE_POLICY
    return answer.text


def test_a_file_is_uploaded_watched_and_reported(client: FlaskClient, own_store: Store) -> None:
    answer = upload(client, keep="yes")
    assert answer.status_code == 303
    place = answer.headers["Location"]
    waiting = shown(client, place)
    assert "<h1>Waiting</h1>" in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert Worker(own_store, FakeAnalyzer).run_one()
    done = shown(client, place)
    assert "<script" not in done
    assert "3 rows read: 2 scored, 1 could not be read." in done
    links = dict(
        re.findall(
            r'href="([^"]+)">(Read the report|Explore the texts|Download the scored|Download what)', done
        )
    )
    assert sorted(links.values()) == [
        "Download the scored",
        "Download what",
        "Explore the texts",
        "Read the report",
    ]
    for link in links:
        with client.get(link) as opened:
            assert opened.status_code == 200
            assert opened.data is not None
    assert "1 – 2 June 2026 · 2 texts" in client.get("/overview").text
    assert "&lt;b&gt;twice&lt;/b&gt;" in client.get("/explore").text
    assert re.search(r"<td>done</td><td>3</td><td>1</td>", shown(client, "/files"))


def test_a_file_that_is_only_scored_is_not_kept(client: FlaskClient, own_store: Store) -> None:
    place = upload(client).headers["Location"]
    assert Worker(own_store, FakeAnalyzer).run_one()
    assert "Read the report" not in shown(client, place)
    assert own_store.counts.days() is None


def test_a_file_that_waits_is_stopped(client: FlaskClient) -> None:
    place = upload(client).headers["Location"]
    assert client.post(f"{place}/cancel").headers["Location"] == place
    assert "<h1>Stopped</h1>" in shown(client, place)


def test_what_is_wrong_is_said_on_the_form_and_nothing_stays(client: FlaskClient, own_store: Store) -> None:
    cases = [
        (upload(client, b"", ""), "Choose a file first."),
        (upload(client, EXPORT, "export.doc"), "ending"),
        (upload(client, b"nr,count\n1,2\n"), "column"),
        (upload(client, text="remarks"), "remarks"),
    ]
    for answer, words in cases:
        assert 400 <= answer.status_code < 500
        fault = re.search(r'<p id="fault"[^>]*>([^<]+)</p>', answer.text)
        assert fault is not None, answer.text
        assert words in fault[1]
    assert 'name="text" maxlength="200" value="remarks"' in cases[-1][0].text
    assert own_store.jobs.list() == []
    assert [path for path in JobFiles(own_store.data_dir).root.rglob("*") if path.is_file()] == []


def test_columns_can_be_named(client: FlaskClient, own_store: Store) -> None:
    place = upload(client, b"nr,remarks\n7,lovely\n", text="remarks", id="nr", keep="yes").headers["Location"]
    assert Worker(own_store, FakeAnalyzer).run_one()
    assert "<h1>Done</h1>" in shown(client, place)
    assert own_store.feedback.get("7").text == "lovely"


def test_there_is_no_page_of_a_job_that_is_none(client: FlaskClient) -> None:
    assert client.get("/files/nonesuch").status_code == 404


def corrected(client: FlaskClient, key: int, **form: str) -> TestResponse:
    return client.post(f"/explore/{key}/correct", data={"revision": "1", **form})


def test_a_correction_counts_at_once(client: FlaskClient, own_store: Store) -> None:
    upload(client, b"id,text,created_at\n7,my card was declined,2026-06-01\n", keep="yes")
    assert Worker(own_store, FakeAnalyzer).run_one()
    stored = own_store.feedback.get("7")
    assert "Is this right?" in client.get(f"/explore/{stored.key}").text
    unchanged = {"sentiment": "negative", "kind": "complaint", "topic:checkout_payment": "negative"}
    assert corrected(client, stored.key, **unchanged).status_code == 303
    assert own_store.corrections.of("7") == []
    answer = corrected(
        client, stored.key, sentiment="neutral", kind="question", **{"topic:delivery": "mixed"}
    )
    assert answer.headers["Location"] == f"/explore/{stored.key}"
    counts = own_store.feedback.get("7")
    assert (counts.sentiment, counts.kind, counts.analysis.sentiment) == ("neutral", "question", "negative")
    assert [(label.topic, label.sentiment) for label in counts.topics] == [("delivery", "mixed")]
    shown = client.get(f"/explore/{stored.key}").text
    assert "A person corrected: sentiment, kind, topics. The model said negative, complaint." in shown
    assert "1 text<" in client.get("/explore?corrected=yes").text
    assert {one.reviewer for one in own_store.corrections.of("7")} == {"local"}
    for wrong in ({"revision": "x"}, {"sentiment": "angry"}, {"revision": "2"}):
        assert 400 <= corrected(client, stored.key, **wrong).status_code < 500


def test_a_label_is_confirmed(client: FlaskClient, own_store: Store) -> None:
    upload(client, b"id,text\n7,lovely\n", keep="yes")
    assert Worker(own_store, FakeAnalyzer).run_one()
    assert corrected(client, own_store.feedback.get("7").key, confirm="yes").status_code == 303
    confirmed = {one.field: one.value for one in own_store.corrections.of("7")}
    assert confirmed == {"sentiment": "positive", "kind": "praise"}
