"""`feedback-nlp backup` and `restore`: a store in an SQLite file, kept safe."""

from __future__ import annotations

from pathlib import Path

import click

from feedback_nlp.cli.options import acting_user, open_store, settings_with

__all__ = ["backup", "restore"]

file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command(short_help="Write a backup of the store.")
@file_argument
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, force: bool) -> None:
    """Write a backup of the store to FILE, while the service runs; for stores in an SQLite file.

    FILE holds all texts. Bundles (models/ of the data folder) and files of jobs are not in it.

    \b
    Example:
      feedback-nlp backup feedback-backup.sqlite3
    """
    from feedback_nlp.store.backup import back_up

    with open_store() as store:
        made = back_up(store, file, actor=acting_user(), overwrite=force)
    click.echo(f"{made.path}: {made.feedback:,} pieces of feedback, {made.bytes:,} bytes.", err=True)


@click.command(short_help="Put a backup in the place of the store.")
@file_argument
@click.option("--force", is_flag=True, help="Replace the store that is there; it is set aside, not deleted.")
def restore(file: Path, force: bool) -> None:
    """Put the backup FILE in the place of the store. The service and its workers have to be stopped.

    A damaged file, one of a newer version, and a store in use are refused, and nothing is changed then. A backup of
    an older version is brought up to date.

    \b
    Example:
      feedback-nlp restore feedback-backup.sqlite3
    """
    from feedback_nlp.store.backup import restore as put_back
    from feedback_nlp.store.folder import data_folder

    settings = settings_with()
    folder = data_folder(settings.data_dir)
    done = put_back(file, settings.database_url or None, folder, actor=acting_user(), overwrite=force)
    click.echo(f"{done.path}: {done.feedback:,} pieces of feedback.", err=True)
    if done.set_aside:
        click.echo(f"The store before lies in {done.set_aside}; delete it when it is not needed.", err=True)
