"""What we are measured against: two word lists and the pipeline that everybody writes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from textblob import TextBlob
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

__all__ = ["NaivePipeline", "textblob_scores", "vader_scores"]


def vader_scores(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return VADER's compound scores, in [-1, 1]."""
    analyzer = SentimentIntensityAnalyzer()
    return np.array([analyzer.polarity_scores(text)["compound"] for text in texts])


def textblob_scores(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return TextBlob's polarities, in [-1, 1]."""
    return np.array([TextBlob(text).sentiment.polarity for text in texts])


class NaivePipeline:
    """TF-IDF of words and pairs of words in at least two texts, and a balanced logistic regression (C=1).

    Examples
    --------
    >>> naive = NaivePipeline(2).fit(["so good", "so bad", "so good"], [1, 0, 1])
    >>> naive.predict(["good good"]).tolist()
    [1]
    """

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes
        self.vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, dtype=np.float32)
        self.model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=300)

    def fit(self, texts: Sequence[str], labels: Sequence[int] | NDArray[np.int64]) -> Self:
        """Learn from texts and labels 0 ... n_classes-1."""
        self.model.fit(self.vectorizer.fit_transform(texts), labels)
        return self

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_texts, n_classes)."""
        out = np.zeros((len(texts), self.n_classes))
        out[:, self.model.classes_] = self.model.predict_proba(self.vectorizer.transform(texts))
        return out

    def predict(self, texts: Sequence[str]) -> NDArray[Any]:
        """Return the likeliest class of each text."""
        return self.probabilities(texts).argmax(axis=1)
