"""The figures of a scored file and of an answer fit together to the last printed decimal."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedback_nlp.records import NO_DETAILS, SENTIMENTS, Analysis, ModelId, labelled_analysis

MODEL = ModelId("sums", "1", "0" * 64)
PROBABILITIES = st.tuples(*[st.floats(1e-6, 1.0)] * 3).map(
    lambda w: (w[0] / sum(w), w[1] / sum(w), w[2] / sum(w))
)


def analysis_of(negative: float, neutral: float, positive: float) -> Analysis:
    three = [negative, neutral, positive]
    return Analysis(
        status="ok",
        language="en",
        language_confidence=1.0,
        sentiment=SENTIMENTS[three.index(max(three))],
        sentiment_score=positive - negative,
        p_negative=negative,
        p_neutral=neutral,
        p_positive=positive,
        mixed_probability=0.0,
        confidence=max(three),
        uncertain=False,
        kind="other",
        kind_confidence=0.5,
        flags=(),
        model=MODEL,
    )


@given(PROBABILITIES)
@example((1 / 3, 1 / 3, 1 / 3))
@example((0.00005, 0.00005, 0.9999))
@example((0.29, 0.57, 0.14))
@example((1.0, 0.0, 0.0))
def test_the_printed_probabilities_sum_to_one_and_give_score_and_confidence(
    three: tuple[float, float, float],
) -> None:
    analysis = analysis_of(*three)
    row = analysis.to_row()
    negative, neutral, positive = (Decimal(row[f"fb_p_{label}"]) for label in SENTIMENTS[:3])
    assert negative + neutral + positive == 1
    assert Decimal(row["fb_sentiment_score"]) == positive - negative
    assert Decimal(row["fb_confidence"]) == Decimal(row[f"fb_p_{analysis.sentiment}"])
    assert max(negative, neutral, positive) == Decimal(row["fb_confidence"])
    for printed, exact in zip((negative, neutral, positive), three, strict=True):
        assert abs(float(printed) - exact) < 1e-4
    answer = analysis.to_dict()["sentiment"]
    assert [f"{answer['probabilities'][label]:.4f}" for label in SENTIMENTS[:3]] == [
        row[f"fb_p_{label}"] for label in SENTIMENTS[:3]
    ]
    assert f"{answer['score']:.4f}" == row["fb_sentiment_score"]
    assert f"{answer['confidence']:.4f}" == row["fb_confidence"]


def test_the_largest_remainders_gain_the_missing_steps() -> None:
    row = analysis_of(0.12344, 0.23338, 0.64318).to_row()
    assert (row["fb_p_negative"], row["fb_p_neutral"], row["fb_p_positive"]) == ("0.1234", "0.2334", "0.6432")
    row = analysis_of(0.12347, 0.23339, 0.64314).to_row()
    # 1234.7, 2333.9 and 6431.4 leave two steps to share: the .9 and the .7 gain them.
    assert (row["fb_p_negative"], row["fb_p_neutral"], row["fb_p_positive"]) == ("0.1235", "0.2334", "0.6431")
    assert row["fb_sentiment_score"] == "0.5196"


def test_the_confidence_of_mixed_is_its_own() -> None:
    mixed = replace(
        analysis_of(0.4, 0.2, 0.4), sentiment="mixed", mixed_probability=0.61238, confidence=0.61238
    )
    assert mixed.to_row()["fb_confidence"] == "0.6124"
    assert mixed.to_dict()["sentiment"]["confidence"] == 0.6124


def test_a_text_without_label_has_no_figures() -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("sentiment", "sentiment_score", "p_negative", "p_neutral", "p_positive", "mixed_probability",
         "confidence", "uncertain", "kind", "kind_confidence")
    )  # fmt: skip
    empty = Analysis(
        status="empty", language="und", language_confidence=0.0, flags=(), model=MODEL, **nothing
    )
    assert list(empty.to_row().items()) == [
        ("fb_status", "empty"),
        ("fb_language", "und"),
        ("fb_sentiment", ""),
        ("fb_sentiment_score", ""),
        ("fb_p_negative", ""),
        ("fb_p_neutral", ""),
        ("fb_p_positive", ""),
        ("fb_confidence", ""),
        ("fb_uncertain", ""),
        ("fb_flags", ""),
        ("fb_kind", ""),
        ("fb_topics", ""),
        ("fb_model", "sums@1+000000000000"),
    ]
    assert json.loads(json.dumps(empty.to_dict(id="7"))) == {
        "id": "7",
        "status": "empty",
        "language": {"code": "und", "confidence": 0.0},
        "sentiment": None,
        "kind": None,
        "topics": None,
        "sentences": None,
        "explanation": None,
        "flags": [],
        "warnings": [],
        "model": {"name": "sums", "version": "1", "digest": "0" * 64},
    }


def test_an_analysis_made_in_a_hurry_is_one_like_any_other() -> None:
    figures = ("positive", 0.5, 0.1, 0.3, 0.6, 0.2, 0.6, False, "praise", 0.75)
    quick = labelled_analysis("en", 0.9, figures, MODEL, None, NO_DETAILS, 0)
    assert quick == Analysis("ok", "en", 0.9, *figures, (), MODEL)
    assert type(quick) is Analysis
    with pytest.raises(FrozenInstanceError):
        quick.status = "error"  # type: ignore[misc]
