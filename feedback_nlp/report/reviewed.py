"""Shares of a period corrected for the model's errors, from the texts that were drawn at random and reviewed.

What the model says of all texts is counted apart from what people corrected: the stored counts hold both, and a
correction of the model by texts whose labels people gave already would find no error.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from feedback_nlp.errors import InputError
from feedback_nlp.records import SENTIMENTS
from feedback_nlp.report.correction import correct_by_confusion, correct_by_review, correct_net_by_review
from feedback_nlp.report.counts import DayCounts
from feedback_nlp.report.statistics import Estimate, share_estimate
from feedback_nlp.report.summary import Corrected

if TYPE_CHECKING:
    from feedback_nlp.store import Store
    from feedback_nlp.store.review_values import ReviewedText

__all__ = ["LEAST_REVIEWED", "NET", "corrected_shares"]

#: With fewer reviewed texts of a period nothing is corrected.
LEAST_REVIEWED = 30
#: Name of the corrected net sentiment.
NET = "net_sentiment"
_SIGNS = {"positive": 1, "negative": -1}


def corrected_shares(
    store: Store, since: datetime, until: datetime, counts: DayCounts
) -> tuple[Corrected, ...]:
    """Return net sentiment and the share of each sentiment and topic, as the model sees them and corrected.

    Parameters
    ----------
    store : Store
    since, until : datetime
        The period; its end is not included.
    counts : DayCounts
        Of this period, with the labels that count.

    Returns
    -------
    tuple of Corrected
        Empty with fewer than 30 reviewed texts.
    """
    reviewed = store.review.random_sample(since, until)
    sentiments = [one for one in reviewed if "sentiment" in one.truth]
    n = int(counts.whole("all").sum())
    if len(sentiments) < LEAST_REVIEWED or not n:
        return ()
    said, topics = _said_by_model(store, since, until, counts)
    about = [one for one in reviewed if "topics" in one.truth]
    return (
        _net(sentiments, said, n),
        *_sentiments(sentiments, said, n),
        *(_topic(about, name, topics[name], n) for name in sorted(topics) if len(about) >= LEAST_REVIEWED),
    )


def _said_by_model(
    store: Store, since: datetime, until: datetime, counts: DayCounts
) -> tuple[Counter[str], Counter[str]]:
    """Return how many texts the model gave each sentiment and each topic, whatever people corrected."""
    whole = counts.whole("all").sum(axis=0)
    sentiments = Counter({name: int(whole[place]) for place, name in enumerate(SENTIMENTS)})
    topics = Counter({name: int(counts.whole("topic_texts", name).sum()) for name in counts.names("topic")})
    for one in store.review.corrected_labels(since, until):
        sentiments[one.sentiment] -= 1
        sentiments[one.model_sentiment] += 1
        topics.subtract(one.topics)
        topics.update(one.model_topics)
    return sentiments, topics


def _sentiments(reviewed: list[ReviewedText], said: Counter[str], n: int) -> list[Corrected]:
    chances = [one.sampling_probability for one in reviewed]
    model = [one.feedback.analysis.sentiment for one in reviewed]
    people = [one.truth["sentiment"] for one in reviewed]
    confusion = np.zeros((len(SENTIMENTS), len(SENTIMENTS)))
    for true, found, chance in zip(people, model, chances, strict=True):
        # Weights that are all equal count texts; else they count as if drawn evenly.
        confusion[SENTIMENTS.index(true), SENTIMENTS.index(found or "neutral")] += max(chances) / chance
    try:
        solved: list[Estimate | None] = [
            *correct_by_confusion([said[name] for name in SENTIMENTS], confusion)
        ]
    except InputError:  # a sentiment that nobody met twice, or that the model hardly tells from another
        solved = [None] * len(SENTIMENTS)
    return [
        Corrected(
            name,
            share_estimate([said[name]], [n]),
            by_matrix,
            correct_by_review(
                said[name],
                n,
                [found == name for found in model],
                [true == name for true in people],
                chances,
            ),
        )
        for name, by_matrix in zip(SENTIMENTS, solved, strict=True)
    ]


def _net(reviewed: list[ReviewedText], said: Counter[str], n: int) -> Corrected:
    raw = (said["positive"] - said["negative"]) / n
    half = 1.96 * math.sqrt(max(0.0, (said["positive"] + said["negative"]) / n - raw**2) / n)
    figure = correct_net_by_review(
        raw,
        n,
        [_SIGNS.get(one.feedback.analysis.sentiment or "", 0) for one in reviewed],
        [_SIGNS.get(one.truth["sentiment"], 0) for one in reviewed],
        [one.sampling_probability for one in reviewed],
    )
    return Corrected(NET, Estimate(raw, raw - half, raw + half, n), None, figure)


def _topic(reviewed: list[ReviewedText], name: str, found: int, n: int) -> Corrected:
    model = [name in text.model_topics for text in reviewed]
    people = [any(one["topic"] == name for one in text.truth["topics"]) for text in reviewed]
    chances = [text.sampling_probability for text in reviewed]
    return Corrected(
        name, share_estimate([found], [n]), None, correct_by_review(found, n, model, people, chances)
    )
