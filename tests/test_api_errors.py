"""Every way in which a request can be wrong has the one error body, and no error repeats a text."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.schemas import ProblemBody
from feedback_nlp.errors import BundleDigestError, InputError
from feedback_nlp.records import Analysis
from feedback_nlp.settings import Settings
from tests.fake_analyzer import QUIET, FakeAnalyzer, build_client

SECRET = "my dog Rufus ate the parcel"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client() -> FlaskClient:
    return build_client()


def assert_problem(response: TestResponse, status: int, kind: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    body = response.get_json()
    ProblemBody.model_validate(body)
    assert body["type"] == f"urn:feedback-nlp:problem:{kind}"
    assert body["status"] == status
    assert body["instance"] == f"urn:feedback-nlp:request:{response.headers['X-Request-ID']}"
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    return dict(body)


BODIES: dict[str, tuple[bytes, int, str, str]] = {
    "empty": (b"", 400, "not-json", "The body is not JSON: Expecting value (line 1, column 1)."),
    "cut off": (b'{"text": "my', 400, "not-json", "(line 1, column 10)"),
    "two values": (b'{"text": "a"} {"text": "b"}', 400, "not-json", "Extra data (line 1, column 15)"),
    "not UTF-8": (b'{"text": "caf\xe9"}', 400, "not-json", "Byte 13 of the body is not UTF-8."),
    "UTF-16": ('{"text": "a"}'.encode("utf-16"), 400, "not-json", "Byte 0 of the body is not UTF-8."),
    "NaN": (b'{"text": "a", "rating": NaN}', 400, "not-json", "NaN is no JSON number"),
    "Infinity": (b'{"text": "a", "rating": -Infinity}', 400, "not-json", "-Infinity is no JSON number"),
    "long number": (b'{"text": "a", "rating": %s}' % (b"9" * 5000), 400, "not-json", "too many digits"),
    "deep nesting": (b'{"text": ' + b"[" * 100_000, 400, "not-json", "nested too deeply"),
    "name twice": (b'{"text": "a", "text": "b"}', 400, "not-json", "one name twice ('text')"),
    "odd name twice": (b'{"<b>": 1, "<b>": 2}', 400, "not-json", "one name twice;"),
    "control character": (b'{"text": "a\nb"}', 400, "not-json", "Invalid control character"),
    "list": (b'["my dog Rufus ate the parcel"]', 422, "schema", "must be a JSON object"),
    "string": (b'"{\\"text\\": \\"a\\"}"', 422, "schema", "must be a JSON object"),
    "null": (b"null", 422, "schema", "must be a JSON object"),
}


@pytest.mark.parametrize("path", ["/v1/score", "/v1/score/batch"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_one_json_object(client: FlaskClient, path: str, name: str) -> None:
    raw, status, kind, detail = BODIES[name]
    body = assert_problem(client.post(path, data=raw, headers=JSON), status, kind)
    assert detail in body["detail"]


FIELDS: dict[str, tuple[dict[str, Any], list[Any], str]] = {
    "no text": ({}, ["text"], "Field required"),
    "text is null": ({"text": None}, ["text"], "Input should be a valid string"),
    "text is a number": ({"text": 5}, ["text"], "Input should be a valid string"),
    "text is half a pair": ({"text": "\ud83d"}, ["text"], "Input holds half of a surrogate pair"),
    "id is a number": ({"text": "a", "id": 7}, ["id"], "Input should be a valid string"),
    "id is long": ({"text": "a", "id": "x" * 513}, ["id"], "String should have at most 512 characters"),
    "rating as text": ({"text": "a", "rating": "5"}, ["rating"], "Input should be a valid number"),
    "rating as truth": ({"text": "a", "rating": True}, ["rating"], "Input should be a valid number"),
    "rating too low": ({"text": "a", "rating": 0}, ["rating"], "Input should be greater than or equal to 1"),
    "rating too high": ({"text": "a", "rating": 5.1}, ["rating"], "Input should be less than or equal to 5"),
    "rating infinite": (
        {"text": "a", "rating": 1e999},
        ["rating"],
        "Input should be less than or equal to 5",
    ),
    "language name": ({"text": "a", "language": "English"}, ["language"], "String should match pattern"),
    "explain as text": ({"text": "a", "explain": "yes"}, ["explain"], "Input should be a valid boolean"),
    "precision 1": ({"text": "a", "precision": 1}, ["precision"], "Input should be less than 1"),
    "precision 0": ({"text": "a", "precision": 0}, ["precision"], "Input should be greater than 0"),
    "misspelt field": ({"text": "a", "langage": "en"}, ["langage"], "did you mean 'language'?"),
    "unknown field": ({"text": "a", "zzz": SECRET}, ["zzz"], "There is no such field."),
    "long field name": ({"text": "a", "q" * 500: 1}, ["q" * 60], "There is no such field."),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_wrong_is_named(client: FlaskClient, name: str) -> None:
    sent, place, message = FIELDS[name]
    raw = json.dumps(sent).replace("Infinity", "1e999")
    body = assert_problem(client.post("/v1/score", data=raw, headers=JSON), 422, "schema")
    assert [error["loc"] for error in body["errors"]] == [place]
    assert message in body["errors"][0]["msg"]


@pytest.mark.parametrize(
    "sent", [{}, {"documents": {}}, {"documents": None}, {"documents": [], "explain": True}]
)
def test_a_batch_of_another_shape(client: FlaskClient, sent: dict[str, Any]) -> None:
    assert_problem(client.post("/v1/score/batch", json=sent), 422, "schema")


def test_hundreds_of_errors_are_not_all_listed(client: FlaskClient) -> None:
    sent = {"text": "a"} | {f"field{number}": 1 for number in range(300)}
    errors = assert_problem(client.post("/v1/score", json=sent), 422, "schema")["errors"]
    assert len(errors) == 51
    assert errors[-1]["msg"] == "250 more errors are not listed."


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", ""])
def test_another_content_type_is_415(client: FlaskClient, content_type: str) -> None:
    response = client.post("/v1/score", data=b'{"text": "a"}', content_type=content_type)
    assert "Content-Type: application/json" in assert_problem(response, 415, "media-type")["detail"]


def test_byte_order_mark_and_parameters_are_taken(client: FlaskClient) -> None:
    raw = b"\xef\xbb\xbf" + b'{"text": "lovely"}'
    response = client.post("/v1/score", data=raw, content_type="application/json; charset=utf-8")
    assert response.get_json()["sentiment"]["label"] == "positive"


def test_too_many_documents_are_413(client: FlaskClient) -> None:
    documents = [{"text": "a"}] * 1001
    body = assert_problem(
        client.post("/v1/score/batch", json={"documents": documents}), 413, "too-many-documents"
    )
    assert "at most 1,000" in body["detail"]
    assert client.post("/v1/score/batch", json={"documents": documents[:1000]}).status_code == 200


def test_a_text_over_the_limit_is_413_and_at_the_limit_is_scored() -> None:
    client = build_client(settings=replace(QUIET, max_text_characters=20))
    assert client.post("/v1/score", json={"text": "é" * 20}).status_code == 200
    body = assert_problem(client.post("/v1/score", json={"text": "é" * 21}), 413, "text-too-long")
    assert body["detail"].startswith("`text` has 21 characters; at most 20 are analysed.")


SMALL = replace(QUIET, max_body_bytes=1024)


def test_a_body_over_the_limit_is_413() -> None:
    response = build_client(settings=SMALL).post("/v1/score", json={"text": "a" * 2000})
    assert "limit of 1,024 bytes" in assert_problem(response, 413, "body-too-large")["detail"]


@pytest.mark.parametrize("raw", [b'{"text": "' + b"a" * 2000 + b'"}', b'{"text": "a"}' + b" " * 2000])
def test_a_body_over_the_limit_is_413_without_a_stated_length(raw: bytes) -> None:
    response = build_client(settings=SMALL).post(
        "/v1/score",
        input_stream=io.BytesIO(raw),
        headers=JSON | {"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert_problem(response, 413, "body-too-large")


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/score/batch/", "/v1/", f"/v1/{SECRET}"])
def test_unknown_addresses_are_404(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/score", {"POST", "OPTIONS"}),
        ("DELETE", "/v1/score/batch", {"POST", "OPTIONS"}),
        ("POST", "/v1/model", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_another_method_is_405_and_says_which(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    response = client.open(path, method=method)
    assert_problem(response, 405, "method-not-allowed")
    assert {word.strip() for word in response.headers["Allow"].split(",")} == allowed


def test_query_parameters_are_refused_not_ignored(client: FlaskClient) -> None:
    body = assert_problem(client.post("/v1/score?explain=true", json={"text": "a"}), 422, "schema")
    assert body["errors"] == [{"loc": ["query", "explain"], "msg": "This address takes no query parameters."}]


def test_an_unforeseen_error_is_500_without_text_in_answer_or_log(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    response = client.post("/v1/score", json={"text": f"explode {SECRET}"}, headers={"X-Request-ID": "r-1"})
    assert_problem(response, 500, "internal")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["request_id"], line["error"]) == ("unforeseen error", "r-1", "RuntimeError")
    assert line["places"][-1].endswith(" analyze")
    assert SECRET not in json.dumps(line)


class PickyAnalyzer(FakeAnalyzer):
    """Refuses an argument that the API could not check."""

    def analyze(self, text: str, **options: Any) -> Analysis:
        raise InputError(
            "precision 0.3 is below what the bundle was measured for.", remedy="Use at least 0.5."
        )


def test_errors_of_the_library_keep_their_status_and_remedy() -> None:
    response = build_client(PickyAnalyzer()).post("/v1/score", json={"text": "a", "precision": 0.3})
    assert assert_problem(response, 422, "input")["detail"].endswith("Use at least 0.5.")


class BrokenAnalyzer(FakeAnalyzer):
    """Finds its bundle damaged while it works."""

    def analyze(self, text: str, **options: Any) -> Analysis:
        raise BundleDigestError("/srv/bundle/weights.npz differs from its manifest.")


def test_errors_of_our_machine_are_not_described_to_the_caller(capsys: pytest.CaptureFixture[str]) -> None:
    response = build_client(BrokenAnalyzer()).post("/v1/score", json={"text": "a"})
    assert "/srv" not in assert_problem(response, 500, "internal")["detail"]
    assert json.loads(capsys.readouterr().err)["error"] == "BundleDigestError"


def test_without_a_bundle_only_health_answers(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    client = create_app(Settings(bundle=tmp_path / "nowhere", access_log=False)).test_client()
    assert client.get("/healthz").status_code == 200
    for response in (
        client.get("/readyz"),
        client.get("/v1/model"),
        client.post("/v1/score", json={"text": "a"}),
    ):
        body = assert_problem(response, 503, "model-unavailable")
        assert str(tmp_path) not in body["detail"]
        assert response.headers["Retry-After"] == "60"
    assert json.loads(capsys.readouterr().err)["error"] == "BundleNotFoundError"


def test_a_browser_gets_the_same_error_as_a_page(client: FlaskClient) -> None:
    response = client.get("/nothing", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert response.status_code == 404
    assert response.content_type.startswith("text/html")
    assert "There is nothing at this address." in response.text
    assert response.headers["X-Request-ID"] in response.text
