"""`feedback-nlp corrections`: what people said of texts, as files."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from feedback_nlp.cli.options import echo_json, json_option, open_store
from feedback_nlp.cli.terminal import printable

__all__ = ["corrections"]

#: Rejected rows that are named one by one.
MOST_NAMED = 20
_format = click.option(
    "--format",
    type=click.Choice(("jsonl", "csv")),
    help="Of the file.  [default: by its ending, else jsonl]",
)


@click.group(short_help="Export and import what people corrected.")
def corrections() -> None:
    """Export and import what people corrected, without loss.

    \b
    Example:
      feedback-nlp corrections export -o corrections.jsonl
    """


@corrections.command("export", short_help="Write all corrections to a file.")
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    help='File to write; "-" is standard output.',
    show_default=True,
)
@_format
def export(output: str, format: str | None) -> None:
    """Write all corrections, also those not in force.

    \b
    Example:
      feedback-nlp corrections export -o corrections.csv
    """
    from feedback_nlp.errors import OutputError
    from feedback_nlp.review import write_corrections

    try:
        with (
            open_store() as store,
            click.open_file(output, "w", encoding="utf-8", atomic=output != "-") as target,
        ):
            count = write_corrections(store, target, _format_of(output, format))
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"{count:,} corrections written.", err=True)


@corrections.command("import", short_help="Take corrections from a file.")
@click.argument("file", metavar="FILE")
@_format
@json_option
def import_(file: str, format: str | None, as_json: bool) -> None:
    """Take the corrections of FILE into the store; "-" is standard input. The same file again changes nothing.

    Rows about feedback that is not stored, or about another text, are named and left out.

    \b
    Example:
      feedback-nlp corrections import corrections.csv
    """
    from feedback_nlp.errors import InputError
    from feedback_nlp.review import read_corrections

    try:
        with open_store() as store, _opened(file) as source:
            read = read_corrections(store, source, _format_of(file, format))
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8.", remedy="Save it as UTF-8.") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    if as_json:
        echo_json(read.to_dict())
        return
    click.echo(
        f"{read.added:,} added, {read.unchanged:,} there already, {len(read.rejected):,} refused.", err=True
    )
    for row in read.rejected[:MOST_NAMED]:
        click.echo(f"line {row.line}: {printable(row.reason)}", err=True)


def _opened(file: str) -> IO[str]:
    if file == "-":
        return click.open_file("-", encoding="utf-8")
    return open(file, encoding="utf-8", newline="")


def _format_of(file: str, format: str | None) -> str:
    return format or ("csv" if Path(file).suffix.lower() == ".csv" else "jsonl")
