"""A load generator: HTTP/1.1 over a few kept connections of one thread, some 30 microseconds a request.

Small on purpose. A generator that costs as much as the server it measures, on the same cores, measures itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit

__all__ = ["Outcome", "build_request", "percentile", "press", "press_at_rate"]


@dataclass(slots=True)
class Outcome:
    """What came of a run: seconds it took, seconds of each answer with status 200, and counts of the others."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    others: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers with status 200 a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0


def build_request(address: str, path: str, body: bytes) -> bytes:
    """Return a POST request as it goes over the wire."""
    host = urlsplit(address).netloc
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so many do not exceed (nearest rank).

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0], 0.99)
    (2.0, 2.0)
    """
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


class _Connection(asyncio.Protocol):
    """One connection with at most one request on its way."""

    def __init__(
        self, answered: Callable[[_Connection, int], None], lost: Callable[[_Connection], None]
    ) -> None:
        self._answered, self._lost = answered, lost
        self._received = bytearray()
        self.began = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self.transport = transport

    def send(self, request: bytes, began: float) -> None:
        assert self.transport is not None  # noqa: S101 - for the type checker
        self.began = began
        self.transport.write(request)

    def data_received(self, block: bytes) -> None:
        self._received += block
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        place = head.find(b"content-length:")
        length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._received) >= end + 4 + length:
            self._received.clear()
            self._answered(self, int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self)


def press(address: str, requests: Sequence[bytes], *, connections: int, seconds: float) -> Outcome:
    """Keep so many connections busy: each sends its next request as soon as it has its answer."""
    return asyncio.run(_Pressing(address, requests, connections).run(seconds))


def press_at_rate(
    address: str, requests: Sequence[bytes], *, connections: int, seconds: float, rate: float
) -> Outcome:
    """Send at a fixed rate, whether answers come or not; a latency counts from when its request was due."""
    return asyncio.run(_Pressing(address, requests, connections).run(seconds, rate))


class _Pressing:
    def __init__(self, address: str, requests: Sequence[bytes], connections: int) -> None:
        self._place = urlsplit(address)
        self._requests: Iterator[bytes] = cycle(requests)
        self._count = connections
        self._outcome = Outcome()
        self._idle: deque[_Connection] = deque()
        self._due: deque[float] = deque()
        self._closed_loop = True
        self._stopping = False
        self._lost = 0

    async def run(self, seconds: float, rate: float | None = None) -> Outcome:
        loop = asyncio.get_running_loop()
        self._closed_loop = rate is None
        made = [
            await loop.create_connection(
                lambda: _Connection(self._answered, self._lose), self._place.hostname, self._place.port
            )
            for _ in range(self._count)
        ]
        connections = [connection for _, connection in made]
        began = time.perf_counter()
        if rate is None:
            for connection in connections:
                connection.send(next(self._requests), time.perf_counter())
            await asyncio.sleep(seconds)
        else:
            self._idle.extend(connections)
            await self._send_at(rate, began, seconds)
        self._stopping = True
        self._outcome.seconds = time.perf_counter() - began
        for connection in connections:
            if connection.transport is not None:
                connection.transport.close()
        if self._lost:
            raise ConnectionError(f"The server closed {self._lost} connections.")
        return self._outcome

    async def _send_at(self, rate: float, began: float, seconds: float) -> None:
        sent = 0
        while (now := time.perf_counter()) < began + seconds:
            while began + sent / rate <= now:
                self._due.append(began + sent / rate)
                sent += 1
            self._serve_due()
            await asyncio.sleep(max(0.0, began + sent / rate - time.perf_counter()))

    def _serve_due(self) -> None:
        while self._due and self._idle:
            self._idle.popleft().send(next(self._requests), self._due.popleft())

    def _answered(self, connection: _Connection, status: int) -> None:
        if self._stopping:
            return
        now = time.perf_counter()
        if status == 200:
            self._outcome.latencies.append(now - connection.began)
        else:
            self._outcome.others[status] = self._outcome.others.get(status, 0) + 1
        if self._closed_loop:
            connection.send(next(self._requests), now)
        else:
            self._idle.append(connection)
            self._serve_due()

    def _lose(self, connection: _Connection) -> None:
        if not self._stopping:
            self._lost += 1
