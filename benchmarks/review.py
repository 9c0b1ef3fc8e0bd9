"""Measures what corrections bring a company whose texts the model never saw: `python benchmarks/review.py --data DIR`.

Four sources of the gold texts play companies. A bundle is trained without any of them, and without the teacher,
which saw them (`--base FOLDER` keeps it for the next run). Of each company a third of its gold texts, at most 450,
is kept for judging; the rest is its history, from which texts are chosen and "corrected" to their gold labels, in
rounds, in the ways of benchmarks/_choices.py (these texts have no stars, so our mix has no conflicts). After each
round the bundle is adapted as `feedback-nlp retrain` does it, with fewer anchors, and the next texts are chosen by
it. Topics that fewer than 8 of the kept texts have are left out of macro-F1.

    python benchmarks/review.py --data DIR --only curves     macro-F1 of topics by number of corrections
    python benchmarks/review.py --data DIR --only seconds    a retraining of 1,000 corrections, all of it
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a script from any folder

from benchmarks._choices import CHOICES, State, places_of
from feedback_nlp import Analyzer
from feedback_nlp.behaviour import load_suite
from feedback_nlp.bundle import Bundle, load_bundle, save_bundle
from feedback_nlp.records import SENTIMENTS, TOPICS, Feedback
from feedback_nlp.review.learning import anchor_texts, retrain
from feedback_nlp.store import Store
from feedback_nlp.train import fit_recipe
from feedback_nlp.training.adapt import Adapter, PersonsLabels
from feedback_nlp.training.corpus import GoldRow, read_gold
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path

COMPANIES = ("grubhub_issues", "googleplay_user_reviews_auto", "womens_clothing", "netflix_app_reviews")
ROUNDS = (10, 20, 40, 80, 160)
KEPT, LEAST_TEXTS_OF_TOPIC = 450, 8
#: A quarter of the sentences that a retraining holds the bundle to: all of them take four times as long.
ANCHORS = 2_000
#: Of the recipe's sets: more rows of sentiment change nothing for topics.
MAX_ROWS = 2_500
#: Points of macro-F1 that corrections are to bring.
WANTED = 0.05

Rows = NDArray[np.int64]


def base_bundle(data: Path, folder: Path) -> Bundle:
    """Train the bundle that never saw the companies, or load it where it was trained before."""
    if not (folder / "manifest.json").exists():
        recipe = load_recipe(shipped_recipe_path())
        sets = tuple(replace(part, max_rows=MAX_ROWS) for part in recipe.sets)
        recipe = replace(recipe, teacher=None, sets=sets)
        linear, heads, _ = fit_recipe(recipe, data, leave_out=frozenset(COMPANIES), progress=print)
        labels = {"sentiment": list(SENTIMENTS), "topics": list(TOPICS)}
        manifest = {"name": "without-companies", "version": "0", "labels": labels}
        save_bundle(folder, linear, heads.to_json(), manifest, "# For benchmarks/review.py\n")
    return load_bundle(folder)


def company(data: Path, name: str) -> list[GoldRow]:
    """Return the gold texts of a source."""
    return [
        row
        for part in ("train", "dev")
        for row in read_gold(data / "gold" / f"{part}.csv")
        if row.source == name
    ]


def labels_of(rows: Sequence[GoldRow]) -> list[PersonsLabels]:
    """Return gold labels as people would give them."""
    return [PersonsLabels(row.text, row.sentiment, row.kind, dict(row.topics)) for row in rows]


def curves(data: Path, base: Bundle, companies: Sequence[str], names: Sequence[str], seeds: int) -> None:
    """Print macro-F1 by number of corrections, how many bring 5 points, and the mean gain over all numbers."""
    anchors = anchor_texts(load_suite())[:ANCHORS]
    needed: dict[str, list[float]] = {name: [] for name in names}
    gains: dict[str, list[float]] = {name: [] for name in names}
    for source in companies:
        adapter = Adapter(base, labels_of(company(data, source)), anchors)
        places = places_of(adapter)
        print(f"{source}: {len(adapter)} texts; rounds {(0, *ROUNDS)}", flush=True)
        for name in names:
            runs = np.array([curve(adapter, places, CHOICES[name], seed) for seed in range(seeds)])
            mean = runs.mean(axis=0)
            needed[name].append(corrections_for(mean, WANTED))
            gains[name].append(float((mean[1:] - mean[0]).mean()))
            shown = " ".join(f"{100 * value:5.1f}" for value in mean)
            print(f"  {name:<26}", shown, f"  5 points: {needed[name][-1]:.0f} corrections", flush=True)
    for name in names:
        share = np.mean(np.array(needed[name]) / np.array(needed["random"]))
        gain = 100 * np.mean(gains[name])
        print(
            f"{name:<26} corrections for 5 points against random's: {share:.2f}; mean gain {gain:.1f} points"
        )


def curve(
    adapter: Adapter, places: NDArray[np.float64], choose: Callable[[State], Rows], seed: int
) -> list[float]:
    """Return macro-F1 before any correction and after each round."""
    order = np.random.default_rng(seed).permutation(len(adapter))
    kept, history = order[: min(KEPT, len(order) // 3)], order[min(KEPT, len(order) // 3) :]
    true = adapter.topics[kept]
    judged = np.flatnonzero(true.sum(axis=0) >= LEAST_TEXTS_OF_TOPIC)
    rng, done = np.random.default_rng(seed), np.zeros(0, dtype=np.int64)
    adapted, out = None, []
    for size in (0, *ROUNDS):
        if size:
            margins, sure = adapter.topic_margins(adapted), adapter.confidence(adapted)
            left = np.setdiff1d(history, done)
            state = State(left, done, size - len(done), margins, sure, history, adapter, places, rng)
            done = np.concatenate([done, choose(state)])
            adapted = adapter.fit(done)
        found = adapter.topic_margins(adapted)[kept] >= 0
        out.append(float(f1_score(true[:, judged], found[:, judged], average="macro", zero_division=0)))
    return out


def corrections_for(figures: NDArray[np.float64], gain: float) -> float:
    """Return at how many corrections a curve has gained so much, between its rounds on a line; else the last round.

    Examples
    --------
    >>> round(corrections_for(np.array([0.5, 0.52, 0.56, 0.6, 0.6, 0.6]), 0.05), 3)
    17.5
    """
    rise = np.maximum.accumulate(figures - figures[0])
    return float(np.interp(gain, rise, (0, *ROUNDS)))


def seconds(data: Path) -> None:
    """Print how long a retraining of 1,000 corrections of the shipped bundle takes."""
    rows = read_gold(data / "gold" / "dev.csv")[:1000]
    analyses = Analyzer.load().analyze_many([row.text for row in rows])
    given = [
        Feedback(str(n), row.text, created_at=datetime(2026, 1, 1, tzinfo=UTC)) for n, row in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as folder, Store.open(data_dir=folder) as store:
        store.feedback.add(list(zip(given, analyses, strict=True)))
        for one, row in zip(given, rows, strict=True):
            topics = [{"topic": topic, "sentiment": felt} for topic, felt in row.topics.items()]
            store.corrections.add(one.id, {"sentiment": row.sentiment, "kind": row.kind, "topics": topics})
        began, worked = time.perf_counter(), time.process_time()
        done = retrain(store, actor="benchmark")
        wall, cores = time.perf_counter() - began, time.process_time() - worked
        print(f"retraining of {done.texts} corrected texts: {wall:.0f} s, {cores:.0f} s of processor time")
        for gain in done.gains:
            print(
                f"  {gain.field}: {gain.before} -> {gain.after} ({gain.low:+} to {gain.high:+}, {gain.n} texts)"
            )
        print(f"  gates broken: {', '.join(done.broken) or 'none'}; better beyond noise: {done.better}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds datasets/ and gold/")
    parser.add_argument(
        "--base", type=Path, help="folder of the bundle without the companies; made if missing"
    )
    parser.add_argument("--only", choices=("curves", "seconds"))
    parser.add_argument("--companies", nargs="+", choices=COMPANIES, default=COMPANIES, metavar="NAME")
    parser.add_argument("--choices", nargs="+", choices=CHOICES, default=list(CHOICES), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=2)
    chosen = parser.parse_args(arguments)
    if not (chosen.data / "gold").is_dir():
        print("review: name the folder that holds datasets/ and gold/", file=sys.stderr)
        return 6
    if chosen.only != "curves":
        seconds(chosen.data)
    if chosen.only != "seconds":
        with tempfile.TemporaryDirectory() as scratch:
            base = base_bundle(chosen.data, chosen.base or Path(scratch))
            names = list(dict.fromkeys(["random", *chosen.choices]))
            curves(chosen.data, base, chosen.companies, names, chosen.seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
