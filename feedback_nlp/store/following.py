"""An analyzer that changes its bundle when another one is made active, in every process, without a restart.

A thread of each process asks the store once a second which bundle is active, one row by its key. Another bundle is
loaded whole beside the present one, which goes on answering; then one reference is changed. So a batch is analysed by
one bundle from first to last, and there is no moment without one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import FeedbackError
from feedback_nlp.records import Analysis, ModelId
from feedback_nlp.store.bundles import load_model
from feedback_nlp.store.model_values import ModelEntry

if TYPE_CHECKING:
    from feedback_nlp.store.store import Store

__all__ = ["ActiveAnalyzer"]

#: How often a process asks which bundle is active.
CHECK_SECONDS = 1.0


class ActiveAnalyzer:
    """Analyses with the bundle that is active in the store.

    Parameters
    ----------
    store : callable
        Returns the store; called when it is first needed, and again after a fork.
    analyzer : Analyzer
        Of the bundle that the settings name: it answers until another is active, and where that cannot be loaded.
    path : str or Path or None, default=None
        Folder of that bundle; None is the shipped one.
    load : callable, default=load_model
    on_event : callable or None, default=None
        Told of changes and refusals, as a name and plain values, for a log.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        analyzer: Any,
        path: str | Path | None = None,
        *,
        load: Callable[[Store, ModelEntry], Any] = load_model,
        on_event: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._store = store
        self._own = self._analyzer = analyzer
        self._path = None if path is None else str(Path(path).resolve())
        self.load = load
        self._on_event = on_event or (lambda name, values: None)
        self._lock = threading.Lock()
        self._process = 0
        self._refused = ""
        self._closed = threading.Event()

    def start(self) -> None:
        """Make the bundle of the settings known, and load the active one; call it once, before processes are made.

        Raises
        ------
        StoreError
            If the store cannot be used.
        """
        manifest = self._own.manifest
        self._follow(
            self._store().models.start_with(self._own.model, self._path, manifest.get("metrics", {}))
        )

    def latest(self) -> Any:
        """Return the analyzer of the bundle that is active at this moment.

        Raises
        ------
        StoreError
            If the store cannot be used.
        """
        with self._lock:
            entry = self._store().models.active()
            if entry is not None:
                self._follow(entry)
            return self._analyzer

    def current(self) -> Any:
        """Return the analyzer at hand; it is at most a second behind."""
        if self._process != os.getpid():
            self._begin()
        return self._analyzer

    def close(self) -> None:
        """Ask no more; the bundle at hand stays."""
        self._closed.set()

    # -- as an analyzer

    @property
    def model(self) -> ModelId:
        """Which bundle answers."""
        model: ModelId = self.current().model
        return model

    @property
    def manifest(self) -> dict[str, Any]:
        """Its manifest."""
        manifest: dict[str, Any] = self.current().manifest
        return manifest

    @property
    def precisions(self) -> list[list[float]]:
        """Rows of wanted precision, threshold on confidence, coverage."""
        rows: list[list[float]] = self.current().precisions
        return rows

    @property
    def words_met(self) -> tuple[int, int]:
        """Words that the bundle at hand has met, and how many of them it knew; asking for it starts nothing."""
        met: tuple[int, int] = self._analyzer.words_met
        return met

    def analyze(self, text: str, **options: Any) -> Analysis:
        """Analyse one text; see `Analyzer.analyze`."""
        analysis: Analysis = self.current().analyze(text, **options)
        return analysis

    def analyze_many(self, texts: Iterable[str], **options: Any) -> Iterator[Analysis]:
        """Analyse texts, all with one bundle; see `Analyzer.analyze_many`."""
        analyses: Iterator[Analysis] = self.current().analyze_many(texts, **options)
        return analyses

    # -- following

    def _begin(self) -> None:
        """Look once, since this process may be younger than the last change, and then every second."""
        with self._lock:
            if self._process == os.getpid():
                return
            self._look()
            self._process = os.getpid()
            threading.Thread(target=self._watch, name="active model", daemon=True).start()

    def _watch(self) -> None:
        while not self._closed.wait(CHECK_SECONDS):
            with self._lock:
                self._look()

    def _look(self) -> None:
        try:
            entry = self._store().models.active()
            if entry is not None:
                self._follow(entry)
        except Exception as error:  # a store that is away for a moment costs no answer
            self._tell_once("active model unknown", type(error).__name__)

    def _follow(self, entry: ModelEntry) -> None:
        if entry.digest == self._analyzer.model.digest:
            self._refused = ""
            return
        try:
            loaded = self._own if entry.digest == self._own.model.digest else self.load(self._store(), entry)
        except FeedbackError as refusal:
            self._tell_once("active model refused", refusal.title, model=entry.model)
            return
        self._analyzer = loaded
        self._refused = ""
        self._on_event("model changed", {"model": entry.model})

    def _tell_once(self, name: str, reason: str, **values: Any) -> None:
        if self._refused != (said := f"{name} {reason} {values}"):
            self._refused = said
            self._on_event(name, {"reason": reason, "answering": str(self._analyzer.model), **values})
