"""Measures a fitted model on carefully labelled texts that it never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from feedback_nlp.metrics import calibration_error, coverage_at_precision, macro_f1, pair_f1
from feedback_nlp.records import KINDS, SENTIMENTS, TOPICS, Analysis
from feedback_nlp.training.corpus import GoldRow, read_gold

__all__ = ["measure_rows", "read_dev"]


def measure_rows(analyses: list[Analysis], rows: list[GoldRow], threshold: float) -> dict[str, Any]:
    """Return all figures for analyses of labelled texts.

    A text that got no label (another language, unreadable) counts with equal probabilities, so its largest class
    reads as negative; `evaluate` and benchmarks/quality.py count it as wrong.

    Parameters
    ----------
    analyses : list of Analysis
    rows : list of GoldRow
        In the same order.
    threshold : float
        Confidence from which a label counts as sure.
    """
    labels = np.array([SENTIMENTS.index(row.sentiment) for row in rows])
    three = np.array([_probabilities(one) for one in analyses])
    judged = labels < 3
    right = three[judged].argmax(axis=1) == labels[judged]
    coverage, precision = coverage_at_precision(three[judged].max(axis=1), right, threshold)
    shown = [one.sentiment or "" for one in analyses]
    present = np.array([[topic in row.topics for topic in TOPICS] for row in rows])
    findings = [{(t.topic, t.sentiment) for t in one.topics} for one in analyses]
    found = np.array([[topic in {name for name, _ in one} for topic in TOPICS] for one in findings])
    return {
        "texts": len(rows),
        "sentiment_accuracy": round(float(right.mean()), 4),
        "sentiment_macro_f1": round(macro_f1(labels[judged], three[judged].argmax(axis=1)), 4),
        "sentiment_4_macro_f1": round(macro_f1([r.sentiment for r in rows], shown, list(SENTIMENTS)), 4),
        "calibration_error": round(calibration_error(three[judged], labels[judged]), 4),
        "coverage": round(coverage, 4),
        "precision_when_sure": round(precision, 4),
        "kind_macro_f1": round(
            macro_f1([r.kind for r in rows], [one.kind or "" for one in analyses], list(KINDS)), 4
        ),
        "topics_micro_f1": round(float(f1_score(present, found, average="micro", zero_division=0)), 4),
        "topics_macro_f1": round(float(f1_score(present, found, average="macro", zero_division=0)), 4),
        "topic_sentiment_f1": round(pair_f1([set(r.topics.items()) for r in rows], findings), 4),
        "share_without_topic": round(float((~found.any(axis=1)).mean()), 4),
        "topic_f1": {
            topic: round(float(f1_score(present[:, t], found[:, t], zero_division=0)), 4)
            for t, topic in enumerate(TOPICS)
        },
    }


def _probabilities(one: Analysis) -> tuple[float, float, float]:
    if one.p_negative is None or one.p_neutral is None or one.p_positive is None:
        return (1 / 3, 1 / 3, 1 / 3)
    return one.p_negative, one.p_neutral, one.p_positive


def read_dev(data: Path, exclude_sources: tuple[str, ...] = ()) -> list[GoldRow]:
    """Return the rows of gold/dev.csv, which nothing is trained on."""
    return read_gold(data / "gold" / "dev.csv", exclude_sources)
