"""Analyses as the API and scored files print them: plain JSON types, and columns of text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback_nlp.records import Analysis, Contribution, SentenceSentiment, TopicFinding

__all__ = ["analysis_dict", "analysis_row", "contribution_dict", "ten_thousandths_of", "whole_figures"]


def analysis_dict(one: Analysis, id: str | None) -> dict[str, Any]:
    """Return what `Analysis.to_dict` returns."""
    ok = one.status == "ok"
    score, negative, neutral, positive, confidence = _printed_figures(one)
    sentiment = {
        "label": one.sentiment,
        "score": score,
        "confidence": _rounded(confidence),
        "uncertain": one.uncertain,
        "mixed_probability": _rounded(one.mixed_probability),
        "probabilities": {"negative": negative, "neutral": neutral, "positive": positive},
    }
    own = one.own
    extra = {} if own is None else {"label": own.label, "label_probability": _rounded(own.probability)}
    return {
        "id": id,
        "status": one.status,
        "language": {"code": one.language, "confidence": _rounded(one.language_confidence)},
        "sentiment": sentiment if ok else None,
        "kind": {"label": one.kind, "confidence": _rounded(one.kind_confidence)} if ok else None,
        "topics": _topic_dicts(one.topics) if ok else None,
        "sentences": _sentence_dicts(one.sentences) if ok else None,
        "explanation": [contribution_dict(part) for part in one.explanation] if ok else None,
        "flags": list(one.flags),
        "warnings": list(one.warnings),
        "model": {"name": one.model.name, "version": one.model.version, "digest": one.model.digest},
        **extra,
    }


def analysis_row(one: Analysis) -> dict[str, str]:
    """Return what `Analysis.to_row` returns."""
    own = one.own
    extra = (
        {}
        if own is None
        else {"fb_label": own.label or "", "fb_label_probability": _decimals(own.probability)}
    )
    ok = one.status == "ok"
    score, negative, neutral, positive, confidence = map(_decimals, _printed_figures(one))
    return {
        "fb_status": one.status,
        "fb_language": one.language,
        "fb_sentiment": one.sentiment or "",
        "fb_sentiment_score": score,
        "fb_p_negative": negative,
        "fb_p_neutral": neutral,
        "fb_p_positive": positive,
        "fb_confidence": confidence,
        "fb_uncertain": "" if one.uncertain is None else str(one.uncertain).lower(),
        "fb_flags": "|".join(one.flags) if ok else "",
        "fb_kind": one.kind or "",
        "fb_topics": "|".join(map(":".join, one.topic_pairs)) if ok else "",
        "fb_model": str(one.model),
        **extra,
    }


def _printed_figures(one: Analysis) -> tuple[float | None, ...]:
    """Return score, the three probabilities and confidence at four decimals."""
    if one.p_negative is None:
        return (None,) * 5
    negative, neutral, positive, confidence = whole_figures(one)
    return tuple(whole / 10_000 for whole in (positive - negative, negative, neutral, positive, confidence))


def whole_figures(one: Analysis) -> tuple[int, int, int, int]:
    """Return P(negative), P(neutral), P(positive) and confidence in ten-thousandths, such that they fit together.

    Rounded one by one, probabilities need not sum to 1 any more, nor give the score and confidence shown.
    """
    exact = negative, neutral, positive = one.p_negative, one.p_neutral, one.p_positive
    confidence = one.confidence
    assert negative is not None and neutral is not None and positive is not None  # noqa: S101 - it has labels
    assert confidence is not None  # noqa: S101
    whole = ten_thousandths_of(negative, neutral, positive)
    if confidence in exact:
        return (*whole, whole[exact.index(confidence)])
    return (*whole, round(confidence * 10_000))


def ten_thousandths_of(first: float, second: float, third: float) -> tuple[int, int, int]:
    """Return shares of 1 as whole ten-thousandths that sum to 10,000 (largest remainder method).

    Examples
    --------
    >>> ten_thousandths_of(1 / 3, 1 / 3, 1 / 3)
    (3334, 3333, 3333)
    """
    first, second, third = first * 10_000, second * 10_000, third * 10_000
    a, b, c = int(first), int(second), int(third)
    left = 10_000 - a - b - c
    if left in (0, 3):
        return a + left // 3, b + left // 3, c + left // 3
    over_a, over_b, over_c = first - a, second - b, third - c
    # Of equal remainders the earlier share gains.
    if left == 1:
        if over_a >= over_b and over_a >= over_c:
            return a + 1, b, c
        return (a, b + 1, c) if over_b >= over_c else (a, b, c + 1)
    if over_c <= over_a and over_c <= over_b:
        return a + 1, b + 1, c
    return (a + 1, b, c + 1) if over_b <= over_a else (a, b + 1, c + 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value) * 10_000) / 10_000


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _topic_dicts(findings: Iterable[TopicFinding]) -> list[dict[str, Any]]:
    return [
        {"topic": topic, "probability": _rounded(p), "sentiment": sentiment, "sentences": list(places)}
        for topic, p, sentiment, places in findings
    ]


def _sentence_dicts(sentences: Iterable[SentenceSentiment]) -> list[dict[str, Any]]:
    return [
        {"start": start, "end": end, "sentiment": sentiment, "score": _rounded(score)}
        for start, end, sentiment, score in sentences
    ]


def contribution_dict(part: Contribution) -> dict[str, Any]:
    """Return what stands in an answer for one contribution to an explanation."""
    return {
        "text": part.text,
        "start": part.start,
        "end": part.end,
        "toward": part.toward,
        "weight": _rounded(part.weight),
    }
