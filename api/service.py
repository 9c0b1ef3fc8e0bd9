"""What the routes share: settings, the analyzer or why there is none, and the door."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from flask import current_app, g

from api.admission import Admission
from api.answers import answer_documents
from api.combiner import Combiner
from api.contracts import Scorer
from api.counters import Metrics
from api.problems import Problem
from api.schemas import Document
from feedback_nlp.errors import BundleError
from feedback_nlp.redact import Redactor
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store
from feedback_nlp.store.following import ActiveAnalyzer

__all__ = ["Scorer", "Service", "current_owner", "current_service"]

EXTENSION = "feedback_nlp"


@dataclass(frozen=True, slots=True)
class Service:
    """What one application serves.

    Parameters
    ----------
    settings : Settings
    analyzer : Scorer or None
        None if the bundle was refused. An `ActiveAnalyzer` changes its bundle when another is made active.
    refusal : BundleError or None
        Why it was.
    store : Store or None
        Opened when it is first needed if None.
    metrics : Metrics, optional
        What is counted; default: of this process alone.
    """

    settings: Settings
    analyzer: Scorer | None
    refusal: BundleError | None = None
    store: Store | None = None
    metrics: Metrics = field(default_factory=Metrics)
    admission: Admission = field(init=False)
    combiner: Combiner | None = field(init=False)
    redactor: Redactor | None = field(init=False)
    _opening: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        object.__setattr__(self, "combiner", Combiner(self._answer) if self.analyzer else None)
        if self.analyzer:
            self.metrics.skip_words(self.analyzer)
        admission = Admission(self.settings.threads, self.settings.queue_length)
        object.__setattr__(self, "admission", admission)
        redactor = (
            Redactor.from_words(regions=self.settings.mask_regions, numbers=self.settings.mask_numbers)
            if self.settings.mask
            else None
        )
        object.__setattr__(self, "redactor", redactor)

    def ready_combiner(self) -> Combiner:
        """Return what answers documents, together with those of other requests.

        Raises
        ------
        Problem
            503 if the bundle was refused.
        """
        if self.combiner is None:
            raise self._unavailable()
        return self.combiner

    def _answer(self, documents: Sequence[Document], precision: float | None) -> list[str]:
        return answer_documents(self.ready_analyzer(), self.metrics, documents, precision)

    def ready_analyzer(self) -> Scorer:
        """Return the analyzer, one bundle for the whole request.

        Raises
        ------
        Problem
            503 if the bundle was refused.
        """
        if self.analyzer is None:
            raise self._unavailable()
        if isinstance(self.analyzer, ActiveAnalyzer):
            return cast(Scorer, self.analyzer.current())
        return self.analyzer

    def _unavailable(self) -> Problem:
        reason = self.refusal.title if self.refusal else "No model bundle"
        detail = f"{reason}. The log of the start says which part; install the bundle again."
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "model-unavailable", detail, retry_after=60)

    def ready_store(self) -> Store:
        """Return the store, opened if it is not yet.

        Raises
        ------
        Problem
            404 if the service keeps nothing.
        StoreError
            If the store cannot be used.
        """
        if not self.settings.store:
            detail = "This service keeps nothing (FEEDBACK_STORE is false); it only scores."
            raise Problem(HTTPStatus.NOT_FOUND, "no-store", detail)
        with self._opening:
            if self.store is None:
                opened = Store.open(self.settings.database_url or None, self.settings.data_dir)
                object.__setattr__(self, "store", opened)
        return cast(Store, self.store)


def current_owner() -> str | None:
    """Return whose jobs this request may see: the id of its API key; None, where there are no keys, sees all."""
    owner: str | None = g.get("owner")
    return owner


def current_service() -> Service:
    """Return the service of the application that answers this request."""
    return cast(Service, current_app.extensions[EXTENSION])
