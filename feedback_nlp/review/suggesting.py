"""Topics that nobody named yet: what the texts without a topic are about, and what a new topic would find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from feedback_nlp.store import Store
from feedback_nlp.store.taxonomy import OwnTopic

__all__ = ["Preview", "Suggestion", "preview_topic", "suggest_topics"]

#: Newest texts without a topic that are looked at.
LOOKED_AT: Final = 5_000
#: Newest texts that a preview reads.
PREVIEWED: Final = 200_000
LEAST_TEXTS, MOST_CLUSTERS, WEEKS = 5, 12, 8
_TERMS, _QUOTES, _SEED = 5, 3, 0
#: A term of a group weighs so many times what it does in all texts.
_TELLING: Final = 1.3
#: Words of mood, thanks and talk, and the heads of "don't" and its like: they group texts, but name no topic.
_NAMES_NO_TOPIC: Final = frozenset(
    "bad best better cheers didn disappointed does doesn doing don fine good got great happy hate isn just know like "
    "love loved lovely nice okay pleased really right say says thank thanks thing things think time very want "
    "wasn wish won worst wouldn wrong yes".split()
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A group of texts without a topic.

    Parameters
    ----------
    name : str
        Its most telling term.
    terms : tuple of str
        Most telling first; the phrases of the topic, should it become one.
    texts : int
        How many of those looked at.
    weeks : tuple of int
        Texts in each of the last eight weeks, oldest first.
    examples : tuple of int
        Numbers of typical ones in the store.
    """

    name: str
    terms: tuple[str, ...]
    texts: int
    weeks: tuple[int, ...]
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a topic would find.

    Parameters
    ----------
    looked_at : int
        Newest texts that were read, at most 200,000.
    found : int
        Those of them that have a phrase.
    examples : tuple of int
        Numbers of the newest ones in the store.
    """

    looked_at: int
    found: int
    examples: tuple[int, ...]


def preview_topic(store: Store, topic: OwnTopic) -> Preview:
    """Count the stored texts with a phrase of a topic; `within` is not looked at.

    Parameters
    ----------
    store : Store
    topic : OwnTopic
    """
    examples: list[int] = []
    looked_at, found = 0, 0
    if topic.pattern is not None:
        for key, _, text in store.taxonomies.newest_texts(PREVIEWED):
            looked_at += 1
            if topic.pattern.search(text):
                found += 1
                if len(examples) < _QUOTES:
                    examples.append(key)
    return Preview(looked_at, found, tuple(examples))


def suggest_topics(store: Store) -> list[Suggestion]:
    """Group the newest 5,000 texts without a topic by their words (TF-IDF, k-means); the largest group first.

    Groups of fewer than five texts, and those without a telling term, are left out.

    Parameters
    ----------
    store : Store
    """
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    rows = list(store.taxonomies.newest_texts(LOOKED_AT, without_topic=True))
    if len(rows) < 2 * LEAST_TEXTS:
        return []
    vectorizer = TfidfVectorizer(
        stop_words=sorted(ENGLISH_STOP_WORDS | _NAMES_NO_TOPIC),
        ngram_range=(1, 2),
        min_df=3,
        max_df=0.8,
        token_pattern=r"[^\W\d_]{3,}",  # noqa: S106 - a pattern of words
    )
    try:
        block = vectorizer.fit_transform([text for _, _, text in rows])
    except ValueError:  # no word stands in three texts
        return []
    clusters = min(MOST_CLUSTERS, max(2, len(rows) // (4 * LEAST_TEXTS)), block.shape[1])
    grouped = KMeans(clusters, n_init=3, random_state=_SEED).fit(block)
    names = vectorizer.get_feature_names_out()
    mean = np.asarray(block.mean(axis=0)).ravel()
    out = []
    for cluster in range(clusters):
        members = np.flatnonzero(grouped.labels_ == cluster)
        centre = grouped.cluster_centers_[cluster]
        terms = tuple(
            names[place]
            for place in np.argsort(mean - centre)[:_TERMS]
            if centre[place] > _TELLING * mean[place]
        )
        if len(members) >= LEAST_TEXTS and terms:
            typical = members[np.argsort(-np.asarray(block[members] @ centre).ravel())][:_QUOTES]
            weeks = _weeks([rows[row][1] for row in members], max(moment for _, moment, _ in rows).date())
            out.append(
                Suggestion(terms[0], terms, len(members), weeks, tuple(rows[row][0] for row in typical))
            )
    return sorted(out, key=lambda one: -one.texts)


def _weeks(moments: Sequence[datetime], last: date) -> tuple[int, ...]:
    """Return how many texts each of the last weeks has, the one that ends with the last day at the end."""
    counts = Counter((last - moment.date()) // timedelta(days=7) for moment in moments)
    return tuple(counts[week] for week in reversed(range(WEEKS)))
