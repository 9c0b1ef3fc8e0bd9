"""The teacher itself, in PyTorch: MPNet with one linear layer for all labels, and how it learns and labels."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from benchmarks._teacher_labels import N_OUT
from benchmarks._teacher_texts import UNKNOWN, TeacherTexts

__all__ = ["Reader", "Teacher", "fit", "logits_of"]

#: Tokens of a text, at most.
LONGEST = 96
#: Of the sum of losses: kinds, topics (mean of the twelve), sentiments of topics; sentiment counts 1.
KIND_WEIGHT, TOPICS_WEIGHT, TOPIC_SENTIMENT_WEIGHT = 0.5, 9.0, 0.5
SMOOTHING, WARM_UP, DROPOUT = 0.03, 0.06, 0.1
#: Tokens labelled at once: as many as memory is fed well by.
TOKENS_AT_ONCE = {"cuda": 48_000, "cpu": 2_000}

Rows = NDArray[np.int64]


class Teacher(nn.Module):
    """A transformer with mean and maximum pooling; one linear layer gives all logits."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.head = nn.Linear(2 * self.encoder.config.hidden_size, N_OUT)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (n_texts, N_OUT)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        inside = mask.unsqueeze(-1)
        mean = (states * inside).sum(1) / inside.sum(1).clamp(min=1)
        largest = states.masked_fill(inside == 0, -1e4).amax(1)
        pooled = torch.cat([mean, largest], dim=1)
        return self.head(functional.dropout(pooled, DROPOUT, self.training)).float()


class Reader:
    """All texts as token numbers, and their labels, on the device that learns.

    Parameters
    ----------
    texts : TeacherTexts
    folder : Path
        Of the model.
    """

    def __init__(self, texts: TeacherTexts, folder: Path) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        tokenizer = AutoTokenizer.from_pretrained(folder)
        self.padding: int = tokenizer.pad_token_id
        self.tokens: list[NDArray[np.int32]] = []
        for start in range(0, len(texts.texts), 20_000):
            found = tokenizer(texts.texts[start : start + 20_000], truncation=True, max_length=LONGEST)
            self.tokens += [np.array(ids, dtype=np.int32) for ids in found["input_ids"]]
        self.lengths = np.array([len(ids) for ids in self.tokens])
        self.labels = _Labels(
            *(
                torch.from_numpy(part).to(self.device)
                for part in (texts.sentiment, texts.kind, texts.topics, texts.is_gold)
            )
        )

    def batch(self, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
        """Return token numbers and mask; widths are multiples of 8, which GPUs like."""
        width = -(-int(self.lengths[rows].max()) // 8) * 8
        ids = np.full((len(rows), width), self.padding)
        for place, row in enumerate(rows.tolist()):
            ids[place, : self.lengths[row]] = self.tokens[row]
        mask = (np.arange(width) < self.lengths[rows][:, None]).astype(np.int64)
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)

    def batches(self, rows: Rows, size: int, rng: np.random.Generator) -> list[Rows]:
        """Return shuffled batches of texts of similar length."""
        shuffled, out = rng.permutation(rows), []
        for start in range(0, len(rows), size * 32):
            near = shuffled[start : start + size * 32]
            near = near[np.argsort(self.lengths[near], kind="stable")]
            out += [near[place : place + size] for place in range(0, len(near), size)]
        return [out[place] for place in rng.permutation(len(out))]

    def half_precision(self) -> torch.autocast:
        """Return what makes a GPU compute in bfloat16; most CPUs are slower in it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")


@dataclass(frozen=True, slots=True)
class _Labels:
    sentiment: torch.Tensor
    kind: torch.Tensor
    topics: torch.Tensor
    has_topics: torch.Tensor

    def loss(self, logits: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the sum of the losses, each divided by all texts: a batch with few labels counts little."""
        topics, n_texts = self.topics[rows], len(rows)

        def classes(part: torch.Tensor, truth: torch.Tensor, smoothing: float = SMOOTHING) -> torch.Tensor:
            return functional.cross_entropy(
                part, truth, ignore_index=UNKNOWN, label_smoothing=smoothing, reduction="sum"
            )

        there = functional.binary_cross_entropy_with_logits(
            logits[:, 9:21], (topics != UNKNOWN).float(), reduction="none"
        )
        total = (
            classes(logits[:, :4], self.sentiment[rows])
            + KIND_WEIGHT * classes(logits[:, 4:9], self.kind[rows])
            + TOPICS_WEIGHT * (there * self.has_topics[rows][:, None]).sum() / topics.shape[1]
            + TOPIC_SENTIMENT_WEIGHT * classes(logits[:, 21:].reshape(-1, 4), topics.reshape(-1), 0.0)
        )
        return total / n_texts


def fit(
    net: Teacher, reader: Reader, rows: Rows, *, passes: int, rate: float, size: int, seed: int, note: str
) -> None:
    """Fine-tune with a rate that rises over 6 % of the steps and falls to a fiftieth; print the loss a pass."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    net.train()
    groups: list[dict[str, Any]] = [
        {"params": list(net.encoder.parameters()), "lr": rate},
        {"params": list(net.head.parameters()), "lr": 10 * rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = passes * -(-len(rows) // size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / (WARM_UP * steps)) * max(0.02, (steps - step) / steps)
    )
    for turn in range(1, passes + 1):
        started, losses = time.perf_counter(), []
        for batch in reader.batches(rows, size, rng):
            with reader.half_precision():
                logits = net(*reader.batch(batch))
            loss = reader.labels.loss(logits, torch.from_numpy(batch).to(reader.device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.detach())
        mean, seconds = float(torch.stack(losses).mean()), time.perf_counter() - started
        print(f"{note}, pass {turn}: loss {mean:.4f}, {len(rows) / seconds:.0f} texts/s", flush=True)


@torch.inference_mode()
def logits_of(net: Teacher, reader: Reader, rows: Rows) -> NDArray[np.float32]:
    """Return the logits of texts, computed by length; prints its speed."""
    net.eval()
    started, start = time.perf_counter(), 0
    out = np.zeros((len(rows), N_OUT), dtype=np.float32)
    order = np.argsort(reader.lengths[rows], kind="stable")[::-1]
    while start < len(order):
        size = max(1, TOKENS_AT_ONCE[reader.device.type] // int(reader.lengths[rows[order[start]]]))
        places = order[start : start + size]
        with reader.half_precision():
            out[places] = net(*reader.batch(rows[places])).cpu().numpy()
        start += size
    print(
        f"{len(rows)} texts labelled, {len(rows) / (time.perf_counter() - started):.0f} texts/s", flush=True
    )
    return out
