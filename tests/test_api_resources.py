"""Model, taxonomy, health, the description, and what every answer carries."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import create_app
from api.envelope import API_POLICY
from api.hooks import DOCS_POLICY, PAGE_POLICY
from api.schemas import HealthResponse, ModelResponse, TaxonomyResponse
from feedback_nlp.records import KINDS, TOPICS, Analysis
from tests.fake_analyzer import QUIET, FakeAnalyzer, build_client


@pytest.fixture
def client() -> FlaskClient:
    return build_client()


def test_model_names_bundle_labels_threshold_and_metrics(client: FlaskClient) -> None:
    body = ModelResponse.model_validate_json(client.get("/v1/model").data)
    assert body.model.name == "counting"
    assert body.labels["kind"] == list(KINDS)
    assert body.precision == 0.95
    assert [(row.precision, row.threshold, row.coverage) for row in body.precisions] == [
        (0.9, 0.6, 0.9),
        (0.95, 0.7, 0.8),
    ]
    assert body.metrics == {"accuracy": 0.5}
    assert body.manifest == {"seed": 1}


def test_taxonomy_lists_every_topic_with_words_for_people(client: FlaskClient) -> None:
    body = TaxonomyResponse.model_validate_json(client.get("/v1/taxonomy").data)
    assert body.name == "commerce"
    assert [topic.topic for topic in body.topics] == list(TOPICS)
    assert all(topic.title and topic.description.endswith(".") for topic in body.topics)


class OwnTopics(FakeAnalyzer):
    """A bundle trained on a company's own taxonomy."""

    manifest = {"taxonomy": "bank", "labels": {"topics": ["loan_terms"]}}


def test_a_taxonomy_of_ones_own_is_shown_by_its_names() -> None:
    body = build_client(OwnTopics()).get("/v1/taxonomy").get_json()
    assert body == {
        "name": "bank",
        "topics": [{"topic": "loan_terms", "title": "Loan terms", "description": ""}],
    }


def test_health_and_readiness(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        response = client.get(path)
        assert response.status_code == 200
        HealthResponse.model_validate_json(response.data)


class SilentAnalyzer(FakeAnalyzer):
    """Finds nothing in any text."""

    def analyze(self, text: str, **options: Any) -> Analysis:
        return super().analyze("")


class FailingAnalyzer(FakeAnalyzer):
    """Fails on every text."""

    def analyze(self, text: str, **options: Any) -> Analysis:
        raise ValueError(text)


@pytest.mark.parametrize("analyzer", [SilentAnalyzer(), FailingAnalyzer()])
def test_a_failed_self_test_is_503(analyzer: FakeAnalyzer, capsys: pytest.CaptureFixture[str]) -> None:
    client = build_client(analyzer)
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert response.get_json()["type"] == "urn:feedback-nlp:problem:self-test"
    assert "payment page" not in capsys.readouterr().err


def test_the_description_is_valid_openapi_3_1(client: FlaskClient) -> None:
    description = client.get("/openapi.json").get_json()
    assert description["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_the_description_holds_every_route_of_the_api(client: FlaskClient) -> None:
    description = client.get("/openapi.json").get_json()
    described = {(path, method.upper()) for path, item in description["paths"].items() for method in item}
    pattern = re.compile(r"<(?:\w+:)?(\w+)>")
    served = {
        (pattern.sub(r"{\1}", rule.rule), method)
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/v1/", "/healthz", "/readyz"))
    }
    assert described == served


def test_every_described_error_is_a_problem(client: FlaskClient) -> None:
    description = client.get("/openapi.json").get_json()
    for item in description["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]


def test_the_examples_of_the_description_are_answered(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    assert client.post("/v1/score", json=schemas["ScoreRequest"]["example"]).status_code == 200
    assert client.post("/v1/score/batch", json=schemas["BatchRequest"]["example"]).status_code == 200


def test_two_applications_describe_themselves_alike() -> None:
    first, second = (build_client().get("/openapi.json").get_json() for _ in range(2))
    assert first == second


def test_the_docs_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert "//" not in page.replace("<!doctype", "")
    for path in (
        "/docs/assets/css/swagger-ui.css",
        "/docs/assets/js/swagger-ui-bundle.js",
        "/static/docs.js",
    ):
        assert path in page
        with client.get(path) as response:
            assert response.status_code == 200


@pytest.mark.parametrize(
    "name", ["../__init__.py", "..%2f__init__.py", "nothing.js", "css/../../__init__.py"]
)
def test_assets_are_only_those_of_swagger_ui(client: FlaskClient, name: str) -> None:
    assert client.get(f"/docs/assets/{name}").status_code == 404


@pytest.mark.parametrize(
    ("path", "policy"),
    [("/", PAGE_POLICY), ("/docs", DOCS_POLICY), ("/healthz", API_POLICY), ("/openapi.json", API_POLICY)],
)
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str, policy: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in policy


def test_errors_carry_them_too(client: FlaskClient) -> None:
    for response in (client.get("/nothing"), client.get("/v1/score"), client.post("/v1/score", data=b"{")):
        assert response.headers["Content-Security-Policy"] == API_POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("given", "kept"), [("order-17.a_B", True), ("x" * 65, False), ("a b", False), ("é", False)]
)
def test_a_request_id_is_kept_if_it_is_harmless(client: FlaskClient, given: str, kept: bool) -> None:
    back = client.get("/healthz", headers={"X-Request-ID": given.encode().decode("latin-1")}).headers[
        "X-Request-ID"
    ]
    assert (back == given) is kept
    assert len(back) == 16 or kept


def test_the_access_log_is_one_json_line_without_text(capsys: pytest.CaptureFixture[str]) -> None:
    client = create_app(replace(QUIET, access_log=True), FakeAnalyzer()).test_client()
    client.post("/v1/score/batch", json={"documents": [{"text": "my dog Rufus"}, {"text": "lovely"}]})
    client.get("/my%20dog%20Rufus?q=Rufus")
    client.open("/healthz", method="RUFUS")
    log = capsys.readouterr().err
    assert "Rufus" not in log
    assert "RUFUS" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert [(line["route"], line["method"], line["status"], line["texts"]) for line in lines] == [
        ("/v1/score/batch", "POST", 200, 2),
        (None, "GET", 404, None),
        (None, "other", 405, None),
    ]
    assert all(line["milliseconds"] >= 0 and len(line["request_id"]) == 16 for line in lines)


def test_the_access_log_can_be_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    build_client().get("/healthz")
    assert capsys.readouterr().err == ""
