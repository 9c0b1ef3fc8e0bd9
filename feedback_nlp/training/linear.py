"""Fits the linear model: one multinomial logistic regression a task, on soft targets, over both feature blocks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from feedback_nlp.bundle import Floats, LinearPart
from feedback_nlp.features import SpellingVectorizer, build_term_vectorizer, spellings_of, terms_of
from feedback_nlp.preprocess import NEGATED, SCOPE_PREFIX
from feedback_nlp.records import TOPICS
from feedback_nlp.sentiment import both_classes
from feedback_nlp.training.corpus import Corpus
from feedback_nlp.training.recipe import LinearPartRecipe

__all__ = ["fit_linear", "fit_soft", "halve", "number_terms", "words_of"]

#: Target probabilities below this are noise of the teacher and only cost time.
_LEAST_SHARE = 0.02
#: Steps of the first fit, which only ranks terms.
_RANKING_ITERATIONS = 25


@dataclass(frozen=True, slots=True)
class _Task:
    """One regression: its rows, targets (n_rows, n_classes) and weights."""

    rows: NDArray[np.int64]
    targets: Floats
    weights: Floats


def fit_soft(
    block: sp.csr_matrix, targets: Floats, weights: Floats, *, c: float, iterations: int
) -> tuple[Floats, Floats]:
    """Fit a logistic regression to probabilities instead of labels.

    Each row stands once for each class that its target gives a share, weighted by the share; the gradient is then
    that of the cross-entropy with the soft target.

    Parameters
    ----------
    block : sparse matrix, shape (n_rows, n_features)
    targets : ndarray, shape (n_rows, n_classes)
    weights : ndarray, shape (n_rows,)
    c : float
        Inverse regularisation.
    iterations : int
        At most so many steps; stopping early costs less accuracy than it saves time.

    Returns
    -------
    coefficients : ndarray, shape (n_classes, n_features), or (1, n_features) for two classes
    intercepts : ndarray, shape (n_classes,) or (1,)
    """
    rows, classes = np.nonzero(targets > _LEAST_SHARE)
    seen, n_classes = np.unique(classes), targets.shape[1]
    n_outputs = n_classes if n_classes > 2 else 1
    coefficients, intercepts = (
        np.zeros((n_outputs, block.shape[1]), np.float32),
        np.zeros(n_outputs, np.float32),
    )
    if len(seen) < 2:  # nothing to tell apart
        return coefficients, intercepts
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=c, max_iter=iterations, tol=1e-6)
        model.fit(block[rows], classes, sample_weight=targets[rows, classes] * weights[rows])
    if n_classes == 2:
        return model.coef_, model.intercept_
    coefficients[seen], intercepts[seen] = (
        both_classes(model.coef_),
        both_classes(model.intercept_[:, None])[:, 0],
    )
    return coefficients, intercepts


def _tasks(corpus: Corpus) -> list[_Task]:
    weights = np.array(corpus.weights, dtype=np.float32)
    tasks = []
    for column, stored in ((0, corpus.sentiment), (1, corpus.kind)):
        rows = np.flatnonzero(weights[:, column] > 0)
        targets = np.array([stored[row] for row in rows], dtype=np.float32)
        tasks.append(_Task(rows, targets, weights[rows, column]))
    rows = np.flatnonzero(weights[:, 2] > 0)
    topics = np.array([corpus.topics[row] for row in rows], dtype=np.float32).reshape(-1, len(TOPICS))
    for topic in range(len(TOPICS)):
        present = topics[:, topic]
        tasks.append(_Task(rows, np.stack([1 - present, present], axis=1), weights[rows, 2]))
    # A corpus without kinds and topics, as in transfer measurements, gives a model of sentiment alone.
    return [task for task in tasks if len(task.rows)]


def _fit_all(block: sp.csr_matrix, tasks: list[_Task], c: float, iterations: int) -> Floats:
    """Return the weights of all outputs, shape (n_features, n_outputs), without intercepts.

    Intercepts are left to the heads, which are fitted on texts the model has not seen.
    """
    fitted = Parallel(n_jobs=min(2, len(tasks)))(
        delayed(fit_soft)(block[task.rows], task.targets, task.weights, c=c, iterations=iterations)
        for task in tasks
    )
    return np.vstack([coefficients for coefficients, _ in fitted]).T.astype(np.float32)


def fit_linear(corpus: Corpus, recipe: LinearPartRecipe, progress: Callable[[str], None]) -> LinearPart:
    """Fit vocabulary and weights.

    Parameters
    ----------
    corpus : Corpus
    recipe : LinearPartRecipe
    progress : callable
        Gets a line a step.
    """
    documents = [terms_of(prepared) for prepared in corpus.prepared]
    vectorizer = build_term_vectorizer(min_df=recipe.min_df)
    terms = vectorizer.fit_transform(documents)
    names = vectorizer.get_feature_names_out()
    kept = _spread_over_sets(terms, corpus.sources, recipe.min_sets)
    names, terms = names[kept], terms[:, kept]
    progress(f"terms: {len(names)} in at least {recipe.min_df} texts and {recipe.min_sets} sets")
    speller = SpellingVectorizer(min_df=recipe.spelling_min_df)
    words = [spellings_of(prepared) for prepared in corpus.prepared]
    spellings = (speller.fit_transform(words) * recipe.spelling_weight).astype(np.float32)
    tasks = _tasks(corpus)
    if len(names) > recipe.max_terms:
        ranking = _fit_all(terms, tasks, recipe.c, _RANKING_ITERATIONS)
        frequency = np.sqrt(np.bincount(terms.indices, minlength=len(names)))
        importance = np.abs(ranking).max(axis=1) * frequency
        best = np.sort(np.argsort(-importance, kind="stable")[: recipe.max_terms])
        names = names[best]
        progress(f"terms: {len(names)} kept")
    vectorizer = build_term_vectorizer(vocabulary=list(names))
    block = sp.hstack([vectorizer.fit_transform(documents), spellings]).tocsr()
    weights = _fit_all(block, tasks, recipe.c, recipe.iterations)
    progress(f"linear model fitted on {block.shape[0]} texts")
    vocabulary = sorted({word for name in names for word in words_of(name)[1]})
    grams = sorted(speller.vocabulary_)
    return LinearPart(
        words=tuple(vocabulary),
        terms=number_terms(list(names), vocabulary),
        term_idf=vectorizer.idf_.astype(np.float32),
        term_weights=halve(weights[: len(names)]),
        grams=tuple(grams),
        gram_idf=speller.idf_,
        gram_weights=halve(weights[len(names) :] * recipe.spelling_weight),
    )


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
    presence = terms.copy()
    presence.data[:] = 1
    return np.flatnonzero(np.asarray(((chooser @ presence) > 0).sum(axis=0)).ravel() >= least)


def words_of(name: str) -> tuple[int, list[str]]:
    """Return the scope of a term and its words.

    Examples
    --------
    >>> words_of("NOT_good"), words_of("not good")
    ((1, ['good']), (0, ['not', 'good']))
    """
    prefix = SCOPE_PREFIX[NEGATED]
    scope = NEGATED if name.startswith(prefix) else 0
    return scope, name.removeprefix(prefix).split(" ")


def number_terms(names: list[str], vocabulary: list[str]) -> NDArray[np.int32]:
    """Return scope and word numbers of each term as a bundle stores them, shape (n_terms, 4)."""
    number = {word: place for place, word in enumerate(vocabulary)}
    out = np.full((len(names), 4), -1, dtype=np.int32)
    for row, name in enumerate(names):
        scope, words = words_of(name)
        out[row, 0] = scope
        out[row, 1 : 1 + len(words)] = [number[word] for word in words]
    return out
