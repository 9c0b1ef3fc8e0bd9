"""The short way of scoring requests answers as Flask does, and passes on whatever is not plainly right."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder, TestResponse

from api import create_app
from api.access import Access
from api.envelope import REQUEST_ID_KEY
from api.lane import Lane
from api.service import Service
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer

Noted = list[tuple[Any, ...]]


def build_lane(**settings: Any) -> tuple[Client, Noted]:
    """Return a client of a lane whose application says 299, and what the lane notes."""
    service = Service(replace(QUIET, **settings), FakeAnalyzer())
    noted: Noted = []

    def passed_on(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("299 Passed on", [])
        return [environ["wsgi.input"].read()]

    lane = Lane(passed_on, service, Access(service), lambda *told: noted.append(told))
    return Client(lane), noted


def post(client: Client, body: bytes | None = b'{"text": "lovely"}', **options: Any) -> TestResponse:
    options = {
        "path": "/v1/score",
        "method": "POST",
        "data": body,
        "content_type": "application/json",
        "environ_base": {REQUEST_ID_KEY: "r-1"},
    } | options
    return client.open(EnvironBuilder(**options))


def test_a_plain_request_is_answered_and_noted() -> None:
    client, noted = build_lane()
    answer = post(client)
    assert (answer.status_code, answer.get_json()["sentiment"]["label"]) == (200, "positive")
    assert [(*told[:4], *told[5:]) for told in noted] == [("r-1", "POST", "/v1/score", 200, 18, 1)]
    batch = post(client, b'{"documents": [{"text": "lovely"}, 5]}', path="/v1/score/batch")
    assert [result["status"] for result in batch.get_json()["results"]] == ["ok", "error"]
    assert noted[1][2:4] + noted[1][5:] == ("/v1/score/batch", 200, 38, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"path": "/v1/model"},
        {"path": "/v1/score/"},
        {"method": "PUT"},
        {"query_string": "a=1"},
        {"content_type": "text/plain"},
        {"content_type": "application/problem+json"},
        {"headers": {"Origin": "http://localhost"}},
        {"headers": {"Sec-Fetch-Site": "same-origin"}},
        {"headers": {"Host": "elsewhere.example"}},
        {"body": b'{"text": "a", "text": "b"}'},
        {"body": b'{"text": 5}'},
        {"body": b'{"text": "explode"}'},
        {"body": b'{"text": "%s"}' % (b"a" * 200_000)},
        {"body": b""},
    ],
)
def test_whatever_is_not_plainly_right_goes_on_as_it_came(options: dict[str, Any]) -> None:
    client, noted = build_lane()
    answer = post(client, **options)
    assert (answer.status_code, answer.data) == (299, options.get("body", b'{"text": "lovely"}'))
    assert noted == []


@pytest.mark.parametrize("length", ["", "-1", "18x", "19", "9" * 5000])
def test_a_body_over_the_limit_or_of_unknown_length_is_not_read(length: str) -> None:
    class Untouchable(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("a body was read")

    service = Service(replace(QUIET, max_body_bytes=18), FakeAnalyzer())
    lane = Lane(lambda environ, start: [b"passed on"], service, Access(service), _note_nothing)
    environ = EnvironBuilder(path="/v1/score", method="POST", content_type="application/json").get_environ()
    environ |= {"CONTENT_LENGTH": length, "wsgi.input": Untouchable()}
    assert lane(environ, lambda status, headers: None) == [b"passed on"]


def _note_nothing(*told: Any) -> None:
    raise AssertionError("nothing was answered")


def test_a_body_that_breaks_off_goes_on_as_far_as_it_came() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(6)

    client, noted = build_lane()
    answer = post(client, None, input_stream=Broken(b'{"text": "lovely"}'), content_length=18)
    assert (answer.status_code, answer.data, noted) == (299, b'{"text', [])


def both_ways(monkeypatch: pytest.MonkeyPatch, settings: Any, store: Store | None = None) -> list[Client]:
    short = create_app(settings, FakeAnalyzer(), store)
    with monkeypatch.context() as patch:
        patch.setattr("api.app.Lane", lambda application, *rest: application)
        return [Client(short), Client(create_app(settings, FakeAnalyzer(), store))]


def said(client: Client, body: bytes, path: str, **headers: str) -> tuple[Any, ...]:
    answer = client.post(
        path, data=body, content_type="application/json", headers={"X-Request-ID": "r-1", **headers}
    )
    # The seconds until a limit is there again go by while the test runs.
    headers_said = sorted(
        (name, value.partition(";t=")[0]) for name, value in answer.headers if name != "Retry-After"
    )
    return answer.status_code, headers_said, json.loads(answer.data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(-1, 6) | st.integers(-1, 6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=5) | VALUES,
        "text": st.sampled_from(["lovely 👢", "declined. lovely!", "", "explode", "Die Lieferung"]) | VALUES,
        "language": st.sampled_from([None, "en", "de"]) | VALUES,
        "rating": st.sampled_from([None, 1, 5]) | VALUES,
        "explain": st.booleans() | VALUES,
        "precision": st.sampled_from([None, 0.5, 0.99]) | VALUES,
        "txet": VALUES,
    },
)


def test_both_ways_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = both_ways(monkeypatch, QUIET)

    @given(DOCUMENTS | VALUES, st.lists(DOCUMENTS | VALUES, max_size=4), st.booleans())
    def compare(single: Any, documents: list[Any], cut: bool) -> None:
        for path, body in (("/v1/score", single), ("/v1/score/batch", {"documents": documents})):
            sent = json.dumps(body).encode()
            sent = sent[:-1] if cut else sent
            assert said(short, sent, path) == said(long, sent, path)

    compare()


def test_keys_and_limits_hold_both_ways(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path) as store:
        tokens = [store.keys.add("t", scopes, actor="t").token for scopes in (("score",), ("read",))]
        settings = replace(QUIET, store=True, data_dir=tmp_path, rate_limit=3)
        short, long = both_ways(monkeypatch, settings, store)
        shown = [
            f"Bearer {tokens[0]}",
            f"bearer {tokens[0]} ",
            f"Bearer {tokens[1]}",
            "Bearer x",
            "Basic eDp5",
            "",
        ]
        good, bad = b'{"text": "lovely"}', b'{"text": 5}'
        for header in shown:
            ways = [
                [said(way, body, "/v1/score", Authorization=header) for body in (good, bad, good, good)]
                for way in (short, long)
            ]
            assert ways[0] == ways[1], header
        statuses = [said(short, good, "/v1/score", Authorization=shown[0])[0] for _ in range(2)]
        assert statuses == [429, 429]
