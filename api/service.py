"""What the routes share: settings, the analyzer or why there is none, and the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from flask import current_app

from api.admission import Admission
from api.combiner import Combiner
from api.contracts import Scorer
from api.problems import Problem
from feedback_nlp.errors import BundleError
from feedback_nlp.settings import Settings

__all__ = ["Scorer", "Service", "current_service"]

EXTENSION = "feedback_nlp"


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
    combiner: Combiner | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "combiner", Combiner(self.analyzer) if self.analyzer else None)
        admission = Admission(self.settings.threads, self.settings.queue_length)
        object.__setattr__(self, "admission", admission)

    def ready_combiner(self) -> Combiner:
        """Return what analyses single texts, together with those of other requests.

        Raises
        ------
        Problem
            503 if the bundle was refused.
        """
        if self.combiner is None:
            raise self._unavailable()
        return self.combiner

    def ready_analyzer(self) -> Scorer:
        """Return the analyzer.

        Raises
        ------
        Problem
            503 if the bundle was refused.
        """
        if self.analyzer is None:
            raise self._unavailable()
        return self.analyzer

    def _unavailable(self) -> Problem:
        reason = self.refusal.title if self.refusal else "No model bundle"
        detail = f"{reason}. The log of the start says which part; install the bundle again."
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "model-unavailable", detail, retry_after=60)


def current_service() -> Service:
    """Return the service of the application that answers this request."""
    return cast(Service, current_app.extensions[EXTENSION])
