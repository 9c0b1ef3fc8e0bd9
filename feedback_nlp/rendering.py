"""Analyses as the API and scored files print them: plain JSON types, and columns of text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback_nlp.records import Analysis, Contribution, SentenceSentiment, TopicFinding

__all__ = ["analysis_dict", "analysis_row", "ten_thousandths_of"]


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
        "explanation": [_contribution_dict(part) for part in one.explanation] if ok else None,
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
    """Return score, the three probabilities and confidence at four decimals, such that they fit together.

    Rounded one by one, probabilities need not sum to 1 any more, nor give the score and confidence shown.
    """
    exact = (one.p_negative, one.p_neutral, one.p_positive)
    if one.p_negative is None or one.p_neutral is None or one.p_positive is None:
        return (one.sentiment_score, *exact, one.confidence)
    negative, neutral, positive = ten_thousandths_of(one.p_negative, one.p_neutral, one.p_positive)
    printed = (negative / 10_000, neutral / 10_000, positive / 10_000)
    same = one.confidence in exact
    confidence = printed[exact.index(one.confidence)] if same else one.confidence
    return ((positive - negative) / 10_000, *printed, confidence)


def ten_thousandths_of(*shares: float) -> list[int]:
    """Return shares of 1 as whole ten-thousandths that sum to 10,000 (largest remainder method).

    Examples
    --------
    >>> ten_thousandths_of(1 / 3, 1 / 3, 1 / 3)
    [3334, 3333, 3333]
    """
    scaled = [share * 10_000 for share in shares]
    whole = [int(value) for value in scaled]
    remainders = [value - floor for value, floor in zip(scaled, whole, strict=True)]
    for _ in range(10_000 - sum(whole)):
        # Of equal remainders the earlier share gains.
        place = remainders.index(max(remainders))
        whole[place] += 1
        remainders[place] -= 1
    return whole


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _topic_dicts(findings: Iterable[TopicFinding]) -> list[dict[str, Any]]:
    return [
        {"topic": topic, "probability": round(p, 4), "sentiment": sentiment, "sentences": list(places)}
        for topic, p, sentiment, places in findings
    ]


def _sentence_dicts(sentences: Iterable[SentenceSentiment]) -> list[dict[str, Any]]:
    return [
        {"start": start, "end": end, "sentiment": sentiment, "score": round(score, 4)}
        for start, end, sentiment, score in sentences
    ]


def _contribution_dict(part: Contribution) -> dict[str, Any]:
    return {
        "text": part.text,
        "start": part.start,
        "end": part.end,
        "toward": part.toward,
        "weight": _rounded(part.weight),
    }
