"""What scoring files costs at size: one process, two, a Dask cluster; and memory, which must not grow with the file.

    python benchmarks/batch.py [--rows 1000000] [--rounds 5] [--memory-rows 100000 10000000] [--only time|memory]

Every figure is that of the command `feedback-nlp score`, from its start to its end, on rows made from the sentences of
data/sample_feedback.csv (seed 7): two of them a row, and in every tenth an order number nobody has seen; for memory in
every row, since words are remembered. The ways take turns in each round; ratios are medians of the rounds' ratios.
What two ways write must be the same, byte for byte, and have as many rows as went in. The processor time, starting
included, says what a row costs where other work disturbs.
"""

from __future__ import annotations

import argparse
import csv
import filecmp
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from _speed_paths import describe_machine

ROOT = Path(__file__).resolve().parent.parent
SEED = 7
SHARDS = 8
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a command, processor seconds of all its processes, and megabytes of the largest."""

    seconds: float
    processor: float
    megabytes: float


def write_rows(path: Path, rows: int, first: int = 0, orders: int = 10) -> None:
    """Write a CSV file of so many rows, the same for the same numbers; every so many have an order number."""
    with (ROOT / "data" / "sample_feedback.csv").open(encoding="utf-8", newline="") as file:
        parts = [row["text"] for row in csv.DictReader(file) if row["text"].strip()]
    chance = random.Random(SEED + first)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for number in range(first, first + rows):
            text = f"{chance.choice(parts)} {chance.choice(parts)}"
            writer.writerow(
                [number, f"{text} (order {chance.getrandbits(40)})" if number % orders == 0 else text]
            )


def run_score(*arguments: str | Path, rows: int) -> Cost:
    """Run the command; check that it wrote every row."""
    command = [sys.executable, "-m", "feedback_nlp", "score", *map(str, arguments), "--json"]
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None  # noqa: S101 - for the type checker
        answer = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}.")
    found = json.loads(answer)
    written = sum(file["rows_written"] for file in found.get("files", [found]))
    if written != rows:
        raise SystemExit(f"{written} rows came out, not {rows}.")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files, or all files of two folders, are the same."""
    if one.is_file():
        return filecmp.cmp(one, other, shallow=False)
    names = sorted(path.name for path in one.iterdir())
    return names == sorted(path.name for path in other.iterdir()) and not any(
        filecmp.cmpfiles(one, other, names, shallow=False)[1:]
    )


def measure_time(folder: Path, rows: int, rounds: int) -> None:
    """Print the rows a second of each way."""
    whole, shards = folder / "whole.csv", folder / "shards"
    shards.mkdir()
    write_rows(whole, rows)
    per_shard = rows // SHARDS
    for number in range(SHARDS):
        write_rows(shards / f"{number}.csv", per_shard, number * per_shard)
    one, two, far = folder / "one.csv", folder / "two.csv", folder / "far.csv"
    near_folder, far_folder = folder / "near", folder / "far"
    ways: dict[str, tuple[int, Sequence[str | Path]]] = {
        "one process": (rows, (whole, "-o", one)),
        "two processes": (rows, (whole, "-o", two, "--workers", "2")),
        "Dask, two local workers, streamed": (rows, (whole, "-o", far, "--cluster", "local:2")),
        f"two processes, {SHARDS} files": (per_shard * SHARDS, (shards, "-o", near_folder, "--workers", "2")),
        f"Dask, two local workers, {SHARDS} files": (
            per_shard * SHARDS,
            (shards, "-o", far_folder, "--cluster", "local:2"),
        ),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (count, arguments) in ways.items():
            costs[name].append(run_score(*arguments, rows=count))
    if not (same_bytes(one, two) and same_bytes(one, far) and same_bytes(near_folder, far_folder)):
        raise SystemExit("Two ways wrote different bytes.")
    names = list(ways)
    print(
        "| what | rows/s | processor us a row | largest process MB | against | ratio |\n"
        "|---|---:|---:|---:|---|---:|"
    )
    for name, against in zip(names, (None, names[0], names[1], names[1], names[3]), strict=True):
        rates = [ways[name][0] / cost.seconds for cost in costs[name]]
        peak = max(cost.megabytes for cost in costs[name])
        processor = median(1e6 * cost.processor / ways[name][0] for cost in costs[name])
        ratio = ""
        if against:
            others = [ways[against][0] / cost.seconds for cost in costs[against]]
            ratio = f"{median(mine / other for mine, other in zip(rates, others, strict=True)):.2f}"
        print(f"| {name} | {median(rates):,.0f} | {processor:.0f} | {peak:.0f} | {against or ''} | {ratio} |")


def measure_memory(folder: Path, sizes: Sequence[int]) -> None:
    """Print the peak memory for files of different size."""
    print("| rows | file MB | peak MB | rows/s | processor us a row |\n|---:|---:|---:|---:|---:|")
    for rows in sizes:
        path = folder / f"{rows}.csv"
        write_rows(path, rows, orders=1)
        cost = run_score(path, "-o", folder / "out.csv", rows=rows)
        size, processor = path.stat().st_size / 1e6, 1e6 * cost.processor / rows
        print(
            f"| {rows:,} | {size:,.0f} | {cost.megabytes:.0f} | {rows / cost.seconds:,.0f} | {processor:.0f} |",
            flush=True,
        )
        path.unlink()


def main() -> None:
    """Run the rounds and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-rows", type=int, nargs="+", default=[100_000, 10_000_000])
    parser.add_argument("--only", choices=["time", "memory"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{describe_machine()}\n", flush=True)
        if options.only != "memory":
            measure_time(Path(folder), options.rows, options.rounds)
            print()
        if options.only != "time":
            measure_memory(Path(folder), options.memory_rows)


if __name__ == "__main__":
    main()
