"""Many files: one task a file, read and written by the worker that has it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from feedback_nlp.batch.many import renamed
from feedback_nlp.batch.plan import ScoreOptions
from feedback_nlp.batch.score import score_with
from feedback_nlp.batch.scoring import AnalyzerLike, LocalScorer
from feedback_nlp.batch.summary import (
    FailedFile,
    FolderSummary,
    ProgressCallback,
    ScoreProgress,
    ScoreSummary,
)
from feedback_nlp.batch.target import writing
from feedback_nlp.distributed import places
from feedback_nlp.distributed.counting import count_rows
from feedback_nlp.distributed.ledger import Ledger
from feedback_nlp.distributed.session import Session, analyzer_of, connected
from feedback_nlp.errors import ClusterError, FeedbackError, InputError, OutputError

__all__ = ["score_files_on_cluster"]


@dataclass(frozen=True, slots=True)
class Shard:
    """One file and where its scored rows go."""

    source: str
    target: str


def score_files_on_cluster(
    sources: str | Path | Iterable[str | Path],
    folder: str | Path,
    *,
    cluster: str,
    analyzer: AnalyzerLike | str | Path | None = None,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> FolderSummary:
    """Score many files into a folder on a cluster, one task a file; the result is that of `score_files`.

    A worker that is killed costs the time since it began its file. A file that ends every worker that tries it is
    reported and costs the others nothing. A worker writes its file aside, counts the rows that stand in it, and only
    then gives it its name.

    Parameters
    ----------
    sources : str, Path or iterable of them
        Files, folders and patterns; also addresses that fsspec knows, such as "s3://bucket/exports/*.parquet". Paths
        must lead to the same files on every worker.
    folder : str or Path
        Path or address; created if missing.
    cluster : str
        Address of a Dask scheduler, or "local" or "local:COUNT".
    analyzer : AnalyzerLike, path of a bundle, or None, default=None
        A path as the workers see it; None is the bundle shipped with their installation.
    progress : callable or None, default=None
        Called with a ScoreProgress after each file.
    **options
        Further options of `score_file` but `workers` and `rejected`. With ``resume=True`` files that an interrupted
        run finished are skipped.

    Returns
    -------
    FolderSummary

    Raises
    ------
    InputError
        Nothing fits, or two files would get the same name.
    OutputError
        The folder cannot be written, or is that of the sources.
    ClusterError
        The cluster cannot be used.
    """
    began = time.monotonic()
    settings = ScoreOptions(**options)
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    root = str(folder) if places.is_address(folder) else str(Path(folder).resolve())
    shards = [
        Shard(source, places.join(root, renamed(Path(place), settings.target_format).as_posix()))
        for source, place in places.find_shards(given)
    ]
    if any(shard.source == shard.target for shard in shards):
        raise OutputError("The scored files would replace their sources.", remedy="Name another folder.")
    if not places.is_address(root):
        with writing(root):
            Path(root).mkdir(parents=True, exist_ok=True)
    try:
        with connected(cluster, analyzer=analyzer) as session:
            run = _Run(session, root, shards, settings, progress)
            return run.summary(time.monotonic() - began)
    finally:
        if not places.is_address(root):
            shutil.rmtree(Path(root) / places.WORK_FOLDER, ignore_errors=True)


class _Run:
    """The shards of one run, on their way."""

    def __init__(
        self,
        session: Session,
        root: str,
        shards: list[Shard],
        options: ScoreOptions,
        progress: ProgressCallback | None,
    ) -> None:
        self._session = session
        self._root = root
        self._options = options
        self._progress = progress
        self._began = time.monotonic()
        self._done: dict[Shard, ScoreSummary] = {}
        self._failed: dict[Shard, str] = {}
        self._ledger = Ledger(places.join(root, ".feedback-nlp.progress"), session.model, options)
        self._skipped = [shard for shard in shards if self._ledger.has(shard.source, shard.target)]
        self._all = shards
        left = [shard for shard in shards if shard not in set(self._skipped)]
        try:
            suspects = list(self._score(left))
            for shard in suspects:  # by itself: a neighbour on the same worker is suspected with the culprit
                for culprit in self._score([shard]):
                    self._failed[culprit] = (
                        "It ended every worker that tried it, most likely for lack of memory."
                    )
            self._check()
        finally:
            self._ledger.close(keep=len(self._done) + len(self._skipped) + len(self._failed) < len(shards))

    def _score(self, shards: list[Shard]) -> Iterator[Shard]:
        """Score shards, as many at a time as the cluster has slots; yield those that ended their workers."""
        from distributed import KilledWorker, as_completed

        waiting = iter(shards)
        under_way: dict[Any, Shard] = {}
        completed = as_completed()
        try:
            self._refill(waiting, under_way, completed)
            while under_way:
                future = next(completed)
                shard = under_way.pop(future)
                try:
                    self._finish(shard, future.result())
                except KilledWorker:
                    yield shard
                except (OutputError, ClusterError):
                    raise
                except InputError as error:
                    self._failed[shard] = str(error)
                except Exception as error:
                    self._failed[shard] = f"unexpected {type(error).__name__}: {error}"
                self._refill(waiting, under_way, completed)
        finally:
            self._session.client.cancel(list(under_way))

    def _refill(self, waiting: Iterator[Shard], under_way: dict[Any, Shard], completed: Any) -> None:
        # Not more than there are slots: a shard that waits behind another on a worker is lost with it.
        for _ in range(self._session.slots() - len(under_way)):
            shard = next(waiting, None)
            if shard is None:
                return
            future = self._session.submit(
                _score_shard, self._session.name, shard, self._root, replace(self._options, resume=False)
            )
            under_way[future] = shard
            completed.add(future)

    def _finish(self, shard: Shard, summary: ScoreSummary) -> None:
        if summary.model != self._session.model:
            raise ClusterError(
                f"A worker has the bundle {summary.model}, the others {self._session.model}.",
                remedy="Install the same bundle everywhere.",
            )
        self._done[shard] = summary
        self._ledger.add(shard.source)
        if self._progress is not None:
            read = sum(done.rows_read for done in self._done.values())
            rejected = sum(done.rows_rejected for done in self._done.values())
            fraction = (len(self._done) + len(self._skipped) + len(self._failed)) / len(self._all)
            seconds = time.monotonic() - self._began
            self._progress(ScoreProgress(self._root, read, read - rejected, rejected, fraction, seconds))

    def _check(self) -> None:
        """Look once more whether every file that was reported stands under its name."""
        for shard in self._done:
            if places.size_of(shard.target) is None:
                raise OutputError(
                    f"{shard.target} was written and is gone.", remedy="Resume to write it again."
                )

    def summary(self, seconds: float) -> FolderSummary:
        """Return what became of the files, in their order."""
        return FolderSummary(
            tuple(self._done[shard] for shard in self._all if shard in self._done),
            tuple(
                FailedFile(shard.source, self._failed[shard]) for shard in self._all if shard in self._failed
            ),
            tuple(shard.source for shard in self._skipped),
            seconds,
        )


def _score_shard(name: str, shard: Shard, root: str, options: ScoreOptions) -> ScoreSummary:
    """Score one file on a worker. Whoever comes second, after a worker was lost, writes the same bytes again."""
    scorer = LocalScorer(analyzer_of(name), options.precision)
    with places.work_folder(root) as folder:
        source = places.fetched(shard.source, folder)
        made = folder / Path(shard.target).name
        rejects = folder / f"{made.name}.rejected.jsonl"
        summary = score_with(scorer, source, made, options)
        _count_again(made, summary)
        rejected = f"{shard.target}.rejected.jsonl"
        if rejects.exists():
            places.publish(rejects, rejected)
        else:
            places.remove(rejected)
        places.publish(made, shard.target)
    shown = rejected if summary.rows_rejected else None
    return replace(summary, source=shard.source, target=shard.target, rejected_path=shown)


def _count_again(made: Path, summary: ScoreSummary) -> None:
    """Count the rows that stand in a file, rather than trust what wrote them."""
    counted = count_rows(made)
    if counted != summary.rows_written:
        raise FeedbackError(
            f"{made.name} holds {counted:,} rows where {summary.rows_written:,} were written."
        )
