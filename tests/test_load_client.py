"""The load generator counts what it claims to count: whole answers, other statuses, waiting time, lost connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks._load_client import build_request, percentile, press, press_at_rate


class Answers(BaseHTTPRequestHandler):
    """Echoes the text; refuses "no"; hangs up at "bye"."""

    protocol_version = "HTTP/1.1"
    texts: list[str]

    def do_POST(self) -> None:
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        self.texts.append(text)
        if text == "bye":
            self.close_connection = True
            return
        body = text.encode()
        self.send_response(503 if text == "no" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    Answers.texts = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def requests(address: str, *texts: str) -> list[bytes]:
    return [build_request(address, "/echo", json.dumps({"text": text}).encode()) for text in texts]


def test_every_answer_is_counted_by_its_status(address: str) -> None:
    outcome = press(address, requests(address, "yes", "no", "é" * 70_000), connections=2, seconds=0.3)
    assert set(outcome.others) == {503}
    answered = len(outcome.latencies) + outcome.others[503]
    assert answered <= len(Answers.texts) <= answered + 2
    assert abs(len(outcome.latencies) - 2 * outcome.others[503]) <= 4
    assert outcome.rate == len(outcome.latencies) / outcome.seconds


def test_at_a_fixed_rate_no_more_is_sent_than_is_due(address: str) -> None:
    outcome = press_at_rate(address, requests(address, "yes"), connections=4, seconds=0.4, rate=50)
    assert 1 <= len(Answers.texts) <= 20
    assert not outcome.others
    assert all(latency > 0 for latency in outcome.latencies)


def test_a_connection_that_the_server_closes_is_no_quiet_loss(address: str) -> None:
    with pytest.raises(ConnectionError, match="The server closed 1 connections"):
        press(address, requests(address, "yes", "bye"), connections=1, seconds=0.3)


def test_percentiles_by_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values[:1], 0.99)) == (50, 99, 1)
