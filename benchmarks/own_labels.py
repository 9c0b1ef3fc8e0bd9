"""Measures training on own labels: `python benchmarks/own_labels.py DATA [airline] [banking] [speed]`.

DATA holds datasets/. Nothing is written there.

airline   airline_tweets, sentiment, five blocks of time: each block judged by a fit on the other four
banking   banking77, 77 intents, five-fold cross-validation, stratified, seed 0, as training prints it
speed     100,000 labelled English texts of at most 280 characters: from file to bundle, all figures included
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold

from feedback_nlp.bundle import load_bundle
from feedback_nlp.own_labels import OwnModel, shipped_inputs
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.sentiment import pool_clauses
from feedback_nlp.train_own import fit_own, train_own_labels
from feedback_nlp.training.own_rows import OwnRows

SPEED_TEXTS = 100_000
LONGEST_SHORT = 280
SENTIMENTS = ("negative", "neutral", "positive")


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a set."""
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def own_rows(texts: Sequence[str], labels: Sequence[str]) -> OwnRows:
    """Return labelled texts as training takes them."""
    names = tuple(sorted(set(labels)))
    truth = np.array([[label == name for name in names] for label in labels], dtype=np.float64)
    return OwnRows(list(texts), names, truth, False, list(range(len(texts))), {})


def cross_validate(name: str, texts: list[str], labels: list[str], folds: list) -> None:
    """Print figures of labels that each fold's model, wholly fitted on the other folds, gives."""
    shipped = load_bundle()
    scored = LinearScorer(shipped.linear).score(texts)
    inputs = shipped_inputs(scored, pool_clauses(scored))
    found = np.empty(len(texts), dtype=object)
    began = time.monotonic()
    for fitted, judged in folds:
        rows = own_rows([texts[row] for row in fitted], [labels[row] for row in fitted])
        fit = fit_own(rows, shipped)
        head = fit.head
        shares = OwnModel(fit.linear, head).probabilities([texts[row] for row in judged], inputs[judged])
        found[judged] = [head.labels[best] for best in shares.argmax(axis=1)]
        part = np.mean(found[judged] == np.array(labels)[judged])
        print(f"  fold: accuracy {part:.4f}", flush=True)
    accuracy = np.mean(found == np.array(labels))
    macro = f1_score(labels, found.astype(str), average="macro")
    seconds = time.monotonic() - began
    print(f"{name}: {len(texts):,} texts, accuracy {accuracy:.4f}, macro-F1 {macro:.4f}, {seconds:.0f} s")


def airline(datasets: Path) -> None:
    """Measure five blocks of time."""
    table = [row for row in read(datasets / "airline_tweets.csv") if row["label"]]
    table.sort(key=lambda row: row["created_at"])
    texts, labels = [row["text"] for row in table], [row["label"] for row in table]
    cross_validate("airline_tweets, blocks of time", texts, labels, list(KFold(5).split(texts)))


def banking(datasets: Path) -> None:
    """Print what training itself prints: its five-fold cross-validation."""
    table = read(datasets / "banking77.csv")
    began = time.monotonic()
    figures = fit_own(
        own_rows([row["text"] for row in table], [row["topic"] for row in table]), load_bundle()
    ).metrics
    seconds = time.monotonic() - began
    print(
        f"banking77, five folds: {figures['texts']:,} texts, accuracy {figures['accuracy']:.4f}, "
        f"macro-F1 {figures['macro_f1']:.4f}, {figures['chosen']}, {seconds:.0f} s"
    )


def speed(datasets: Path) -> None:
    """Measure how long 100,000 short texts take."""
    kept = [
        (row["text"], row["label"])
        for path in sorted(datasets.glob("*.csv"))
        if not path.stem.endswith(("_de", "_es", "_fr", "MANIFEST", "household"))
        for row in read(path)
        if row.get("label") in SENTIMENTS and len(row["text"]) <= LONGEST_SHORT
    ]
    chosen = np.random.default_rng(0).permutation(len(kept))[:SPEED_TEXTS]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "short.csv")
        with source.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *(kept[row] for row in chosen)])
        began = time.monotonic()
        bundle = train_own_labels(source, Path(folder, "bundle"), progress=print)
        seconds = time.monotonic() - began
    figures = bundle.manifest["metrics"]["own_labels"]
    print(f"training on {len(chosen):,} short texts: {seconds:.0f} s, macro-F1 {figures['macro_f1']}")


STUDIES: dict[str, Callable[[Path], None]] = {"airline": airline, "banking": banking, "speed": speed}


def main(arguments: Sequence[str]) -> int:
    """Run the studies that are named, or all."""
    if not arguments or not Path(arguments[0], "datasets").is_dir():
        print("own_labels: name the folder that holds datasets/", file=sys.stderr)
        return 2
    for name in arguments[1:] or STUDIES:
        STUDIES[name](Path(arguments[0]) / "datasets")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
