"""Stops a waitress server that runs in a thread."""

from __future__ import annotations

import threading
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]


def stop_waitress(server: Any, loop: threading.Thread) -> None:
    """Close a server from its own thread: closed from another, it may be waiting on what is no longer open."""
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
    loop.join()
