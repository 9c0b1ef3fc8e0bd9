"""A real server that is killed with -9 while feedback comes in: what it acknowledged is there, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feedback_nlp.client import Client
from feedback_nlp.errors import ServiceError
from feedback_nlp.store import Store

ROOT = Path(__file__).parent.parent
PROGRAM = """
import sys
from pathlib import Path
from api.server import serve
from tests.fake_analyzer import QUIET, FakeAnalyzer

settings = QUIET.with_changes(port=0, workers=2, store=True, data_dir=Path(sys.argv[1]), job_workers=1)
serve(settings=settings, analyzer=FakeAnalyzer(), on_ready=lambda address: print(address, flush=True))
"""


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a server in a group of processes of its own; give its address and the group."""
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills groups of processes")
def test_what_a_killed_server_acknowledged_is_there_once(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    enough = threading.Event()
    with server(tmp_path) as (address, group):

        def send() -> None:
            with Client(address, retries=0) as client:
                for batch in range(10_000):
                    documents = [{"id": f"{batch}-{row}", "text": f"lovely {batch}"} for row in range(5)]
                    try:
                        acknowledged.extend(found["id"] for found in client.add(documents))
                    except ServiceError:
                        return
                    if batch == 20:
                        enough.set()

        sending = threading.Thread(target=send)
        sending.start()
        assert enough.wait(60)
        os.killpg(group, signal.SIGKILL)
        sending.join()
    assert len(acknowledged) >= 100
    with server(tmp_path) as (address, _), Client(address) as client:
        again = list(client.add([{"id": "0-0", "text": "lovely 0"}]))
        assert [found["outcome"] for found in again] == ["unchanged"]
    with Store.open(data_dir=tmp_path) as store:
        kept = [one.id for one in store.feedback.walk()]
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept)) <= len(acknowledged) + 5
