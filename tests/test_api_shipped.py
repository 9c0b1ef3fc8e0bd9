"""The API over the bundle that ships: the contract with real labels, and single answers equal to batch answers."""

from __future__ import annotations

import statistics
import time

import pytest
from flask.testing import FlaskClient

from api import create_app
from api.pages import EXAMPLES
from api.schemas import BatchResponse, ModelResponse, ScoreResponse, TaxonomyResponse
from feedback_nlp import Analyzer
from feedback_nlp.records import TOPICS
from tests.fake_analyzer import QUIET

TEXTS = {
    "praise": "Absolutely love this jacket, it fits perfectly and arrived two days early!",
    "complaint": "My card was declined three times at checkout and nobody at support answers. Terrible.",
    "mixed": "The food was wonderful, but the waiter was rude and we waited an hour for the bill.",
    "emoji": "👍",
    "empty": "",
    "german": "Die Lieferung kam viel zu spät und der Karton war völlig aufgeweicht.",
}


@pytest.fixture(scope="module")
def client(analyzer: Analyzer) -> FlaskClient:
    return create_app(QUIET, analyzer).test_client()


def ask(client: FlaskClient, text: str) -> ScoreResponse:
    response = client.post("/v1/score", json={"id": "T-1", "text": text, "explain": True})
    assert response.status_code == 200
    return ScoreResponse.model_validate_json(response.data)


def test_the_service_is_ready_with_the_bundle_that_ships(client: FlaskClient, analyzer: Analyzer) -> None:
    assert client.get("/readyz").status_code == 200
    body = ModelResponse.model_validate_json(client.get("/v1/model").data)
    assert body.model.digest == analyzer.model.digest
    assert body.metrics
    taxonomy = TaxonomyResponse.model_validate_json(client.get("/v1/taxonomy").data)
    assert [topic.topic for topic in taxonomy.topics] == list(TOPICS)


def test_create_app_loads_the_bundle_by_itself(analyzer: Analyzer) -> None:
    body = create_app(QUIET).test_client().get("/v1/model").get_json()
    assert body["model"]["digest"] == analyzer.model.digest


@pytest.mark.parametrize(
    ("name", "label"), [("praise", "positive"), ("complaint", "negative"), ("emoji", "positive")]
)
def test_plain_texts_have_plain_labels(client: FlaskClient, name: str, label: str) -> None:
    body = ask(client, TEXTS[name])
    assert body.sentiment is not None
    assert body.sentiment.label == label


@pytest.mark.parametrize(("name", "status"), [("empty", "empty"), ("german", "unsupported_language")])
def test_what_cannot_be_labelled_is_not(client: FlaskClient, name: str, status: str) -> None:
    body = ask(client, TEXTS[name])
    assert (body.status, body.sentiment, body.kind, body.topics) == (status, None, None, None)


@pytest.mark.parametrize("name", ["praise", "complaint", "mixed"])
def test_offsets_point_into_the_text_as_sent(client: FlaskClient, name: str) -> None:
    text = "👢👢 " + TEXTS[name]
    body = ask(client, text)
    assert body.explanation
    assert body.sentences
    assert all(text[part.start : part.end] == part.text for part in body.explanation)
    assert all(0 <= one.start < one.end <= len(text) for one in body.sentences)
    assert {number for topic in body.topics or [] for number in topic.sentences} <= set(
        range(len(body.sentences))
    )


def test_probabilities_sum_to_one(client: FlaskClient) -> None:
    for name in ("praise", "complaint", "mixed", "emoji"):
        found = ask(client, TEXTS[name]).sentiment
        assert found is not None
        shares = found.probabilities
        assert shares.negative + shares.neutral + shares.positive == pytest.approx(1, abs=2e-4)
        assert found.score == pytest.approx(shares.positive - shares.negative, abs=2e-4)


def test_a_batch_answers_as_single_requests_do(client: FlaskClient) -> None:
    documents = [{"id": name, "text": text, "explain": True} for name, text in TEXTS.items()]
    response = client.post("/v1/score/batch", json={"documents": [*documents, {"id": "bad"}]})
    BatchResponse.model_validate_json(response.data)
    *results, bad = response.get_json()["results"]
    assert results == [client.post("/v1/score", json=document).get_json() for document in documents]
    assert bad["status"] == "error"


def test_a_stricter_precision_marks_more_labels_uncertain(client: FlaskClient) -> None:
    documents = [{"text": text} for _, text in EXAMPLES.values()]

    def uncertain(precision: float) -> int:
        body = {"documents": documents, "precision": precision}
        results = client.post("/v1/score/batch", json=body).get_json()["results"]
        return sum(1 for result in results if result["sentiment"] and result["sentiment"]["uncertain"])

    assert uncertain(0.01) == 0
    assert uncertain(0.999999) == sum(1 for name in EXAMPLES if name != "german")


def test_a_text_of_100_000_characters_is_scored_whole(client: FlaskClient) -> None:
    text = ("The blue chair is fine. " * 5000)[:99_900] + " It broke after one day, terrible quality."
    body = ScoreResponse.model_validate_json(client.post("/v1/score", json={"text": text}).data)
    assert body.status == "ok"
    assert body.sentences
    assert max(one.end for one in body.sentences) == len(text.rstrip())


def test_the_page_answers_every_example(client: FlaskClient) -> None:
    for name in EXAMPLES:
        page = client.get(f"/?example={name}")
        assert page.status_code == 200
        assert ("No labels" in page.text) is (name == "german")


def test_one_short_text_is_answered_within_milliseconds(client: FlaskClient) -> None:
    """The aim is a median of 5 ms; a busy machine gets 20."""
    body = {"text": TEXTS["complaint"]}
    client.post("/v1/score", json=body)
    taken = []
    for _ in range(30):
        started = time.perf_counter()
        assert client.post("/v1/score", json=body).status_code == 200
        taken.append(time.perf_counter() - started)
    assert statistics.median(taken) < 0.020
