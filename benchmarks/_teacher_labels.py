"""From the teacher's logits to labels, and how good they are on the texts kept for calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.metrics import f1_score

from benchmarks._teacher_texts import UNKNOWN, TeacherTexts
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS

__all__ = ["N_OUT", "SHOWN", "figures", "probabilities", "save_topic_sentiment", "topic_sentiment"]

_KIND = len(SENTIMENTS)
_TOPIC = _KIND + len(KINDS)
_TOPIC_SENTIMENT = _TOPIC + len(TOPICS)
#: Columns of the logits: sentiment, kind, topics, and the sentiments of each topic.
N_OUT = _TOPIC_SENTIMENT + len(TOPICS) * len(SENTIMENTS)
#: Topics that are less probable have no sentiment in the file.
SHOWN = 0.3

Floats = NDArray[np.float32]


def probabilities(logits: Floats) -> Floats:
    """Return the probabilities of sentiment, kind and topics, shape (n, 21)."""
    parts = (
        softmax(logits[:, :_KIND], axis=1),
        softmax(logits[:, _KIND:_TOPIC], axis=1),
        expit(logits[:, _TOPIC:_TOPIC_SENTIMENT]),
    )
    return np.concatenate(parts, axis=1)


def topic_sentiment(logits: Floats) -> Floats:
    """Return the probabilities of the sentiments of each topic if it is there, shape (n, 12, 4)."""
    return np.asarray(softmax(logits[:, _TOPIC_SENTIMENT:].reshape(-1, len(TOPICS), len(SENTIMENTS)), axis=2))


def save_topic_sentiment(path: Path, keys: NDArray[np.uint64], logits: Floats) -> None:
    """Write the sentiments of the topics that are probable: arrays `keys`, `topics` and `steps` of 1/255."""
    rows, topics = np.nonzero(probabilities(logits)[:, _TOPIC:] > SHOWN)
    order = np.lexsort((topics, keys[rows]))
    rows, topics = rows[order], topics[order]
    steps = np.round(topic_sentiment(logits)[rows, topics] * 255).astype(np.uint8)
    np.savez_compressed(path, keys=keys[rows], topics=topics.astype(np.uint8), steps=steps)


def figures(texts: TeacherTexts, rows: NDArray[np.int64], logits: Floats) -> dict[str, float]:
    """Return how the labels of gold rows are found, given the logits of those rows."""
    sentiment, kind, signs = texts.sentiment[rows], texts.kind[rows], texts.topics[rows]
    three, there = sentiment < 3, signs != UNKNOWN
    found = logits[:, _TOPIC:_TOPIC_SENTIMENT] > 0
    right = topic_sentiment(logits).argmax(axis=2) == signs

    def macro(truth: NDArray[np.int64], part: Floats) -> float:
        return float(
            f1_score(truth, part.argmax(1), labels=range(part.shape[1]), average="macro", zero_division=0)
        )

    return {
        "sentiment, 3 classes": macro(sentiment[three], logits[three, :3]),
        "sentiment, 4 classes": macro(sentiment, logits[:, :_KIND]),
        "kind": macro(kind, logits[:, _KIND:_TOPIC]),
        "topics, micro": float(f1_score(there, found, average="micro", zero_division=0)),
        "topics, macro": float(f1_score(there, found, average="macro", zero_division=0)),
        "sentiment of a topic, right": float(right[there].mean()) if there.any() else float("nan"),
    }
