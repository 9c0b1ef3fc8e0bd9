"""What scoring reports: while it runs, at the end of a file, at the end of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["FailedFile", "FolderSummary", "ProgressCallback", "ScoreProgress", "ScoreSummary", "Tally"]


@dataclass(frozen=True, slots=True)
class ScoreProgress:
    """How far a file is.

    Parameters
    ----------
    source : str
        The file's name.
    rows_read, rows_written, rows_rejected : int
        Rows so far; read = written + rejected.
    fraction : float or None
        Share of the input behind these rows, in [0, 1]; None where its size is unknown.
    seconds : float
        Since this run began.
    """

    source: str
    rows_read: int
    rows_written: int
    rows_rejected: int
    fraction: float | None
    seconds: float


ProgressCallback = Callable[[ScoreProgress], None]


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What became of a file.

    Parameters
    ----------
    source, target : str
    rows_read, rows_written, rows_rejected : int
        rows_read = rows_written + rows_rejected.
    by_status : dict of str to int
        Rows by fb_status.
    by_sentiment : dict of str to int
        Rows by fb_sentiment, those with status ok.
    seconds : float
    model : str
        As in fb_model.
    rejected_path : str or None
        Where the rejected rows were written; None if there are none or nowhere to write them.
    warnings : tuple of str
        Sentences for people: what was guessed, what looks odd.
    """

    source: str
    target: str
    rows_read: int
    rows_written: int
    rows_rejected: int
    by_status: dict[str, int]
    by_sentiment: dict[str, int]
    seconds: float
    model: str
    rejected_path: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file of many that could not be scored, and why."""

    source: str
    error: str


@dataclass(frozen=True, slots=True)
class FolderSummary:
    """What became of many files.

    Parameters
    ----------
    files : tuple of ScoreSummary
        Those that were scored, in order.
    failed : tuple of FailedFile
        Those that were not; they cost the others nothing.
    skipped : tuple of str
        Those that an interrupted run had finished already.
    seconds : float
    """

    files: tuple[ScoreSummary, ...]
    failed: tuple[FailedFile, ...]
    skipped: tuple[str, ...]
    seconds: float


@dataclass(slots=True)
class Tally:
    """The counts of a run, as they go into its journal."""

    chunks: int = 0
    written: int = 0
    rejected: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_sentiment: Counter[str] = field(default_factory=Counter)

    def add(self, scored: list[list[str]], rejected: int) -> None:
        """Count a chunk: its fb_ columns and how many rows beside them were rejected."""
        self.chunks += 1
        self.written += len(scored[0])
        self.rejected += rejected
        self.by_status.update(scored[0])
        self.by_sentiment.update(scored[2])
        del self.by_sentiment[""]
