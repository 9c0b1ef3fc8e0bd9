"""Workers as processes of their own, kept alive beside a server; POSIX only.

They are forked before the server starts, so they share the loaded bundle's memory. Each holds the reading end of a
pipe whose writing end only the server has: when the server is gone, however it went, the pipe says so.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

from feedback_nlp.jobs.worker import Worker

__all__ = ["fork_workers", "run_worker"]

#: A worker that ends sooner than this after its start is not started again at once.
MIN_LIFE_SECONDS = 2.0


def run_worker(worker: Worker, lifeline: int | None = None) -> None:
    """Run a worker in this process until SIGTERM, SIGINT or the end of the lifeline; its job goes back to the queue.

    Parameters
    ----------
    worker : Worker
    lifeline : int or None, default=None
        Descriptor that becomes readable when the worker is to end.
    """
    import threading

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    if lifeline is not None:
        threading.Thread(target=_end_with, args=(lifeline, worker.stop), daemon=True).start()
    worker.run()


def fork_workers(count: int, build: Callable[[], Worker], close: Callable[[], None]) -> Callable[[], None]:
    """Start `count` workers and somebody who starts them again when they are lost.

    Parameters
    ----------
    count : int
    build : callable
        Makes a worker; called in the worker's own process.
    close : callable
        Called in each new process first: lets go of what belongs to the server, such as its socket.

    Returns
    -------
    callable
        Ends them all and waits for that.
    """
    lifeline, holder = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        status = 1
        try:
            os.close(holder)
            close()
            _supervise(count, build, lifeline)
            status = 0
        finally:
            os._exit(status)  # nothing of the server's may run in here
    os.close(lifeline)

    def stop() -> None:
        with contextlib.suppress(OSError):
            os.close(holder)
        with contextlib.suppress(ChildProcessError):  # the server may have noticed its end first
            os.waitpid(supervisor, 0)

    return stop


def _supervise(count: int, build: Callable[[], Worker], lifeline: int) -> None:
    """Fork workers, and fork anew each that ends, until the lifeline does."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the lifeline says when to end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    started: dict[int, float] = {}
    while not _ended(lifeline, 0.2):
        while len(started) < count:
            started[_fork_one(build, lifeline)] = time.monotonic()
        for child in list(started):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                lived = time.monotonic() - started.pop(child)
                # One that was told to end, or that cannot even start, is not started again in a hurry.
                if status == 0 or lived < MIN_LIFE_SECONDS:
                    _ended(lifeline, MIN_LIFE_SECONDS)
    for child in started:
        os.waitpid(child, 0)


def _fork_one(build: Callable[[], Worker], lifeline: int) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run_worker(build(), lifeline)
            status = 0
        finally:
            os._exit(status)
    return child


def _ended(lifeline: int, seconds: float) -> bool:
    return bool(select.select([lifeline], [], [], seconds)[0])


def _end_with(lifeline: int, stop: Callable[[], None]) -> None:
    select.select([lifeline], [], [])
    stop()
