"""Fits the linear model: a multinomial logistic regression for sentiment and kind, one for each topic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray

from feedback_nlp.bundle import Floats, LinearPart
from feedback_nlp.features import SpellingVectorizer, word_shares
from feedback_nlp.training.corpus import Corpus
from feedback_nlp.training.counted import Counted, name_terms, weigh_terms
from feedback_nlp.training.recipe import LinearPartRecipe
from feedback_nlp.training.soft_fit import Design, fit_soft

__all__ = ["fit_linear", "halve"]

#: Steps of the first fit, which only ranks terms.
_RANKING_ITERATIONS = 10


@dataclass(frozen=True, slots=True)
class _Task:
    """One regression: targets (n_texts, n_outputs), weights of the texts, and whether one output excludes the rest."""

    targets: Floats
    weights: Floats
    exclusive: bool


def _tasks(corpus: Corpus) -> list[_Task]:
    weights = np.array(corpus.weights, dtype=np.float32)
    stored = (corpus.topics, corpus.sentiment, corpus.kind)  # the longest first
    tasks = [
        _Task(np.array(targets, dtype=np.float32), np.ascontiguousarray(weights[:, column]), column < 2)
        for targets, column in zip(stored, (2, 0, 1), strict=True)
    ]
    # A corpus without kinds and topics, as in transfer measurements, gives a model of sentiment alone.
    return [task for task in tasks if task.weights.any()]


def _fit_all(design: Design, tasks: list[_Task], c: float, iterations: int) -> Floats:
    """Return the weights of all outputs in the order of the records, shape (n_features, n_outputs), without intercepts.

    Intercepts are left to the heads, which are fitted on texts the model has not seen.
    """
    fitted = Parallel(n_jobs=min(2, len(tasks)))(
        delayed(fit_soft)(
            design, task.targets, task.weights, exclusive=task.exclusive, c=c, iterations=iterations
        )
        for task in tasks
    )
    exclusive = [part for part, task in zip(fitted, tasks, strict=True) if task.exclusive]
    topics = [part for part, task in zip(fitted, tasks, strict=True) if not task.exclusive]
    return np.hstack([*exclusive, *topics])


def fit_linear(corpus: Corpus, recipe: LinearPartRecipe, progress: Callable[[str], None]) -> LinearPart:
    """Fit vocabulary and weights.

    Parameters
    ----------
    corpus : Corpus
    recipe : LinearPartRecipe
    progress : callable
        Gets a line a step.
    """
    counted = Counted.of(corpus.texts)
    keys, presence = counted.term_presence(recipe.min_df)
    kept = _spread_over_sets(presence, corpus.sources, recipe.min_sets)
    keys, presence = keys[kept], presence[:, kept].tocsr()
    progress(f"terms: {len(keys)} in at least {recipe.min_df} texts and {recipe.min_sets} sets")
    words, names = counted.spelled()
    speller = SpellingVectorizer(min_df=recipe.spelling_min_df).fit_presence(words, names)
    shares = word_shares(words)
    profiles = sp.csr_matrix(speller.profiles(names) * np.float32(recipe.spelling_weight))
    tasks = _tasks(corpus)
    block, idf = weigh_terms(presence)
    if len(keys) > recipe.max_terms:
        ranking = _fit_all(Design(block, shares, profiles), tasks, recipe.c, _RANKING_ITERATIONS)
        best = _most_telling(ranking[: len(keys)], presence, recipe.max_terms)
        keys, presence = keys[best], presence[:, best].tocsr()
        block, idf = weigh_terms(presence)
        progress(f"terms: {len(keys)} kept")
    weights = _fit_all(Design(block, shares, profiles), tasks, recipe.c, recipe.iterations)
    progress(f"linear model fitted on {len(corpus.texts)} texts")
    vocabulary, terms = name_terms(keys, counted.forms)
    return LinearPart(
        words=vocabulary,
        terms=terms,
        term_idf=idf,
        term_weights=halve(weights[: len(keys)]),
        grams=tuple(speller.vocabulary_),
        gram_idf=speller.idf_,
        gram_weights=halve(weights[len(keys) :] * np.float32(recipe.spelling_weight)),
    )


def _most_telling(ranking: Floats, presence: sp.csr_matrix, most: int) -> NDArray[np.int64]:
    """Return the terms with the largest weights, frequent ones before rare ones of the same weight."""
    frequency = np.sqrt(np.bincount(presence.indices, minlength=presence.shape[1]))
    importance = np.abs(ranking).max(axis=1) * frequency
    return np.sort(np.argsort(-importance, kind="stable")[:most])


def halve(weights: Floats) -> Floats:
    """Round as the bundle stores them, so that heads are fitted to what will be loaded."""
    return weights.astype(np.float16).astype(np.float32)


def _spread_over_sets(terms: sp.csr_matrix, sources: list[str], least: int) -> NDArray[np.int64]:
    """Return the terms that stand in at least so many sets: names of people and shops rarely do."""
    number = {source: place for place, source in enumerate(sorted(set(sources)))}
    if len(number) < least:
        return np.arange(terms.shape[1])
    texts = np.array([number[source] for source in sources])
    chooser = sp.csr_matrix(
        (np.ones(len(texts)), (texts, np.arange(len(texts)))), shape=(len(number), len(texts))
    )
    return np.flatnonzero(np.asarray(((chooser @ terms) > 0).sum(axis=0)).ravel() >= least)
