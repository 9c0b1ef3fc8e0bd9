"""A real browser for the tests of pages: Debian's chromium, and a server on a port of its own."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server  # type: ignore[import-untyped]

from tests.waitress_loop import stop_waitress

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
#: Skips a test that drives the browser where there is none, but never in CI.
needs_chromium = pytest.mark.skipif(
    not os.path.exists(CHROMIUM) and os.environ.get("CI") != "true",
    reason="there is no chromium; on Debian: apt install chromium",
)
#: Marks of every test that drives the browser.
IN_A_BROWSER = [pytest.mark.browser, needs_chromium]


@contextmanager
def opened_chromium() -> Iterator[Browser]:
    """Yield a browser that is closed afterwards."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Yield the address of a server that answers for an application."""
    server = create_server(app, host="127.0.0.1", port=0)
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    stop_waitress(server, loop)
