"""What the service counts of itself, in Prometheus' terms: numbers and labels, never a text.

Over several processes each writes its counts to files of a folder that all of them share, and whoever is asked adds
them up (prometheus_client's multiprocess mode). What is not counted but looked up, such as waiting jobs, is asked for
when the metrics are read.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, values
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.contracts import Scorer
from api.drift import Recent
from feedback_nlp.profile import count_analyses
from feedback_nlp.records import Analysis

__all__ = ["Metrics", "render", "shared_folder"]

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics(Collector):
    """Counts of one application.

    Parameters
    ----------
    folder : Path or None, default=None
        From `shared_folder`: where the processes of a server leave their counts for each other. None counts in
        this process alone.

    Attributes
    ----------
    recent : Recent
        What was counted a day ago.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.count_request("/healthz", "GET", 200, 0.002)
    >>> b'feedback_requests_total{method="GET",route="/healthz",status="200"} 1.0' in render(metrics)
    True
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._words_seen = (0, 0)
        self._children: dict[tuple[Any, ...], Any] = {}
        self._folder = folder
        self.recent = Recent(folder)
        self._registry = CollectorRegistry()
        disable_created_metrics()  # type: ignore[no-untyped-call]
        # With a folder nothing is registered here: the files hold this process's counts, too.
        own: dict[str, Any] = {"registry": None if folder else self._registry}
        self._requests = Counter(
            "feedback_requests", "Answered requests.", ("route", "method", "status"), **own
        )
        self._seconds = Histogram(
            "feedback_request_seconds", "Time to the answer.", ("route",), buckets=SECONDS, **own
        )
        self._batches = Histogram("feedback_batch_texts", "Texts of a request.", buckets=BATCHES, **own)
        self._by_value = {
            "status": Counter(
                "feedback_texts", "Analysed texts, by what became of them.", ("status",), **own
            ),
            "sentiment": Counter("feedback_sentiment", "Labels given.", ("sentiment",), **own),
            "kind": Counter("feedback_kind", "Labels given.", ("kind",), **own),
            "topic": Counter("feedback_topic", "Topics found.", ("topic",), **own),
            "length": Counter("feedback_length", "Texts by their characters.", ("characters",), **own),
        }
        self._uncertain = Counter("feedback_uncertain", "Texts whose label is uncertain.", **own)
        self._words = Counter(
            "feedback_words", "Words, by whether the model's vocabulary has them.", ("known",), **own
        )
        self._job_rows = Counter("feedback_job_rows", "Rows of ended jobs.", ("outcome",), **own)
        self._jobs = Counter("feedback_jobs_ended", "Ended jobs.", ("kind", "state"), **own)

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._child(self._requests, route, method, status).inc()
        self._child(self._seconds, route).observe(seconds)

    def count_batch(self, size: int) -> None:
        """Count a request with so many texts."""
        self._batches.observe(size)

    def count_texts(self, texts: Sequence[str], analyses: Sequence[Analysis], analyzer: Scorer) -> None:
        """Count texts and what was said of them."""
        counted = count_analyses(texts, analyses)
        for what, counter in self._by_value.items():
            for value, count in counted[what].items():
                self._child(counter, value).inc(count)
        if counted["uncertain"]["true"]:
            self._uncertain.inc(counted["uncertain"]["true"])
        self._count_words(analyzer)

    def skip_words(self, analyzer: Scorer) -> None:
        """Leave out the words that the analyzer has met until now: those of a warm-up or a self-test."""
        with self._lock:
            self._words_seen = analyzer.words_met

    def _count_words(self, analyzer: Scorer) -> None:
        """Count the words that the analyzer of this process has met since last time."""
        with self._lock:
            every, known = analyzer.words_met
            before = self._words_seen
            self._words_seen = every, known
        more_known = max(0, known - before[1])
        self._child(self._words, "true").inc(more_known)
        self._child(self._words, "false").inc(max(0, every - before[0] - more_known))

    def _child(self, family: Any, *labels: Any) -> Any:
        """Return what counts for these labels; the library looks it up under a lock, at several times the price."""
        key = (family, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = family.labels(*labels)
        return child

    def count_event(self, name: str, told: Mapping[str, Any]) -> None:
        """Count what a worker tells: of all that, the jobs that ended."""
        if name != "job ended":
            return
        self._jobs.labels(told["kind"], told["state"]).inc()
        for outcome in ("scored", "rejected"):
            self._job_rows.labels(outcome).inc(told[f"rows_{outcome}"])

    def collect(self) -> list[Metric]:
        """Return everything that is counted, over all processes."""
        if self._folder is None:
            return list(self._registry.collect())
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        return list(registry.collect())


def render(*collectors: Collector) -> bytes:
    """Return what collectors give in Prometheus' text format."""
    asked = CollectorRegistry(auto_describe=False)
    for collector in collectors:
        asked.register(collector)
    return generate_latest(asked)


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Yield a folder for the counts of a server's processes; the process that made it takes it away."""
    owner = os.getpid()
    folder = Path(tempfile.mkdtemp(prefix="feedback-nlp-metrics-"))
    chosen = values.ValueClass
    # The library chooses when it is imported, by this variable; here it is chosen when a server starts.
    os.environ[FOLDER_VARIABLE] = str(folder)
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    try:
        yield folder
    finally:
        if os.getpid() == owner:  # a worker process that ends comes by here, too
            values.ValueClass = chosen
            del os.environ[FOLDER_VARIABLE]
            shutil.rmtree(folder, ignore_errors=True)
