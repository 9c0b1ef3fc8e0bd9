"""One file through this machine: it reads and writes, the workers analyse."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from feedback_nlp.batch.plan import ScoreOptions
from feedback_nlp.batch.score import score_with
from feedback_nlp.batch.scoring import AnalyzerLike, Texts, score_columns
from feedback_nlp.batch.summary import ProgressCallback, ScoreSummary
from feedback_nlp.distributed.session import Session, analyzer_of, connected
from feedback_nlp.errors import ClusterError

__all__ = ["ClusterScorer", "score_file_on_cluster"]

Carried = TypeVar("Carried")


def score_file_on_cluster(
    source: str | Path,
    target: str | Path,
    *,
    cluster: str,
    analyzer: AnalyzerLike | str | Path | None = None,
    rejected: str | Path | None = None,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> ScoreSummary:
    """Score one file of this machine with the workers of a cluster; the result is that of `score_file`, byte for byte.

    This machine reads and writes the file, so only texts and their columns travel and the workers need not see the
    file. What it can read and write is also the limit of the rate; for more, split the file and use
    `score_files_on_cluster`.

    Parameters
    ----------
    source, target, rejected, progress
        As for `score_file`.
    cluster : str
        Address of a Dask scheduler, or "local" or "local:COUNT".
    analyzer : AnalyzerLike, path of a bundle, or None, default=None
        A path as the workers see it; None is the bundle shipped with their installation.
    **options
        Further options of `score_file` but `workers`.

    Returns
    -------
    ScoreSummary

    Raises
    ------
    ClusterError
        The cluster cannot be used, or a chunk ended every worker that tried it; complete chunks can be resumed.
    """
    settings = ScoreOptions(**options)
    with connected(cluster, analyzer=analyzer) as session:
        scorer = ClusterScorer(session, settings.precision)
        return score_with(scorer, source, target, settings, rejected=rejected, progress=progress)


class ClusterScorer:
    """Scores chunks on a cluster, in order.

    Parameters
    ----------
    session : Session
    precision : float or None, default=None
    """

    def __init__(self, session: Session, precision: float | None = None) -> None:
        self.model = session.model
        self.columns = session.columns
        self._session = session
        self._precision = precision

    def scored(self, chunks: Iterable[tuple[Carried, Texts]]) -> Iterator[tuple[Carried, list[list[str]]]]:
        """Yield each chunk with its fb_ columns; at most two chunks a slot (and two) are under way."""
        under_way: deque[tuple[Carried, Any]] = deque()
        window = 2 * self._session.slots() + 2
        for carried, chunk in chunks:
            under_way.append(
                (carried, self._session.submit(_score_on_worker, self._session.name, chunk, self._precision))
            )
            if len(under_way) >= window:
                done, future = under_way.popleft()
                yield done, _result(future)
        for done, future in under_way:
            yield done, _result(future)

    def close(self) -> None:
        """Do nothing: the session ends by itself."""


def _score_on_worker(name: str, chunk: Texts, precision: float | None) -> list[list[str]]:
    return score_columns(analyzer_of(name), chunk, precision)


def _result(future: Any) -> list[list[str]]:
    from distributed import KilledWorker

    try:
        columns: list[list[str]] = future.result()
    except KilledWorker as error:
        raise ClusterError(
            "A chunk ended every worker that tried it, most likely for lack of memory.",
            remedy="Give the workers more memory and resume.",
        ) from error
    return columns
