"""`feedback-nlp models`: which bundles the service has, and which one answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.cli.options import acting_user, echo_json, json_option, open_store
from feedback_nlp.cli.terminal import printable

if TYPE_CHECKING:
    from feedback_nlp.store import Store
    from feedback_nlp.store.model_values import ModelEntry

__all__ = ["models"]


@click.group(short_help="List, add, activate and roll back the service's bundles.")
def models() -> None:
    """List, add, activate and roll back the bundles of the service. A running service follows within a second.

    \b
    Example:
      feedback-nlp models add my-bundle
      feedback-nlp models activate my-bundle@1.0.0
    """


@models.command("list", short_help="List the bundles.")
@json_option
def list_models(as_json: bool) -> None:
    """List the bundles, newest first; a * stands before the one that is active.

    \b
    Example:
      feedback-nlp models list
    """
    from feedback_nlp.store.bundles import find_bundles

    with open_store() as store:
        rows = [_row(store, entry) for entry in find_bundles(store)]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        mark = "*" if row["active"] else " "
        click.echo(f"{mark} {printable(row['model'])}{'' if row['available'] else '  not available'}")


@models.command(short_help="Take a bundle into the data folder.")
@click.argument("folder", type=click.Path(path_type=Path))
def add(folder: Path) -> None:
    """Copy the bundle in FOLDER into the data folder and print its name; it is not active by that.

    \b
    Example:
      feedback-nlp models add my-bundle
    """
    from feedback_nlp.store.bundles import adopt_bundle

    with open_store() as store:
        entry = adopt_bundle(store, folder, actor=acting_user())
    click.echo(entry.model)


@models.command(short_help="Let a bundle analyse what comes in.")
@click.argument("model")
def activate(model: str) -> None:
    """Let MODEL analyse what comes in from now on, if it loads. Stored feedback keeps its labels.

    \b
    Example:
      feedback-nlp models activate my-bundle@1.0.0
    """
    from feedback_nlp.store.bundles import activate_model

    with open_store() as store:
        entry = activate_model(store, model, actor=acting_user())
    click.echo(f"Active: {entry.model}", err=True)


@models.command(short_help="Activate the bundle before.")
def rollback() -> None:
    """Activate the bundle that was active before the present one.

    \b
    Example:
      feedback-nlp models rollback
    """
    from feedback_nlp.store.bundles import roll_back_model

    with open_store() as store:
        entry = roll_back_model(store, actor=acting_user())
    click.echo(f"Active: {entry.model}", err=True)


def _row(store: Store, entry: ModelEntry) -> dict[str, Any]:
    from feedback_nlp.store.bundles import is_available

    return {
        "model": entry.model,
        "active": entry.active,
        "available": is_available(store, entry),
        "metrics": entry.metrics,
    }
