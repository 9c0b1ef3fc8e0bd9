"""Send hostile requests to a real server and count what comes back.

    python benchmarks/hostile.py --requests 10000 --seed 7

Starts `feedback-nlp serve` with the shipped bundle and a new store, sends requests made by chance from the seed over
sockets (framing broken too), and prints statuses, the slowest answer, memory before and after, and whether the server
wrote anything on standard error. Ends with 1 if an answer was 5xx, if one took 10 s, or if the server is gone.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fake_analyzer import build_client  # noqa: E402
from tests.hostile import HostileRequest, hostile_requests  # noqa: E402

TIMEOUT = 10.0
CLIENTS = 4


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """Run the server; give its process, port and the file with what it says."""
    said = folder / "stderr"
    environment = os.environ | {"FEEDBACK_DATA_DIR": str(folder / "kept"), "FEEDBACK_ACCESS_LOG": "false"}
    with said.open("wb") as sink:
        server = subprocess.Popen(
            [sys.executable, "-m", "feedback_nlp", "serve", "--port", "0"],
            cwd=ROOT,
            env=environment,
            stderr=sink,
        )
    try:
        deadline = time.monotonic() + 120
        while b"/docs)" not in said.read_bytes():
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The server did not start: {said.read_text()}")
            time.sleep(0.1)
        address = said.read_text().partition("open ")[2].split()[0]
        yield server, urlsplit(address).port or 0, said
    finally:
        server.terminate()
        server.wait(60)


def ask(port: int, sent: HostileRequest) -> tuple[str, float]:
    """Return the status, or what came instead of one, and the seconds that it took."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
            try:
                connection.sendall(sent.wire())
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused before all was sent; the answer is there all the same
            answer = connection.recv(65_536)
            while len(answer) < 12 and (more := connection.recv(65_536)):
                answer += more
    except TimeoutError:
        return "no answer", time.monotonic() - began
    except OSError:
        return "closed", time.monotonic() - began
    words = answer.split(b" ", 2)
    status = words[1].decode("latin-1")[:3] if answer.startswith(b"HTTP/1.") and len(words) > 1 else "closed"
    return status, time.monotonic() - began


def descendants(process: int | str) -> list[str]:
    """Return what a process started, and what they did."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [number for child in children for number in (child, *descendants(child))]


def memory(process: int) -> float:
    """Return the MiB that a process and all that it started hold by themselves or share (PSS).

    All, because what is shared is divided among those that share it, also if they are not looked at.
    """
    total = 0
    for number in [str(process), *descendants(process)]:
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    rules = build_client().application.url_map.iter_rules()
    routes = sorted(
        (method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    statuses: Counter[str] = Counter()
    slowest, sizes = 0.0, []
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (server, port, said):
        start = len(said.read_bytes())
        made = hostile_requests(routes, arguments.requests, seed=arguments.seed, framing=True)
        with ThreadPoolExecutor(CLIENTS) as pool:
            for part in range(4):
                some = [next(made) for _ in range(arguments.requests // 4)]
                for status, seconds in pool.map(lambda sent: ask(port, sent), some):
                    statuses[status] += 1
                    slowest = max(slowest, seconds)
                sizes.append(memory(server.pid))
                print(f"after part {part + 1} of 4: {sizes[-1]:.0f} MiB", file=sys.stderr)
        alive = server.poll() is None
        noise = said.read_bytes()[start:].decode("utf-8", "replace")
    failed = sum(count for status, count in statuses.items() if status.startswith("5"))
    print(f"requests {statuses.total():,} (seed {arguments.seed}), routes {len(routes)}")
    print("statuses " + ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items())))
    print(
        f"5xx {failed}, without an answer in {TIMEOUT:.0f} s {statuses['no answer']}, slowest {slowest:.2f} s"
    )
    print("memory (PSS) after each quarter: " + ", ".join(f"{size:.0f}" for size in sizes) + " MiB")
    print(f"lines on standard error {len(noise.splitlines())}{': ' + noise[:300] if noise else ''}")
    raise SystemExit(0 if alive and not failed and slowest < TIMEOUT else 1)


if __name__ == "__main__":
    main()
