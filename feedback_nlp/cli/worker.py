"""`feedback-nlp worker`: one worker for background jobs, by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from feedback_nlp.cli.options import bundle_option, load_analyzer, settings_with
from feedback_nlp.cli.redactor import build_redactor

__all__ = ["worker"]


@click.command(short_help="Work on background jobs.")
@click.option("--once", is_flag=True, help="Do what is waiting now, then end.")
@bundle_option
def worker(once: bool, bundle: Path | None) -> None:
    """Work on background jobs until told to stop: one more process beside those that `serve` starts.

    It analyses with the bundle that is active when it takes a job, and needs the same data folder
    (FEEDBACK_DATA_DIR) and database (FEEDBACK_DATABASE_URL) as the service. What happens goes to standard
    error, one JSON line an event, never any text.

    \b
    Example:
      FEEDBACK_DATA_DIR=/srv/feedback feedback-nlp worker
    """
    from functools import cache

    from feedback_nlp.jobs import Worker
    from feedback_nlp.jobs.supervisor import run_worker
    from feedback_nlp.store import Store
    from feedback_nlp.store.following import ActiveAnalyzer

    settings = settings_with(bundle=bundle)
    with Store.open(settings.database_url or None, settings.data_dir) as store:
        following = cache(
            lambda: ActiveAnalyzer(
                lambda: store, load_analyzer(settings.bundle), settings.bundle, on_event=_write_event
            )
        )
        at_work = Worker(
            store,
            lambda: following().latest(),
            redactor=build_redactor(settings),
            retention_days=settings.retention_days,
            on_event=_write_event,
        )
        if not once:
            run_worker(at_work)
            return
        while at_work.run_one():
            pass


def _write_event(name: str, values: Mapping[str, Any]) -> None:
    from feedback_nlp.jobs.worker import ERROR_EVENTS

    level = "error" if name in ERROR_EVENTS else "info"
    line = {"event": name, **values, "level": level, "timestamp": datetime.now(UTC).isoformat()}
    click.echo(json.dumps(line), err=True)
