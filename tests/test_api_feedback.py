"""/v1/feedback and /v1/customers: kept once, found, exported, deleted."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.feedback_schemas import DeletionReceipt, ExportResponse, FeedbackItem, FeedbackPage, StoredResults
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer, build_client

KEEPING = replace(QUIET, store=True)


def client_of(store: Store, settings: Settings = KEEPING) -> FlaskClient:
    return create_app(settings, FakeAnalyzer(), store).test_client()


@pytest.fixture
def client(store: Store) -> FlaskClient:
    return client_of(store)


def add(client: FlaskClient, *documents: Any, status: int = 201) -> list[dict[str, Any]]:
    response = client.post("/v1/feedback", json={"documents": list(documents)})
    assert response.status_code == status, response.text
    StoredResults.model_validate_json(response.data)
    return list(response.get_json()["results"])


def listed(client: FlaskClient, **query: Any) -> list[str]:
    response = client.get("/v1/feedback", query_string=query)
    assert response.status_code == 200, response.text
    return [item["id"] for item in FeedbackPage.model_validate_json(response.data).model_dump()["items"]]


def errors_of(response: TestResponse) -> list[Any]:
    assert response.content_type == "application/problem+json"
    return [error["loc"] for error in response.get_json()["errors"]]


ADA = {
    "id": "T-1",
    "text": "My card was declined.",
    "created_at": "2025-03-01T13:00:00+01:00",
    "channel": "app",
    "product": "shoes",
    "customer_ref": "C/17 é",
    "rating": 5,
}


def test_one_document_is_analysed_and_kept(client: FlaskClient) -> None:
    response = client.post("/v1/feedback", json=ADA)
    assert response.status_code == 201
    (result,) = StoredResults.model_validate_json(response.data).results
    assert (result.id, result.outcome, result.revision, result.error) == ("T-1", "created", 1, None)
    one = result.feedback
    assert one is not None
    assert one.analysis.sentiment is not None
    assert (one.text, one.created_at, one.customer_ref) == (
        ADA["text"],
        "2025-03-01T12:00:00+00:00",
        "C/17 é",
    )
    assert (one.sentiment, one.kind, one.analysis.sentiment.label) == ("negative", "complaint", "negative")
    assert one.analysis.flags == ["rating_text_mismatch"]
    read = FeedbackItem.model_validate_json(client.get("/v1/feedback/T-1").data)
    assert read.model_dump(exclude={"revisions", "corrections"}) == one.model_dump()
    assert (read.revisions, read.corrections) == ([], [])


def test_a_repeated_request_changes_nothing(client: FlaskClient) -> None:
    add(client, ADA, {"id": "T-2", "text": "lovely"})
    again = add(client, ADA, {"id": "T-2", "text": "lovely"}, status=200)
    assert [result["outcome"] for result in again] == ["unchanged", "unchanged"]
    assert len(listed(client)) == 2


def test_another_text_is_a_revision(client: FlaskClient) -> None:
    add(client, ADA)
    (result,) = add(client, {"id": "T-1", "text": "All is lovely now."}, status=200)
    assert (result["outcome"], result["revision"]) == ("revised", 2)
    item = client.get("/v1/feedback/T-1").get_json()
    assert (item["sentiment"], item["channel"]) == ("positive", None)
    assert [(old["revision"], old["text"]) for old in item["revisions"]] == [(1, ADA["text"])]


def test_a_bad_document_costs_no_other(client: FlaskClient) -> None:
    results = add(
        client,
        {"id": "a", "text": "lovely"},
        {"id": "b"},
        "lovely",
        {"id": "d", "text": "x", "created_at": 5},
        {"id": "e", "text": "x" * 100_001},
        {"text": "declined"},
    )
    assert [result["outcome"] for result in results] == ["created", *["rejected"] * 4, "created"]
    assert [(result["id"], result["error"]["status"]) for result in results[1:5]] == [
        ("b", 422), (None, 422), ("d", 422), ("e", 413),
    ]  # fmt: skip
    assert results[5]["id"].startswith("fb-")
    assert len(listed(client)) == 2


@pytest.mark.parametrize(
    ("sent", "places"),
    [
        ({}, [["text"]]),
        ({"text": "x", "txt": "y"}, [["txt"]]),
        ({"text": 5}, [["text"]]),
        ({"text": "\ud800"}, [["text"]]),
        ({"text": "x", "id": ""}, [["id"]]),
        ({"text": "x", "rating": 9}, [["rating"]]),
        ({"text": "x", "created_at": "yesterday"}, [["created_at"]]),
        ({"text": "x", "created_at": "0001-01-01T00:00:00+14:00"}, [["created_at"]]),
        ({"documents": 5}, [["documents"]]),
        ({"documents": [], "text": "x"}, [["text"]]),
    ],
)
def test_a_bad_request_is_refused_with_its_place(sent: Any, places: list[Any]) -> None:
    response = build_client().post("/v1/feedback", json=sent)
    assert response.status_code == 422
    assert errors_of(response) == places


def test_too_many_documents_are_413() -> None:
    response = build_client().post("/v1/feedback", json={"documents": [{"text": "x"}] * 1001})
    assert response.status_code == 413


def test_filters_search_pages_and_counts(client: FlaskClient) -> None:
    add(client, ADA, *({"id": f"{n}", "text": "lovely", "created_at": f"2025-04-0{n}"} for n in range(1, 6)))
    assert listed(client, sentiment="negative") == ["T-1"]
    assert listed(client, topic="checkout_payment", topic_sentiment="negative") == ["T-1"]
    assert listed(client, q="cards") == ["T-1"]
    assert listed(client, customer_ref="C/17 é", mismatch="true") == ["T-1"]
    assert listed(client, since="2025-04-02", until="2025-04-04T00:00:00Z") == ["3", "2"]
    assert listed(client, uncertain="true", corrected="false", status="ok") == []
    first = client.get("/v1/feedback", query_string={"limit": 2, "count": "true"}).get_json()
    assert [item["id"] for item in first["items"]] == ["5", "4"]
    assert (first["count"], first["count_is_capped"]) == (6, False)
    assert listed(client, limit=100, cursor=first["next"]) == ["3", "2", "1", "T-1"]


@pytest.mark.parametrize(
    "query",
    [
        {"sentimnt": "negative"},
        {"sentiment": "angry"},
        {"limit": "0"},
        {"limit": "many"},
        {"since": "soon"},
        {"uncertain": "perhaps"},
        {"cursor": "nonsense"},
        {"q": "x" * 1001},
    ],
)
def test_a_bad_filter_is_refused(client: FlaskClient, query: dict[str, str]) -> None:
    response = client.get("/v1/feedback", query_string=query)
    assert (response.status_code, response.content_type) == (422, "application/problem+json")


def test_no_filter_breaks_the_database(client: FlaskClient) -> None:
    for naughty in ("\x00", "' OR 1=1 --", '"', "a\x00b* NEAR(", "%", "\N{PILE OF POO}", "*", "text:x"):
        for name in ("q", "topic", "channel", "customer_ref", "id", "job", "kind"):
            response = client.get("/v1/feedback", query_string={name: naughty})
            assert response.status_code == 200, (name, naughty)


@pytest.mark.parametrize("id", ["a/b", "../x", "é ?#", "x" * 512, "a%2Fb", "a\x00b"])
def test_any_id_can_be_read_and_deleted(client: FlaskClient, id: str) -> None:
    from urllib.parse import quote

    (result,) = add(client, {"id": id, "text": "lovely"})
    address = f"/v1/feedback/{quote(result['id'], safe='')}"
    assert client.get(address).get_json()["id"] == result["id"]
    receipt = DeletionReceipt.model_validate_json(client.delete(address).data)
    assert receipt.counts == {"feedback": 1, "revisions": 0, "analyses": 1, "corrections": 0}
    assert receipt.subject_digest == hashlib.sha256(result["id"].encode()).hexdigest()
    for method in ("GET", "DELETE"):
        gone = client.open(address, method=method)
        assert (gone.status_code, gone.content_type) == (404, "application/problem+json")


def test_everything_about_a_customer_is_exported_and_deleted(client: FlaskClient, store: Store) -> None:
    add(client, ADA, {"id": "T-2", "text": "lovely", "customer_ref": "bob"})
    add(client, ADA | {"text": "All is lovely now."}, status=200)
    store.corrections.add("T-1", {"sentiment": "mixed"}, reviewer="eve")
    address = "/v1/customers/C%2F17%20%C3%A9"
    export = ExportResponse.model_validate_json(client.get(f"{address}/export").data)
    assert export.customer_ref == "C/17 é"
    (one,) = export.feedback
    assert (one.id, one.sentiment, one.text) == ("T-1", "mixed", "All is lovely now.")
    assert [old.text for old in one.revisions] == [ADA["text"]]
    assert [said.value for said in one.corrections] == ["mixed"]
    assert [(said["revision"], said["sentiment"]["label"]) for said in one.analyses] == [
        (1, "negative"),
        (2, "positive"),
    ]
    receipt = DeletionReceipt.model_validate_json(client.delete(address).data)
    assert receipt.counts == {"feedback": 1, "revisions": 1, "analyses": 2, "corrections": 1}
    assert client.get(f"{address}/export").get_json()["feedback"] == []
    assert listed(client) == ["T-2"]
    assert [entry.action for entry in store.audit.page()] == ["customer.delete"]
    assert "C/17" not in str(store.audit.page())


def test_personal_data_is_masked_before_it_is_kept(store: Store) -> None:
    client = client_of(store, replace(KEEPING, mask=True))
    (result,) = add(client, {"id": "a", "text": "Mail jo@shop.example, my card was declined."})
    assert result["masked_spans"] == [{"kind": "email", "start": 5, "end": 20}]
    assert result["feedback"]["text"] == "Mail [EMAIL], my card was declined."
    assert result["feedback"]["masked"] is True
    assert listed(client, q="shop.example") == []


def test_scoring_keeps_nothing(client: FlaskClient) -> None:
    client.post("/v1/score", json={"id": "a", "text": "lovely"})
    client.post("/v1/score/batch", json={"documents": [{"id": "b", "text": "lovely"}]})
    assert listed(client) == []


def test_a_service_that_keeps_nothing_says_so() -> None:
    client = build_client()
    for method, address in [("POST", ""), ("GET", ""), ("GET", "/a"), ("DELETE", "/a")]:
        body = {"text": "x"} if method == "POST" else None
        response = client.open(f"/v1/feedback{address}", method=method, json=body)
        assert response.status_code == 404
        assert response.get_json()["type"] == "urn:feedback-nlp:problem:no-store"


def test_what_the_analyzer_fails_on_is_not_kept(client: FlaskClient) -> None:
    response = client.post("/v1/feedback", json={"documents": [{"text": "lovely"}, {"text": "explode"}]})
    assert response.status_code == 500
    assert "explode" not in response.text
    assert listed(client) == []
