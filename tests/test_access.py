"""Who gets in: keys, scopes and sessions, on every route that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from api import create_app
from api.access import current_actor
from api.scopes import OPEN, ROUTE_SCOPES, scope_of
from api.server import serve
from api.sessions import read_secret
from feedback_nlp.errors import SettingError
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store
from feedback_nlp.store.service_tables import api_keys
from tests.fake_analyzer import QUIET, FakeAnalyzer, build_client

SCOPES = ("score", "read", "write", "metrics", "admin")
HTML = {"Accept": "text/html"}
TEXT = {"text": "Lovely shoes."}


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    with Store.open(data_dir=tmp_path / "kept") as store:
        yield store


def settings_for(store: Store, **changes: object) -> Settings:
    return replace(QUIET, store=True, data_dir=store.data_dir, **changes)  # type: ignore[arg-type]


def client_of(store: Store, **changes: object) -> FlaskClient:
    return create_app(settings_for(store, **changes), FakeAnalyzer(), store).test_client()


def bearer(store: Store, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {store.keys.add('t', scopes, actor='t').token}"}


def log_in(client: FlaskClient, store: Store, *scopes: str, **form: str) -> TestResponse:
    token = store.keys.add("t", scopes, actor="t").token
    return client.post("/login", data={"key": token, **form})


# -- the table of routes


def test_every_route_has_its_scope_in_the_table() -> None:
    routes = {rule.endpoint for rule in build_client().application.url_map.iter_rules()}
    assert sorted(routes) == sorted(ROUTE_SCOPES), "list the route in api/scopes.py"
    assert set(ROUTE_SCOPES.values()) <= {OPEN, *SCOPES}


def test_what_is_open_is_known_by_name() -> None:
    opened = [endpoint for endpoint, scope in ROUTE_SCOPES.items() if scope == OPEN]
    assert [
        name for name in opened if name.partition(".")[0] not in ("docs", "health", "login", "static")
    ] == []


def test_a_route_that_is_not_in_the_table_is_for_admins() -> None:
    assert scope_of("feedback.forgotten") == "admin"


def every_request() -> list[tuple[str, str, str]]:
    """Return method, path and scope of everything that is not open; names in paths are filled in."""
    rules = build_client().application.url_map.iter_rules()
    return sorted(
        (method, re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule), scope_of(rule.endpoint))
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if scope_of(rule.endpoint) != OPEN
    )


def test_no_route_answers_without_a_key_or_with_one_of_another_scope(kept: Store) -> None:
    client = client_of(kept)
    headers = {scope: bearer(kept, scope) for scope in SCOPES}
    asked = every_request()
    assert len(asked) >= 5
    for method, path, needed in asked:
        for given in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
            answer = client.open(path, method=method, headers=given)
            assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), path
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="feedback-nlp"'
        for scope in SCOPES:
            refused = client.open(path, method=method, headers=headers[scope]).status_code == 403
            assert refused == (scope not in (needed, "admin")), (method, path, scope)


def test_what_is_open_answers_without_a_key(kept: Store) -> None:
    client = client_of(kept)
    bearer(kept, "read")
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/login", "/static/page.css"):
        with client.get(path) as answer:
            assert answer.status_code == 200, path
    assert client.get("/nowhere").status_code == 404
    assert client.delete("/v1/score").status_code == 405


# -- keys


def test_a_service_without_keys_asks_for_none_until_the_first_is_made(kept: Store) -> None:
    assert client_of(kept).post("/v1/score", json=TEXT).status_code == 200
    headers = bearer(kept, "score")
    client = client_of(kept)
    assert client.post("/v1/score", json=TEXT).status_code == 401
    assert client.post("/v1/score", json=TEXT, headers=headers).status_code == 200


def test_a_running_service_notices_the_first_key(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("api.access.time.monotonic", lambda: now)
    client = client_of(kept)
    assert client.post("/v1/score", json=TEXT).status_code == 200
    bearer(kept, "score")
    now = 1.0
    assert client.post("/v1/score", json=TEXT).status_code == 401


def test_revoking_the_last_key_opens_nothing(kept: Store) -> None:
    headers = bearer(kept, "score")
    client = client_of(kept)
    assert client.post("/v1/score", json=TEXT, headers=headers).status_code == 200
    kept.keys.revoke(kept.keys.list()[0].prefix, actor="t")
    assert client.post("/v1/score", json=TEXT, headers=headers).status_code == 401
    assert client_of(kept).post("/v1/score", json=TEXT).status_code == 401


def test_an_expired_key_is_refused(kept: Store) -> None:
    headers = bearer(kept, "score")
    with kept.database.write() as connection:
        connection.execute(update(api_keys).values(expires_at=datetime.now(UTC)))
    assert client_of(kept).post("/v1/score", json=TEXT, headers=headers).status_code == 401


def test_no_answer_repeats_a_key(kept: Store) -> None:
    token = kept.keys.add("t", ["read"], actor="t").token
    client = client_of(kept)
    for shown in (token, token[:-1]):
        answer = client.post("/v1/score", json=TEXT, headers={"Authorization": f"Bearer {shown}"})
        assert token[-20:-1] not in answer.text + str(answer.headers)


def test_the_audit_log_names_the_caller(kept: Store) -> None:
    app = create_app(settings_for(kept), FakeAnalyzer(), kept)
    key = kept.keys.add("t", ["score"], actor="t")
    for headers, actor in (
        ({"Authorization": f"Bearer {key.token}"}, f"key:{key.key.prefix}"),
        ({}, "local"),
    ):
        with app.test_request_context("/v1/score", method="POST", headers=headers):
            try:
                app.preprocess_request()
            except Exception as error:
                assert "401" in str(error)
            assert current_actor() == actor


def test_other_machines_are_let_in_by_a_key_or_an_explicit_word(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr("api.server.run_server", lambda app, listener, settings, **more: served.append("up"))
    settings = settings_for(kept, host="0.0.0.0", port=0, job_workers=0)  # noqa: S104
    with pytest.raises(SettingError, match="feedback-nlp keys create"):
        serve(settings=settings, analyzer=FakeAnalyzer())
    assert served == []
    serve(settings=replace(settings, allow_remote=True), analyzer=FakeAnalyzer())
    bearer(kept, "score")
    serve(settings=settings, analyzer=FakeAnalyzer())
    assert served == ["up", "up"]


# -- sessions


def test_people_log_in_with_a_key_and_out_again(kept: Store) -> None:
    bearer(kept, "score")
    client = client_of(kept)
    asked = client.get("/?example=praise", headers=HTML)
    assert (asked.status_code, asked.location) == (303, "/login?next=/?example%3Dpraise")
    form = client.get(asked.location)
    assert 'value="/?example=praise"' in form.text
    answer = log_in(client, kept, "score", next="/?example=praise")
    assert (answer.status_code, answer.location) == (303, "/?example=praise")
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    page = client.get("/", headers=HTML)
    assert page.status_code == 200
    assert "Log out" in page.text
    left = client.post("/logout", headers={"Origin": "http://localhost"})
    assert left.location == "/login"
    assert client.get("/", headers=HTML).status_code == 303


def test_a_session_ends_with_its_key(kept: Store) -> None:
    client = client_of(kept)
    log_in(client, kept, "score")
    assert client.get("/", headers=HTML).status_code == 200
    kept.keys.revoke(kept.keys.list()[0].prefix, actor="t")
    assert client.get("/", headers=HTML).status_code == 303


def test_a_session_has_the_scopes_of_its_key(kept: Store) -> None:
    client = client_of(kept)
    log_in(client, kept, "read")
    assert client.get("/", headers=HTML).status_code == 403


def test_over_tls_the_cookie_stays_there(kept: Store) -> None:
    token = kept.keys.add("t", ["score"], actor="t").token
    client = client_of(kept, proxies=1)
    answer = client.post("/login", data={"key": token}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize("key", ["", "nothing", "fnlp_12345678_" + "x" * 43, "\x00", "k" * 5000])
def test_what_is_no_key_opens_no_session(kept: Store, key: str) -> None:
    bearer(kept, "score")
    answer = client_of(kept).post("/login", data={"key": key})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert key == "" or key not in answer.text


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_nobody_is_sent_to_another_site_after_logging_in(kept: Store, place: str) -> None:
    assert log_in(client_of(kept), kept, "score", next=place).location == "/"


def test_a_forged_altered_or_old_cookie_is_no_session(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(kept)
    log_in(client, kept, "score")
    cookie = client.get_cookie("feedback_session")
    assert cookie is not None
    good = cookie.value
    altered = good[:-2] + ("aa" if good[-2:] != "aa" else "bb")
    for value in ("", "x", altered, good.partition(".")[0], kept.keys.list()[0].id):
        client.set_cookie("feedback_session", value)
        assert client.get("/", headers=HTML).status_code == 303, value
    client.set_cookie("feedback_session", good)
    assert client.get("/", headers=HTML).status_code == 200
    monkeypatch.setattr("api.sessions.LIFETIME", -1)
    assert client.get("/", headers=HTML).status_code == 303


def test_the_secret_is_made_once_and_is_this_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "session.secret"
    assert read_secret(path) == read_secret(path)
    assert len(path.read_bytes()) == 32
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["session.secret"]


def test_without_keys_there_is_nothing_to_log_in_to(kept: Store) -> None:
    client = client_of(kept)
    assert client.get("/login").location == "/"
    assert client.post("/login", data={"key": "x"}).location == "/"
    assert build_client().get("/login").location == "/"


# -- pages of other sites


def test_a_cookie_alone_does_not_write(kept: Store) -> None:
    client = client_of(kept)
    log_in(client, kept, "score")
    form = {"data": {"text": "Lovely"}}
    assert client.post("/", **form).status_code == 401  # no browser of today posts without saying from where
    assert client.post("/", headers={"Origin": "http://localhost"}, **form).status_code == 200
    assert client.post("/", headers={"Sec-Fetch-Site": "same-origin"}, **form).status_code == 200


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "localhost"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/login", "/logout", "/v1/score"])
def test_pages_of_other_sites_cannot_write_even_without_keys(headers: dict[str, str], path: str) -> None:
    client = build_client()
    answer = client.post(path, data={"text": "Lovely"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["type"] == "urn:feedback-nlp:problem:origin"


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.0.2.7"])
def test_our_own_names_and_all_addresses_are_answered(host: str) -> None:
    assert build_client().get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "a@localhost",
        "localhost:x",
        "[::1",
        " ",
    ],
)
def test_other_names_are_not(host: str) -> None:
    for path in ("/", "/healthz", "/nowhere"):
        answer = build_client().get(path, headers={"Host": host})
        assert answer.status_code == 421, host
        assert host not in answer.text or host == " "


def test_further_names_are_allowed_by_setting() -> None:
    for allowed in ("feedback.shop.example", "*"):
        client = build_client(settings=replace(QUIET, allowed_hosts=(allowed,)))
        assert client.get("/", headers={"Host": "Feedback.Shop.Example:443"}).status_code == 200
    assert client.get("/", headers={"Host": "other.example"}).status_code == 200
