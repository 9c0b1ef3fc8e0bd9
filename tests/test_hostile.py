"""Hostile requests: a sample of what `benchmarks/hostile.py` sends in full, and some attacks by name."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.unreader import IterUnreader
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api import create_app
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer, build_client
from tests.hostile import HostileRequest, hostile_requests

COUNT = 500
ROOT = Path(__file__).resolve().parent.parent


def routes_of(app: Flask) -> list[tuple[str, str]]:
    return sorted(
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def ask(app: Flask, sent: HostileRequest) -> tuple[int, str]:
    path, _, query = sent.target.partition("?")
    builder = EnvironBuilder(path="/", query_string=query, method=sent.method, data=sent.body)
    environ = builder.get_environ()
    builder.close()
    # As a server puts it there: percent signs read, bytes as Latin-1.
    plain = re.sub(rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), path.encode())
    environ["PATH_INFO"] = plain.decode("latin-1")
    for name, value in sent.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    # Past the test client, which would tidy up what is wrong.
    _, status, given = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    return int(status.split()[0]), given.get("Content-Type", "")


def test_hostile_requests_are_answered_and_none_with_5xx(tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path) as store:
        app = create_app(replace(QUIET, store=True, data_dir=tmp_path), FakeAnalyzer(), store)
        statuses: Counter[int] = Counter()
        for sent in hostile_requests(routes_of(app), COUNT):
            status, kind = ask(app, sent)
            statuses[status] += 1
            assert status < 500, sent
            assert status < 400 or kind in ("application/problem+json", "text/html; charset=utf-8"), sent
    assert statuses.total() == COUNT
    # It reaches all layers: routing, framing, schema, and the analysis itself.
    assert {200, 400, 403, 404, 405, 415, 421, 422} <= set(statuses)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/docs/assets/..%2f..%2f__init__.py",
        "/docs/assets/%2fetc%2fpasswd",
        "/static/page.css%00.png",
    ],
)
def test_no_path_leads_out_of_the_folders_that_are_served(path: str) -> None:
    answer = build_client().get(path, follow_redirects=True)  # two slashes are read as one
    assert answer.status_code in (400, 404)
    assert b"root:" not in answer.data
    assert b"import" not in answer.data


def test_no_header_of_a_caller_makes_one_of_ours() -> None:
    client = build_client()
    for name in ("X-Request-ID", "Origin", "Accept"):
        answer = client.get("/healthz", headers={name: "x; Set-Cookie: a=b"})
        assert "Set-Cookie" not in answer.headers
        assert "a=b" not in str(answer.headers)


@pytest.mark.parametrize("opening", ["[", '{"text":', '{"documents": ['])
def test_deep_nesting_is_refused_in_no_time(opening: str) -> None:
    answer = build_client().post("/v1/score", data=opening * 100_000, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 5000, "NaN", "-Infinity", "1" * 400])
def test_numbers_beyond_all_measure_are_refused(number: str) -> None:
    for field in ("rating", "precision"):
        body = f'{{"text": "Lovely", "{field}": {number}}}'
        assert build_client().post("/v1/score", data=body, content_type="application/json").status_code in (
            400,
            422,
        )


def test_a_text_of_nul_bytes_and_escapes_comes_back_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'lovely \x00 \x1b[2J\r\nX: y {"event": "forged"}'
    client = build_client(settings=replace(QUIET, access_log=True))
    answer = client.post("/v1/score", json={"text": text, "id": text[:20], "explain": True})
    assert answer.status_code == 200
    assert json.loads(answer.data)["id"] == text[:20]
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["request"]
    assert "forged" not in lines[0]


@pytest.mark.parametrize("path", ["/v1/score", "/v1/score/batch"])
def test_a_body_that_breaks_off_is_the_callers_fault(path: str) -> None:
    app = build_client().application
    environ = EnvironBuilder(path=path, method="POST", content_type="application/json").get_environ()
    environ |= {
        "wsgi.input": Body(ChunkedReader(None, IterUnreader([b"zz\r\n{}"]))),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    _, status, _ = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    assert status == "400 BAD REQUEST"


def test_ten_thousand_form_fields_are_refused_or_read_but_not_kept() -> None:
    form = "&".join(f"f{number}=1" for number in range(10_000))
    answer = build_client().post("/", data=form, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (200, 413)


def test_hostile_files_end_as_refused_or_done_and_leave_nothing_elsewhere(tmp_path: Path) -> None:
    run = runpy.run_path(str(ROOT / "benchmarks" / "hostile_files.py"))["run"]
    with Store.open(data_dir=tmp_path / "kept") as store:
        ends, _, faults = run(store, 30, 3, bomb=2_000_000)
    assert faults == []
    assert ends.total() == 30
    assert {"202 done", "422"} <= set(ends)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
