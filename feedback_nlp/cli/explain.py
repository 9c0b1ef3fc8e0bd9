"""`feedback-nlp explain`: one text, its labels, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from feedback_nlp.cli.options import (
    bundle_option,
    echo_json,
    json_option,
    load_analyzer,
    precision_option,
    settings_with,
)
from feedback_nlp.cli.terminal import render_analysis

__all__ = ["explain"]


@click.command(short_help="Analyse one text and show why.")
@click.argument("text")
@click.option("--language", metavar="CODE", help="Language of the text, such as en.  [default: detected]")
@click.option("--rating", type=click.FloatRange(1, 5), help="Stars from 1 to 5 that came with the text.")
@precision_option
@bundle_option
@json_option
def explain(
    text: str,
    language: str | None,
    rating: float | None,
    precision: float | None,
    bundle: Path | None,
    as_json: bool,
) -> None:
    """Analyse TEXT ("-" reads standard input) and show what decided its label.

    \b
    Example:
      feedback-nlp explain "Delivery was quick, but my card was declined twice."
    """
    words = sys.stdin.read().rstrip("\n") if text == "-" else text
    settings = settings_with(bundle=bundle, precision=precision)
    analyzer = load_analyzer(settings.bundle)
    analysis = analyzer.analyze(
        words, language=language, rating=rating, explain=True, precision=settings.precision
    )
    if as_json:
        echo_json(analysis.to_dict())
    else:
        click.echo(render_analysis(words, analysis))
