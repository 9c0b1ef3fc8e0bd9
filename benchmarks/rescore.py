"""How fast a bundle goes through the history: analysed anew, then with its labels counting, on SQLite and PostgreSQL.

The store holds --rows texts made from the sample (benchmarks/store.py), labelled by the shipped bundle; the other
bundle is the shipped one with its weights made smaller by a fifth, so that labels change. Beside it stands
`analyze_many` over the same texts, which no rescoring can be faster than.

    python benchmarks/rescore.py --rows 20000 --postgresql postgresql://postgres@127.0.0.1:5432/postgres
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from store import analysed_sample, batches, empty_store

from feedback_nlp import Analyzer
from feedback_nlp.bundle import load_bundle, save_bundle
from feedback_nlp.jobs import Worker
from feedback_nlp.jobs.rescore import diff_of, submit_rescore
from feedback_nlp.store import Store
from feedback_nlp.store.bundles import adopt_bundle

MADE_BY_SAVING = ("parts", "digest", "format_version", "preprocess_version")


def main() -> None:
    """Print texts a second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--postgresql", metavar="URL", help="a server on which databases may be made and dropped"
    )
    chosen = parser.parse_args()
    said = analysed_sample()
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        _save_other(other)
        analyzer = Analyzer.load(other)
        for server in (None, chosen.postgresql) if chosen.postgresql else (None,):
            with empty_store(server) as store:
                _measure(store, analyzer, other, said, chosen)


def _save_other(folder: Path) -> None:
    shipped = load_bundle()
    linear = replace(shipped.linear, term_weights=shipped.linear.term_weights * 0.8)
    manifest = {name: value for name, value in shipped.manifest.items() if name not in MADE_BY_SAVING}
    save_bundle(folder, linear, shipped.heads, manifest | {"version": "1.0.1"}, shipped.card)


def _measure(store: Store, analyzer: Analyzer, folder: Path, said: Any, chosen: Any) -> None:
    for batch in batches(said, chosen.rows, 1000, chosen.seed):
        store.feedback.add(batch)
    model = adopt_bundle(store, folder, actor="benchmark").model
    texts = [one.text for one in store.feedback.walk()]
    began = time.perf_counter()
    for _ in analyzer.analyze_many(texts):
        pass
    print(_line(store, "analyze_many over the texts", began, chosen.rows), flush=True)
    for apply in (False, True):
        job = submit_rescore(store, model, apply=apply)
        began = time.perf_counter()
        # The worker has the other bundle at hand, its words met by the line above, as one that has worked for long.
        Worker(store, lambda: analyzer).run_one()
        task = "its labels made to count, analysed before" if apply else "rescored beside the labels"
        line = _line(store, task, began, chosen.rows)
        changed = {one.task: one.count for one in diff_of(store, job.id).tasks}
        print(f"{line}; {store.jobs.get(job.id).state}, changed {changed}", flush=True)


def _line(store: Store, what: str, began: float, rows: int) -> str:
    seconds = time.perf_counter() - began
    name = "SQLite" if store.database.is_sqlite else "PostgreSQL"
    return f"{name}: {what}: {rows:,} texts in {seconds:.1f} s, {rows / seconds:,.0f} a second"


if __name__ == "__main__":
    main()
