"""Makes feedback_nlp/recipes/word-vectors-en.npz: what words mean, by the company they keep.

    python benchmarks/word_vectors.py --data DIR --out word-vectors-en.npz

Texts of the recipe's sets, without their labels (DIR holds datasets/): at most 12,000 a set, the first 600 characters
of each, drawn with seed 0. banking77 and clinc150, on which own labels are measured and tuned, are left out; the recipe
does not have airline_tweets. Words that stand at least 8 times and in two sets; co-occurrence within five words, a
word at distance d counted 1/d; positive pointwise mutual information with contexts smoothed by 0.75, and a truncated
singular value decomposition with the square root of the singular values (Levy, Goldberg & Dagan 2015, TACL 3).

Used when own labels are trained; what is learned over them is folded into weights of words, so nothing of the file is
needed to score.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from feedback_nlp.bundle import load_bundle
from feedback_nlp.chunks import Form
from feedback_nlp.scan import scan_texts
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path
from feedback_nlp.training.word_vectors import save_word_vectors

LEFT_OUT = {"banking77", "clinc150"}
TEXTS_A_SET, LONGEST, BATCH = 12_000, 600, 1024
MOST_WORDS, LEAST_COUNT, LEAST_SETS = 25_000, 8, 2
REACH, DIMENSIONS = 5, 64
CONTEXT_SMOOTHING = 0.75

Batch = tuple[list[str], NDArray[np.int64]]


def read_texts(path: Path) -> list[str]:
    """Return the texts of a set."""
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


def read_batches(datasets: Path) -> dict[str, list[Batch]]:
    """Return for each set its words and the text of each."""
    scorer = LinearScorer(load_bundle().linear)
    generator = np.random.default_rng(0)
    out: dict[str, list[Batch]] = {}
    for part in load_recipe(shipped_recipe_path()).sets:
        if part.file in LEFT_OUT:
            continue
        texts = [text[:LONGEST] for text in read_texts(datasets / f"{part.file}.csv")]
        chosen = np.sort(generator.permutation(len(texts))[:TEXTS_A_SET])
        out[part.file] = [
            _words(scorer, [texts[row] for row in chosen[start : start + BATCH]])
            for start in range(0, len(chosen), BATCH)
        ]
        print(part.file, len(chosen), flush=True)
    return out


def _words(scorer: LinearScorer, texts: list[str]) -> Batch:
    tokens = scan_texts(scorer.table, texts)
    spelled = (tokens.bits & Form.SPELLED) != 0
    names = scorer.table.forms
    return [names[form] for form in tokens.forms[spelled].tolist()], tokens.texts[spelled]


def choose_words(sets: dict[str, list[Batch]]) -> tuple[list[str], NDArray[np.float64]]:
    """Return the words kept, commonest first, and their counts."""
    counts: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    for batches in sets.values():
        found = Counter(word for words, _ in batches for word in words)
        counts.update(found)
        spread.update(found.keys())
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    kept = [w for w in ordered if counts[w] >= LEAST_COUNT and spread[w] >= LEAST_SETS][:MOST_WORDS]
    return kept, np.array([counts[word] for word in kept], dtype=np.float64)


def count_pairs(sets: dict[str, list[Batch]], words: list[str]) -> sp.csr_matrix:
    """Return how often words stand near each other, nearer ones counting more; symmetric."""
    number, size = {word: row for row, word in enumerate(words)}, len(words)
    total = sp.csr_matrix((size, size), dtype=np.float64)
    for batches in sets.values():
        cells, values = [], []
        for names, texts in batches:
            rows = np.array([number.get(name, -1) for name in names], dtype=np.int64)
            for distance in range(1, REACH + 1):
                left, right = rows[:-distance], rows[distance:]
                near = (texts[distance:] == texts[:-distance]) & (left >= 0) & (right >= 0)
                cells.append(left[near] * size + right[near])
                values.append(np.full(int(near.sum()), 1 / distance))
        places = np.concatenate(cells)
        total = total + sp.csr_matrix(
            (np.concatenate(values), (places // size, places % size)), shape=(size, size)
        )
    return sp.csr_matrix(total + total.T)


def decompose(pairs: sp.csr_matrix) -> NDArray[np.float64]:
    """Return the vectors of the words, shape (n_words, DIMENSIONS)."""
    cells = pairs.tocoo()
    rows = np.asarray(pairs.sum(axis=1)).ravel() + 1e-9
    contexts = rows**CONTEXT_SMOOTHING
    information = np.log(cells.data * contexts.sum() / (rows[cells.row] * contexts[cells.col]))
    kept = information > 0
    matrix = sp.csr_matrix((information[kept], (cells.row[kept], cells.col[kept])), shape=pairs.shape)
    left, values, _ = randomized_svd(matrix, DIMENSIONS, n_iter=3, random_state=0)
    return np.asarray(left * np.sqrt(values))


def main() -> None:
    """Read, count, decompose, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds datasets/")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    sets = read_batches(arguments.data / "datasets")
    words, counts = choose_words(sets)
    print(f"{len(words):,} words", flush=True)
    save_word_vectors(arguments.out, words, counts, decompose(count_pairs(sets, words)))


if __name__ == "__main__":
    main()
