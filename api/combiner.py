"""Texts of requests that come at the same moment are analysed together.

A batch of eight texts costs little more than a batch of one, so under load a process answers several times as many
requests. Whoever comes first leads: it lets threads that hold a request come up, analyses what is there, and hands
the lead to the first of those that came meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from api.contracts import Scorer
from feedback_nlp.records import Analysis

__all__ = ["Combiner"]

#: Most texts of one batch: the last of them should not wait for many others.
_MOST = 32
#: Seconds that the leader steps aside while other requests are under way. Python changes threads only where one waits
#: for something, or after 5 ms, which is longer than an analysis: every thread would find nobody else there.
_ASIDE = 200e-6
#: Seconds that a crowd is taken to last after texts were last analysed together.
_CROWD_STAYS = 0.02
#: Times that it does so again while texts keep coming.
_LOOKS = 8


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
    #: Held until the text is analysed, or until its thread is to lead.
    turn: threading.Lock = field(default_factory=threading.Lock)


def _nobody_told() -> int:
    return 0


class Combiner:
    """Analyses single texts of many threads, as many at a time as have come.

    Parameters
    ----------
    analyzer : Scorer
    """

    def __init__(self, analyzer: Scorer) -> None:
        self._analyzer = analyzer
        self._waiting: deque[_Entry] = deque()
        self._crowded_until = 0.0
        self._under_way: Callable[[], int] = _nobody_told
        self._guard = threading.Lock()
        self._is_led = False

    def expect(self, under_way: Callable[[], int]) -> None:
        """Ask this how many requests are under way: where all of them are here, nobody else need be waited for."""
        self._under_way = under_way

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
        entry.turn.acquire()
        with self._guard:
            self._waiting.append(entry)
            leads, self._is_led = not self._is_led, True
        if not leads:
            entry.turn.acquire()
        if not entry.done:
            self._lead()
        if entry.error is not None:
            raise entry.error
        assert entry.found is not None  # noqa: S101 - for the type checker
        return entry.found

    def _lead(self) -> None:
        """Analyse the texts at the head of the queue, one's own among them, and hand the lead on."""
        self._let_others_come()
        batch = self._take_batch()
        try:
            self._analyze(batch)
        finally:
            with self._guard:
                self._is_led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].turn.release()
            for entry in batch:
                entry.turn.release()

    def _let_others_come(self) -> None:
        for _ in range(_LOOKS):
            seen = len(self._waiting)
            # Requests that the server has not read yet are not counted: after a crowd there is likely another.
            if self._under_way() <= seen and time.monotonic() > self._crowded_until:
                break
            time.sleep(_ASIDE)
            if len(self._waiting) == seen:
                break

    def _take_batch(self) -> list[_Entry]:
        """Return the texts at the head of the queue that were asked for in the same way."""
        batch = [self._waiting.popleft()]
        while self._waiting and len(batch) < _MOST and self._waiting[0].options == batch[0].options:
            batch.append(self._waiting.popleft())
        if len(batch) > 1:
            self._crowded_until = time.monotonic() + _CROWD_STAYS
        return batch

    def _analyze(self, batch: list[_Entry]) -> None:
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
