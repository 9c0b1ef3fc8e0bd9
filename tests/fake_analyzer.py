"""A tiny analyzer for tests of the HTTP layer: real records, made by counting a few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any, ClassVar

from flask.testing import FlaskClient

from api import create_app
from feedback_nlp.records import Analysis, Contribution, ModelId, SentenceSentiment, TopicFinding
from feedback_nlp.settings import Settings

MODEL = ModelId("counting", "0.0.1", "00112233445566778899")
WORDS = {"lovely": 1.5, "early": 0.5, "declined": -2.0, "refund": -1.0}
QUIET = Settings(access_log=False, store=False)


class CountingDetails:
    """Topics and sentences of one text."""

    def __init__(self, text: str) -> None:
        self._spans = [(found.start(), found.end()) for found in re.finditer(r"[^.!?\s][^.!?]*[.!?]*", text)]
        self._scores = [round(max(-1.0, min(1.0, total(text[a:b]) / 2)), 2) for a, b in self._spans]
        self._has_card = "card" in text

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        return (TopicFinding("checkout_payment", 0.9, "negative", (0,)),) if self._has_card else ()

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        return [(found.topic, found.sentiment) for found in self.topics(row)]

    def sentences(self, row: int) -> tuple[SentenceSentiment, ...]:
        return tuple(
            SentenceSentiment(a, b, label_of(score), score)
            for (a, b), score in zip(self._spans, self._scores, strict=True)
        )


class FakeAnalyzer:
    """Counts words. A text with "explode" raises an error that quotes it, as a careless library would."""

    model = MODEL
    manifest: ClassVar[dict[str, Any]] = {
        "name": "counting",
        "metrics": {"accuracy": 0.5},
        "seed": 1,
    }
    precisions: ClassVar[list[list[float]]] = [[0.9, 0.6, 0.9], [0.95, 0.7, 0.8]]

    def __init__(self) -> None:
        self.batches: list[dict[str, Any]] = []
        self.words_met = (0, 0)

    def analyze(
        self,
        text: str,
        *,
        language: str | None = None,
        rating: float | None = None,
        explain: bool = False,
        precision: float | None = None,
    ) -> Analysis:
        if "explode" in text:
            raise RuntimeError(f"cannot digest {text!r}")
        words = text.split()
        known = sum(any(part in word for part in WORDS) for word in words)
        self.words_met = (self.words_met[0] + len(words), self.words_met[1] + known)
        if not text.strip():
            return without_labels("empty", "und", self.model)
        if language not in (None, "en") or "Lieferung" in text:
            return without_labels("unsupported_language", language or "de", self.model)
        score = max(-1.0, min(1.0, total(text) / 4))
        confidence = 0.6 + 0.3 * abs(score)
        threshold = 0.7 if precision is None else precision
        return Analysis(
            status="ok",
            language="en",
            language_confidence=0.98,
            sentiment=label_of(score),
            sentiment_score=score,
            p_negative=(1 - score) / 2 * 0.9,
            p_neutral=0.1,
            p_positive=(1 + score) / 2 * 0.9,
            mixed_probability=0.2,
            confidence=confidence,
            uncertain=confidence < threshold,
            kind="complaint" if score < 0 else "praise",
            kind_confidence=0.8,
            flags=("rating_text_mismatch",) if rating is not None and (rating - 3) * score < 0 else (),
            model=self.model,
            explanation=contributions(text) if explain else (),
            _details=CountingDetails(text),
        )

    def analyze_many(
        self,
        texts: Iterable[str],
        *,
        languages: Iterable[str | None] | None = None,
        ratings: Iterable[float | None] | None = None,
        explain: bool = False,
        precision: float | None = None,
    ) -> Iterator[Analysis]:
        listed = list(texts)
        self.batches.append({"texts": listed, "explain": explain, "precision": precision})
        for text, language, rating in zip(listed, languages or repeat(None), ratings or repeat(None)):  # noqa: B905
            yield self.analyze(text, language=language, rating=rating, explain=explain, precision=precision)


def total(text: str) -> float:
    return sum(weight for word, weight in WORDS.items() if word in text)


def label_of(score: float) -> str:
    return "neutral" if score == 0 else "positive" if score > 0 else "negative"


def contributions(text: str) -> tuple[Contribution, ...]:
    found = [(text.find(word), word, weight) for word, weight in WORDS.items() if word in text]
    parts = [Contribution(w, at, at + len(w), label_of(weight), abs(weight)) for at, w, weight in found]
    return tuple(sorted(parts, key=lambda part: -part.weight))


def without_labels(status: str, language: str, model: ModelId) -> Analysis:
    return Analysis(
        status=status,
        language=language,
        language_confidence=0.9,
        sentiment=None,
        sentiment_score=None,
        p_negative=None,
        p_neutral=None,
        p_positive=None,
        mixed_probability=None,
        confidence=None,
        uncertain=None,
        kind=None,
        kind_confidence=None,
        flags=(),
        model=model,
    )


def build_client(analyzer: FakeAnalyzer | None = None, settings: Settings = QUIET) -> FlaskClient:
    """Return a client of an application over the fake."""
    return create_app(settings, analyzer or FakeAnalyzer()).test_client()
