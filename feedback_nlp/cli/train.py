"""`feedback-nlp train`: a bundle from a recipe."""

from __future__ import annotations

from pathlib import Path

import click

from feedback_nlp.cli.options import echo_json, json_option, settings_with
from feedback_nlp.errors import TrainingDataError

__all__ = ["train"]


@click.command(short_help="Train a model bundle.")
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Which sets, how they map to labels, weights, seed.  [default: the shipped bundle's recipe]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder that holds datasets/ and gold/.  [default: FEEDBACK_TRAINING_DATA]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the bundle goes; replaced only when the new one is complete.",
)
@json_option
def train(recipe: Path | None, data: Path | None, output: Path, as_json: bool) -> None:
    """Train a model bundle; the same recipe, sets and versions give the same bundle.

    \b
    Example:
      feedback-nlp train --recipe my_recipe.toml --data training/ -o my_bundle/
    """
    folder = settings_with(training_data=data).training_data
    if folder is None:
        raise TrainingDataError(
            "No training data was named.",
            remedy="Use --data FOLDER or set FEEDBACK_TRAINING_DATA to the folder with datasets/ and gold/.",
        )

    from feedback_nlp.train import train_bundle

    def progress(stage: str) -> None:
        click.echo(f"feedback-nlp: {stage}", err=True)

    bundle = train_bundle(recipe, folder, output, progress)
    if as_json:
        echo_json(bundle.manifest)
    else:
        click.echo(f"{bundle.model} is in {output}")
