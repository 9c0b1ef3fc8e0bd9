"""`feedback-nlp retrain`: a candidate bundle from what people corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from feedback_nlp.cli.options import acting_user, echo_json, json_option, open_store
from feedback_nlp.cli.terminal import printable

if TYPE_CHECKING:
    from feedback_nlp.review.learning import Retrained

__all__ = ["retrain"]


@click.command(short_help="Learn from corrections.")
@click.option("--activate-if-better", is_flag=True, help="Activate it if it is better beyond noise.")
@json_option
def retrain(activate_if_better: bool, as_json: bool) -> None:
    """Make a candidate bundle from the one in use and all corrections, and compare the two.

    It is judged on corrections that neither saw and on the behaviour suite. Without the option nothing is
    activated; `feedback-nlp models activate` does that, `feedback-nlp rescore` shows what it would change.

    \b
    Example:
      feedback-nlp retrain
    """
    from feedback_nlp.review.learning import retrain as learn

    with open_store() as store:
        done = learn(store, actor=acting_user(), activate=activate_if_better)
    if as_json:
        echo_json(done.to_dict())
    else:
        _show(done)


def _show(done: Retrained) -> None:
    click.echo(printable(done.model))
    click.echo(f"learned from {done.texts:,} texts in {done.seconds:.0f} s, compared on {done.compared:,}")
    for gain in done.gains:
        interval = f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
        click.echo(
            f"{gain.field:<10} {100 * gain.before:5.1f} -> {100 * gain.after:5.1f} %  "
            f"{100 * gain.gain:+.1f} points ({interval})"
        )
    for name in done.broken:
        click.echo(f"breaks the gate {name}")
    verdict = "better beyond noise" if done.better else "not better beyond noise"
    click.echo(f"{verdict}, {'activated' if done.activated else 'not activated'}")
