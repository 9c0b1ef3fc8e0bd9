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
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, values
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.contracts import Scorer
from feedback_nlp.records import Analysis

__all__ = ["LENGTHS", "Metrics", "shared_folder"]

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
#: Characters at which the next class of text lengths begins.
LENGTHS = (20, 40, 80, 160, 320, 640, 1280, 2560)


class Metrics:
    """Counts of one application.

    Parameters
    ----------
    folder : Path or None, default=None
        From `shared_folder`: where the processes of a server leave their counts for each other. None counts in
        this process alone.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.count_request("/healthz", "GET", 200, 0.002)
    >>> b'feedback_requests_total{method="GET",route="/healthz",status="200"} 1.0' in metrics.render()
    True
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._words_seen = (0, 0)
        self._children: dict[tuple[Any, ...], Any] = {}
        self._folder = folder
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
        self._texts = Counter("feedback_texts", "Analysed texts, by what became of them.", ("status",), **own)
        self._sentiments = Counter("feedback_sentiment", "Labels given.", ("sentiment",), **own)
        self._kinds = Counter("feedback_kind", "Labels given.", ("kind",), **own)
        self._topics = Counter("feedback_topic", "Topics found.", ("topic",), **own)
        self._uncertain = Counter("feedback_uncertain", "Texts whose label is uncertain.", **own)
        self._lengths = Counter("feedback_length", "Texts by their characters.", ("characters",), **own)
        self._words = Counter(
            "feedback_words", "Words, by whether the model's vocabulary has them.", ("known",), **own
        )
        self._job_rows = Counter("feedback_job_rows", "Rows of ended jobs.", ("outcome",), **own)
        self._jobs = Counter("feedback_jobs_ended", "Ended jobs.", ("kind", "state"), **own)

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._child(self._requests, route, method, status).inc()
        self._child(self._seconds, route).observe(seconds)

    def count_texts(self, texts: Sequence[str], analyses: Sequence[Analysis], analyzer: Scorer) -> None:
        """Count the texts of a request and what was said of them."""
        self._batches.observe(len(texts))
        labelled = [one for one in analyses if one.status == "ok"]
        for counter, found in (
            (self._texts, [one.status for one in analyses]),
            (self._sentiments, [one.sentiment for one in labelled]),
            (self._kinds, [one.kind for one in labelled]),
            (self._topics, [found.topic for one in labelled for found in one.topics]),
            (self._lengths, [length_class(len(text)) for text in texts]),
        ):
            for label, count in _tally(found).items():
                self._child(counter, label).inc(count)
        uncertain = sum(bool(one.uncertain) for one in labelled)
        if uncertain:
            self._uncertain.inc(uncertain)
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

    def render(self, *others: Collector) -> bytes:
        """Return everything in Prometheus' text format.

        Parameters
        ----------
        *others : Collector
            Give what is looked up rather than counted.
        """
        registry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        asked = CollectorRegistry()
        for collector in (registry, *others):
            asked.register(collector)
        return generate_latest(asked)


def _tally(values: Iterable[Any]) -> dict[Any, int]:
    """Count equal values; collections.Counter costs more for the few of one request."""
    counts: dict[Any, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def length_class(characters: int) -> str:
    """Return the class of a text's length.

    Examples
    --------
    >>> length_class(19), length_class(20), length_class(5000)
    ('0-19', '20-39', '2560-')
    """
    place = bisect_right(LENGTHS, characters)
    first = LENGTHS[place - 1] if place else 0
    last = LENGTHS[place] - 1 if place < len(LENGTHS) else ""
    return f"{first}-{last}"


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
