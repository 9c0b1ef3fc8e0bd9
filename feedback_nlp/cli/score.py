"""`feedback-nlp score`: files in, scored files out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from feedback_nlp.cli.options import (
    bundle_option,
    echo_json,
    json_option,
    precision_option,
    settings_with,
)
from feedback_nlp.cli.progress import ProgressBar
from feedback_nlp.cli.redactor import build_redactor
from feedback_nlp.errors import InputError

if TYPE_CHECKING:
    from feedback_nlp.batch import FolderSummary, ScoreSummary

__all__ = ["score"]

STANDARD_STREAM = "-"


@click.command(short_help="Score files of feedback.")
@click.argument("sources", nargs=-1, required=True, metavar="IN...")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help='File to write, its kind by its ending; "-" for standard output; a folder for several inputs.',
)
@click.option("--text-column", metavar="NAME", help="Column with the text.  [default: found by its name]")
@click.option("--rating-column", metavar="NAME", help="Column with stars.  [default: found by its name]")
@click.option("--language-column", metavar="NAME", help="Column with language codes to be trusted.")
@click.option(
    "--encoding", metavar="NAME", help="Encoding of CSV and JSONL, such as cp1252.  [default: guessed]"
)
@click.option("--delimiter", metavar="CHAR", help='Delimiter of CSV, such as ";".  [default: guessed]')
@click.option(
    "--rejected",
    metavar="FILE",
    help="Where rows go that cannot be read, with line and reason.  [default: OUT.rejected.jsonl]",
)
@click.option(
    "--workers", type=click.IntRange(1), metavar="COUNT", default=1, show_default=True, help="Processes."
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help='Dask scheduler whose workers score, such as tcp://10.0.0.7:8786; "local" or "local:COUNT" to try it here.',
)
@click.option("--resume", is_flag=True, help="Go on where an interrupted run with the same OUT stopped.")
@click.option(
    "--spreadsheet-safe",
    is_flag=True,
    help="Put ' before cells that begin with = + - @, which spreadsheets would run.",
)
@click.option(
    "--mask/--no-mask",
    default=None,
    help="Mask e-mail addresses, phone, card and order numbers and the like in the texts.  "
    "[default: FEEDBACK_MASK, or no]",
)
@precision_option
@bundle_option
@json_option
@click.pass_context
def score(
    ctx: click.Context,
    /,
    sources: tuple[str, ...],
    output: str,
    rejected: str | None,
    precision: float | None,
    bundle: Path | None,
    mask: bool | None,
    as_json: bool,
    workers: int,
    cluster: str | None,
    **options: Any,
) -> None:
    """Score feedback in IN: CSV, JSONL, Parquet or XLSX by the ending, "-" for standard input.

    Each row comes out once, in order, with its own columns untouched and the fb_ columns added. Several files, a
    folder or a quoted pattern are scored into the folder OUT. Counts go to standard error, with --json to standard
    output.

    \b
    Examples:
      feedback-nlp score export.csv -o scored.csv
      feedback-nlp score survey.xlsx -o scored.parquet --text-column comment
      feedback-nlp score "exports/*.csv" -o scored/ --workers 2
      feedback-nlp score "s3://bucket/in/*.parquet" -o s3://bucket/out/ --cluster tcp://10.0.0.7:8786
    """
    if as_json and output == STANDARD_STREAM:
        raise click.UsageError("With --json, standard output is taken: name a file with -o.", ctx)
    settings = settings_with(bundle=bundle, precision=precision, mask=mask)
    options |= {
        "analyzer": settings.bundle,
        "precision": settings.precision,
        "redactor": build_redactor(settings),
    }
    score_file, score_files = _scorers(ctx, [*sources, output], workers, cluster)
    if not _wants_folder(sources, output):
        with ProgressBar() as bar:
            summary = score_file(sources[0], output, rejected=rejected, progress=bar.show, **options)
        _report(summary, as_json=as_json)
        return
    if rejected is not None:
        raise click.UsageError("With several inputs, each has its own rejected rows beside its output.", ctx)
    with ProgressBar() as bar:
        summaries = score_files(sources, output, progress=bar.show, **options)
    _report_folder(summaries, as_json=as_json)


def _scorers(
    ctx: click.Context, places: Sequence[str], workers: int, cluster: str | None
) -> tuple[Callable[..., ScoreSummary], Callable[..., FolderSummary]]:
    """Return what scores one file and what scores many: processes here, or the workers of a cluster."""
    if cluster is None:
        from feedback_nlp.batch import score_file, score_files

        if far := next(filter(_is_address, places), None):
            raise click.UsageError(
                f"{far} is read and written with --cluster only ('local' to run it here).", ctx
            )
        return partial(score_file, workers=workers), partial(score_files, workers=workers)
    if ctx.get_parameter_source("workers") is not ParameterSource.DEFAULT:
        raise click.UsageError(
            "A cluster has its own workers: leave --workers out, or use --cluster local:COUNT.", ctx
        )
    from feedback_nlp.distributed import score_file_on_cluster, score_files_on_cluster

    return partial(score_file_on_cluster, cluster=cluster), partial(score_files_on_cluster, cluster=cluster)


def _is_address(place: str) -> bool:
    return "://" in place


def _wants_folder(sources: Sequence[str], output: str) -> bool:
    if len(sources) > 1 or output.endswith(("/", os.sep)) or Path(output).is_dir():
        return True
    if any(map(_is_address, [*sources, output])):
        return True
    is_pattern = any(mark in sources[0] for mark in "*?[") and not Path(sources[0]).exists()
    return is_pattern or Path(sources[0]).is_dir()


def _report(summary: ScoreSummary, *, as_json: bool) -> None:
    if as_json:
        echo_json(asdict(summary))
    else:
        click.echo("\n".join(_lines(summary)), err=True)


def _report_folder(summary: FolderSummary, *, as_json: bool) -> None:
    """Print what became of each file; files that failed are an error once all others are done."""
    if as_json:
        echo_json(asdict(summary))
    else:
        for file in summary.files:
            click.echo("\n".join(_lines(file)), err=True)
        for source in summary.skipped:
            click.echo(f"{source}: done by the interrupted run", err=True)
    if summary.failed:
        for failure in summary.failed:
            click.echo(f"{failure.source}: {failure.error}", err=True)
        count = len(summary.files) + len(summary.skipped) + len(summary.failed)
        raise InputError(f"{len(summary.failed)} of {count} files could not be scored (see above).")


def _lines(summary: ScoreSummary) -> list[str]:
    counts = f"{summary.rows_read:,} rows read, {summary.rows_written:,} written, {summary.rows_rejected:,} rejected"
    lines = [f"{summary.source} -> {summary.target}: {counts} in {summary.seconds:.1f} s"]
    lines += [f"  status     {_counted(summary.by_status)}"] if summary.by_status else []
    lines += [f"  sentiment  {_counted(summary.by_sentiment)}"] if summary.by_sentiment else []
    lines += [f"  rejected rows are in {summary.rejected_path}"] if summary.rejected_path else []
    return lines + [f"  note: {warning}" for warning in summary.warnings]


def _counted(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {count:,}" for name, count in ordered)
