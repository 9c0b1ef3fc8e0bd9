"""How an analysis looks in a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedback_nlp.cli.terminal import bar, printable, render_analysis
from feedback_nlp.records import Analysis, Contribution, ModelId, SentenceSentiment, TopicFinding

TEXT = "Delivery was quick. My card was declined!"


class _Parts:
    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        return (
            TopicFinding("checkout_payment", 0.93, "negative", (1,)),
            TopicFinding("delivery", 0.88, "positive", (0,)),
        )

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        return [(found.topic, found.sentiment) for found in self.topics(row)]

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        return (SentenceSentiment(0, 19, "positive", 0.61), SentenceSentiment(20, 41, "negative", -0.9))


ANALYSIS = Analysis(
    status="ok",
    language="en",
    language_confidence=0.98,
    sentiment="negative",
    sentiment_score=-0.375,
    p_negative=0.625,
    p_neutral=0.125,
    p_positive=0.25,
    mixed_probability=0.4,
    confidence=0.625,
    uncertain=True,
    kind="complaint",
    kind_confidence=0.9,
    flags=("rating_text_mismatch",),
    warnings=("Rated 5, yet clearly negative.",),
    model=ModelId("commerce-en", "1.0.0", "0123456789abcdef"),
    explanation=(
        Contribution("declined", 32, 40, "negative", 2.0),
        Contribution("quick", 13, 18, "neutral", 0.5),
    ),
    _details=_Parts(),
)


def test_an_analysis_shows_labels_bars_topics_sentences_and_signed_words() -> None:
    assert render_analysis(TEXT, ANALYSIS).splitlines() == [
        "language    en (0.98)",
        "sentiment   negative, confidence 0.62 (uncertain, have a person look)",
        "score       -0.38 from -1 (negative) to +1 (positive)",
        "kind        complaint, confidence 0.90",
        "flags       rating_text_mismatch",
        "",
        "  negative   0.62  ███████████████",
        "  neutral    0.12  ███",
        "  positive   0.25  ██████",
        "  mixed      0.40  █████████▋  (apart from the three above)",
        "",
        "Topics",
        "  checkout_payment    0.93  negative  in sentence 2",
        "  delivery            0.88  positive  in sentence 1",
        "",
        "Sentences",
        "   1  positive +0.61  Delivery was quick.",
        "   2  negative -0.90  My card was declined!",
        "",
        "Words for (+) and against (-) negative, in log-odds before calibration",
        "   +2.00  declined                  ████████████████████████",
        "   -0.50  quick                     ██████",
        "warning: Rated 5, yet clearly negative.",
        "",
        "model       commerce-en@1.0.0+0123456789ab",
    ]


def test_a_certain_answer_says_so() -> None:
    assert "confidence 0.62 (certain enough)" in render_analysis(TEXT, replace(ANALYSIS, uncertain=False))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("empty", "There is no text to analyse."),
        ("unsupported_language", "The bundle does not support this language, so no labels are given."),
        ("unreadable", "This does not read as language, so no labels are given."),
        ("error", "The text could not be analysed."),
    ],
)
def test_a_text_without_labels_says_why(status: str, sentence: str) -> None:
    shown = render_analysis("", replace(ANALYSIS, status=status, language="und", warnings=()))
    assert shown.splitlines() == [
        "language    und (0.98)",
        f"status      {status}",
        "",
        sentence,
        "",
        "model       commerce-en@1.0.0+0123456789ab",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07done", "\ufffd]0;title\ufffddone"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("\u202egood", "\ufffdgood"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("half \ud83d pair", "half \ufffd pair"),
    ],
)
def test_text_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(("share", "drawn"), [(0.0, ""), (1.0, "█" * 24), (1 / 192, "▏"), (0.75, "█" * 18)])
def test_bars_count_in_eighths(share: float, drawn: str) -> None:
    assert bar(share) == drawn
