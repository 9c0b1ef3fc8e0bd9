"""Texts to fb_ columns, here or in other processes; the only place where batch meets the analyzer."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from feedback_nlp.errors import FeedbackError, InputError
from feedback_nlp.records import SCORED_COLUMNS, Analysis, ModelId

__all__ = ["AnalyzerLike", "LocalScorer", "ProcessScorer", "Scorer", "Texts", "build_scorer", "score_columns"]

_PARENT_CHECK_SECONDS = 1.0
Carried = TypeVar("Carried")


class AnalyzerLike(Protocol):
    """What scoring needs of an analyzer."""

    @property
    def model(self) -> ModelId:
        """Which bundle it has loaded."""
        ...

    def analyze_many(
        self,
        texts: Iterable[str],
        *,
        languages: Iterable[str | None] | None = None,
        ratings: Iterable[float | None] | None = None,
        precision: float | None = None,
    ) -> Iterator[Analysis]:
        """Yield one analysis a text, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a chunk with what is known about each; lists of one length, or None."""

    texts: list[str]
    ratings: list[float | None] | None = None
    languages: list[str | None] | None = None


def score_columns(analyzer: AnalyzerLike, chunk: Texts, precision: float | None = None) -> list[list[str]]:
    """Return the fb_ columns of a chunk, each a list of one string a text, in the order of `columns_of`.

    This is the whole of what a faster path has to replace. A text on which the analyzer fails gets the status
    "error"; it never costs the others.
    """
    try:
        return _analyze(analyzer, chunk, precision)
    except (FeedbackError, MemoryError):
        raise
    except Exception:
        if len(chunk.texts) == 1:
            failed = {"fb_status": "error", "fb_language": "und", "fb_model": str(analyzer.model)}
            return [[failed.get(name, "")] for name in columns_of(analyzer)]
    halves = [score_columns(analyzer, half, precision) for half in _halved(chunk)]
    return [first + second for first, second in zip(*halves, strict=True)]


def _analyze(analyzer: AnalyzerLike, chunk: Texts, precision: float | None) -> list[list[str]]:
    at_once = getattr(analyzer, "analyze_columns", None)
    if at_once is not None:
        columns: list[list[str]] = at_once(
            chunk.texts, languages=chunk.languages, ratings=chunk.ratings, precision=precision
        )
        return columns
    analyses = analyzer.analyze_many(
        chunk.texts, languages=chunk.languages, ratings=chunk.ratings, precision=precision
    )
    rows = [analysis.to_row() for analysis in analyses]
    if len(rows) != len(chunk.texts):
        raise FeedbackError(f"The analyzer gave {len(rows)} analyses for {len(chunk.texts)} texts.")
    return [[row[name] for row in rows] for name in columns_of(analyzer)]


def columns_of(analyzer: AnalyzerLike) -> tuple[str, ...]:
    """Return the fb_ columns of an analyzer: SCORED_COLUMNS unless it says otherwise, as one with own labels does."""
    columns: tuple[str, ...] = getattr(analyzer, "scored_columns", SCORED_COLUMNS)
    return columns


def _halved(chunk: Texts) -> Iterator[Texts]:
    """Split a chunk, to close in on the text that fails."""
    middle = len(chunk.texts) // 2
    for part in (slice(None, middle), slice(middle, None)):
        ratings = None if chunk.ratings is None else chunk.ratings[part]
        languages = None if chunk.languages is None else chunk.languages[part]
        yield Texts(chunk.texts[part], ratings, languages)


class Scorer(Protocol):
    """Scores chunks in order."""

    model: str
    columns: tuple[str, ...]

    def scored(self, chunks: Iterable[tuple[Carried, Texts]]) -> Iterator[tuple[Carried, list[list[str]]]]:
        """Yield what came with each chunk, and its fb_ columns, in the order in which the chunks came."""
        ...

    def close(self) -> None:
        """End the processes, if there are any."""
        ...


class LocalScorer:
    """Scores in this process.

    Parameters
    ----------
    analyzer : AnalyzerLike
    precision : float or None, default=None
    """

    def __init__(self, analyzer: AnalyzerLike, precision: float | None = None) -> None:
        self.model = str(analyzer.model)
        self.columns = columns_of(analyzer)
        self._analyzer = analyzer
        self._precision = precision

    def scored(self, chunks: Iterable[tuple[Carried, Texts]]) -> Iterator[tuple[Carried, list[list[str]]]]:
        """Yield each chunk with its fb_ columns."""
        for carried, chunk in chunks:
            yield carried, score_columns(self._analyzer, chunk, self._precision)

    def close(self) -> None:
        """Do nothing: there are no processes."""


class ProcessScorer:
    """Scores in worker processes, each with the bundle loaded once.

    At most twice as many chunks as workers (and two) are under way, so memory stays bounded when writing is slower
    than scoring. Worker processes come from loky (joblib's), which needs no guard in the caller's script and
    notices a worker that was killed.

    Parameters
    ----------
    workers : int
    analyzer : AnalyzerLike or None
        Sent to each worker; loaded there from `bundle` if None.
    bundle : Path or None
        None is the shipped one.
    precision : float or None
    """

    def __init__(
        self, workers: int, analyzer: AnalyzerLike | None, bundle: Path | None, precision: float | None
    ) -> None:
        from joblib.externals import loky  # type: ignore[import-untyped]

        self._broken = loky.process_executor.BrokenProcessPool
        self._window = 2 * workers + 2
        self._executor = loky.ProcessPoolExecutor(
            workers,
            initializer=_start_worker,
            initargs=(analyzer, bundle, precision, os.getpid()),
            env={name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")},
        )
        self.model, self.columns = self._result(self._submit(_model_in_worker))

    def scored(self, chunks: Iterable[tuple[Carried, Texts]]) -> Iterator[tuple[Carried, list[list[str]]]]:
        """Yield each chunk with its fb_ columns, in the order of the chunks."""
        under_way: deque[tuple[Carried, Any]] = deque()
        for carried, chunk in chunks:
            under_way.append((carried, self._submit(_score_in_worker, chunk)))
            if len(under_way) >= self._window:
                done, future = under_way.popleft()
                yield done, self._result(future)
        for done, future in under_way:
            yield done, self._result(future)

    def _submit(self, work: Callable[..., Any], *arguments: Any) -> Any:
        with self._lost_process_named():
            return self._executor.submit(work, *arguments)

    def _result(self, future: Any) -> Any:
        with self._lost_process_named():
            return future.result()

    @contextmanager
    def _lost_process_named(self) -> Iterator[None]:
        """A lost process shows at the next result or, if it is noticed sooner, at the next chunk handed over."""
        try:
            yield
        except self._broken as error:
            raise FeedbackError(
                "A scoring process ended unexpectedly, most likely for lack of memory.",
                remedy="Resume with fewer workers.",
            ) from error

    def close(self) -> None:
        """End the worker processes at once; whatever they hold is not needed any more."""
        self._executor.shutdown(wait=True, kill_workers=True)


@dataclass(slots=True)
class _Worker:
    """What a worker process was started with, and its analyzer once a chunk needed it."""

    analyzer: AnalyzerLike | None = None
    bundle: Path | None = None
    precision: float | None = None

    def loaded(self) -> AnalyzerLike:
        if self.analyzer is None:
            self.analyzer = _load(self.bundle)
        return self.analyzer


_WORKER = _Worker()


def _start_worker(
    analyzer: AnalyzerLike | None, bundle: Path | None, precision: float | None, parent: int
) -> None:
    # Ctrl-C reaches the whole group of processes; only the parent answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _WORKER.analyzer, _WORKER.bundle, _WORKER.precision = analyzer, bundle, precision


def _end_with(parent: int) -> None:
    """End this worker when its parent is gone: killed with -9, it cannot say so, and loky would wait for ever."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)


def _model_in_worker() -> tuple[str, tuple[str, ...]]:
    analyzer = _WORKER.loaded()
    return str(analyzer.model), columns_of(analyzer)


def _score_in_worker(chunk: Texts) -> list[list[str]]:
    return score_columns(_WORKER.loaded(), chunk, _WORKER.precision)


def _load(bundle: Path | None) -> AnalyzerLike:
    from feedback_nlp.analyzer import Analyzer

    loaded: AnalyzerLike = Analyzer.load() if bundle is None else Analyzer.load(bundle)
    return loaded


def build_scorer(
    analyzer: AnalyzerLike | str | Path | None, *, workers: int = 1, precision: float | None = None
) -> Scorer:
    """Return the scorer for so many processes.

    Parameters
    ----------
    analyzer : AnalyzerLike, path of a bundle, or None
        None is the shipped bundle.
    workers : int, default=1
        1 scores in this process.
    precision : float or None, default=None
        As for Analyzer.analyze_many.

    Raises
    ------
    InputError
        Fewer than one worker.
    BundleError
        The bundle cannot be used.
    """
    if workers < 1:
        raise InputError(f"There must be at least one worker, not {workers}.")
    bundle = Path(analyzer) if isinstance(analyzer, str | Path) else None
    ready = None if isinstance(analyzer, str | Path) else analyzer
    if workers > 1:
        return ProcessScorer(workers, ready, bundle, precision)
    return LocalScorer(ready if ready is not None else _load(bundle), precision)
