"""The kind "score": an upload becomes a scored file in the same format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from feedback_nlp.batch.plan import ScoreOptions
from feedback_nlp.batch.score import score_with
from feedback_nlp.batch.scoring import Scorer, build_scorer
from feedback_nlp.batch.summary import ScoreProgress, ScoreSummary
from feedback_nlp.batch.target import progress_path
from feedback_nlp.errors import InputError, ResumeError
from feedback_nlp.ingest.source import split_ending
from feedback_nlp.jobs.files import REJECTED, RESULT, UPLOAD
from feedback_nlp.jobs.keeping import KeepingScorer
from feedback_nlp.jobs.run import JobRun
from feedback_nlp.jobs.upload import UploadOptions, open_upload
from feedback_nlp.jobs.workbook import write_workbook

__all__ = ["score_upload"]

SUMMARY = ".summary.json"
WORKING = "working.jsonl"
#: Rows that a killed worker loses the work on, at most; also how often a job can be stopped.
CHUNK_ROWS = 1024


def score_upload(run: JobRun) -> dict[str, Any]:
    """Score the upload of a job, or go on where the worker before was stopped.

    Rows are appended to a partial file and each chunk is noted in a journal beside it, so that whoever comes next
    goes on behind the last complete chunk: no row is lost and none comes twice.

    Returns
    -------
    dict
        Counts by status and sentiment, model and warnings.
    """
    summary_path = run.folder / SUMMARY
    if summary_path.exists():  # all was written; only the word of it was lost
        summary: dict[str, Any] = json.loads(summary_path.read_text(encoding="utf-8"))
        run.progress(
            read=summary["rows_read"],
            scored=summary["rows_scored"],
            rejected=summary["rows_rejected"],
            fraction=1.0,
        )
        return summary
    upload = run.files.upload(run.job.id)
    if upload is None:
        raise InputError("The uploaded file is gone.", remedy="Send it again.")
    summary = _result_of(_score(run, upload, UploadOptions(**run.job.options)))
    scratch = run.folder / f"{SUMMARY}.partial"
    scratch.write_text(json.dumps(summary), encoding="utf-8")
    scratch.replace(summary_path)
    return summary


def _score(run: JobRun, upload: Path, options: UploadOptions) -> ScoreSummary:
    ending = upload.name.removeprefix(UPLOAD)
    is_workbook = split_ending(upload)[0] == "xlsx"
    target = run.folder / (WORKING if is_workbook else f"{RESULT}{ending}")
    scorer = _build_scorer(run, upload, options)
    try:
        summary = _scored(run, scorer, upload, target, options)
    finally:
        scorer.close()
    if is_workbook:
        result = run.folder / f"{RESULT}.xlsx"
        write_workbook(upload, target, result, scorer.columns, spreadsheet_safe=options.spreadsheet_safe)
    return summary


def _build_scorer(run: JobRun, upload: Path, options: UploadOptions) -> Scorer:
    analyzer = run.analyzer()
    if not options.store:
        return build_scorer(analyzer, precision=options.precision)
    return KeepingScorer(
        analyzer,
        run.store,
        run.job.id,
        open_upload(upload, options),
        precision=options.precision,
        masked=run.redactor is not None,
    )


def _scored(run: JobRun, scorer: Scorer, upload: Path, target: Path, options: UploadOptions) -> ScoreSummary:
    chosen = ScoreOptions(
        text_column=options.mapping.get("text"),
        rating_column=options.mapping.get("rating"),
        encoding=options.encoding,
        delimiter=options.delimiter,
        chunk_rows=CHUNK_ROWS,
        spreadsheet_safe=options.spreadsheet_safe,
        precision=options.precision,
        resume=progress_path(target).exists(),
        redactor=run.redactor,
        source_name="The upload",
    )

    def report(progress: ScoreProgress) -> None:
        run.progress(
            read=progress.rows_read,
            scored=progress.rows_written,
            rejected=progress.rows_rejected,
            fraction=progress.fraction,
        )

    rejected = run.folder / REJECTED
    try:
        return score_with(scorer, upload, target, chosen, rejected=rejected, progress=report)
    except ResumeError:  # another model since: one file is not scored by two
        chosen = replace(chosen, resume=False)
        return score_with(scorer, upload, target, chosen, rejected=rejected, progress=report)


def _result_of(summary: ScoreSummary) -> dict[str, Any]:
    return {
        "rows_read": summary.rows_read,
        "rows_scored": summary.rows_written,
        "rows_rejected": summary.rows_rejected,
        "by_status": summary.by_status,
        "by_sentiment": summary.by_sentiment,
        "model": summary.model,
        "warnings": list(summary.warnings),
    }
