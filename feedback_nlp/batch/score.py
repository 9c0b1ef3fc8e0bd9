"""One file in, one scored file out: one row a row, in order, in constant memory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from feedback_nlp.batch.columnar import ParquetWriter
from feedback_nlp.batch.journal import Journal, tally_of
from feedback_nlp.batch.plan import Plan, ScoreOptions
from feedback_nlp.batch.scoring import AnalyzerLike, Scorer, Texts, build_scorer
from feedback_nlp.batch.summary import ProgressCallback, ScoreProgress, ScoreSummary, Tally
from feedback_nlp.batch.target import PartialFile, StreamTarget, is_stream, progress_path
from feedback_nlp.errors import InputError, OutputError
from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS, Chunk
from feedback_nlp.ingest.source import FileFormat
from feedback_nlp.records import RejectedRow
from feedback_nlp.redact import Redactor

__all__ = ["score_file", "score_with"]

_SHOWN_REJECTS = 3


def score_file(
    source: str | Path,
    target: str | Path,
    *,
    analyzer: AnalyzerLike | str | Path | None = None,
    text_column: str | None = None,
    rating_column: str | None = None,
    language_column: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    source_format: FileFormat | None = None,
    target_format: FileFormat | None = None,
    rejected: str | Path | None = None,
    workers: int = 1,
    chunk_rows: int = DEFAULT_CHUNK_ROWS,
    resume: bool = False,
    progress: ProgressCallback | None = None,
    spreadsheet_safe: bool = False,
    precision: float | None = None,
    redactor: Redactor | None = None,
) -> ScoreSummary:
    """Score a file: each row comes out once, in order, its own columns untouched, the fb_ columns behind them.

    The target appears under its name only when it is complete; whatever ends the run before leaves what was there
    as it was. Rows that cannot be read go to `rejected`: rows in = rows out + rejected.

    Parameters
    ----------
    source : str or Path
        CSV, TSV, JSON Lines, Parquet or XLSX by its ending; text formats also .gz, .bz2, .xz or .zst; "-" for
        standard input.
    target : str or Path
        CSV, TSV, JSON Lines (also compressed) or Parquet by its ending; "-" for standard output. May be the source.
        CSV keeps the delimiter of a CSV source unless the ending is .tsv.
    analyzer : Analyzer, path of a bundle, or None, default=None
        None is the shipped bundle.
    text_column : str or None, default=None
        Looked for under its usual names if None.
    rating_column : str or None, default=None
        Stars from 1 to 5, for the flag rating_text_mismatch; looked for under its usual names if None.
    language_column : str or None, default=None
        Language codes to be trusted; without it each text's language is found out.
    encoding, delimiter, source_format : str or None, default=None
        Guessed if None.
    target_format : {"csv", "jsonl", "parquet"} or None, default=None
        Instead of the target's ending; standard output without it gets JSON Lines for JSON Lines, else CSV.
    rejected : str or Path or None, default=None
        TARGET.rejected.jsonl if None. Written only if there are rejected rows; else an older one is removed.
    workers : int, default=1
        Processes that score. The output is the same, byte for byte, for any number.
    chunk_rows : int, default=4096
        Rows that are scored, written and recorded together.
    resume : bool, default=False
        Go on behind the last complete chunk of an interrupted run with the same source, target and settings.
    progress : callable or None, default=None
        Called with a ScoreProgress after each chunk.
    spreadsheet_safe : bool, default=False
        Neutralise cells that spreadsheets would run as formulas (CSV only); plain numbers such as -5 stay.
    precision : float or None, default=None
        Wanted precision in (0, 1) that decides fb_uncertain; the bundle's if None.
    redactor : Redactor or None, default=None
        Masks personal data in the text column and in rejected rows before they are scored and written; other
        columns stay as they are.

    Returns
    -------
    ScoreSummary

    Raises
    ------
    MissingColumnError
        The text column, or another named one, is not there.
    UnreadableFileError
        The source cannot be read to its end, or changed meanwhile.
    UnsupportedFormatError
        No reader or writer for an ending.
    OutputError
        The target cannot be written.
    BundleError
        The bundle cannot be used.

    Examples
    --------
    >>> from feedback_nlp import score_file
    >>> summary = score_file("data/sample_feedback.csv", "scored.csv")  # doctest: +SKIP
    >>> summary.rows_read == summary.rows_written + summary.rows_rejected  # doctest: +SKIP
    True
    """
    options = ScoreOptions(
        text_column=text_column,
        rating_column=rating_column,
        language_column=language_column,
        encoding=encoding,
        delimiter=delimiter,
        source_format=source_format,
        target_format=target_format,
        chunk_rows=chunk_rows,
        resume=resume,
        spreadsheet_safe=spreadsheet_safe,
        precision=precision,
        redactor=redactor,
    )
    scorer = build_scorer(analyzer, workers=workers, precision=precision)
    try:
        return score_with(scorer, source, target, options, rejected=rejected, progress=progress)
    finally:
        scorer.close()


def score_with(
    scorer: Scorer,
    source: str | Path,
    target: str | Path,
    options: ScoreOptions,
    *,
    rejected: str | Path | None = None,
    progress: ProgressCallback | None = None,
) -> ScoreSummary:
    """Score a file as `score_file` does, with a scorer that is ready and stays open."""
    run = _Run(scorer, Plan(source, target, options, scorer.columns), target, progress)
    return run.to_stream(rejected) if is_stream(target) else run.to_file(rejected, resume=options.resume)


class _Run:
    """One file on its way."""

    def __init__(
        self, scorer: Scorer, plan: Plan, target: str | Path, progress: ProgressCallback | None
    ) -> None:
        self._began = time.monotonic()
        self._scorer = scorer
        self._plan = plan
        self._target = target
        self._progress = progress
        self._tally = Tally()

    def to_file(self, rejected: str | Path | None, *, resume: bool) -> ScoreSummary:
        """Write beside the target and put the result in place at the end."""
        target = PartialFile(self._target)
        rejects = PartialFile(rejected or f"{self._target}.rejected.jsonl")
        journal = Journal(progress_path(target.path), self._plan.identity(self._scorer.model))
        _check_apart(self._plan, target, rejects)
        self._begin(target, rejects, journal, resume=resume)
        try:
            for chunk, scored in self._scored():
                target.write(self._plan.writer.encode(chunk, scored))
                if chunk.rejected:
                    rejects.write(_reject_lines(chunk.rejected))
                self._tally.add(scored, len(chunk.rejected))
                self._record(journal, target, rejects)
                self._report(chunk)
            self._plan.source.check_unchanged()
            self._finish(target, rejects)
        except BaseException as error:
            # Complete chunks stay for a later run to resume from, unless the input itself was at fault.
            keep = self._tally.chunks and not self._plan.source.is_stdin and not isinstance(error, InputError)
            for part in (target, rejects, journal):
                if keep:
                    part.close()
                else:
                    part.discard()
            raise
        journal.discard()
        return self._summary(str(rejects.path) if self._tally.rejected else None)

    def _begin(self, target: PartialFile, rejects: PartialFile, journal: Journal, *, resume: bool) -> None:
        """Go on where an interrupted run stopped, or start with the header."""
        last = journal.read() if resume else None
        if resume and last is None:
            self._plan.warnings.append("There was no interrupted run to resume; all rows were scored.")
        if last is not None:
            if target.reopen(last["size"], last["checksum"]) and rejects.reopen(
                last["rejects_size"], last["rejects_checksum"]
            ):
                self._tally = tally_of(last)
                journal.begin(resumed=True)
                return
            target.close()
            self._plan.warnings.append("The interrupted run's output is damaged; all rows were scored again.")
        target.open()
        rejects.discard()
        journal.begin(resumed=False)
        target.write(self._plan.writer.header())

    def _record(self, journal: Journal, target: PartialFile, rejects: PartialFile) -> None:
        if not self._plan.source.is_stdin:
            journal.record(
                self._tally,
                size=target.size,
                checksum=target.checksum,
                rejects_size=rejects.size,
                rejects_checksum=rejects.checksum,
            )

    def _finish(self, target: PartialFile, rejects: PartialFile) -> None:
        if self._tally.rejected:
            rejects.finish()
        writer = self._plan.writer
        target.finish(writer.transcode if isinstance(writer, ParquetWriter) else None)
        if not self._tally.rejected:
            rejects.discard()
            rejects.path.unlink(missing_ok=True)  # it would speak of another run

    def to_stream(self, rejected: str | Path | None) -> ScoreSummary:
        """Write as rows are scored."""
        target = StreamTarget(self._target)
        rejects = PartialFile(rejected) if rejected else None
        shown: list[RejectedRow] = []
        try:
            target.write(self._plan.writer.header())
            for chunk, scored in self._scored():
                target.write(self._plan.writer.encode(chunk, scored))
                shown += chunk.rejected[: _SHOWN_REJECTS - len(shown)]
                if rejects and chunk.rejected:
                    rejects.write(_reject_lines(chunk.rejected))
                self._tally.add(scored, len(chunk.rejected))
                self._report(chunk)
            if rejects and self._tally.rejected:
                rejects.finish()
        finally:
            target.close()
            if rejects:
                rejects.discard()
        if not rejects:
            self._plan.warnings.extend(f"Rejected: line {row.line}: {row.reason}" for row in shown)
        return self._summary(str(rejects.path) if rejects and self._tally.rejected else None)

    def _scored(self) -> Iterator[tuple[Chunk, list[list[str]]]]:
        return self._scorer.scored(self._chunks())

    def _chunks(self) -> Iterator[tuple[Chunk, Texts]]:
        """Yield the chunks that are still to be scored."""
        done = self._tally.chunks
        chunks: Iterator[Chunk] = self._plan.table.chunks()
        for number, chunk in enumerate(chunks):
            if number >= done:
                masked = self._plan.masked(chunk)
                yield masked, self._plan.texts_of(masked)

    def _report(self, chunk: Chunk) -> None:
        if self._progress is not None:
            tally = self._tally
            read = tally.written + tally.rejected
            seconds = time.monotonic() - self._began
            self._progress(
                ScoreProgress(
                    self._plan.source.name, read, tally.written, tally.rejected, chunk.fraction, seconds
                )
            )

    def _summary(self, rejected_path: str | None) -> ScoreSummary:
        tally = self._tally
        return ScoreSummary(
            source=self._plan.source.name,
            target=str(self._target),
            rows_read=tally.written + tally.rejected,
            rows_written=tally.written,
            rows_rejected=tally.rejected,
            by_status=dict(sorted(tally.by_status.items())),
            by_sentiment=dict(sorted(tally.by_sentiment.items())),
            seconds=time.monotonic() - self._began,
            model=self._scorer.model,
            rejected_path=rejected_path,
            warnings=tuple(self._plan.warnings),
        )


def _check_apart(plan: Plan, target: PartialFile, rejects: PartialFile) -> None:
    """Refuse to let the rejected rows overwrite the source or the target."""
    source = plan.source.path.resolve() if plan.source.path else None
    if rejects.path in (target.path, source):
        raise OutputError(
            f"The rejected rows would replace {rejects.path}.", remedy="Name another file for them."
        )
    if not rejects.path.parent.is_dir():
        raise OutputError(
            f"{rejects.path} cannot be written: its folder is missing.", remedy="Create the folder first."
        )


def _reject_lines(rejected: list[RejectedRow]) -> bytes:
    rows = ({"line": row.line, "reason": row.reason, "raw": row.raw} for row in rejected)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "replace")
