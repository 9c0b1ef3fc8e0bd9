"""How fast the store takes feedback in and gives pages of it, on SQLite and PostgreSQL.

Ingest is compared, in turns in the same run, with bare bulk inserts: the very rows that `feedback.add` wrote, ready
made, into tables with the same indexes and triggers, by the driver alone (executemany on SQLite, COPY on PostgreSQL),
in transactions of the same size. What `add` does besides - looking for known ids, digests, labels, adding up counts -
is the difference.

Texts are those of the sample with a number, 548 a day (a million in five years) in the order of time, from 20 channels,
about 200 products. Pages are timed over a store of --rows of them: for each filter 20 pages one after the other; the
counts are what a year's report asks for, the overview is the whole page through the application: 13 weeks, and all.

    python benchmarks/store.py --rows 1000000 --postgresql postgresql://postgres@127.0.0.1:5432/postgres
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from api import create_app
from feedback_nlp import Analyzer
from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.report import DayCounts
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store
from feedback_nlp.store.bulk import _sqlite_insert
from feedback_nlp.store.tables import analyses, daily_counts, feedback, feedback_topics
from feedback_nlp.store.values import Filters

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample_feedback.csv"
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
#: A million texts in five years.
PER_DAY = 1_000_000 / (5 * 365)
TABLES = (feedback, analyses, feedback_topics, daily_counts)
FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "negative": {"sentiment": "negative"},
    "one channel": {"channel": "channel-7"},
    "one product": {"product": "product-77"},
    "a rare product, positive": {"product": "product-7", "sentiment": "positive"},
    "one topic": {"topic": "delivery"},
    "one topic, negative": {"topic": "delivery", "topic_sentiment": "negative"},
    "complaints": {"kind": "complaint"},
    "uncertain": {"uncertain": True},
    "one customer": {"customer_ref": "customer-77"},
    "one month": {
        "since": datetime(2022, 3, 1, tzinfo=UTC),
        "until": datetime(2022, 4, 1, tzinfo=UTC),
    },
    "a common word": {"search": "delivery"},
    "two words": {"search": "card declined"},
    "a rare word": {"search": "n77777"},
}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--ingest-rows", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--postgresql", metavar="URL", help="a server on which databases may be made and dropped"
    )
    parser.add_argument("--only", choices=("ingest", "pages"))
    parser.add_argument("--without-sqlite", action="store_true")
    chosen = parser.parse_args()
    said = analysed_sample()
    for server in (None, chosen.postgresql) if chosen.postgresql else (None,):
        if server is None and chosen.without_sqlite:
            continue
        name = "SQLite" if server is None else "PostgreSQL"
        if chosen.only != "pages":
            ingest(name, server, said, chosen)
        if chosen.only != "ingest":
            pages(name, server, said, chosen)


def analysed_sample() -> list[tuple[str, Analysis]]:
    """Return the sample's texts with what the shipped bundle says of them."""
    with SAMPLE.open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    return list(zip(texts, Analyzer.load().analyze_many(texts), strict=True))


def batches(
    said: list[tuple[str, Analysis]], rows: int, size: int, seed: int
) -> Iterator[list[tuple[Feedback, Analysis]]]:
    """Yield feedback made from the sample."""
    draw = random.Random(seed)
    for start in range(0, rows, size):
        batch = []
        for number in range(start, min(start + size, rows)):
            words, analysis = said[draw.randrange(len(said))]
            one = Feedback(
                id=f"T-{number}",
                text=f"{words} n{number}",
                # In the order of time, give or take a day, as exports and live feedback come.
                created_at=FIRST_DAY + timedelta(days=number / PER_DAY, seconds=draw.randrange(86_400)),
                channel=f"channel-{draw.randrange(20)}",
                product=f"product-{draw.randrange(200)}",
                rating=float(draw.randint(1, 5)),
                customer_ref=f"customer-{draw.randrange(max(rows // 10, 100))}",
            )
            batch.append((one, analysis))
        yield batch


@contextmanager
def empty_store(server: str | None) -> Iterator[Store]:
    """Yield a store of its own that is gone afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = None
        if server is not None:
            name = f"feedback_bench_{secrets.token_hex(4)}"
            engine = create_engine(
                server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
            )
            with engine.connect() as connection:
                connection.execute(text(f'CREATE DATABASE "{name}"'))
            stack.callback(_drop, engine, name)
            url = engine.url.set(database=name).render_as_string(hide_password=False)
        yield stack.enter_context(Store.open(url, folder))


def _drop(engine: Any, name: str) -> None:
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


def ingest(name: str, server: str | None, said: list[tuple[str, Analysis]], chosen: Any) -> None:
    """Print rows a second of `add` and of bare inserts, and their ratio, medians over rounds."""
    ours, bare = [], []
    for _ in range(chosen.rounds):
        with empty_store(server) as store, empty_store(server) as other:
            given = list(batches(said, chosen.ingest_rows, chosen.batch, chosen.seed))
            began = time.perf_counter()
            for batch in given:
                store.feedback.add(batch)
            ours.append(time.perf_counter() - began)
            ready = written_rows(store, chosen.batch)
            know_a_model(other)  # as in the other store
            began = time.perf_counter()
            for rows in ready:
                insert_bare(other, rows)
            bare.append(time.perf_counter() - began)
    count = chosen.ingest_rows
    ratio = statistics.median(b / o for b, o in zip(bare, ours, strict=True))
    print(
        f"{name}: stored ingest {count / statistics.median(ours):,.0f} rows/s, bare bulk inserts "
        f"{count / statistics.median(bare):,.0f} rows/s, ratio {ratio:.2f} (needed 0.5); "
        f"{chosen.rounds} rounds of {count:,} rows in batches of {chosen.batch:,}",
        flush=True,
    )


def written_rows(store: Store, size: int) -> list[list[list[Any]]]:
    """Return what was written, as the driver takes it: by transaction, then by table."""
    found = []
    with store.database.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM feedback").scalar_one()
        parts = -(-count // size)
        for table in TABLES:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            query = f"SELECT {names} FROM {table.name} ORDER BY 1"  # noqa: S608 - names of our own tables
            rows = [tuple(map(_plain, row)) for row in connection.exec_driver_sql(query)]
            if table is daily_counts:
                random.Random(7).shuffle(rows)  # they come in no order
            each = -(-len(rows) // parts)
            found.append([rows[start : start + each] for start in range(0, each * parts, each)])
    # A row never comes before the feedback that it belongs to.
    by_key = [[row for part in table for row in part] for table in found]
    batches_of: list[list[list[Any]]] = []
    for number, part in enumerate(found[0]):
        last = part[-1][0]
        taken = [part]
        for table, place in ((1, 1), (2, 0)):
            ready = [row for row in by_key[table] if row[place] <= last]
            by_key[table] = by_key[table][len(ready) :]
            taken.append(ready)
        batches_of.append([*taken, found[3][number]])
    return batches_of


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


def know_a_model(store: Store) -> None:
    """Insert the bundle that analyses are of."""
    with store.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO models (id, model, name, version, digest, added_at) "
            "VALUES (1, 'm', 'm', '1', 'd', '2025-01-01')"
        )


def insert_bare(store: Store, rows: list[list[Any]]) -> None:
    """Insert ready rows by the driver alone, in one transaction."""
    with store.database.write() as connection:
        driver = connection.connection.driver_connection
        for table, given in zip(TABLES, rows, strict=True):
            if store.database.is_sqlite:
                driver.executemany(_sqlite_insert(table), given)
                continue
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for row in given:
                    copy.write_row(row)


def pages(name: str, server: str | None, said: list[tuple[str, Analysis]], chosen: Any) -> None:
    """Print how long pages of a list and the counts of a year take."""
    with empty_store(server) as store:
        began = time.perf_counter()
        for batch in batches(said, chosen.rows, 5000, chosen.seed):
            store.feedback.add(batch)
        print(f"{name}: {chosen.rows:,} rows stored in {time.perf_counter() - began:,.0f} s", flush=True)
        if not store.database.is_sqlite:
            with store.database.read() as connection:
                connection.execute(text("ANALYZE"))
        everything: list[float] = []
        for label, filters in FILTERS.items():
            took = time_pages(store, Filters(**filters))
            everything += took
            print(
                f"  page of 50, {label}: p50 {_share(took, 50):.1f} ms, p95 {_share(took, 95):.1f} ms",
                flush=True,
            )
        print(f"{name}: list page p95 {_share(everything, 95):.1f} ms over all of these (needed 50)")
        last = int(chosen.rows / PER_DAY) + 1
        took = [time_overview(store, last) for _ in range(11)]
        print(f"{name}: counts of a year p95 {_share(took, 95):.0f} ms", flush=True)
        client = create_app(Settings(access_log=False), Analyzer.load(), store).test_client()
        for path in ("/overview", "/overview?days=0"):
            took = time_requests(client, path)
            print(
                f"{name}: {path} p50 {_share(took, 50):.0f} ms, p95 {_share(took, 95):.0f} ms (needed 1,000)",
                flush=True,
            )


def time_pages(store: Store, filters: Filters, runs: int = 20) -> list[float]:
    """Return milliseconds of pages one after the other, from the first page on again where they end."""
    took, cursor = [], None
    store.feedback.page(filters)  # as a service that is up has it
    for _ in range(runs):
        began = time.perf_counter()
        page = store.feedback.page(filters, cursor=cursor)
        took.append((time.perf_counter() - began) * 1000)
        cursor = page.next
    return took


def time_requests(client: FlaskClient, path: str, runs: int = 20) -> list[float]:
    """Return milliseconds of requests, one after the other; the first, which imports and draws, is not counted."""
    took = []
    for run in range(runs + 1):
        began = time.perf_counter()
        if client.get(path).status_code != 200:
            raise SystemExit(f"{path} is not answered")
        if run:
            took.append((time.perf_counter() - began) * 1000)
    return took


def time_overview(store: Store, last: int) -> float:
    """Return milliseconds for the counts by day of the year up to day number `last`."""
    began = time.perf_counter()
    first, until = ((FIRST_DAY + timedelta(days=day)).date() for day in (last - 365, last))
    DayCounts.from_cells(store.counts.cells(first, until))
    return (time.perf_counter() - began) * 1000


def _share(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


if __name__ == "__main__":
    main()
