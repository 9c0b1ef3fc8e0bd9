"""`feedback-nlp train`: a bundle from a recipe, or from a company's own labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from feedback_nlp.cli.options import echo_json, json_option, settings_with
from feedback_nlp.cli.progress import SearchBar
from feedback_nlp.cli.terminal import printable, render_figures
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
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Train on your own labels: a table with a text and a label a row, several joined by |.",
)
@click.option("--text-column", metavar="NAME", help="With --labels: the text.  [default: found by its name]")
@click.option("--label-column", metavar="NAME", help="With --labels: the label.  [default: label]")
@click.option(
    "--task",
    type=click.Choice(["sentiment", "kind", "topics"]),
    help="With --labels: replace the shipped labels of this task; topics may have any names.",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="LABEL=SENTIMENT",
    help="With --labels: the sentiment that a label stands for; once for each label.",
)
@click.option(
    "--search",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="With --labels: look so long for better settings than the default ones.",
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
@click.pass_context
def train(
    ctx: click.Context,
    recipe: Path | None,
    data: Path | None,
    labels: Path | None,
    text_column: str | None,
    label_column: str | None,
    task: str | None,
    mapping: tuple[str, ...],
    search: float | None,
    output: Path,
    as_json: bool,
) -> None:
    """Train a model bundle; the same recipe, sets and versions give the same bundle.

    With --labels, a company's own labels are learned beside what the shipped bundle says: at least two labels with 8
    examples each. Figures of a five-fold cross-validation are printed, and kept in the model card.

    \b
    Examples:
      feedback-nlp train --labels my.csv --text-column text --label-column label -o my_bundle/
      feedback-nlp train --labels my.csv --map angry=negative --map fine=neutral --map glad=positive -o my_bundle/
      feedback-nlp train --recipe my_recipe.toml --data training/ -o my_bundle/
    """
    if labels is not None:
        if recipe is not None or data is not None:
            raise click.UsageError("--labels goes without --recipe and --data.", ctx)
        options = {
            "text_column": text_column,
            "label_column": label_column or "label",
            "task": task,
            "mapping": _parse_mapping(ctx, mapping),
            "search_minutes": search or 0.0,
        }
        _train_own(labels, output, options, as_json=as_json)
        return
    if any(option not in (None, ()) for option in (text_column, label_column, task, mapping, search)):
        raise click.UsageError(
            "--text-column, --label-column, --task, --map and --search need --labels FILE.", ctx
        )
    folder = settings_with(training_data=data).training_data
    if folder is None:
        raise TrainingDataError(
            "No training data was named.",
            remedy="Use --data FOLDER or set FEEDBACK_TRAINING_DATA to the folder with datasets/ and gold/.",
        )

    from feedback_nlp.train import train_bundle

    bundle = train_bundle(recipe, folder, output, _progress)
    if as_json:
        echo_json(bundle.manifest)
    else:
        click.echo(f"{bundle.model} is in {output}")


def _progress(stage: str) -> None:
    click.echo(f"feedback-nlp: {stage}", err=True)


def _parse_mapping(ctx: click.Context, pairs: tuple[str, ...]) -> dict[str, str] | None:
    """Return sentiment by label; a label may hold "=", a sentiment does not."""
    out = {}
    for pair in pairs:
        label, equals, sentiment = pair.rpartition("=")
        if not equals:
            raise click.UsageError(f"--map {pair!r} is not of the form LABEL=SENTIMENT.", ctx)
        out[label.strip()] = sentiment.strip()
    return out or None


def _train_own(labels: Path, output: Path, options: dict[str, Any], *, as_json: bool) -> None:
    from feedback_nlp.train_own import train_own_labels

    with SearchBar() as bar:
        bundle = train_own_labels(labels, output, **options, progress=_progress, on_search=bar.show)
    if as_json:
        echo_json(bundle.manifest)
    else:
        click.echo("\n".join(_own_lines(bundle.manifest["metrics"]["own_labels"])))
        click.echo(f"{bundle.model} is in {output}")


def _own_lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yield figures, then each table of them a row a line."""
    yield "Measured in five-fold cross-validation"
    yield from render_figures({name: value for name, value in metrics.items() if not isinstance(value, list)})
    for name, rows in metrics.items():
        if isinstance(rows, list):
            yield name
            yield from (_row(row) for row in rows)
            yield from [] if rows else ["  none"]


def _row(row: Mapping[str, Any]) -> str:
    return "  " + ", ".join(f"{name} {printable(str(value))}" for name, value in row.items())
