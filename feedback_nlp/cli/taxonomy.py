"""`feedback-nlp taxonomy`: the company's own topics, as a YAML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from feedback_nlp.cli.options import acting_user, open_store

if TYPE_CHECKING:
    from feedback_nlp.store.taxonomy import OwnTopic

__all__ = ["taxonomy"]


@click.group(short_help="Show and change the topics that count.")
def taxonomy() -> None:
    """Show and change the topics that count: rename, merge, split, retire, or add by phrases.

    \b
    Example:
      feedback-nlp taxonomy show > taxonomy.yaml
    """


@taxonomy.command(short_help="Print the taxonomy in force as YAML.")
def show() -> None:
    """Print the taxonomy in force as YAML; an empty list is the model's own.

    \b
    Example:
      feedback-nlp taxonomy show
    """
    import yaml

    with open_store() as store:
        entries = [one.to_dict() for one in store.taxonomies.active().topics]
    click.echo(yaml.safe_dump(entries, allow_unicode=True, sort_keys=False), nl=False)


@taxonomy.command(short_help="Put a YAML file in force.")
@click.argument("file", metavar="FILE")
def apply(file: str) -> None:
    """Put the taxonomy in FILE in force, for what comes in and for the whole history; "-" is standard input.

    The history is walked by a worker of the service.

    \b
    Example:
      feedback-nlp taxonomy apply taxonomy.yaml
    """
    from feedback_nlp.jobs.retopic import put_in_force

    topics = _read(file)
    with open_store() as store:
        saved, job = put_in_force(store, topics, actor=acting_user())
    click.echo(f"Version {saved.version} is in force; job {job.id} walks the history.", err=True)


def _read(file: str) -> tuple[OwnTopic, ...]:
    import yaml

    from feedback_nlp.errors import InputError
    from feedback_nlp.store.taxonomy import read_topics

    try:
        with click.open_file(file, encoding="utf-8") as source:
            return read_topics(yaml.safe_load(source.read(1 << 20)) or [])
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise InputError(
            f"{file} is not YAML.", remedy="`feedback-nlp taxonomy show` prints an example."
        ) from None
