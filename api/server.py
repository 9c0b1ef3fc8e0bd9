"""The production server: gunicorn where there are POSIX processes, waitress elsewhere."""

from __future__ import annotations

import errno
import gc
import importlib.util
import ipaddress
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

from flask import Flask

from api.app import create_app
from api.counters import Metrics, shared_folder
from api.logs import WordlessFormatter, log
from api.pages import EXAMPLES
from api.service import Scorer
from feedback_nlp import Analyzer
from feedback_nlp.errors import SettingError
from feedback_nlp.jobs import Worker
from feedback_nlp.jobs.supervisor import fork_workers
from feedback_nlp.jobs.worker import ERROR_EVENTS
from feedback_nlp.redact import Redactor
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store
from feedback_nlp.store.following import ActiveAnalyzer

if TYPE_CHECKING:
    from feedback_nlp.batch.scoring import AnalyzerLike

__all__ = ["open_socket", "run_server", "serve"]

#: Threads beyond those that analyse and wait: they read bodies, answer /healthz, and say 503 at once.
SPARE_THREADS = 4
#: Seconds that requests in flight get to finish when the server is told to stop.
GRACE = 30
#: Connections that the system keeps for us while all threads are taken.
BACKLOG = 128


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    threads: int | None = None,
    settings: Settings | None = None,
    analyzer: Scorer | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until told to stop (SIGTERM: requests in flight are finished; SIGINT: at once).

    The bundle is loaded once, before the worker processes are made: they share its memory, and a bundle that is
    refused ends the start instead of every request.

    Parameters
    ----------
    host, port, workers, threads : optional
        Laid over the settings.
    settings : Settings, optional
        Default: those of the environment.
    analyzer : Analyzer, optional
        Default: the bundle that is active in the store, at first the one that the settings name; every process
        follows when another is made active.
    on_ready : callable, optional
        Called with the address, such as ``http://127.0.0.1:8000/``, once connections are taken.

    Raises
    ------
    SettingError
        For an address that other machines can reach while there is no key (unless FEEDBACK_ALLOW_REMOTE), and
        for a port that is taken.
    BundleError
        If the bundle is refused.
    StoreError
        If the store cannot be used.
    """
    settings = (settings or Settings.from_environment()).with_changes(
        host=host, port=port, workers=workers, threads=threads
    )
    store = _open_store(settings)
    listener = open_socket(settings, keyed=store is not None and store.keys.exist())
    try:
        analyzer = analyzer or _load_active(settings, store)
        _warm_up(analyzer.latest() if isinstance(analyzer, ActiveAnalyzer) else analyzer)
        with shared_folder() if _has_processes() else nullcontext() as folder:
            counts = Metrics(folder)
            app = create_app(settings, analyzer, store, counts)
            if store is not None:
                store.close()  # connections are not for sharing: each process opens its own
            _settle_memory()
            stop_workers = _start_job_workers(settings, analyzer, store, listener, counts)
            if on_ready is not None:
                on_ready(_address(settings.host, listener.getsockname()[1]))
            run_server(app, listener, settings, on_exit=stop_workers)
    finally:
        listener.close()


def run_server(
    app: Flask, listener: socket.socket, settings: Settings, *, on_exit: Callable[[], None] | None = None
) -> None:
    """Serve any application with the processes, threads and time limits of ours."""
    if _has_processes():
        _run_gunicorn(app, listener, settings, on_exit)
    else:
        _run_waitress(app, listener, settings)


def _log_event(name: str, told: Mapping[str, Any]) -> None:
    (log.error if name in ERROR_EVENTS else log.info)(name, **told)


def _has_processes() -> bool:
    return importlib.util.find_spec("fcntl") is not None


def _start_job_workers(
    settings: Settings, analyzer: Scorer, store: Store | None, listener: socket.socket, counts: Metrics
) -> Callable[[], None] | None:
    if store is None or settings.job_workers == 0 or not hasattr(os, "fork"):
        return None

    def tell(name: str, told: Mapping[str, Any]) -> None:
        _log_event(name, told)
        counts.count_event(name, told)

    def build() -> Worker:
        return Worker(
            store,
            analyzer.latest
            if isinstance(analyzer, ActiveAnalyzer)
            else lambda: cast("AnalyzerLike", analyzer),
            redactor=_redactor(settings),
            retention_days=settings.retention_days,
            on_event=tell,
        )

    return fork_workers(settings.job_workers, build, listener.close)


def _load_active(settings: Settings, store: Store | None) -> Scorer:
    loaded = Analyzer.load(settings.bundle)
    if store is None:
        return loaded
    following = ActiveAnalyzer(lambda: store, loaded, settings.bundle, on_event=_log_event)
    following.start()
    return following


def _redactor(settings: Settings) -> Redactor | None:
    if not settings.mask:
        return None
    return Redactor.from_words(regions=settings.mask_regions, numbers=settings.mask_numbers)


def _open_store(settings: Settings) -> Store | None:
    """Bring the tables up to date before anybody asks; None if nothing is kept."""
    return Store.open(settings.database_url or None, settings.data_dir) if settings.store else None


def _warm_up(analyzer: Scorer) -> None:
    """Build what is built on first use, once for all processes, so that no caller waits for it."""
    for analysis in analyzer.analyze_many([text for _, text in EXAMPLES.values()], explain=True):
        analysis.to_dict()


def _settle_memory() -> None:
    """Take what stands for good out of the garbage collector's sight.

    It would walk over the whole bundle every few thousand requests, and its marks would give each worker process a
    copy of what it walks over.
    """
    gc.collect()
    gc.freeze()


def open_socket(settings: Settings, *, keyed: bool = False) -> socket.socket:
    """Return a socket that listens where the settings say.

    Opened here rather than by the server, so that a taken port is one clear line and not a row of retries.

    Parameters
    ----------
    settings : Settings
    keyed : bool, default=False
        Whether callers must show a key; without, only this machine may call.

    Raises
    ------
    SettingError
        If the address may not or cannot be listened on.
    """
    family, address = _resolve(settings.host, settings.port)
    if (
        not (keyed or settings.allow_remote)
        and not ipaddress.ip_address(address[0].split("%")[0]).is_loopback
    ):
        raise SettingError(
            f"{settings.host} can be reached from other machines, and there are no keys to keep them out.",
            remedy="Make one with `feedback-nlp keys create`; or set FEEDBACK_ALLOW_REMOTE=true to let everybody in.",
        )
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let two programs share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(error, settings) from None
    return listener


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        remedy = "Use an address of this machine, such as 127.0.0.1."
        raise SettingError(f"There is no address {host[:80]!r} to listen on.", remedy=remedy) from None
    family, _, _, _, address = found[0]
    return family, address


def _refused(error: OSError, settings: Settings) -> SettingError:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        remedy = "Stop the program that listens there, or choose another port with --port or FEEDBACK_PORT."
        return SettingError(f"Port {settings.port} of {settings.host} is in use.", remedy=remedy)
    if error.errno == errno.EACCES:
        remedy = "Ports below 1024 are for the system; choose another with --port or FEEDBACK_PORT."
        return SettingError(f"This user may not listen on {place}.", remedy=remedy)
    return SettingError(
        f"Cannot listen on {place}: {error.strerror}.", remedy="Use an address of this machine."
    )


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _all_threads(settings: Settings) -> int:
    return settings.threads + settings.queue_length + SPARE_THREADS


def _run_gunicorn(
    app: Flask, listener: socket.socket, settings: Settings, on_exit: Callable[[], None] | None
) -> None:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
    from gunicorn.glogging import Logger  # type: ignore[import-untyped]

    class JsonLogger(Logger):  # type: ignore[misc]
        """gunicorn's log in our format."""

        def setup(self, cfg: Any) -> None:
            super().setup(cfg)
            for handler in self.error_log.handlers:
                handler.setFormatter(WordlessFormatter())

    class Server(BaseApplication):  # type: ignore[misc]
        """gunicorn with our choices and an application that is already built."""

        def load_config(self) -> None:
            for name, value in _gunicorn_choices(listener, settings).items():
                self.cfg.set(name, value)
            self.cfg.set("logger_class", JsonLogger)
            if on_exit is not None:
                self.cfg.set("on_exit", lambda arbiter: on_exit())

        def load(self) -> Flask:
            return app

    Server().run()


def _gunicorn_choices(listener: socket.socket, settings: Settings) -> dict[str, Any]:
    from api.patience import PatientWorker

    return {
        # Handed over: were it open here too, connections would still be taken while the server drains.
        "bind": f"fd://{listener.detach()}",
        "workers": settings.workers,
        "threads": _all_threads(settings),
        "worker_class": PatientWorker,
        "preload_app": True,
        "graceful_timeout": GRACE,
        "backlog": BACKLOG,
        "keepalive": 15,
        # Warnings quote malformed request lines, which may be a piece of a customer's text.
        "loglevel": "error",
        "control_socket_disable": True,
        "proc_name": "feedback-nlp",
    }


def _run_waitress(app: Flask, listener: socket.socket, settings: Settings) -> None:
    from waitress import create_server  # type: ignore[import-untyped]

    create_server(
        app,
        sockets=[listener],
        threads=_all_threads(settings),
        max_request_body_size=settings.max_body_bytes,
        ident=None,
    ).run()
