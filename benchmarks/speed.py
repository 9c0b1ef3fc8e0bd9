"""Measure texts a second: ours, the plain path, word lists and spaCy's tokenizer alone, on the same texts in one run.

    python benchmarks/speed.py [--data DIR] [--rows 2000] [--rounds 5] [--lengths short medium long]

DIR holds datasets/ and gold/ (default: FEEDBACK_TRAINING_DATA, then a folder "shared" beside the checkout). Each
takes its turn in each round, and each round has texts that nobody has seen yet, since ours remembers words; texts whose
words it knows are a row of their own. Before the first round it reads 8,000 other texts of the kind.
Figures are medians over the rounds; slow ones get the first texts of a round only. Exit code 6 without data.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from _sources import require_data
from _speed_paths import LENGTHS, PlainAnalyzer, build_rivals, describe_machine, read_texts

from feedback_nlp import Analyzer, score_file
from feedback_nlp.batch.scoring import Texts, build_scorer

WARM_UP = 8_000
#: Share of a round's texts that the slow ones get.
FEW = {"TextBlob": 0.2, "plain path": 0.1, "ours, explained": 0.1}
CHUNK = 1_024
_PEAK = """
import json, resource, sys
from feedback_nlp import Analyzer
analyzer = Analyzer.load()
for _ in analyzer.analyze_many(json.load(sys.stdin)):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
Contestant = Callable[[Sequence[str]], object]


def build_contestants(folder: Path) -> dict[str, Contestant]:
    """Return name -> what it does with texts, in the order of a round."""
    analyzer = Analyzer.load()
    plain = PlainAnalyzer(analyzer)
    local, double = build_scorer(analyzer), build_scorer(None, workers=2)

    def score(texts: Sequence[str]) -> None:
        score_file(folder / "in.csv", folder / "out.csv", analyzer=analyzer)

    def chunks(texts: Sequence[str]) -> list[tuple[int, Texts]]:
        places = range(0, len(texts) + CHUNK, CHUNK)
        return [(start, Texts(list(texts[start:end]))) for start, end in pairwise(places)]

    rivals = build_rivals()
    return {
        "spaCy tokenizer alone": rivals["spaCy tokenizer alone"],
        "VADER": rivals["VADER"],
        "ours": lambda texts: list(analyzer.analyze_many(texts)),
        "TextBlob": rivals["TextBlob"],
        "plain path": lambda texts: plain.analyze_batch(list(texts)),
        "ours, words known": lambda texts: list(analyzer.analyze_many(texts)),
        "ours, explained": lambda texts: list(analyzer.analyze_many(texts, explain=True)),
        "ours, as columns of text": lambda texts: list(local.scored(chunks(texts))),
        "ours, two processes": lambda texts: list(double.scored(chunks(texts))),
        "ours, file to file": score,
    }


def write_source(folder: Path, texts: Sequence[str]) -> None:
    """Write the file of a round."""
    with (folder / "in.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text"])
        rows.writerows([text] for text in texts)


def measure(
    contestants: dict[str, Contestant], folder: Path, texts: list[str], rows: int, rounds: int
) -> dict[str, list[float]]:
    """Return name -> seconds a text of each round."""
    warm_up = texts[: min(WARM_UP, len(texts) // 3)]
    for name, contestant in contestants.items():
        few = warm_up if name in ("ours", "ours, two processes") else warm_up[:200]
        write_source(folder, few)
        contestant(few)
    fresh = texts[len(warm_up) :]
    size = min(rows, len(fresh) // rounds)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        batch = fresh[number * size : (number + 1) * size]
        write_source(folder, batch)
        for name, contestant in contestants.items():
            part = batch[: max(int(len(batch) * FEW.get(name, 1)), 1)]
            start = time.perf_counter()
            contestant(part)
            seconds[name].append((time.perf_counter() - start) / len(part))
    return seconds


def print_table(length: str, seconds: dict[str, list[float]], size: float) -> None:
    """Print texts a second with the ratios to VADER and to the plain path, each a median of the rounds' ratios."""
    print(f"\n### {length} texts ({size:.0f} characters on average, {len(seconds['ours'])} rounds)\n")
    print(
        "| what | us a text | texts/s | against VADER | against the plain path |\n|---|---:|---:|---:|---:|"
    )
    for name, times in seconds.items():
        ratios = [
            median(other / own for other, own in zip(seconds[rival], times, strict=True))
            for rival in ("VADER", "plain path")
        ]
        middle = median(times)
        print(
            f"| {name} | {1e6 * middle:.1f} | {1 / middle:,.0f} | {ratios[0]:.2f} | {ratios[1]:.1f} |",
            flush=True,
        )


def peak_memory(texts: list[str]) -> str:
    """Return the largest resident memory of a fresh process that analyses texts, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _PEAK], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def main() -> int:
    """Print the tables; exit code 6 when the data is absent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=2_000, help="texts a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lengths", nargs="+", choices=list(LENGTHS), default=list(LENGTHS))
    options = parser.parse_args()
    data = require_data(options.data)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        contestants = build_contestants(Path(folder))
        for length in options.lengths:
            texts = read_texts(data, LENGTHS[length])
            # Long texts cost as much as ten short ones.
            rows = options.rows // 5 if length == "long" else options.rows
            seconds = measure(contestants, Path(folder), texts, rows, options.rounds)
            print_table(length, seconds, sum(map(len, texts)) / len(texts))
            print(f"\nPeak memory of a process over {length} texts: {peak_memory(texts[:WARM_UP])} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
