"""Text features: which terms a text has, and their weights. Two blocks, both linear in what they count.

Block 1, *terms*: words, pairs and triples of words that stand in one clause, words in the scope of a negation
marked "NOT_", emoji, emoticons and the marks "!" and "?". Presence times inverse document frequency, each
text scaled to length 1 (binary TF-IDF; Wang & Manning 2012 for presence over counts in sentiment). Clauses bound the
n-grams and presence ignores repetition, so saying a thing twice changes nothing.

Block 2, *spellings*: every distinct word of the text as its profile of 3- to 5-letter character n-grams
(TF-IDF, profile scaled to length 1), summed and divided by the root of the number of distinct words.
Known and unknown words, typing errors included, are covered; and since a word's profile does not depend
on its neighbours, its product with the model's weights is computed once a word, not once a text.

The classes are scikit-learn estimators: they are what `train` fits and what defines the result of the fast path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

from feedback_nlp.forms import EXPRESSIVE_MARKS, MARK, WORD
from feedback_nlp.preprocess import SCOPE_PREFIX, WISHED, Prepared
from feedback_nlp.spelling import spell, spelling_profiles
from feedback_nlp.terms import MAX_TERM_WORDS

__all__ = ["SpellingVectorizer", "build_term_vectorizer", "spell", "spellings_of", "terms_of", "word_shares"]


def terms_of(prepared: Prepared, clause: int | None = None) -> list[str]:
    """Return the terms of a text, repeated ones included, in the order of the text.

    Parameters
    ----------
    prepared : Prepared
        The text.
    clause : int or None, default=None
        Only this clause.

    Examples
    --------
    >>> from feedback_nlp.preprocess import Preprocessor
    >>> terms_of(Preprocessor().prepare("Not good!"))
    ['not', 'NOT_good', 'not good', '!']
    """
    out: list[str] = []
    run: list[str] = []
    current = -1
    for form, cls, scope, index in zip(
        prepared.forms, prepared.classes, prepared.scopes, prepared.clauses, strict=True
    ):
        if clause is not None and index != clause:
            continue
        if index != current:
            run, current = [], index
        if cls == WORD:
            out.append(form if scope == WISHED else SCOPE_PREFIX[scope] + form)
            run = [*run[1 - MAX_TERM_WORDS :], form]
            out.extend(" ".join(run[-n:]) for n in range(2, len(run) + 1))
        elif form and (cls != MARK or form in EXPRESSIVE_MARKS):
            out.append(form)
    return out


def spellings_of(prepared: Prepared, clause: int | None = None) -> list[str]:
    """Return the distinct words of a text, sorted; placeholders such as "<name>" have no spelling."""
    triples = zip(prepared.forms, prepared.classes, prepared.clauses, strict=True)
    return sorted({f for f, c, i in triples if c == WORD and f[0] != "<" and clause in (None, i)})


def _identity(terms: list[str]) -> list[str]:
    return terms


def build_term_vectorizer(min_df: int = 1, vocabulary: Sequence[str] | None = None) -> TfidfVectorizer:
    """Return scikit-learn's TF-IDF vectorizer for lists of terms (see `terms_of`).

    Parameters
    ----------
    min_df : int, default=1
        Terms in fewer texts are left out: they carry noise, and names of people.
    vocabulary : sequence of str or None, default=None
        Fixed terms, in the order of the columns.
    """
    # lowercase=False: an analyzer of one's own never lowers, and scikit-learn warns of "NOT_" in a vocabulary.
    return TfidfVectorizer(
        analyzer=_identity,
        lowercase=False,
        min_df=min_df,
        vocabulary=vocabulary,
        binary=True,
        norm="l2",
        dtype=np.float32,
    )


class SpellingVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Sums the character profiles of the distinct words of a text.

    Parameters
    ----------
    min_df : int, default=5
        Character n-grams that stand in fewer texts are left out.
    vocabulary : sequence of str or None, default=None
        Fixed n-grams, in the order of the columns; then `idf` must be given too.
    idf : ndarray of shape (n_ngrams,) or None, default=None
        Inverse document frequencies for `vocabulary`.

    Attributes
    ----------
    vocabulary_ : dict of str to int
    idf_ : ndarray of shape (n_ngrams,)

    Examples
    --------
    >>> SpellingVectorizer(min_df=1).fit_transform([["bad"], ["bad", "sad"]]).shape
    (2, 11)
    """

    def __init__(self, min_df: int = 5, vocabulary: Sequence[str] | None = None, idf: Any = None) -> None:
        self.min_df = min_df
        self.vocabulary = vocabulary
        self.idf = idf

    def fit(self, documents: Iterable[list[str]], y: Any = None) -> Self:
        """Learn n-grams and their frequencies from lists of distinct words."""
        if self.vocabulary is not None:
            self.vocabulary_ = {gram: column for column, gram in enumerate(self.vocabulary)}
            self.idf_ = np.asarray(self.idf, dtype=np.float32)
            return self
        return self.fit_presence(*_text_by_word(documents))

    def fit_presence(self, texts: sp.csr_matrix, words: Sequence[str]) -> Self:
        """Learn from texts given as a 0/1 matrix of shape (n_texts, n_words)."""
        counts = np.bincount(texts.indices, minlength=len(words)).tolist()
        frequency: dict[str, int] = {}
        for word, count in zip(words, counts, strict=True):
            for gram in set(spell(word)):
                frequency[gram] = frequency.get(gram, 0) + count
        kept = sorted(gram for gram, count in frequency.items() if count >= self.min_df)
        self.vocabulary_ = {gram: column for column, gram in enumerate(kept)}
        found = np.array([frequency[gram] for gram in kept])
        self.idf_ = (np.log((1 + texts.shape[0]) / (1 + found)) + 1).astype(np.float32)
        return self

    def transform(self, documents: Iterable[list[str]]) -> sp.csr_matrix:
        """Return the block of shape (n_texts, n_ngrams)."""
        return self.transform_presence(*_text_by_word(documents))

    def transform_presence(self, texts: sp.csr_matrix, words: Sequence[str]) -> sp.csr_matrix:
        """Return the block of texts given as a 0/1 matrix of shape (n_texts, n_words)."""
        return sp.csr_matrix(word_shares(texts) @ self.profiles(words))

    def profiles(self, words: Sequence[str]) -> sp.csr_matrix:
        """Return the profile of each word, scaled to length 1; shape (n_words, n_ngrams)."""
        return spelling_profiles(words, self.vocabulary_, self.idf_)


def word_shares(texts: sp.csr_matrix) -> sp.csr_matrix:
    """Return what each spelled word counts in each text, given as a 0/1 matrix: 1 by the root of their number.

    Examples
    --------
    >>> word_shares(sp.csr_matrix(np.ones((1, 4), dtype=np.float32))).toarray().tolist()
    [[0.5, 0.5, 0.5, 0.5]]
    """
    roots = 1 / np.sqrt(np.maximum(np.diff(texts.indptr), 1))
    return sp.csr_matrix(sp.diags(roots.astype(np.float32)) @ texts)


def _text_by_word(documents: Iterable[list[str]]) -> tuple[sp.csr_matrix, list[str]]:
    """Return the 0/1 matrix of texts by words, and the words of its columns."""
    index: dict[str, int] = {}
    columns: list[int] = []
    ends = [0]
    for words in documents:
        columns.extend(index.setdefault(word, len(index)) for word in words)
        ends.append(len(columns))
    values = np.ones(len(columns), dtype=np.float32)
    return sp.csr_matrix((values, columns, ends), shape=(len(ends) - 1, len(index))), list(index)
