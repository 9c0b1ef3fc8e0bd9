"""What is lost and what comes twice when the disk is full again and again, on SQLite.

    python benchmarks/full_disk.py [--seconds 40] [--rows 1500] [--seed 7]

The service has a disk of 48 MB (a tmpfs; needs the right to mount). Two writers post feedback in batches of 20 with ids
of their own, and send a batch again until it is answered 2xx; a file of --rows rows is queued with `store=true`
every few seconds. Meanwhile the disk is filled for a second and a half every 3 to 6 seconds.

At the end everything that was answered 2xx is looked for in the store: once, in its first revision, with its text. All
jobs have to be done. The exit code is 1 if a row is lost or doubled or a job is not done.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from feedback_nlp.store import Store

WRITERS, BATCH = 2, 20
TEXTS = (
    "My card was declined twice.",
    "Delivery was quick, thank you!",
    "Where is my parcel?",
    "Lovely tent, but the zip broke.",
)


@dataclass
class Sent:
    """What was answered 2xx, by id and text, and the jobs that were taken."""

    rows: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: int = 0
    other: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Run, print one line, end with 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("only root may mount a small disk")
    sent = Sent()
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder), "48m"):
        with service_in(Path(folder)) as address:
            times = under_load(address, sent, Path(folder), options)
            states = wait_for_jobs(address, sent)
        with Store.open(data_dir=folder) as store:
            lost, doubled, rows = compare(store, sent, states)
    done = sum(state == "done" for state in states.values())
    print("| times | posted and acknowledged | tried again | jobs done | their rows | lost | doubled |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    line = (
        times,
        f"{len(sent.rows):,}",
        sent.refused,
        f"{done} of {len(states)}",
        f"{rows:,}",
        lost,
        doubled,
    )
    print(f"| {' | '.join(map(str, line))} |")
    if sent.other:
        print(f"other answers than 2xx and 503: {dict(sent.other)}", file=sys.stderr)
    sys.exit(1 if lost or doubled or done < len(states) else 0)


@contextlib.contextmanager
def service_in(folder: Path) -> Iterator[str]:
    """Run `feedback-nlp serve` with two workers on a data folder; yield its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    environment = os.environ | {
        "FEEDBACK_DATA_DIR": str(folder),
        "FEEDBACK_ACCESS_LOG": "false",
        "FEEDBACK_JOB_WORKERS": "2",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "feedback_nlp", "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until_taken(Sent(), lambda: httpx.get(f"{address}/healthz", timeout=5))
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Let a folder be a disk of its own; needs the right to mount."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(place: Path) -> None:
    """Fill the disk for a while."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    time.sleep(1.5)
    filler.unlink()


def under_load(address: str, sent: Sent, place: Path, options: argparse.Namespace) -> int:
    """Write, queue and fill the disk until the time is over; return how often it was filled."""
    over, chance, times = threading.Event(), random.Random(options.seed), 0
    threads = [
        threading.Thread(target=write, args=(address, sent, over, writer)) for writer in range(WRITERS)
    ]
    threads.append(threading.Thread(target=queue, args=(address, sent, over, options.rows)))
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + options.seconds
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(3.0, 6.0))
        fill(place)
        times += 1
    over.set()
    for thread in threads:
        thread.join()
    return times


def write(address: str, sent: Sent, over: threading.Event, writer: int) -> None:
    """Post batches, each until it is answered 2xx."""
    number = 0
    while not over.is_set():
        rows = {
            f"w{writer}-{number + row}": f"{TEXTS[row % len(TEXTS)]} {writer} {number + row}"
            for row in range(BATCH)
        }
        body = {"documents": [{"id": id, "text": text} for id, text in rows.items()]}
        until_taken(sent, lambda body=body: httpx.post(f"{address}/v1/feedback", json=body, timeout=60))
        sent.rows |= rows
        number += BATCH


def queue(address: str, sent: Sent, over: threading.Event, rows: int) -> None:
    """Send files, each until it is taken; a repeated key starts nothing new."""
    number = 0
    while not over.wait(4.0):
        given = {f"f{number}-{row}": f"{TEXTS[row % len(TEXTS)]} {number} {row}" for row in range(rows)}
        lines = io.StringIO()
        csv.writer(lines).writerows([("id", "text"), *given.items()])
        content = lines.getvalue().encode()
        key = {"Idempotency-Key": f"file-{number}"}
        answer = until_taken(
            sent,
            lambda content=content, key=key: httpx.post(
                f"{address}/v1/jobs",
                data={"store": "true"},
                files={"file": ("export.csv", content)},
                headers=key,
                timeout=60,
            ),
        )
        sent.files[answer.json()["id"]] = given
        number += 1


def until_taken(sent: Sent, ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until the answer is 2xx; anything but 503 and no answer is noted."""
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = ask()
            if answer.is_success:
                return answer
            if answer.status_code != 503:
                sent.other[f"{answer.status_code} {answer.json().get('detail')}"] += 1
        sent.refused += 1
        time.sleep(0.1)


def wait_for_jobs(address: str, sent: Sent, seconds: float = 150.0) -> dict[str, str]:
    """Wait until all jobs have ended; return their states."""
    deadline = time.monotonic() + seconds
    while True:
        states = {
            job: until_taken(sent, lambda job=job: httpx.get(f"{address}/v1/jobs/{job}")).json()["state"]
            for job in sent.files
        }
        if all(state in ("done", "failed", "cancelled") for state in states.values()):
            return states
        if time.monotonic() > deadline:
            return states
        time.sleep(0.5)


def compare(store: Store, sent: Sent, states: dict[str, str]) -> tuple[int, int, int]:
    """Return rows lost, rows doubled, and rows of files that are done."""
    wanted = dict(sent.rows)
    rows = 0
    for job, given in sent.files.items():
        if states[job] == "done":
            wanted |= given
            rows += len(given)
    kept = Counter((one.id, one.text) for one in store.feedback.walk())
    revised = sum(one.revision > 1 for one in store.feedback.walk())
    lost = sum(kept[row] == 0 for row in wanted.items())
    return lost, sum(count - 1 for count in kept.values()) + revised, rows


if __name__ == "__main__":
    main()
