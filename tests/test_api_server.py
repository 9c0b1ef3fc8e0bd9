"""The real server in a process of its own: where it listens, how it refuses, how it stops."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.server import open_socket, serve
from feedback_nlp.errors import BundleNotFoundError, SettingError
from tests.fake_analyzer import QUIET, FakeAnalyzer
from tests.waitress_loop import stop_waitress

ROOT = Path(__file__).parent.parent
#: Starts the server over the fake. A text "wait" is answered only when the file descriptor `gate` is readable.
PROGRAM = """

import os, sys
from api.server import serve
from tests.fake_analyzer import QUIET, FakeAnalyzer

gate = int(sys.argv[1])

class Waiting(FakeAnalyzer):
    def analyze(self, text, **options):
        if text == "wait":
            print("waiting", flush=True)
            os.read(gate, 1)
        return super().analyze(text, **options)

os.register_at_fork(after_in_child=lambda: print("worker", flush=True))
settings = QUIET.with_changes(port=0, workers=2)
serve(settings=settings, analyzer=Waiting(), on_ready=lambda address: print(address, flush=True))
"""


@contextmanager
def running_server(before: str = "") -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Run the server; give its process, its address and the end of the pipe that opens the gate."""
    gate, opener = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", before + PROGRAM, str(gate)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=[gate],
    )
    os.close(gate)
    with process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert [process.stdout.readline() for _ in range(2)] == ["worker\n"] * 2
            yield process, address, opener
        finally:
            os.close(opener)
            process.kill()


def ask(address: str, text: str) -> tuple[int, dict[str, object]]:
    place = urlsplit(address)
    with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)) as connection:
        connection.request(
            "POST", "/v1/score", json.dumps({"text": text}), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="watches worker processes the way Linux has for it")
def test_a_request_in_flight_is_finished_when_the_server_is_told_to_stop() -> None:
    with running_server() as (process, address, opener):
        assert ask(address, "lovely")[0] == 200
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(ask(address, "wait")[0]))
        asking.start()
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        ends = [os.pidfd_open(int(child)) for child in children]
        process.terminate()
        # The idle worker is gone: the server is stopping, with the request still inside the other one.
        assert select.select(ends, [], [], 30)[0]
        os.write(opener, b"1")
        asking.join()
        for end in ends:
            os.close(end)
        assert answers == [200]
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="finds worker processes the way Linux has for it")
def test_a_worker_process_that_is_killed_is_replaced_and_said_in_json() -> None:
    with running_server() as (process, address, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        assert process.stdout is not None
        assert process.stdout.readline() == "worker\n"  # another one
        assert {ask(address, "lovely")[0] for _ in range(10)} == {200}
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr is not None
        (line,) = process.stderr.read().splitlines()
        assert json.loads(line)["event"].startswith(f"Worker (pid:{children[0]}) was sent ...!")


HEAD = b"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
SLOW = (
    b"",
    b"GET /healthz HTTP/1.1\r\nHost: 127",
    HEAD % 99 + b"{",
    HEAD.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked") + b"63\r\n{",
)


def test_slow_callers_hold_nobody_up_and_are_cut_off_if_too_little_comes() -> None:
    with (
        running_server("import api.patience; api.patience.PATIENCE = 1.0") as (_, address, _),
        ExitStack() as held,
    ):
        place = urlsplit(address)
        slow = [
            held.enter_context(socket.create_connection((place.hostname, place.port), timeout=30))
            for _ in range(200)
        ]
        for number, connection in enumerate(slow):
            connection.sendall(SLOW[number % 4])
        began = time.monotonic()
        assert ask(address, "lovely")[0] == 200
        assert time.monotonic() - began < 10
        assert slow[1].recv(100) == b""  # half a head: closed
        for half_a_body in slow[2:4]:
            assert half_a_body.recv(100).startswith(b"HTTP/1.1 400")
        body = b'{"text": "lovely ' + b"x" * 3000 + b'"}'
        patient = held.enter_context(socket.create_connection((place.hostname, place.port), timeout=30))
        began = time.monotonic()
        patient.sendall(HEAD % len(body))
        for start in range(0, len(body), 1000):
            assert not select.select([patient], [], [], 0.4)[0]
            patient.sendall(body[start : start + 1000])
        assert patient.recv(100).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began > 1  # longer than patience, but enough came


def test_a_chunked_body_is_read_and_a_malformed_request_line_is_not_logged() -> None:
    with running_server() as (process, address, _):
        place = urlsplit(address)
        with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)) as connection:
            headers = {"Content-Type": "application/json"}
            connection.request(
                "POST", "/v1/score", iter([b'{"text": ', b'"lovely"}']), headers, encode_chunked=True
            )
            assert connection.getresponse().status == 200
        with closing(socket.create_connection((place.hostname, place.port), timeout=30)) as raw:
            raw.sendall(b"my dog Rufus ate the parcel\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 400")
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_taken_port_is_one_clear_line() -> None:
    with closing(open_socket(replace(QUIET, port=0))) as first:
        port = first.getsockname()[1]
        with pytest.raises(SettingError) as caught:
            serve(port=port, settings=QUIET, analyzer=FakeAnalyzer())
    assert str(caught.value).startswith(
        f"Port {port} of 127.0.0.1 is in use. Stop the program that listens there"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_addresses_that_others_can_reach_are_refused_unless_allowed(host: str) -> None:
    with pytest.raises(SettingError, match=r"FEEDBACK_ALLOW_REMOTE=true"):
        serve(settings=replace(QUIET, host=host, port=0), analyzer=FakeAnalyzer())
    open_socket(replace(QUIET, host=host, port=0, allow_remote=True)).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_loopback_needs_no_permission(host: str) -> None:
    open_socket(replace(QUIET, host=host, port=0)).close()


@pytest.mark.parametrize("host", ["no such host", "a" * 300, "192.0.2.1"])
def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(SettingError) as caught:
        open_socket(replace(QUIET, host=host, port=0, allow_remote=True))
    assert host[:60] in str(caught.value)
    assert "address of this machine" in str(caught.value)


def test_a_refused_bundle_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError):
        serve(settings=replace(QUIET, port=0, bundle=tmp_path / "nowhere"))


def test_waitress_serves_the_same_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of systems without fork: one process; stopped here by closing it from inside a request."""
    waitress_server = pytest.importorskip("waitress.server")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    addresses: list[str] = []
    answers: list[tuple[int, dict[str, object]]] = []

    def ask_and_stop(server: object) -> None:
        answers.append(ask(addresses[0], "lovely"))

    run = waitress_server.BaseWSGIServer.run

    def run_once(server: object) -> None:
        asking = threading.Thread(target=ask_and_stop, args=(server,))
        asking.start()
        loop = threading.Thread(target=run, args=(server,), daemon=True)
        loop.start()
        asking.join()
        stop_waitress(server, loop)

    monkeypatch.setattr(waitress_server.BaseWSGIServer, "run", run_once)
    serve(settings=replace(QUIET, port=0), analyzer=FakeAnalyzer(), on_ready=addresses.append)
    assert answers[0][0] == 200
