"""`feedback-nlp rescore`: the whole history by another bundle."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from feedback_nlp.cli.options import echo_json, json_option, load_analyzer, settings_with
from feedback_nlp.cli.terminal import printable

if TYPE_CHECKING:
    from feedback_nlp.jobs.diff import ModelDiff
    from feedback_nlp.settings import Settings
    from feedback_nlp.store import Store
    from feedback_nlp.store.jobs import JobRecord

__all__ = ["rescore"]

#: How often a job that another worker has is looked at.
LOOK_SECONDS = 0.5
#: Changes of a kind of label that are shown.
SHOWN = 10


@click.command(short_help="Let a bundle analyse the whole history.")
@click.argument("model")
@click.option("--apply", is_flag=True, help="Let its labels count from now on, corrections aside.")
@json_option
def rescore(model: str, apply: bool, as_json: bool) -> None:
    """Let MODEL analyse all stored feedback and show what that changes; without --apply nothing else happens.

    MODEL is a name that `feedback-nlp models list` shows. The work is a job: when it is interrupted, a worker of
    the service goes on with it.

    \b
    Example:
      feedback-nlp rescore my-bundle@1.0.0
    """
    from feedback_nlp.errors import JobFailedError
    from feedback_nlp.jobs.rescore import diff_of, submit_rescore
    from feedback_nlp.store import Store

    settings = settings_with()
    with Store.open(settings.database_url or None, settings.data_dir) as store:
        job = submit_rescore(store, model, apply=apply, precision=settings.precision)
        ended = _work(store, settings, job)
        if ended.state != "done":
            raise JobFailedError(f"The job {ended.state}: {ended.error or 'somebody stopped it'}.")
        diff = diff_of(store, job.id)
    if as_json:
        echo_json({"job": job.id, "model": job.options["model"], "applied": apply, **asdict(diff)})
    else:
        _show(diff)


def _work(store: Store, settings: Settings, job: JobRecord) -> JobRecord:
    """Work on the job here, unless a worker of the service has it."""
    from feedback_nlp.jobs import JOB_KINDS, Worker
    from feedback_nlp.store.jobs import ENDED

    worker = Worker(store, lambda: load_analyzer(settings.bundle), kinds={"rescore": JOB_KINDS["rescore"]})
    while (now := store.jobs.get(job.id)).state not in ENDED:
        if not worker.run_one():
            threading.Event().wait(LOOK_SECONDS)
    return now


def _show(diff: ModelDiff) -> None:
    click.echo(f"{diff.rows:,} texts, {diff.compared:,} of them had labels of another bundle")
    for task in diff.tasks:
        click.echo(f"{task.task}: {task.count:,} changed{_share(task.changed) if task.count else ''}")
        for change in task.changes[:SHOWN]:
            words = f"{change.before or 'not found'} -> {change.after or 'not found'}"
            click.echo(f"  {change.count:>9,}  {printable(words)}{_share(change.share)}")


def _share(estimate: object) -> str:
    from feedback_nlp.report.wording import with_interval

    return f"  {with_interval(estimate, share=True)}"  # type: ignore[arg-type]
