"""Measure how long `make run` takes on an installed clone until /readyz says 200, and what a bare Python start takes.

    python benchmarks/startup.py [--rounds 5]

Each round starts with an empty data folder, so that the tables are made, too. The first round is not counted (it
compiles modules). Needs no data. POSIX only.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from _speed_paths import describe_machine

_ROOT = Path(__file__).resolve().parent.parent
_LONGEST = 120.0


def seconds_to_ready() -> float:
    """Return the time from `make run` to the first 200 of /readyz."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        command = ["make", "-s", "run", f"PORT={port}", f"FEEDBACK_DATA_DIR={folder}"]
        start = time.perf_counter()
        running = subprocess.Popen(
            command, cwd=_ROOT, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            while not is_ready(port):
                if running.poll() is not None or time.perf_counter() - start > _LONGEST:
                    raise SystemExit("`make run` did not become ready; run it by hand to see why.")
                time.sleep(0.01)
            return time.perf_counter() - start
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait()


def is_ready(port: int) -> bool:
    """Whether the service answers, and analyses a sentence."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(describe_machine())
    ready, bare = [], []
    for _ in range(options.rounds + 1):
        ready.append(seconds_to_ready())
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import numpy, flask"], check=True)
        bare.append(time.perf_counter() - start)
    rows = (("`make run` to ready", ready), ("`import numpy, flask`", bare))
    print("\n| | fastest | median | slowest | the uncounted first |\n|---|---:|---:|---:|---:|")
    for name, times in rows:
        counted = times[1:]
        figures = (min(counted), median(counted), max(counted), times[0])
        print(f"| {name} | {' | '.join(f'{figure:.2f} s' for figure in figures)} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
