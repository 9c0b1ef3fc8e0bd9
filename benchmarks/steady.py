"""Memory and latency of the API under half of the load that it bears, minute by minute.

    python benchmarks/steady.py [--minutes 10] [--workers 2] [--connections 16]

The service runs as `feedback-nlp serve` does, with a store of its own. Texts are two of data/sample_feedback.csv joined
(seed 7), so that hardly one comes twice. First the greatest rate is found in 10 seconds; then half of it is sent,
whether answers come or not, and after each minute the memory of the server and its web processes is read (proportional
set size). Ends with 1 if a request was not answered 200. Linux only.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import ExitStack
from itertools import islice

from _load_client import percentile, press, press_at_rate
from _load_servers import ENVIRONMENT, memory_of_workers, service
from _speed_paths import describe_machine
from load import SEED, read_sample, single_requests

TEXTS = 20_000


def main() -> int:
    """Print a line a minute."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    parts, chance = read_sample(), random.Random(SEED)
    texts = [f"{chance.choice(parts)} {chance.choice(parts)}" for _ in range(TEXTS)]
    print(describe_machine())
    refused = 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        ENVIRONMENT["FEEDBACK_DATA_DIR"] = folder
        address, parent = running.enter_context(service(options.workers))
        requests = single_requests(address, "/v1/score", texts)
        greatest = press(address, requests, connections=options.connections, seconds=10).rate
        print(f"{options.workers} workers; greatest rate {greatest:,.0f} requests/s, half of it is sent")
        print(
            "\n| minute | answered | not 200 | p50 | p99 | memory of all processes |\n|---|---:|---:|---:|---:|---:|"
        )
        for minute in range(options.minutes + 1):
            if minute:
                begin = chance.randrange(TEXTS)
                shifted = [*islice(requests, begin, None), *islice(requests, begin)]
                found = press_at_rate(
                    address, shifted, connections=options.connections, seconds=60, rate=greatest / 2
                )
                refused += sum(found.others.values())
                middle, late = (1000 * percentile(found.latencies, share) for share in (0.5, 0.99))
                said = f"{len(found.latencies):,} | {sum(found.others.values())} | {middle:.1f} ms | {late:.1f} ms"
            else:
                said = "– | – | – | –"
            memory = sum(proportional for _, proportional, _ in memory_of_workers(parent))
            print(f"| {minute} | {said} | {memory:.0f} MB |", flush=True)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
