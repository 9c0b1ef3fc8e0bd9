"""Ways to choose the texts that a person looks at next, for benchmarks/review.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD

from feedback_nlp.review.choosing import topics_in_turn
from feedback_nlp.training.adapt import Adapter

Rows = NDArray[np.int64]
Doubles = NDArray[np.float64]
RANDOM_SHARE = 0.1
#: Least share of texts that a topic must be expected in to be worth a turn.
LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class State:
    """What is known when texts are chosen: all texts as the model sees them, those left, those corrected."""

    left: Rows
    done: Rows
    count: int
    margins: Doubles
    confidence: Doubles
    history: Rows
    adapter: Adapter
    places: Doubles
    rng: np.random.Generator


def places_of(adapter: Adapter) -> Doubles:
    """Return where each text lies among the others (latent semantic analysis of its features)."""
    features = adapter.features
    rare = np.log(len(adapter) / np.maximum(1, features.getnnz(axis=0)))
    weighted = features.multiply(rare[None, :]).tocsr()
    found = TruncatedSVD(60, random_state=0).fit_transform(weighted)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9))


def random_ones(state: State) -> Rows:
    """Choose at random."""
    return state.rng.choice(state.left, state.count, replace=False)


def least_certain(state: State) -> Rows:
    """Choose those whose sentiment is least certain."""
    return state.left[np.argsort(state.confidence[state.left], kind="stable")[: state.count]]


def nearest_topics(state: State) -> Rows:
    """Choose those nearest to the threshold of a topic, one topic after the other."""
    return state.left[topics_in_turn(state.margins[state.left])[: state.count]]


def mixed(state: State) -> Rows:
    """Choose as the queue does."""
    some = state.rng.choice(state.left, max(1, round(RANDOM_SHARE * state.count)), replace=False)
    return with_sentiment(state, some, nearest_topics)


def with_sentiment(state: State, some: Rows, choose: Callable[[State], Rows]) -> Rows:
    """Add to some texts half by topics, half by sentiment."""
    left, rest = np.setdiff1d(state.left, some), state.count - len(some)
    topics = choose(replace(state, left=left, count=rest // 2))
    sentiment = least_certain(replace(state, left=np.setdiff1d(left, topics), count=rest - len(topics)))
    return np.concatenate([some, topics, sentiment])


def worth(state: State) -> Doubles:
    """Return what a text is worth: doubts about its topics, each over the number of texts the topic is expected in.

    That is how much macro-F1 may change by it. Topics that are hardly expected here are worth nothing.
    """
    shares = 1 / (1 + np.exp(-state.margins[state.left]))  # 0.5 at the threshold
    expected = np.maximum((state.margins[state.history] >= 0).mean(axis=0), 1e-9)
    doubt = np.minimum(shares, 1 - shares)
    return np.asarray((doubt * np.where(expected >= LEAST_SHARE, 1 / expected, 0)).sum(axis=1))


def most_worth(state: State) -> Rows:
    """Choose the texts that may change macro-F1 most."""
    return state.left[np.argsort(-worth(state), kind="stable")[: state.count]]


def half_worth(state: State) -> Rows:
    """Choose half at random, half by what they are worth."""
    some = state.rng.choice(state.left, state.count // 2, replace=False)
    left = np.setdiff1d(state.left, some)
    return np.concatenate([some, most_worth(replace(state, left=left, count=state.count - len(some)))])


def spread(state: State) -> Rows:
    """Choose typical texts: the one nearest to the centre of each of so many groups."""
    return _of_groups(state, np.ones(len(state.left)))


def spread_worth(state: State) -> Rows:
    """Choose the same, groups weighted by what their texts are worth."""
    return _of_groups(state, np.sqrt(worth(state)) + 1e-6)


def _of_groups(state: State, weights: Doubles) -> Rows:
    where = state.places[state.left]
    groups = KMeans(state.count, n_init=1, random_state=int(state.rng.integers(1 << 30)), max_iter=20)
    label = groups.fit_predict(where, sample_weight=weights)
    near = (where * groups.cluster_centers_[label]).sum(axis=1)
    best = [np.flatnonzero(label == group)[np.argmax(near[label == group])] for group in np.unique(label)]
    missing = state.count - len(best)
    if missing:
        best += list(np.setdiff1d(np.arange(len(state.left)), best)[:missing])
    return state.left[np.array(best)]


def turns_by_share(state: State) -> Rows:
    """Choose those nearest to a threshold, topics in turn, only those that are expected in some texts."""
    expected = (state.margins[state.history] >= 0).mean(axis=0) >= LEAST_SHARE
    return state.left[topics_in_turn(state.margins[state.left][:, expected])[: state.count]]


def fewest_first(state: State) -> Rows:
    """Choose surely found texts of the topic that the fewest corrections have, again and again."""
    expected = np.flatnonzero((state.margins[state.history] >= 0).mean(axis=0) >= LEAST_SHARE)
    have = state.adapter.topics[state.done].sum(axis=0).astype(float)
    free = np.ones(len(state.left), dtype=bool)
    shares = 1 / (1 + np.exp(-state.margins[state.left]))
    out = []
    for _ in range(state.count):
        topic = expected[np.argmin(have[expected])]
        best = np.argmin(np.where(free, np.abs(state.margins[state.left][:, topic]), np.inf))
        free[best] = False
        have += shares[best]
        out.append(best)
    return state.left[np.array(out)]


CHOICES: dict[str, Callable[[State], Rows]] = {
    "random": random_ones,
    "least certain sentiment": least_certain,
    "nearest to topics": nearest_topics,
    "mix": mixed,
    "turns of expected topics": turns_by_share,
    "fewest corrections first": fewest_first,
    "most worth": most_worth,
    "half at random, half worth": half_worth,
    "spread": spread,
    "spread by worth": spread_worth,
}
