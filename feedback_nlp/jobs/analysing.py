"""Analyses as records, where one bad text costs the others nothing."""

from __future__ import annotations

from dataclasses import replace

from feedback_nlp.batch.scoring import AnalyzerLike, Texts
from feedback_nlp.errors import FeedbackError
from feedback_nlp.records import Analysis

__all__ = ["analyses_of"]


def analyses_of(analyzer: AnalyzerLike, texts: Texts, precision: float | None = None) -> list[Analysis]:
    """Analyse texts; where one makes the analyzer fail, text by text, and its status is "error".

    Parameters
    ----------
    analyzer : AnalyzerLike
    texts : Texts
    precision : float or None, default=None
    """
    try:
        return _analyzed(analyzer, texts, precision)
    except (FeedbackError, MemoryError):
        raise
    except Exception:
        return [_alone(analyzer, texts, row, precision) for row in range(len(texts.texts))]


def _alone(analyzer: AnalyzerLike, texts: Texts, row: int, precision: float | None) -> Analysis:
    ratings = None if texts.ratings is None else [texts.ratings[row]]
    try:
        return _analyzed(analyzer, Texts([texts.texts[row]], ratings), precision)[0]
    except (FeedbackError, MemoryError):
        raise
    except Exception:
        return replace(_analyzed(analyzer, Texts([""]), precision)[0], status="error", language="und")


def _analyzed(analyzer: AnalyzerLike, texts: Texts, precision: float | None) -> list[Analysis]:
    return list(analyzer.analyze_many(texts.texts, ratings=texts.ratings, precision=precision))
