"""What the routes share: settings, the analyzer or why there is none, and the door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol, cast

from flask import current_app

from api.admission import Admission
from api.problems import Problem
from feedback_nlp.errors import BundleError
from feedback_nlp.records import Analysis, ModelId
from feedback_nlp.settings import Settings

__all__ = ["Scorer", "Service", "current_service"]

EXTENSION = "feedback_nlp"


class Scorer(Protocol):
    """What the API needs of `feedback_nlp.Analyzer`."""

    @property
    def model(self) -> ModelId:
        """Which bundle it is."""

    @property
    def manifest(self) -> dict[str, Any]:
        """Manifest of the bundle."""

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


@dataclass(frozen=True, slots=True)
class Service:
    """What one application serves.

    Parameters
    ----------
    settings : Settings
    analyzer : Scorer or None
        None if the bundle was refused.
    refusal : BundleError or None
        Why it was.
    """

    settings: Settings
    analyzer: Scorer | None
    refusal: BundleError | None = None
    admission: Admission = field(init=False)

    def __post_init__(self) -> None:
        admission = Admission(self.settings.threads, self.settings.queue_length)
        object.__setattr__(self, "admission", admission)

    def ready_analyzer(self) -> Scorer:
        """Return the analyzer.

        Raises
        ------
        Problem
            503 if the bundle was refused.
        """
        if self.analyzer is None:
            reason = self.refusal.title if self.refusal else "No model bundle"
            detail = f"{reason}. The log of the start says which part; install the bundle again."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "model-unavailable", detail, retry_after=60)
        return self.analyzer


def current_service() -> Service:
    """Return the service of the application that answers this request."""
    return cast(Service, current_app.extensions[EXTENSION])
