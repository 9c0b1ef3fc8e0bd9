"""A file as a job beside the same file through `score` and beside bare inserts, on SQLite and PostgreSQL.

    python benchmarks/job_rate.py --rows 100000 --postgresql postgresql://postgres@127.0.0.1:5432/postgres

The file has --rows texts made from the sample (benchmarks/store.py, seed 7). Taking turns, with one process each:
`score` from file to file; the rows that a job has stored, inserted by the driver alone; the job that scores the file;
the job that also stores its feedback. A job is counted from its upload, which is on disk, to its end.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path
from typing import Any

from store import analysed_sample, batches, empty_store, insert_bare, know_a_model, written_rows

from feedback_nlp import Analyzer, score_file
from feedback_nlp.jobs import JobFiles, Upload, UploadOptions, Worker, submit_upload
from feedback_nlp.store import Store

COLUMNS = ("id", "text", "created_at", "channel", "product", "rating", "customer_ref")
BATCH = 1000


def main() -> None:
    """Print rows a second, and what they are of the slower of `score` and bare inserts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--postgresql", metavar="URL", help="a server on which databases may be made and dropped"
    )
    chosen = parser.parse_args()
    analyzer = Analyzer.load()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "export.csv"
        write_export(source, chosen)
        for server in (None, chosen.postgresql) if chosen.postgresql else (None,):
            measure(analyzer, source, server, chosen.rows)


def write_export(path: Path, chosen: Any) -> None:
    """Write the rows as an export."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for batch in batches(analysed_sample(), chosen.rows, BATCH, chosen.seed):
            rows.writerows([getattr(one, name) for name in COLUMNS] for one, _ in batch)


def measure(analyzer: Analyzer, source: Path, server: str | None, rows: int) -> None:
    """Print the four rates on one database."""
    name = "SQLite" if server is None else "PostgreSQL"
    # One that has worked for a while: every job and `score` then knows the same words.
    score_file(source, source.with_name("warm.csv"), analyzer=analyzer)
    began = time.perf_counter()
    score_file(source, source.with_name("scored.csv"), analyzer=analyzer)
    scored = rows / (time.perf_counter() - began)
    with empty_store(server) as store, empty_store(server) as other:
        plain = rate(store, analyzer, source, rows, kept=False)
        kept = rate(store, analyzer, source, rows, kept=True)
        ready = written_rows(store, BATCH)
        know_a_model(other)
        began = time.perf_counter()
        for batch in ready:
            insert_bare(other, batch)
        bare = rows / (time.perf_counter() - began)
    slower = min(scored, bare)
    print(
        f"{name}, {rows:,} rows: score {scored:,.0f} rows/s, bare inserts {bare:,.0f}; job that scores {plain:,.0f}, "
        f"{plain / scored:.2f} of score; job that also stores {kept:,.0f}, {kept / slower:.2f} of the slower "
        "(needed 0.6)",
        flush=True,
    )


def rate(store: Store, analyzer: Analyzer, source: Path, rows: int, *, kept: bool) -> float:
    """Return rows a second of a job, from its upload to its end."""
    upload = Upload(JobFiles(store.data_dir))
    with source.open("rb") as file:
        while block := file.read(1 << 20):
            upload.write(block)
    upload.complete(source.name)
    began = time.perf_counter()
    job, _ = submit_upload(store, upload, UploadOptions(store=kept), owner="benchmark")
    Worker(store, lambda: analyzer).run_one()
    seconds = time.perf_counter() - began
    ended = store.jobs.get(job.id)
    if (ended.state, ended.rows_scored) != ("done", rows):
        raise SystemExit(f"job_rate: the job is {ended.state} with {ended.rows_scored} rows: {ended.error}")
    return rows / seconds


if __name__ == "__main__":
    main()
