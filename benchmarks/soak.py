"""Workers killed again and again while they keep the feedback of files: what is lost and what comes twice.

    python benchmarks/soak.py [--minutes 5] [--postgresql URL] [--files 40] [--rows 2000] [--seed 7]

Files of made-up rows (data/sample_feedback.csv, seed 7) are queued with `store=true` for three owners. Two worker
processes with the shipped bundle work on them; every 4 to 12 seconds one is killed with -9 and another starts. When
all jobs have ended, or the time is over, the result files of the jobs that are done and the store are compared with
what went in. A job whose workers were killed five times before one chunk was through has failed, with a reason. The
exit code is 1 if a row is lost or doubled. `make soak` runs it on SQLite, and on PostgreSQL where SOAK_POSTGRESQL names
an empty database.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from feedback_nlp import Analyzer
from feedback_nlp.jobs import JobFiles, Upload, UploadOptions, Worker, submit_upload
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import ENDED, JobRecord

ROOT = Path(__file__).resolve().parent.parent
OWNERS = ("anna", "ben", "carl")
WORKERS = 2


@dataclass(slots=True)
class Verdict:
    """What became of the rows."""

    files: int
    done: int
    rows: int = 0
    kills: int = 0
    failed: int = 0
    lost: int = 0
    doubled: int = 0


def main() -> None:
    """Run, print one line a database, end with 1 if anything was lost or doubled."""
    options = parse()
    print("| database | minutes | files done | failed | rows | kills | lost | doubled |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    bad = 0
    for url in [None, *([options.postgresql] if options.postgresql else [])]:
        with tempfile.TemporaryDirectory() as folder, Store.open(url, folder) as store:
            began = time.monotonic()
            found = soak(store, options)
            minutes = (time.monotonic() - began) / 60
        name = "PostgreSQL" if url else "SQLite"
        print(
            f"| {name} | {minutes:.1f} | {found.done} of {found.files} | {found.failed} | {found.rows:,} "
            f"| {found.kills} | {found.lost} | {found.doubled} |",
            flush=True,
        )
        bad += found.lost + found.doubled
    sys.exit(1 if bad else 0)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--postgresql", help="Address of an empty database.")
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def soak(store: Store, options: argparse.Namespace) -> Verdict:
    """Queue all files, kill workers until all jobs have ended, count."""
    chance = random.Random(options.seed)
    analyzer = Analyzer.load()
    list(
        analyzer.analyze_many(text for _, text in make_rows(chance, 0, 1000))
    )  # workers share what it remembers
    given = {}
    for number in range(options.files):
        rows = make_rows(chance, number, options.rows)
        given[submit(store, rows, OWNERS[number % len(OWNERS)]).id] = rows
    found = Verdict(options.files, 0)
    deadline = time.monotonic() + options.minutes * 60
    store.close()  # connections do not go over a fork
    workers = [start(store, analyzer) for _ in range(WORKERS)]
    try:
        while time.monotonic() < deadline and any(
            job.state not in ENDED for job in store.jobs.list(limit=options.files)
        ):
            time.sleep(chance.uniform(4.0, 12.0))
            end(workers.pop(chance.randrange(len(workers))))
            found.kills += 1
            store.close()
            workers.append(start(store, analyzer))
    finally:
        for worker in workers:
            end(worker)
    count(store, given, found)
    return found


def make_rows(chance: random.Random, file: int, rows: int) -> list[tuple[str, str]]:
    """Return ids, of which no two are the same in any file, and texts."""
    with (ROOT / "data" / "sample_feedback.csv").open(encoding="utf-8", newline="") as source:
        parts = [row["text"] for row in csv.DictReader(source) if row["text"].strip()]
    return [(f"{file}-{row}", f"{chance.choice(parts)} {chance.choice(parts)}") for row in range(rows)]


def submit(store: Store, rows: list[tuple[str, str]], owner: str) -> JobRecord:
    """Queue a file."""
    import io

    lines = io.StringIO()
    csv.writer(lines).writerows([("id", "text"), *rows])
    upload = Upload(JobFiles(store.data_dir))
    upload.write(lines.getvalue().encode())
    upload.complete("export.csv")
    return submit_upload(store, upload, UploadOptions(store=True), owner=owner)[0]


def start(store: Store, analyzer: Analyzer) -> int:
    """Start a worker process."""
    process = os.fork()
    if process == 0:
        try:
            Worker(store, lambda: analyzer).run()
        finally:
            os._exit(1)
    return process


def end(process: int) -> None:
    """Kill it where it stands."""
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def count(store: Store, given: dict[str, list[tuple[str, str]]], found: Verdict) -> None:
    """Compare results and store with what went in. A job that is not done has lost nothing: its rows still wait."""
    kept = Counter((item.id, item.text, item.revision) for item in store.feedback.walk())
    for job_id, rows in given.items():
        job = store.jobs.get(job_id)
        result = JobFiles(store.data_dir).result(job_id)
        if job.state != "done":
            found.failed += job.state in ENDED
            continue
        if result is None:
            found.lost += len(rows)
            continue
        found.done += 1
        found.rows += len(rows)
        with result.open(encoding="utf-8", newline="") as file:
            out = Counter((row["id"], row["text"]) for row in csv.DictReader(file))
        stored = Counter({row: kept[(*row, 1)] for row in rows})
        for seen in (out, stored):
            found.lost += (Counter(rows) - seen).total()
            found.doubled += (seen - Counter(rows)).total()
    found.doubled += sum(count for (_, _, revision), count in kept.items() if revision > 1)


if __name__ == "__main__":
    main()
