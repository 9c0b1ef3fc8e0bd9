"""`feedback-nlp report`: from a file of feedback to a report for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from feedback_nlp.cli.options import bundle_option, open_store, settings_with
from feedback_nlp.cli.progress import ProgressBar
from feedback_nlp.collector import collector_held

if TYPE_CHECKING:
    from feedback_nlp.report import ReportOptions, ScoredRow, Summary
    from feedback_nlp.settings import Settings

__all__ = ["report"]


@click.command(short_help="Write a report of scored or raw feedback.")
@click.argument("source", metavar="IN", required=False)
@click.option("--store", "from_store", is_flag=True, help="Report on the stored feedback instead of a file.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="First day of the stored feedback that is looked at (UTC).  [default: the first there is]",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="OUT.html", help="HTML file to write."
)
@click.option("--pdf", type=click.Path(path_type=Path), metavar="FILE", help='PDF to write (extra "pdf").')
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="JSON to write.")
@click.option("--md", type=click.Path(path_type=Path), metavar="FILE", help="Markdown to write.")
@click.option("--title", metavar="TEXT", default="Customer feedback", show_default=True)
@click.option(
    "--days",
    type=click.IntRange(1),
    metavar="COUNT",
    help="Length of the last period and of the one before it.  [default: 7, 28 or 91, by how many texts there are]",
)
@click.option(
    "--quotes", type=click.IntRange(0, 20), default=3, show_default=True, help="Most quotes a topic."
)
@click.option("--text-column", metavar="NAME", help="Column with the text.  [default: found by its name]")
@click.option("--date-column", metavar="NAME", help="Column with the date.  [default: found by its name]")
@bundle_option
@click.pass_context
def report(
    ctx: click.Context,
    /,
    source: str | None,
    from_store: bool,
    since: datetime | None,
    output: Path | None,
    pdf: Path | None,
    json_file: Path | None,
    md: Path | None,
    title: str,
    days: int | None,
    quotes: int,
    text_column: str | None,
    date_column: str | None,
    bundle: Path | None,
) -> None:
    """Report on IN, a scored file or one that is scored first, or on the store: how customers feel, and about what.

    OUT.html is one file that opens anywhere, without a network. Every figure has an interval, and a change is claimed
    only where it is more than chance.

    \b
    Examples:
      feedback-nlp report scored.csv -o report.html
      feedback-nlp report export.csv -o report.html --json report.json --md report.md
      feedback-nlp report --store --since 2026-08-01 -o report.html
    """
    from feedback_nlp.report import build_summary
    from feedback_nlp.report.files import write_reports

    targets = {"html": output, "pdf": pdf, "json": json_file, "md": md}
    if not any(targets.values()):
        raise click.UsageError("Name at least one file to write: -o, --pdf, --json or --md.", ctx)
    if (source is None) is not from_store:
        raise click.UsageError("Name a file to report on, or --store; not both.", ctx)
    settings = settings_with(bundle=bundle)
    mapping = {"text": text_column, "created_at": date_column}
    with collector_held():
        read = _stored(since) if source is None else _filed(source, mapping, settings)
        options = _options(
            settings, title=title, source=read.name, model=read.model, days=days, quotes=quotes
        )
        summary = build_summary(read.rows, options, rejected=read.rejected)
    written = write_reports(summary, {kind: path for kind, path in targets.items() if path})
    _tell(summary, [*written], read.warnings)


class _Read(NamedTuple):
    """Rows, and what is known of where they come from."""

    rows: list[ScoredRow]
    name: str
    model: str
    rejected: int = 0
    warnings: Sequence[str] = ()


def _filed(source: str, mapping: dict[str, str | None], settings: Settings) -> _Read:
    from feedback_nlp.report import ScoredFile

    with ProgressBar() as bar:
        file = ScoredFile(
            source,
            mapping={field: name for field, name in mapping.items() if name},
            analyzer=settings.bundle,
            progress=bar.show,
        )
        rows = list(file)
    return _Read(rows, Path(source).name, file.model, file.rejected, file.warnings)


def _stored(since: datetime | None) -> _Read:
    from feedback_nlp.report.stored import StoredRows
    from feedback_nlp.store.values import Filters

    with open_store() as store:
        stored = StoredRows(store, Filters(since=since.replace(tzinfo=UTC) if since else None))
        rows = list(stored)
    return _Read(rows, "stored feedback", stored.model)


def _options(settings: Settings, **given: Any) -> ReportOptions:
    """Return the options of a report whose quotes are masked as the settings say."""
    from feedback_nlp.redact import Redactor
    from feedback_nlp.report import ReportOptions

    redactor = Redactor.from_words(regions=settings.mask_regions, numbers=settings.mask_numbers)
    return ReportOptions(mask=lambda text: redactor.mask(text).text, **given)


def _tell(summary: Summary, written: list[Path], warnings: Sequence[str]) -> None:
    from feedback_nlp.cli.terminal import printable
    from feedback_nlp.report.wording import headlines

    for line in [*headlines(summary), *summary.notes, *warnings]:
        click.echo(printable(line), err=True)
    click.echo("written: " + ", ".join(map(str, written)), err=True)
