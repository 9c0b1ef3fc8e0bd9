"""What the shipped bundle makes of a company's labelled texts, beside what was trained on them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from feedback_nlp.analyzer import Analyzer
from feedback_nlp.bundle import Bundle
from feedback_nlp.records import SENTIMENTS, TOPICS, Analysis
from feedback_nlp.scan import Longs
from feedback_nlp.training.own_features import Features
from feedback_nlp.training.own_fit import Folds
from feedback_nlp.training.own_rows import OwnRows

__all__ = ["compare_with_shipped", "sentiment_figures"]

#: Texts that the comparison looks at: more would cost time and change no figure.
_TEXTS: Final = 10_000
_NOTHING: Final = -1


def compare_with_shipped(
    rows: OwnRows,
    shipped: Bundle,
    task: str | None,
    mapped: tuple[int, ...],
    features: Features,
    folds: Folds,
) -> dict[str, dict[str, Any]]:
    """Return what the shipped bundle gets right of the first 10,000 texts; no label counts as wrong.

    Where its labels are others (any names without a mapping), "shipped_scores_alone" says how far its scores carry: a
    logistic regression over them, cross-validated on the folds of the own model. Else "shipped_bundle" compares labels.
    """
    known = task in ("sentiment", "kind") or bool(mapped)
    if task == "topics" and set(rows.labels) <= set(TOPICS):
        return {"shipped_bundle": _compare_topics(rows, shipped)}
    if not known:
        return {} if rows.several else {"shipped_scores_alone": _scores_alone(rows, features, folds)}
    analyses = list(Analyzer(shipped).analyze_many(rows.texts[:_TEXTS]))
    truth = rows.truth[:_TEXTS].argmax(axis=1)
    if task == "kind":
        found = np.array(
            [rows.labels.index(one.kind) if one.kind in rows.labels else _NOTHING for one in analyses]
        )
        return {"shipped_bundle": _figures(truth, found, range(len(rows.labels)))}
    signs = mapped or tuple(SENTIMENTS.index(label) for label in rows.labels)
    found = np.array([_likeliest(one, signs) for one in analyses])
    return {"shipped_bundle": sentiment_figures(np.array(signs)[truth], found, signs)}


def sentiment_figures(truth: Longs, found: Longs, signs: tuple[int, ...]) -> dict[str, Any]:
    """Return accuracy and macro-F1 of sentiments by number, over those that labels stand for."""
    return _figures(truth, found, sorted(set(signs)))


def _figures(truth: Longs, found: Longs, labels: Any) -> dict[str, Any]:
    macro = f1_score(truth, found, labels=list(labels), average="macro", zero_division=0)
    return {
        "texts": len(truth),
        "accuracy": round(float((truth == found).mean()), 4),
        "macro_f1": round(float(macro), 4),
    }


def _likeliest(one: Analysis, signs: tuple[int, ...]) -> int:
    """As published figures are judged: the likeliest sentiment of those there are, not "mixed"."""
    if one.sentiment is None:
        return _NOTHING
    return max(sorted(set(signs)), key=lambda sign: float(getattr(one, f"p_{SENTIMENTS[sign]}")))


def _compare_topics(rows: OwnRows, shipped: Bundle) -> dict[str, Any]:
    analyses = Analyzer(shipped).analyze_many(rows.texts[:_TEXTS])
    found = np.array([[label in {f.topic for f in one.topics} for label in rows.labels] for one in analyses])
    truth = rows.truth[:_TEXTS].astype(bool)
    return {
        "texts": len(truth),
        "accuracy": round(float((truth == found).all(axis=1).mean()), 4),
        "macro_f1": round(float(f1_score(truth, found, average="macro", zero_division=0)), 4),
        "micro_f1": round(float(f1_score(truth, found, average="micro", zero_division=0)), 4),
    }


def _scores_alone(rows: OwnRows, features: Features, folds: Folds) -> dict[str, Any]:
    scores = features.block[:, -features.sizes[-1] :].toarray()
    scores = scores / (scores.std(axis=0) + 1e-6)
    labels = rows.truth.argmax(axis=1)
    truth, found = [], []
    for fitted, judged in folds:
        some = np.random.default_rng(0).permutation(fitted)[:_TEXTS]
        model = LogisticRegression(C=1.0, max_iter=200, tol=1e-3).fit(scores[some], labels[some])
        truth.append(labels[judged[:_TEXTS]])
        found.append(model.predict(scores[judged[:_TEXTS]]))
    return _figures(np.concatenate(truth), np.concatenate(found), range(len(rows.labels)))
