"""What the API bears: requests a second, texts a second, latency at half the maximum rate, memory of a worker.

    python benchmarks/load.py [--workers 2] [--connections 16] [--rounds 5] [--seconds 3]

Everything runs on this machine: the service, an empty Flask endpoint on the same server with as many workers, processes
that analyse in memory, and a small load generator over loopback. They take turns in each round; figures are medians,
ratios medians of the rounds' ratios. The texts are those of data/sample_feedback.csv. Bounded: rounds x 5 x seconds.
The generator shares the cores with what it measures, and other work may too: so there is also the processor time that
the workers use for a request, and its ratio, which other work disturbs less. Linux only.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from _load_client import Outcome, build_request, percentile, press, press_at_rate
from _load_servers import ROOT, InMemory, cpu_seconds, empty_server, memory_of_workers, service
from _speed_paths import describe_machine

SEED = 7
BATCH = 100


def read_sample() -> list[str]:
    """Return the distinct texts of the sample file."""
    with (ROOT / "data" / "sample_feedback.csv").open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["text"] for row in csv.DictReader(file) if row["text"].strip()))


def single_requests(address: str, path: str, texts: Sequence[str]) -> list[bytes]:
    """Return one request a text."""
    return [build_request(address, path, json.dumps({"text": text}).encode()) for text in texts]


def batch_requests(address: str, texts: Sequence[str]) -> list[bytes]:
    """Return requests of 100 different texts each."""
    chance = random.Random(SEED)
    batches = [[{"text": text} for text in chance.sample(texts, BATCH)] for _ in range(20)]
    return [
        build_request(address, "/v1/score/batch", json.dumps({"documents": batch}).encode())
        for batch in batches
    ]


def row(name: str, figures: Sequence[float], unit: str, ratio: str = "") -> None:
    """Print one row of the table."""
    print(
        f"| {name} | {median(figures):,.1f} | {min(figures):,.1f} to {max(figures):,.1f} | {unit} | {ratio} |",
        flush=True,
    )


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the median of the rounds' ratios."""
    return f"{median(mine / other for mine, other in zip(ours, theirs, strict=True)):.2f}"


def main() -> None:
    """Run the rounds and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    texts = read_sample()
    print(f"{describe_machine()}\n{options.workers} workers, {options.connections} connections\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.json"
        path.write_text(json.dumps(texts), encoding="utf-8")
        memory = InMemory(path, options.workers)
        try:
            with service(options.workers) as (ours, parent), empty_server(options.workers) as (empty, other):
                measure(options, texts, (ours, parent), (empty, other), memory)
                report_memory(parent)
        finally:
            memory.close()


def measure(
    options: argparse.Namespace,
    texts: Sequence[str],
    ours: tuple[str, int],
    empty: tuple[str, int],
    memory: InMemory,
) -> None:
    """Run the rounds against both servers and the processes in memory."""
    single = single_requests(ours[0], "/v1/score", texts)
    work = {
        "empty": (empty, single_requests(empty[0], "/empty", texts)),
        "single": (ours, single),
        "batch": (ours, batch_requests(ours[0], texts)),
    }
    rates: dict[str, list[float]] = {name: [] for name in (*work, "memory", "whole")}
    costs: dict[str, list[float]] = {name: [] for name in work}
    outcomes: list[Outcome] = []
    for warm_up in (True, *[False] * options.rounds):
        seconds = 1.0 if warm_up else options.seconds
        found: dict[str, Outcome] = {}
        for name, ((address, parent), requests) in work.items():
            before = cpu_seconds(parent)
            found[name] = press(address, requests, connections=options.connections, seconds=seconds)
            costs[name].append((cpu_seconds(parent) - before) / max(1, len(found[name].latencies)))
        in_memory, whole = memory.rate(seconds), memory.rate(seconds, whole=True)
        if warm_up:
            costs = {name: [] for name in work}
            continue
        for name, outcome in found.items():
            rates[name].append(outcome.rate)
        rates["memory"].append(in_memory)
        rates["whole"].append(whole)
        half = max(1.0, found["single"].rate / 2)
        outcomes.append(
            press_at_rate(ours[0], single, connections=options.connections, seconds=seconds, rate=half)
        )
        refused = {status for outcome in (*found.values(), outcomes[-1]) for status in outcome.others}
        if refused:
            raise SystemExit(f"There were answers with status {refused}.")
    report(rates, costs, outcomes)


def report(rates: dict[str, list[float]], costs: dict[str, list[float]], outcomes: Sequence[Outcome]) -> None:
    """Print the table of what the rounds gave."""
    batch_texts = [BATCH * rate for rate in rates["batch"]]
    print("| what | median | rounds | unit | ratio |\n|---|---:|---:|---|---:|")
    row("empty Flask endpoint", rates["empty"], "requests/s")
    row("POST /v1/score", rates["single"], "requests/s", ratio_of(rates["single"], rates["empty"]))
    row("in memory, as many processes", rates["memory"], "texts/s")
    row("the same as answers, with topics and sentences", rates["whole"], "texts/s")
    name = f"POST /v1/score/batch of {BATCH}"
    row(name, batch_texts, "texts/s", ratio_of(batch_texts, rates["memory"]))
    row(f"{name}, against answers", batch_texts, "texts/s", ratio_of(batch_texts, rates["whole"]))
    microseconds = {name: [1e6 * cost for cost in costs[name]] for name in costs}
    row("processor time of the empty endpoint", microseconds["empty"], "us a request")
    shares = ratio_of(microseconds["empty"], microseconds["single"])
    row("processor time of /v1/score", microseconds["single"], "us a request", shares)
    row("processor time of a batch", [cost / BATCH for cost in microseconds["batch"]], "us a text")
    for share in (0.5, 0.99):
        figures = [1000 * percentile(outcome.latencies, share) for outcome in outcomes]
        row(f"p{share * 100:g} of /v1/score at half its maximum rate", figures, "ms")


def report_memory(parent: int) -> None:
    """Print what each process of the server holds after the load; its own memory is what one more would cost."""
    print("\n| process | resident MB | proportional MB | own MB |\n|---|---:|---:|---:|")
    for number, megabytes in enumerate(memory_of_workers(parent)):
        figures = " | ".join(f"{figure:.0f}" for figure in megabytes)
        print(f"| {f'process {number}' if number else 'parent'} | {figures} |")


if __name__ == "__main__":
    main()
