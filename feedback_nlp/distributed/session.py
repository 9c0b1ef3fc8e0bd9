"""A connection to a Dask cluster whose workers have the bundle."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.batch.scoring import AnalyzerLike, columns_of
from feedback_nlp.distributed.allocator import free_at_once, keep_freed
from feedback_nlp.errors import ClusterError

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["LOCAL", "Session", "WorkerAnalyzer", "analyzer_of", "connected"]

#: The address that means: start workers on this machine ("local:4" for four of them).
LOCAL = "local"
_DEFAULT_LOCAL_WORKERS = 2
_CONNECT_SECONDS = 20
_LOCAL_SETTINGS = {
    # Workers that a task may end before it counts as the culprit. A local cluster has few to lose.
    "distributed.scheduler.allowed-failures": 1,
    # What Dask measures of itself, for a dashboard that is not there: it takes turns with the thread that scores.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}


class WorkerAnalyzer:
    """The analyzer of one worker: loaded by its first task, kept for all others.

    Dask sends it to every worker, also to those that join later or come back after they were killed.

    Parameters
    ----------
    name : str
        Under which the worker keeps it.
    bundle : Path or None
        Folder of the bundle as the workers see it; None is the shipped one.
    analyzer : AnalyzerLike or None
        Sent to each worker instead.
    """

    def __init__(self, name: str, bundle: Path | None, analyzer: AnalyzerLike | None) -> None:
        self.name = name
        self._bundle = bundle
        self._analyzer = analyzer

    def setup(self, worker: Any) -> None:
        """Begin on a worker."""
        self._lock = threading.Lock()
        keep_freed()

    def teardown(self, worker: Any) -> None:
        """Let go of the analyzer."""
        self._analyzer = None
        free_at_once()

    def loaded(self) -> AnalyzerLike:
        """Return the analyzer; tasks of other threads wait while it is loaded."""
        with self._lock:
            if self._analyzer is None:
                from feedback_nlp.analyzer import Analyzer

                self._analyzer = Analyzer.load(self._bundle)
            return self._analyzer


def analyzer_of(name: str) -> AnalyzerLike:
    """Return the analyzer of the worker that runs this task."""
    from distributed import get_worker

    plugin: Any = get_worker().plugins[name]
    found: AnalyzerLike = plugin.loaded()
    return found


def _model_of(name: str) -> tuple[str, tuple[str, ...], str]:
    from feedback_nlp import __version__

    analyzer = analyzer_of(name)
    return str(analyzer.model), columns_of(analyzer), __version__


class Session:
    """Workers that have the bundle.

    Parameters
    ----------
    client : distributed.Client
    name : str
        Of the analyzer on the workers.

    Attributes
    ----------
    model : str
        As in fb_model.
    columns : tuple of str
        The fb_ columns.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.model, self.columns = self._agreed()

    def _agreed(self) -> tuple[str, tuple[str, ...]]:
        """Load the bundle everywhere; refuse workers that would give different answers."""
        from feedback_nlp import __version__

        futures = [
            self.submit(_model_of, self.name, workers=[address], allow_other_workers=False)
            for address in self._workers()
        ]
        found = {future.result() for future in futures}
        if len(found) != 1 or next(iter(found))[2] != __version__:
            seen = ", ".join(sorted(f"{model} in feedback-nlp {version}" for model, _, version in found))
            raise ClusterError(
                f"The cluster's workers do not all have this version and bundle: {seen}, here {__version__}.",
                remedy="Install the same version and bundle everywhere.",
            )
        model, columns, _ = found.pop()
        return model, columns

    def _workers(self) -> list[str]:
        found: list[str] = list(self.client.nthreads())
        return found

    def slots(self) -> int:
        """Return how many tasks the cluster runs at a time now."""
        slots: int = sum(self.client.nthreads().values())
        return max(1, slots)

    def submit(self, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Start a task; each call is a task of its own, even with the same arguments."""
        return self.client.submit(work, *arguments, pure=False, **options)


@contextmanager
def connected(cluster: str, *, analyzer: AnalyzerLike | str | Path | None = None) -> Iterator[Session]:
    """Connect to a cluster, give its workers the bundle, and take leave at the end.

    Parameters
    ----------
    cluster : str
        Address of a scheduler such as "tcp://10.0.0.7:8786"; "local" or "local:COUNT" starts workers here.
    analyzer : AnalyzerLike, path of a bundle, or None, default=None

    Raises
    ------
    ClusterError
        Dask is not installed, the cluster cannot be reached, has no workers, or they differ in version or bundle.
    """
    bundle = Path(analyzer).resolve() if isinstance(analyzer, str | Path) else None
    ready = None if isinstance(analyzer, str | Path) else analyzer
    with ExitStack() as stack:
        client = stack.enter_context(_client(cluster))
        name = f"feedback-nlp-{uuid.uuid4().hex}"
        client.register_plugin(_plugin(name, bundle, ready), name=name)
        stack.callback(client.unregister_worker_plugin, name)
        yield Session(client, name)


def _plugin(name: str, bundle: Path | None, analyzer: AnalyzerLike | None) -> Any:
    from distributed import WorkerPlugin

    class Plugin(WorkerAnalyzer, WorkerPlugin):
        """Dask asks for its own base class, which is there only with the extra."""

    return Plugin(name, bundle, analyzer)


@contextmanager
def _client(cluster: str) -> Iterator[Any]:
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            "Dask is not installed.", remedy="pip install 'feedback-nlp[cluster]', here and on the workers."
        ) from error
    if cluster == LOCAL or cluster.startswith(f"{LOCAL}:"):
        with _local_cluster(_local_workers(cluster)) as started, distributed.Client(started) as client:
            yield client
        return
    try:
        client = distributed.Client(cluster, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"The cluster at {cluster} cannot be reached: {str(error) or type(error).__name__}.",
            remedy="Check that the scheduler runs; addresses look like tcp://10.0.0.7:8786, or local.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError as error:
            raise ClusterError(
                f"The cluster at {cluster} has no workers.", remedy="Start dask worker processes."
            ) from error
        yield client


def _local_workers(cluster: str) -> int:
    count = cluster.partition(":")[2] or str(_DEFAULT_LOCAL_WORKERS)
    if not count.isdecimal() or not 1 <= int(count) <= 1024:
        raise ClusterError(f"{cluster!r} is no cluster.", remedy="Local ones are written local or local:4.")
    return int(count)


def _local_cluster(workers: int) -> Any:
    import dask
    from distributed import LocalCluster

    with dask.config.set(_LOCAL_SETTINGS):
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # else it takes one port that is the same for all
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
        )
