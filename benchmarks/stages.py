"""Measure what the steps of an analysis cost, in microseconds of processor time a text, beside VADER in the same run.

    python benchmarks/stages.py [--data DIR] [--length short] [--rounds 7]

DIR holds datasets/ and gold/ (default: FEEDBACK_TRAINING_DATA, then a folder "shared" beside the checkout). 8,192
texts, read before, so that their words are known; then as many that nobody has read, after those. Figures are the least
of the rounds; new texts can be read once only. Exit code 6 without data.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from _sources import require_data
from _speed_paths import LENGTHS, build_rivals, describe_machine, read_texts

from feedback_nlp import Analyzer
from feedback_nlp.scan import scan_texts

TEXTS, BATCH = 8_192, 1_024


def microseconds(work: Callable[[], object], texts: int, rounds: int) -> float:
    """Return the least processor time of some rounds, in microseconds a text."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1e6 * min(spent) / max(texts, 1)


def main() -> int:
    """Print a table; exit code 6 when the data is absent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--length", choices=list(LENGTHS), default="short")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    data = require_data(options.data)
    texts = read_texts(data, LENGTHS[options.length])
    known, new = texts[:TEXTS], texts[TEXTS : 2 * TEXTS]
    analyzer = Analyzer.load()
    records = list(analyzer.analyze_many(known))
    batches = [known[start : start + BATCH] for start in range(0, len(known), BATCH)]
    scorer = analyzer._scorer
    scores = [scorer.score(batch) for batch in batches]
    pairs = list(zip(batches, scores, strict=True))
    columns = [analyzer._labeller.label(*pair) for pair in pairs]
    verdicts = [analyzer._gate.identify(*pair) for pair in pairs]
    found = list(zip(columns, verdicts, strict=True))
    vader = build_rivals()["VADER"]
    steps: dict[str, Callable[[], object]] = {
        "tokens, sentences, clauses, scopes": lambda: [scan_texts(scorer.table, batch) for batch in batches],
        "the same, terms, spellings and products": lambda: [scorer.score(batch) for batch in batches],
        "language gate": lambda: [analyzer._gate.identify(*pair) for pair in pairs],
        "heads": lambda: [analyzer._labeller.label(*pair) for pair in pairs],
        "records": lambda: [analyzer._build_records(*pair, 0.5) for pair in found],
        "all, as records": lambda: list(analyzer.analyze_many(known)),
        "all, as columns of text": lambda: analyzer.analyze_columns(known),
        "answers of the API, besides": lambda: [record.to_dict() for record in records],
        "VADER": lambda: vader(known),
    }
    print(f"{describe_machine()}\n\n| step | us a text |\n|---|---:|")
    for name, step in steps.items():
        print(f"| {name} | {microseconds(step, len(known), options.rounds):.1f} |", flush=True)
    cost = microseconds(lambda: list(analyzer.analyze_many(new)), len(new), 1)
    print(f"| all, as records, of new texts | {cost:.1f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
