"""`feedback-nlp preview`: what a file would become, before it is scored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedback_nlp.cli.options import (
    bundle_option,
    echo_json,
    json_option,
    load_analyzer,
    precision_option,
    settings_with,
)
from feedback_nlp.cli.redactor import build_redactor
from feedback_nlp.cli.terminal import printable

if TYPE_CHECKING:
    from feedback_nlp.jobs.preview import Preview

__all__ = ["preview"]

_SHOWN = 60


@click.command(short_help="Show how a file would be read.")
@click.argument("source", metavar="FILE")
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Take a field (text, id, created_at, channel, product, rating, customer_ref) from a column. May be given "
    "several times.",
)
@precision_option
@bundle_option
@json_option
def preview(
    source: str, pairs: tuple[str, ...], precision: float | None, bundle: Path | None, as_json: bool
) -> None:
    """Show which columns of FILE are taken for what, and its first ten rows scored.

    Exports of Zendesk, Typeform, SurveyMonkey, Google Play, App Store, Trustpilot and Intercom are recognised.

    \b
    Example:
      feedback-nlp preview data/sample_feedback.csv
    """
    from feedback_nlp.jobs.preview import preview_file
    from feedback_nlp.jobs.upload import UploadOptions

    mapping = dict(_pair(pair) for pair in pairs)
    settings = settings_with(bundle=bundle, precision=precision)
    options = UploadOptions(mapping=mapping, precision=settings.precision)
    seen = preview_file(source, load_analyzer(settings.bundle), options, redactor=build_redactor(settings))
    if as_json:
        echo_json(seen.to_dict())
    else:
        click.echo("\n".join(_lines(seen)))


def _pair(given: str) -> tuple[str, str]:
    field, equals, column = given.partition("=")
    if not equals:
        raise click.BadParameter(f"{given!r} has no '='; write FIELD=COLUMN.", param_hint="--map")
    return field.strip(), column


def _lines(seen: Preview) -> Iterator[str]:
    for field, column in seen.mapping.items():
        yield f"{field:<14}{printable(column)}"
    for field in seen.missing:
        yield f"{field:<14}-"
    yield ""
    for row in seen.rows:
        text = printable(row["text"])
        shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
        sentiment = row["analysis"]["sentiment"]
        label = sentiment["label"] if sentiment else row["analysis"]["status"]
        yield f"  {label:<22}{shown}"
    yield from (f"rejected: line {row['line']}: {row['reason']}" for row in seen.rejected)
    yield from (f"warning: {printable(warning)}" for warning in seen.warnings)
