"""Rate limits: exact over time, over callers, threads and processes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.limits import RateLimit
from feedback_nlp.store import Store
from tests.fake_analyzer import build_client
from tests.test_access import TEXT, bearer, client_of, kept

__all__ = ["kept"]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_caller_has_the_quota_at_once_and_then_one_a_step() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    verdicts = [limit.spend("a") for _ in range(61)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 60 + [False]
    assert [verdict.remaining for verdict in verdicts] == [*reversed(range(60)), 0]
    assert (verdicts[0].reset, verdicts[59].reset, verdicts[60].reset) == (1, 60, 1)
    clock.now += 1
    assert [limit.spend("a").allowed for _ in range(2)] == [True, False]
    clock.now += 60
    assert sum(limit.spend("a").allowed for _ in range(100)) == 60
    assert limit.spend("b").allowed


@pytest.mark.parametrize("quota", [1, 7, 600, 1_000_000])
def test_any_quota_is_met_exactly(quota: int) -> None:
    limit = RateLimit(quota, Clock())
    tries = min(quota, 2000)
    assert all(limit.spend("a").allowed for _ in range(tries))
    assert limit.spend("a").allowed == (quota > tries)


def test_processes_and_threads_share_a_limit() -> None:
    limit = RateLimit(100, Clock())
    answers, inlet = multiprocessing.Pipe(duplex=False)

    def spend_90() -> None:
        with ThreadPoolExecutor(4) as pool:
            inlet.send(sum(pool.map(lambda _: limit.spend("a").allowed, range(90))))

    children = [multiprocessing.get_context("fork").Process(target=spend_90) for _ in range(2)]
    for child in children:
        child.start()
    assert answers.recv() + answers.recv() == 100
    for child in children:
        child.join()
        child.close()


def test_each_key_has_its_own_limit_and_hears_of_it(kept: Store) -> None:
    client = client_of(kept, rate_limit=2)
    one, other = bearer(kept, "score"), bearer(kept, "score")
    answers = [client.post("/v1/score", json=TEXT, headers=one) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit"] for answer in answers[:2]] == [
        '"requests";r=1;t=30',
        '"requests";r=0;t=60',
    ]
    assert answers[2].headers["RateLimit-Policy"] == '"requests";q=2;w=60'
    assert answers[2].headers["Retry-After"] == "30"
    assert answers[2].mimetype == "application/problem+json"
    assert client.post("/v1/score", json=TEXT, headers=other).status_code == 200


def test_guessing_keys_is_limited_by_address_and_locks_nobody_out(kept: Store) -> None:
    client = client_of(kept, rate_limit=3)
    good = bearer(kept, "score")
    guess = {"Authorization": "Bearer fnlp_12345678_" + "x" * 43}
    answers = [client.post("/v1/score", json=TEXT, headers=guess).status_code for _ in range(2)]
    answers += [client.post("/login", data={"key": "guess"}).status_code for _ in range(2)]
    assert answers == [401, 401, 401, 429]
    other = client.post("/v1/score", json=TEXT, headers=guess, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert other.status_code == 401
    assert client.post("/v1/score", json=TEXT, headers=good).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_the_address_behind_a_proxy_is_believed_only_when_told(kept: Store) -> None:
    bearer(kept, "score")
    for proxies, statuses in ((0, [401, 429]), (1, [401, 401])):
        client = client_of(kept, rate_limit=1, proxies=proxies)
        asked = [
            client.post("/v1/score", json=TEXT, headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
            for number in (1, 2)
        ]
        assert asked == statuses


def test_this_machine_without_keys_has_no_limit(tmp_path: Path) -> None:
    with Store.open(data_dir=tmp_path) as store:
        client = client_of(store, rate_limit=1)
        assert {client.post("/v1/score", json=TEXT).status_code for _ in range(3)} == {200}
        open_to_all = client_of(store, rate_limit=1, host="0.0.0.0", allow_remote=True)  # noqa: S104
        assert [open_to_all.post("/v1/score", json=TEXT).status_code for _ in range(2)] == [200, 429]
    assert "RateLimit" not in build_client().get("/").headers
