"""What the API needs of an analyzer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from feedback_nlp.records import Analysis, ModelId

__all__ = ["Scorer"]


class Scorer(Protocol):
    """What the API needs of `feedback_nlp.Analyzer`."""

    @property
    def model(self) -> ModelId:
        """Which bundle it is."""

    @property
    def manifest(self) -> dict[str, Any]:
        """Manifest of the bundle."""

    @property
    def words_met(self) -> tuple[int, int]:
        """Words met so far, and how many of them the vocabulary has."""

    @property
    def precisions(self) -> list[list[float]]:
        """Rows of wanted precision, threshold on confidence, coverage."""

    def analyze(
        self,
        text: str,
        *,
        language: str | None = None,
        rating: float | None = None,
        explain: bool = False,
        precision: float | None = None,
    ) -> Analysis:
        """Analyse one text."""

    def analyze_many(
        self,
        texts: Iterable[str],
        *,
        languages: Iterable[str | None] | None = None,
        ratings: Iterable[float | None] | None = None,
        explain: bool = False,
        precision: float | None = None,
    ) -> Iterator[Analysis]:
        """Analyse texts, one analysis a text, in the same order."""
