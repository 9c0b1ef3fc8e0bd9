"""POST /v1/score and /v1/score/batch: the contract, order, and that one bad document costs no other."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.schemas import BatchResponse, ScoreResponse
from feedback_nlp.records import Analysis
from tests.fake_analyzer import QUIET, FakeAnalyzer, build_client

MIXED = "Lovely 👢 shoes. My card was declined."


@pytest.fixture
def analyzer() -> FakeAnalyzer:
    return FakeAnalyzer()


@pytest.fixture
def client(analyzer: FakeAnalyzer) -> FlaskClient:
    return build_client(analyzer)


def post_batch(client: FlaskClient, documents: list[Any], **options: Any) -> list[dict[str, Any]]:
    response = client.post("/v1/score/batch", json={"documents": documents, **options})
    assert response.status_code == 200, response.text
    BatchResponse.model_validate_json(response.data)
    return list(response.get_json()["results"])


def test_the_answer_is_that_of_the_contract(client: FlaskClient) -> None:
    response = client.post(
        "/v1/score", json={"id": "T-1", "text": MIXED, "language": None, "rating": 2, "explain": True}
    )
    ScoreResponse.model_validate_json(response.data)
    body = response.get_json()
    assert list(body) == [
        "id", "status", "language", "sentiment", "kind", "topics", "sentences", "explanation", "flags", "warnings",
        "model",
    ]  # fmt: skip
    assert body["id"] == "T-1"
    assert body["language"] == {"code": "en", "confidence": 0.98}
    assert body["sentiment"]["label"] == "negative"
    assert body["topics"] == [
        {"topic": "checkout_payment", "probability": 0.9, "sentiment": "negative", "sentences": [0]}
    ]
    assert [MIXED[part["start"] : part["end"]] for part in body["explanation"]] == ["declined"]
    assert MIXED[body["sentences"][0]["start"] : body["sentences"][0]["end"]] == "Lovely 👢 shoes."
    assert body["model"] == {"name": "counting", "version": "0.0.1", "digest": "00112233445566778899"}


def test_only_the_text_is_needed(client: FlaskClient) -> None:
    body = client.post("/v1/score", json={"text": "lovely"}).get_json()
    assert (body["id"], body["status"], body["explanation"]) == (None, "ok", [])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \u00a0\n"}, "empty"),
        ({"text": "Die Lieferung kam nie an."}, "unsupported_language"),
        ({"text": "lovely", "language": "fr"}, "unsupported_language"),
    ],
)
def test_without_labels_the_fields_are_null_and_the_status_is_200(
    client: FlaskClient, sent: dict[str, Any], status: str
) -> None:
    response = client.post("/v1/score", json=sent)
    assert response.status_code == 200
    body = ScoreResponse.model_validate_json(response.data)
    assert body.status == status
    assert (body.sentiment, body.kind, body.topics, body.sentences, body.explanation) == (None,) * 5


def test_rating_language_and_precision_reach_the_analyzer(client: FlaskClient) -> None:
    low = client.post("/v1/score", json={"text": "lovely", "rating": 1, "language": "en", "precision": 0.5})
    assert low.get_json()["flags"] == ["rating_text_mismatch"]
    assert low.get_json()["sentiment"]["uncertain"] is False
    high = client.post("/v1/score", json={"text": "lovely", "precision": 0.99}).get_json()
    assert high["sentiment"]["uncertain"] is True


def test_the_setting_decides_precision_unless_the_request_does() -> None:
    client = build_client(settings=replace(QUIET, precision=0.99))
    assert client.post("/v1/score", json={"text": "lovely"}).get_json()["sentiment"]["uncertain"] is True
    asked = client.post("/v1/score", json={"text": "lovely", "precision": 0.1}).get_json()
    assert asked["sentiment"]["uncertain"] is False


def test_a_batch_answers_in_order_through_one_call(client: FlaskClient, analyzer: FakeAnalyzer) -> None:
    texts = ["lovely", "", "declined", "Die Lieferung", "early"]
    results = post_batch(
        client, [{"id": str(n), "text": text} for n, text in enumerate(texts)], precision=0.9
    )
    assert [result["id"] for result in results] == ["0", "1", "2", "3", "4"]
    assert [result["status"] for result in results] == ["ok", "empty", "ok", "unsupported_language", "ok"]
    assert analyzer.batches == [{"texts": texts, "explain": False, "precision": 0.9}]


def test_a_batch_answers_as_single_requests_do(client: FlaskClient) -> None:
    documents = [
        {"id": "a", "text": MIXED, "explain": True},
        {"id": "b", "text": "lovely", "rating": 1},
        {"id": "c", "text": MIXED},
        {"id": "d", "text": "Lovely refund", "language": "en", "explain": True},
    ]
    singles = [client.post("/v1/score", json=document).get_json() for document in documents]
    assert post_batch(client, documents) == singles


def test_only_the_documents_that_ask_are_explained(client: FlaskClient, analyzer: FakeAnalyzer) -> None:
    results = post_batch(client, [{"text": "declined", "explain": True}, {"text": "declined"}])
    assert [len(result["explanation"]) for result in results] == [1, 0]
    assert [batch["explain"] for batch in analyzer.batches] == [False, True]


def test_an_empty_batch_has_no_results_and_asks_nothing(client: FlaskClient, analyzer: FakeAnalyzer) -> None:
    assert post_batch(client, []) == []
    assert analyzer.batches == []


BAD: list[tuple[Any, str | None, list[Any]]] = [
    ({"id": "x"}, "x", ["text"]),
    ({"id": "x", "text": 5}, "x", ["text"]),
    ({"id": "x", "text": "a", "rating": "5"}, "x", ["rating"]),
    ({"id": "x", "text": "a", "txet": "b"}, "x", ["txet"]),
    ({"id": "x", "text": "a", "precision": 0.9}, "x", ["precision"]),
    ({"id": 5, "text": "a"}, None, ["id"]),
    ({"id": "x" * 600, "text": "a"}, None, ["id"]),
    ({"id": "\ud83d", "text": "a"}, None, ["id"]),
    ({"id": "x", "text": "\udc00"}, "x", ["text"]),
    ("just a text", None, []),
    (None, None, []),
    ([], None, []),
]


@pytest.mark.parametrize(("bad", "id_back", "place"), BAD)
def test_one_bad_document_stands_in_its_place_and_costs_no_other(
    client: FlaskClient, bad: Any, id_back: str | None, place: list[Any]
) -> None:
    before, found, after = post_batch(
        client, [{"id": "1", "text": "lovely"}, bad, {"id": "3", "text": "declined"}]
    )
    assert [before["sentiment"]["label"], after["sentiment"]["label"]] == ["positive", "negative"]
    assert (found["id"], found["status"]) == (id_back, "error")
    assert {found[name] for name in ("sentiment", "kind")} == {None}
    assert found["model"]["name"] == "counting"
    assert found["error"]["status"] == 422
    assert [error["loc"] for error in found["error"]["errors"]] == [place]
    assert "error" not in before


def test_a_text_over_the_limit_fails_alone() -> None:
    client = build_client(settings=replace(QUIET, max_text_characters=6))
    results = post_batch(client, [{"text": "lovely"}, {"id": "long", "text": "lovely!"}])
    assert [result["status"] for result in results] == ["ok", "error"]
    assert results[1]["error"]["status"] == 413
    assert results[1]["error"]["type"] == "urn:feedback-nlp:problem:text-too-long"


def test_any_character_survives(client: FlaskClient) -> None:
    identifier = 'é"\\<script>\u2028👍🏽'
    sent = {"id": identifier, "text": "lovely \x00 \u202e\x1b[31m 👍🏽 \U0010ffff"}
    body = client.post("/v1/score", json=sent).get_json()
    assert (body["id"], body["status"]) == (identifier, "ok")


class GatedAnalyzer(FakeAnalyzer):
    """Holds every analysis until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.gate = threading.Event()

    def analyze(self, text: str, **options: Any) -> Analysis:
        self.entered.release()
        assert self.gate.wait(10)
        return super().analyze(text, **options)


def test_more_requests_than_places_are_told_to_come_back() -> None:
    analyzer = GatedAnalyzer()
    client = build_client(analyzer, replace(QUIET, threads=1, queue_length=0))
    answers: list[int] = []

    def ask() -> None:
        answers.append(
            client.application.test_client().post("/v1/score", json={"text": "lovely"}).status_code
        )

    first = threading.Thread(target=ask)
    first.start()
    assert analyzer.entered.acquire(timeout=10)
    refused = client.post("/v1/score", json={"text": "early"})
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert refused.get_json()["type"] == "urn:feedback-nlp:problem:busy"
    assert client.get("/healthz").status_code == 200
    analyzer.gate.set()
    first.join()
    assert answers == [200]
    assert client.post("/v1/score", json={"text": "early"}).status_code == 200


def test_a_failed_analysis_gives_its_place_back() -> None:
    client = build_client(settings=replace(QUIET, threads=1, queue_length=0))
    assert client.post("/v1/score", json={"text": "explode"}).status_code == 500
    assert client.post("/v1/score", json={"text": "lovely"}).status_code == 200
