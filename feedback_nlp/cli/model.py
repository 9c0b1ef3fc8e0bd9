"""`feedback-nlp model`: which bundle this is, and what it is good for."""

from __future__ import annotations

from pathlib import Path

import click

from feedback_nlp.cli.options import bundle_option, echo_json, json_option, settings_with

__all__ = ["model"]


@click.command(short_help="Show the model card and manifest.")
@bundle_option
@json_option
def model(bundle: Path | None, as_json: bool) -> None:
    """Show the model card of a bundle, or with --json its manifest.

    \b
    Example:
      feedback-nlp model --json
    """
    from feedback_nlp.bundle import load_bundle

    loaded = load_bundle(settings_with(bundle=bundle).bundle)
    if as_json:
        echo_json(loaded.manifest)
    else:
        click.echo(f"{loaded.model}\n\n{loaded.card.rstrip()}")
