"""How long the pages over many stored rows take, on SQLite and on PostgreSQL.

    python benchmarks/pages.py [--rows 1000000] [--rounds 20] [--database URL]

Rows are the project's sample over two years, analysed once and repeated with other ids and a number each (seed 7);
the store is filled with `store.feedback.add`, as the service does. Requests go through the whole application
(`create_app`), one after the other, warm; each page is asked for by turns. Without --database an SQLite file is made.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient

from api import create_app
from feedback_nlp import Analyzer
from feedback_nlp.ingest import FeedbackReader
from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample_feedback.csv"
BATCH = 5000
FIRST_DAY = datetime(2024, 11, 1, tzinfo=UTC)
PAGES = {
    "overview, 13 weeks": "/overview",
    "overview, all": "/overview?days=0",
    "topic, 13 weeks": "/topics/checkout_payment",
    "alerts": "/alerts",
    "compare": "/compare",
    "explore, newest": "/explore",
    "explore, topic and channel": "/explore?topic=checkout_payment&channel=chat",
    "explore, words": "/explore?q=card+declined",
}


def rows_of(analyzer: Analyzer, count: int) -> Iterator[tuple[Feedback, Analysis]]:
    """Yield so many analysed texts, in the order of their dates, over two years."""
    sample = list(FeedbackReader(SAMPLE))
    said = list(analyzer.analyze_many([one.text for one in sample], ratings=[one.rating for one in sample]))
    rng = random.Random(7)
    pairs = list(zip(sample, said, strict=True))
    step = timedelta(days=730) / count
    for number in range(count):
        one, analysis = rng.choice(pairs)
        written = FIRST_DAY + number * step
        yield replace(one, id=f"R-{number}", text=f"{one.text} {number}", created_at=written), analysis


def fill(store: Store, count: int) -> None:
    """Store so many rows."""
    rows = rows_of(Analyzer.load(), count)
    while batch := list(itertools.islice(rows, BATCH)):
        store.feedback.add(batch)


def measure(client: FlaskClient, rounds: int) -> dict[str, list[float]]:
    """Return the sorted seconds of each page; a first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    for turn in range(rounds + 1):
        for name, path in PAGES.items():
            began = time.perf_counter()
            answer = client.get(path)
            if answer.status_code != 200:
                raise SystemExit(f"{path}: {answer.status_code}")
            if turn:
                times[name].append(time.perf_counter() - began)
    return {name: sorted(taken) for name, taken in times.items()}


def main() -> None:
    """Print median and 95th percentile of each page."""
    parser = argparse.ArgumentParser(description="Time of the pages over many stored rows.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--database", metavar="URL", help="An empty database; default: an SQLite file.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Store.open(options.database, folder) as store:
        if store.counts.days() is None:
            began = time.monotonic()
            fill(store, options.rows)
            print(f"{options.rows:,} rows stored in {time.monotonic() - began:.0f} s", flush=True)
        client = create_app(Settings(access_log=False), Analyzer.load(), store).test_client()
        print("| page | median, s | p95, s |\n|---|---|---|")
        for name, taken in measure(client, options.rounds).items():
            late = taken[min(len(taken) - 1, int(0.95 * len(taken)))]
            print(f"| {name} | {taken[len(taken) // 2]:.2f} | {late:.2f} |")


if __name__ == "__main__":
    main()
