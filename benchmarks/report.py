"""How long a report of many scored rows takes, and how large its file is.

    python benchmarks/report.py [--rows 100000] [--rounds 5]

The rows are the project's sample, scored once and repeated with a made-up word each, so that no text is a
repetition, and with the dates of other rows (seed 7), so that one row does not become a hundred on one day.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from feedback_nlp import score_file

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample_feedback.csv"
LETTERS = "bcdfghjklmnpqrstvwxz"


def write_rows(target: Path, rows: int) -> None:
    """Write a scored file of so many rows."""
    scored = target.with_name("sample.csv")
    score_file(SAMPLE, scored)
    with (
        scored.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        header, *sample = csv.reader(source)
        place, when = header.index("text"), header.index("created_at")
        rng = random.Random(7)
        writer = csv.writer(out)
        writer.writerow(header)
        words = ("".join(letters) for letters in itertools.product(LETTERS, repeat=5))
        for original, word in itertools.islice(zip(itertools.cycle(sample), words, strict=False), rows):
            row = original.copy()
            row[place], row[when] = f"{row[place]} {word}", rng.choice(sample)[when]
            writer.writerow(row)


def main() -> None:
    """Print the median time of the whole command, start included, and the size of what it writes."""
    parser = argparse.ArgumentParser(description="Time of a report.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "scored.csv", Path(folder) / "report.html"
        write_rows(source, options.rows)
        times = []
        for _ in range(options.rounds):
            began = time.monotonic()
            command = [sys.executable, "-m", "feedback_nlp", "report", str(source), "-o", str(target)]
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.monotonic() - began)
        size = target.stat().st_size
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = (used.ru_utime + used.ru_stime) / options.rounds
    shown = ", ".join(f"{seconds:.1f}" for seconds in times)
    print(f"{options.rows:,} rows: median {statistics.median(times):.1f} s ({shown}),")
    print(f"{busy:.1f} s of processor time, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
