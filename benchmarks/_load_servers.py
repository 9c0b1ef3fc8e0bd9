"""What the load benchmark starts: the service, an empty Flask endpoint on the same server, processes in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

__all__ = ["InMemory", "cpu_seconds", "empty_server", "memory_of_workers", "service"]

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
_SERVICE = """
import sys
from api.server import serve
from feedback_nlp.settings import Settings
settings = Settings.from_environment().with_changes(port=0, workers=int(sys.argv[1]))
serve(settings=settings, on_ready=lambda address: print(address, flush=True))
"""
_EMPTY = """
import sys
from flask import Flask
from api.server import open_socket, run_server
from feedback_nlp.settings import Settings
settings = Settings.from_environment().with_changes(port=0, workers=int(sys.argv[1]))
app = Flask("empty")
app.post("/empty")(lambda: "")
listener = open_socket(settings)
print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
run_server(app, listener, settings)
"""
_IN_MEMORY = """
import json, random, sys, time
from feedback_nlp import Analyzer
texts = json.load(open(sys.argv[1]))
analyzer = Analyzer.load()
chance = random.Random(int(sys.argv[2]))
for line in sys.stdin:
    seconds, whole = line.split()
    end, done = time.perf_counter() + float(seconds), 0
    began = time.perf_counter()
    while time.perf_counter() < end:
        found = list(analyzer.analyze_many(chance.sample(texts, len(texts))))
        done += len([one.to_dict() for one in found] if whole == "whole" else found)
    print(json.dumps([done, time.perf_counter() - began]), flush=True)
"""


@contextmanager
def _running(program: str, workers: int) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-c", program, str(workers)]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None  # noqa: S101 - for the type checker
        try:
            yield child.stdout.readline().strip(), child.pid
        finally:
            child.terminate()
            child.wait(60)


def service(workers: int) -> AbstractContextManager[tuple[str, int]]:
    """Run the service as `feedback-nlp serve` does; give its address and process id."""
    return _running(_SERVICE, workers)


def empty_server(workers: int) -> AbstractContextManager[tuple[str, int]]:
    """Run an empty Flask endpoint on the same server; give its address and process id."""
    return _running(_EMPTY, workers)


class InMemory:
    """Processes that analyse texts without any server, when told to.

    Parameters
    ----------
    texts : Path
        JSON list of texts.
    processes : int
    """

    def __init__(self, texts: Path, processes: int) -> None:
        self._children = [
            subprocess.Popen(
                [sys.executable, "-c", _IN_MEMORY, str(texts), str(seed)],
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for seed in range(processes)
        ]
        self.rate(0.1)

    def rate(self, seconds: float, *, whole: bool = False) -> float:
        """Return the texts a second of all processes together, running at the same time.

        Parameters
        ----------
        seconds : float
        whole : bool, default=False
            Whether each analysis is also made into what the API answers, with its topics and sentences.
        """
        for child in self._children:
            assert child.stdin is not None  # noqa: S101 - for the type checker
            child.stdin.write(f"{seconds} {'whole' if whole else 'records'}\n")
            child.stdin.flush()
        answers = [json.loads(child.stdout.readline()) for child in self._children if child.stdout]
        return sum(done / took for done, took in answers)

    def close(self) -> None:
        """End the processes."""
        for child in self._children:
            child.communicate()


def _workers_of(parent: int) -> list[str]:
    return Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()


def cpu_seconds(parent: int) -> float:
    """Return the processor time that the workers of a server have used so far (Linux)."""
    ticks = 0
    for worker in _workers_of(parent):
        fields = Path(f"/proc/{worker}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_of_workers(parent: int) -> list[tuple[float, float, float]]:
    """Return resident, proportional and own memory in MB of each process of a server, the parent first (Linux)."""
    return [_memory(process) for process in (str(parent), *_workers_of(parent))]


def _memory(process: str) -> tuple[float, float, float]:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024, own / 1024
