"""Kill -9 of web processes, whole servers and PostgreSQL while feedback comes in: what was acknowledged and is lost.

    python benchmarks/faults.py [--faults 9] [--database sqlite|postgresql|both] [--seed 7]

`feedback-nlp serve` runs with the shipped bundle, two web processes and one for jobs. A client sends batches of 20
made-up documents (data/sample_feedback.csv) one after the other, each until it is acknowledged, and one file of 3,000
rows that a job keeps. Every 2 to 5 seconds something is killed with -9 and started again: one web process, the server
with all that it started, PostgreSQL with all its processes. In the end the store is compared with what was
acknowledged. The exit code is 1 if anything is lost or doubled. PostgreSQL is a cluster of its own in a temporary
folder, by the `initdb` and `postgres` of this machine. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _speed_paths import describe_machine

from feedback_nlp.client import Client
from feedback_nlp.store import Store

ROOT = Path(__file__).resolve().parent.parent
BATCH = 20
FILE_ROWS = 3_000
PATIENCE = 120.0
AS_ROOT: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


@dataclass(slots=True)
class Sent:
    """What a client has sent and heard."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    longest_wait: float = 0.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def children_of(process: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    with contextlib.suppress(FileNotFoundError):
        direct = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [found for child in map(int, direct) for found in (child, *children_of(child))]
    return []


def kill(*processes: int) -> None:
    """Kill them where they stand."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


class Program:
    """Something that is started, killed with all that it started, and started again."""

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._start = start
        self.process = start()

    def kill_and_start(self) -> None:
        """Kill it with all its processes; start it when they are gone."""
        kill(self.process.pid, *children_of(self.process.pid))
        self.process.wait()
        self.process = self._start()

    def start_if_gone(self) -> None:
        """Start it again where the last start failed."""
        if self.process.poll() is not None:
            self.process = self._start()

    def end(self) -> None:
        """Let it end in order."""
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def postgresql() -> Iterator[tuple[str, Program]]:
    """Yield the address of a new database and its server."""
    found = shutil.which("initdb") or next(
        iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))))
    )
    programs, port = Path(found).parent, free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        cluster = Path(folder, "cluster")
        subprocess.run(
            [found, "-D", cluster, "-A", "trust", "-U", "postgres"],
            check=True,
            stdout=subprocess.DEVNULL,
            **AS_ROOT,
        )
        command = [programs / "postgres", "-D", cluster, "-p", str(port), "-k", folder]
        server = Program(lambda: subprocess.Popen(command, stderr=subprocess.DEVNULL, **AS_ROOT))
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres", server
        finally:
            server.end()


def service(url: str, folder: str, port: int) -> Program:
    """Start the service."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FEEDBACK_")},
        "FEEDBACK_DATABASE_URL": url,
        "FEEDBACK_DATA_DIR": folder,
        "FEEDBACK_ACCESS_LOG": "false",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "feedback_nlp", "serve", "--port", str(port)]
    return Program(lambda: subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))


def documents(chance: random.Random, begin: int, count: int) -> list[dict[str, str]]:
    """Return documents with ids of their own."""
    with (ROOT / "data" / "sample_feedback.csv").open(encoding="utf-8", newline="") as source:
        parts = [row["text"] for row in csv.DictReader(source) if row["text"].strip()]
    return [
        {"id": f"T-{number}", "text": f"{chance.choice(parts)} {chance.choice(parts)}"}
        for number in range(begin, begin + count)
    ]


def send(address: str, batches: Iterator[list[dict[str, str]]], ended: threading.Event, sent: Sent) -> None:
    """Send batch after batch, each until it is acknowledged."""
    with Client(
        address, retries=1000, timeout=30.0, wait=lambda seconds: time.sleep(min(seconds, 0.5))
    ) as client:
        while not ended.is_set():
            batch, began = next(batches), time.monotonic()
            results = list(client.add(batch))
            sent.longest_wait = max(sent.longest_wait, time.monotonic() - began)
            assert {found["outcome"] for found in results} <= {"created", "unchanged"}, results  # noqa: S101
            sent.acknowledged |= {one["id"]: one["text"] for one in batch}


def until_ready(address: str, *programs: Program) -> None:
    """Wait until a request is answered; what did not start is started again."""
    deadline = time.monotonic() + PATIENCE
    with Client(address, retries=0) as client:
        while time.monotonic() < deadline:
            for program in programs:
                program.start_if_gone()
            with contextlib.suppress(Exception):
                client.score("Lovely.")
                list(client.jobs())
                return
            time.sleep(0.1)
    raise SystemExit("The service did not come back.")


def run(name: str, url: str, database: Program | None, options: argparse.Namespace) -> bool:
    """Run the faults on one database and print a line; return whether all is well."""
    chance, sent, ended, faults = random.Random(options.seed), Sent(), threading.Event(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{folder}/feedback.sqlite3"
        port = free_port()
        server = service(url, folder, port)
        programs = [server, *([database] if database else [])]
        address = f"http://127.0.0.1:{port}"
        until_ready(address, *programs)
        rows = documents(chance, 10_000_000, FILE_ROWS)
        upload = Path(folder, "rows.csv")
        with upload.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "text"), *((row["id"], row["text"]) for row in rows)])
        with Client(address) as client:
            job = client.submit(upload, store=True)
        batches = (documents(chance, number * BATCH, BATCH) for number in range(1_000_000))
        sender = threading.Thread(target=send, args=(address, batches, ended, sent))
        began = time.monotonic()
        sender.start()
        for number in range(options.faults):
            time.sleep(chance.uniform(2.0, 5.0))
            fault = ("web process", "server", "PostgreSQL")[number % (3 if database else 2)]
            if fault == "web process":
                # The first child is what starts job workers again; the last is a web process.
                kill(
                    int(
                        Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
                        .read_text()
                        .split()[-1]
                    )
                )
            else:
                (server if fault == "server" else database or server).kill_and_start()
            until_ready(address, *programs)
            faults[fault] += 1
        ended.set()
        sender.join()
        with Client(address) as client:
            client.wait_for(job["id"], timeout=PATIENCE)
        minutes = (time.monotonic() - began) / 60
        server.end()
        wanted = sent.acknowledged | {row["id"]: row["text"] for row in rows}
        with Store.open(url, folder) as store:
            kept = [(one.id, one.text, one.revision) for one in store.feedback.walk()]
    stored = {name: text for name, text, _ in kept}
    lost = sum(stored.get(name) != text for name, text in wanted.items())
    doubled = len(kept) - len(stored) + sum(revision > 1 for *_, revision in kept)
    print(
        f"| {name} | {minutes:.1f} | {faults['web process']} / {faults['server']} / "
        f"{faults['PostgreSQL'] if database else '–'} | {len(sent.acknowledged):,} | {len(rows):,} "
        f"| {lost} | {doubled} | {sent.longest_wait:.1f} s |",
        flush=True,
    )
    return not (lost or doubled)


def main() -> int:
    """Print a line a database."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faults", type=int, default=9)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print(describe_machine())
    print(
        "\n| database | minutes | killed: web process / server / PostgreSQL | acknowledged by requests "
        "| rows of the job | lost | doubled | longest wait for a batch |\n|---|---|---|---|---|---|---|---|"
    )
    well = True
    if options.database != "postgresql":
        well = run("SQLite", "", None, options)
    if options.database != "sqlite":
        with postgresql() as (url, server):
            well = run("PostgreSQL", url, server, options) and well
    return 0 if well else 1


if __name__ == "__main__":
    raise SystemExit(main())
