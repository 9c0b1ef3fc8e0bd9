"""Measure how long `feedback-nlp score` takes for one row in a fresh process, against importing spaCy and scikit-learn.

    python benchmarks/cold_start.py [--rounds 5]

The two take turns; the first turn of each is not counted (it compiles modules). Needs no data.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from _speed_paths import describe_machine

_TEXT = "My card was declined twice."


def seconds(command: list[str]) -> tuple[float, float]:
    """Return wall-clock and processor seconds of a command."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, spent


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.csv"), Path(folder, "out.csv")
        source.write_text(f"text\n{_TEXT}\n", encoding="utf-8")
        ours = [sys.executable, "-m", "feedback_nlp", "score", str(source), "-o", str(target)]
        imports = [sys.executable, "-c", "import spacy, sklearn"]
        rounds = []
        for _ in range(options.rounds + 1):
            target.unlink(missing_ok=True)
            rounds.append((seconds(imports), seconds(ours)))
    print("\n| time | import spacy, sklearn | feedback-nlp score, one row | ratio |\n|---|---:|---:|---:|")
    for name, clock in (("wall clock", 0), ("processor", 1)):
        pairs = [(theirs[clock], own[clock]) for theirs, own in rounds[1:]]
        ratio = median(own / theirs for theirs, own in pairs)
        middle = [median(column) for column in zip(*pairs, strict=True)]
        print(f"| {name} | {middle[0]:.2f} s | {middle[1]:.2f} s | {ratio:.2f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
