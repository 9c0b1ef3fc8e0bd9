"""Hold the fast path against the plain path on real texts: labels and figures of every text.

    python benchmarks/equality.py [--data DIR] [--rows 500]

DIR holds datasets/ and gold/ (default: FEEDBACK_TRAINING_DATA, then a folder "shared" beside the checkout). Figures
may differ by 1e-5; labels only where the two largest probabilities are as near as that. Exit code 1 if any text differs
by more, 6 when the data is absent.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from _sources import require_data
from _speed_paths import PlainAnalyzer, read_texts

from feedback_nlp import Analyzer
from feedback_nlp.records import Analysis

TOLERANCE = 1e-5
FIGURES = (
    "language_confidence sentiment_score p_negative p_neutral p_positive mixed_probability confidence kind_confidence"
).split()
LABELS = "status language sentiment kind uncertain".split()


def differences(fast: Analysis, plain: Analysis) -> tuple[float, list[str]]:
    """Return the largest difference of a figure, and the names of the labels that differ."""
    pairs = [(getattr(fast, name), getattr(plain, name)) for name in FIGURES]
    largest = max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
    differing = [name for name in LABELS if getattr(fast, name) != getattr(plain, name)]
    if [t.topic for t in fast.topics] != [t.topic for t in plain.topics]:
        differing.append("topics")
    elif [t.sentiment for t in fast.topics] != [t.sentiment for t in plain.topics]:
        differing.append("sentiment of a topic")
    if [(s.start, s.end, s.sentiment) for s in fast.sentences] != [
        (s.start, s.end, s.sentiment) for s in plain.sentences
    ]:
        differing.append("sentences")
    return largest, differing


def compare(analyzer: Analyzer, plain: PlainAnalyzer, texts: list[str]) -> Iterator[tuple[float, list[str]]]:
    """Yield the differences of each text."""
    for start in range(0, len(texts), 256):
        batch = texts[start : start + 256]
        for fast, slow in zip(analyzer.analyze_batch(batch), plain.analyze_batch(batch), strict=True):
            yield differences(fast, slow)


def has_texts(path: Path) -> bool:
    """Whether a file has a column "text"."""
    with path.open(encoding="utf-8", newline="") as file:
        return "text" in next(csv.reader(file))


def main() -> int:
    """Print a row a set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=500, help="texts a set")
    options = parser.parse_args()
    data = require_data(options.data)
    csv.field_size_limit(2**30)
    analyzer = Analyzer.load()
    plain = PlainAnalyzer(analyzer)
    worst, wrong = 0.0, 0
    print("| set | texts | largest difference | labels that differ |\n|---|---:|---:|---:|")
    for path in sorted((data / "datasets").glob("*.csv")):
        if path.stem == "MANIFEST" or not has_texts(path):
            continue
        found = list(compare(analyzer, plain, read_texts(data, [path.stem])[: options.rows]))
        labels = [name for _, names in found for name in names]
        largest = max((size for size, _ in found), default=0.0)
        print(f"| {path.stem} | {len(found)} | {largest:.1e} | {', '.join(labels) or 0} |", flush=True)
        worst, wrong = max(worst, largest), wrong + len(labels)
    print(f"\nLargest difference {worst:.1e} (allowed {TOLERANCE:.0e}), {wrong} labels differ.")
    return 1 if worst > TOLERANCE or wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
