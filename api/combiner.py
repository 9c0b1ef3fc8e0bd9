"""Texts of requests that come at the same moment are analysed together.

A batch of eight texts costs little more than a batch of one, so under load a process answers several times as many
requests, and without load nobody waits: whoever comes first analyses at once what is there, and what comes meanwhile
is the next batch.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from api.contracts import Scorer
from feedback_nlp.records import Analysis

__all__ = ["Combiner"]

#: Most texts of one batch: the last of them should not wait for many others.
_MOST = 32


@dataclass(slots=True)
class _Entry:
    """One text, what was asked of it, and what came of it."""

    text: str
    language: str | None
    rating: float | None
    options: tuple[bool, float | None]
    found: Analysis | None = None
    error: Exception | None = None
    done: bool = False


class Combiner:
    """Analyses single texts of many threads, as many at a time as have come.

    Parameters
    ----------
    analyzer : Scorer
    """

    def __init__(self, analyzer: Scorer) -> None:
        self._analyzer = analyzer
        self._waiting: deque[_Entry] = deque()
        self._turn = threading.Lock()

    def analyze(
        self,
        text: str,
        *,
        language: str | None = None,
        rating: float | None = None,
        explain: bool = False,
        precision: float | None = None,
    ) -> Analysis:
        """Return what `Scorer.analyze` returns, or raise what it raises."""
        entry = _Entry(text, language, rating, (explain, precision))
        self._waiting.append(entry)
        with self._turn:
            while not entry.done:  # else another thread has analysed it in its turn
                self._analyze_next()
        if entry.error is not None:
            raise entry.error
        assert entry.found is not None  # noqa: S101 - for the type checker
        return entry.found

    def _analyze_next(self) -> None:
        """Analyse the texts at the head of the queue that were asked for in the same way."""
        batch = [self._waiting.popleft()]
        while self._waiting and len(batch) < _MOST and self._waiting[0].options == batch[0].options:
            batch.append(self._waiting.popleft())
        explain, precision = batch[0].options
        try:
            found = list(
                self._analyzer.analyze_many(
                    [entry.text for entry in batch],
                    languages=[entry.language for entry in batch],
                    ratings=[entry.rating for entry in batch],
                    explain=explain,
                    precision=precision,
                )
            )
        except Exception as error:
            self._settle_one_by_one(batch, error)
            return
        for entry, analysis in zip(batch, found, strict=True):
            entry.found, entry.done = analysis, True

    def _settle_one_by_one(self, batch: list[_Entry], error: Exception) -> None:
        """A text that cannot be analysed fails its own request and no other."""
        for entry in batch:
            try:
                if len(batch) == 1:
                    raise error
                explain, precision = entry.options
                entry.found = self._analyzer.analyze(
                    entry.text,
                    language=entry.language,
                    rating=entry.rating,
                    explain=explain,
                    precision=precision,
                )
            except Exception as own:
                entry.error = own
            entry.done = True
