"""An analyzer small enough to work out by hand, for tests of everything around the real one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feedback_nlp.records import Analysis, ModelId


class TinyAnalyzer:
    """Negative where a text says "bad", else positive; flags a rating on the other side; fails at "explode"."""

    model = ModelId("tiny", "1.0", "0123456789abcdef")

    def __init__(self) -> None:
        self.seen: list[tuple[str, float | None, str | None, float | None]] = []

    def analyze_many(
        self,
        texts: Iterable[str],
        *,
        ratings: Iterable[float | None] | None = None,
        languages: Iterable[str | None] | None = None,
        precision: float | None = None,
    ) -> Iterator[Analysis]:
        texts = list(texts)
        stars = list(ratings) if ratings is not None else [None] * len(texts)
        codes = list(languages) if languages is not None else [None] * len(texts)
        for text, rating, code in zip(texts, stars, codes, strict=True):
            self.seen.append((text, rating, code, precision))
            yield self._analyze(text, rating)

    def _analyze(self, text: str, rating: float | None) -> Analysis:
        if "explode" in text:
            raise ZeroDivisionError
        if not text.strip():
            return Analysis(
                status="empty", language="und", language_confidence=0.0, sentiment=None, sentiment_score=None,
                p_negative=None, p_neutral=None, p_positive=None, mixed_probability=None, confidence=None,
                uncertain=None, kind=None, kind_confidence=None, flags=(), model=self.model,
            )  # fmt: skip
        bad = "bad" in text
        mismatch = rating is not None and bad == (rating > 3)
        return Analysis(
            status="ok",
            language="en",
            language_confidence=0.9,
            sentiment="negative" if bad else "positive",
            sentiment_score=-0.5 if bad else 0.5,
            p_negative=0.6 if bad else 0.1,
            p_neutral=0.3,
            p_positive=0.1 if bad else 0.6,
            mixed_probability=0.0,
            confidence=0.6,
            uncertain=bad,
            kind="complaint" if bad else "praise",
            kind_confidence=0.9,
            flags=("rating_text_mismatch",) if mismatch else (),
            model=self.model,
        )
