"""Documents of requests that come at the same moment are answered together.

A batch of eight texts costs little more than a batch of one, so under load a process answers several times as many
requests. Whoever comes first leads: it lets threads that hold a request come up, analyses what is there, and hands
the lead to the first of those that came meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from api.schemas import Document

__all__ = ["Combiner"]

#: Documents from which on a batch takes no more: the last of them should not wait for many others.
_ENOUGH = 200
#: Seconds that the leader steps aside while other requests are under way. Python changes threads only where one waits
#: for something, or after 5 ms, which is longer than an analysis: every thread would find nobody else there.
_ASIDE = 200e-6
#: Seconds in which nobody comes after which it goes on: twice as long as reading a request takes. Told by the clock,
#: since on a busy machine a short sleep is a long one.
_IN_VAIN = 600e-6
#: Seconds after which it goes on, whoever comes.
_AT_MOST = 5e-3
#: Documents that are answered at once: others come while they are.
_PLENTY = 32
#: Seconds that a crowd is taken to last after documents were last answered together.
_CROWD_STAYS = 0.02


@dataclass(slots=True)
class _Entry:
    """The documents of one request, what was asked of them, and what came of them."""

    documents: Sequence[Document]
    options: tuple[bool, float | None]
    answers: list[str] | None = None
    error: Exception | None = None
    #: Held until the documents are answered, or until their thread is to lead.
    turn: threading.Lock = field(default_factory=threading.Lock)


def _nobody_told() -> int:
    return 0


class Combiner:
    """Answers the documents of many threads, as many at a time as have come.

    Parameters
    ----------
    answer : callable
        Takes documents and the wanted precision; returns one answer a document.
    """

    def __init__(self, answer: Callable[[Sequence[Document], float | None], list[str]]) -> None:
        self._answer = answer
        self._waiting: deque[_Entry] = deque()
        self._crowded_until = 0.0
        self._under_way: Callable[[], int] = _nobody_told
        self._guard = threading.Lock()
        self._is_led = False

    def expect(self, under_way: Callable[[], int]) -> None:
        """Ask this how many requests are under way: where all of them are here, nobody else need be waited for."""
        self._under_way = under_way

    def answer(self, documents: Sequence[Document], precision: float | None) -> list[str]:
        """Return one answer a document, or raise what came of them."""
        explained = any(document.explain for document in documents)
        entry = _Entry(documents, (explained, precision))
        entry.turn.acquire()
        with self._guard:
            self._waiting.append(entry)
            leads, self._is_led = not self._is_led, True
        if not leads:
            entry.turn.acquire()
        if entry.answers is None and entry.error is None:
            self._lead()
        if entry.error is not None:
            raise entry.error
        assert entry.answers is not None  # noqa: S101 - for the type checker
        return entry.answers

    def _lead(self) -> None:
        """Answer the documents at the head of the queue, one's own among them, and hand the lead on."""
        self._let_others_come()
        batch = self._take_batch()
        try:
            self._settle(batch)
        finally:
            with self._guard:
                self._is_led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].turn.release()
            for entry in batch:
                entry.turn.release()

    def _let_others_come(self) -> None:
        began = last = now = time.monotonic()
        # After a crowd there is likely another, of which the server knows nothing before it comes to look.
        likely = now <= self._crowded_until
        while now - last < _IN_VAIN and now - began < _AT_MOST:
            with self._guard:
                seen = list(self._waiting)
            if sum(len(entry.documents) for entry in seen) >= _PLENTY:
                break
            if self._under_way() <= len(seen) and not likely:
                break
            likely = False
            time.sleep(_ASIDE)
            now = time.monotonic()
            if len(self._waiting) > len(seen):
                last = now

    def _take_batch(self) -> list[_Entry]:
        """Return the entries at the head of the queue that ask in the same way."""
        batch = [self._waiting.popleft()]
        size = len(batch[0].documents)
        while self._waiting and size < _ENOUGH and self._waiting[0].options == batch[0].options:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].documents)
        if len(batch) > 1:
            self._crowded_until = time.monotonic() + _CROWD_STAYS
        return batch

    def _settle(self, batch: list[_Entry]) -> None:
        documents = [document for entry in batch for document in entry.documents]
        try:
            answers = self._answer(documents, batch[0].options[1])
        except Exception as error:
            self._settle_one_by_one(batch, error)
            return
        done = 0
        for entry in batch:
            entry.answers = answers[done : done + len(entry.documents)]
            done += len(entry.documents)

    def _settle_one_by_one(self, batch: list[_Entry], error: Exception) -> None:
        """A text that cannot be analysed fails its own request and no other."""
        for entry in batch:
            try:
                if len(batch) == 1:
                    raise error
                entry.answers = self._answer(entry.documents, entry.options[1])
            except Exception as own:
                entry.error = own
