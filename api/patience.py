"""Callers that send slowly, or nothing at all: they wait apart from the others, and not for long.

gunicorn reads a request in the thread that answers it, without a limit of time, so a few dozen slow connections would
hold every thread. Here heads and the first part of bodies are read by threads of their own, a request takes one of the
places for answering only when it is there, and a connection on which too little comes is closed.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from api.arrivals import HERE

__all__ = ["PatientWorker", "TimedSocket"]

#: Seconds that a request may be waited for, all its pauses together.
PATIENCE = 10.0
#: Bytes that earn a second more, so that a large file may come over a slow line.
BYTES_A_SECOND = 1_000
#: Bytes of a body that are read before the request takes a place.
READ_AHEAD = 65_536
#: Threads of a process that only read.
READERS = 128


class TimedSocket(socket.socket):
    """A connection that ends when it has been waited for too long.

    Examples
    --------
    >>> ours, theirs = socket.socketpair()
    >>> timed = TimedSocket(fileno=ours.detach())
    >>> timed.begin(0.01)
    >>> theirs.send(b"GET"), timed.recv(10), timed.recv(10)
    (3, b'GET', b'')
    >>> theirs.close(), timed.close()
    (None, None)
    """

    _left = PATIENCE
    _most = PATIENCE

    def begin(self, seconds: float | None = None) -> None:
        """Start to count the waiting anew."""
        self._left = self._most = PATIENCE if seconds is None else seconds

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Return what has come; nothing, as from a closed connection, once patience has run out."""
        given, began = self.gettimeout(), time.monotonic()
        if self._left <= 0 or given == 0:
            return b"" if self._left <= 0 else super().recv(size, flags)
        shorter = given is not None and given < self._left
        self.settimeout(given if shorter else self._left)
        try:
            received = super().recv(size, flags)
        except TimeoutError:
            if shorter:
                raise
            self._left = 0.0
            return b""
        finally:
            self.settimeout(given)
        waited = time.monotonic() - began
        self._left = min(self._most, self._left - waited + len(received) / BYTES_A_SECOND)
        return received


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, with more that read than may answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = threading.BoundedSemaphore(self.cfg.threads)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return threads for reading and answering."""
        return ThreadPoolExecutor(max_workers=self.cfg.threads + READERS)

    def enqueue_req(self, conn: TConn) -> None:
        """Have the next request of a connection read and answered."""
        if not isinstance(conn.sock, TimedSocket):
            conn.sock = TimedSocket(fileno=conn.sock.detach())
        conn.sock.begin()
        HERE.enter()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        """Read a request and answer it."""
        try:
            return super().handle(conn)
        finally:
            HERE.leave()

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request when there is a place for it."""
        _read_ahead(req)
        with self._places:
            return super().handle_request(req, conn)


def _read_ahead(request: Any) -> None:
    """Read the beginning of a body, unless the caller waits for a word of ours before it sends it."""
    names = {name for name, _ in request.headers}
    if "EXPECT" in names or not names & {"CONTENT-LENGTH", "TRANSFER-ENCODING"}:
        return
    try:
        begun = request.body.read(READ_AHEAD)
    except Exception as error:
        request.body = _Broken(error)
        return
    kept = io.BytesIO()
    kept.write(begun + request.body.buf.getvalue())
    request.body.buf = kept


class _Broken:
    """A body that broke off or has no HTTP framing: whoever reads it meets the error, and the connection is closed."""

    failed = True

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        raise self._error

    readline = read
