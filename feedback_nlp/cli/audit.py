"""`feedback-nlp audit`: what was done to the service."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.cli.options import echo_json, json_option, open_store
from feedback_nlp.cli.terminal import printable, utc_text

if TYPE_CHECKING:
    from feedback_nlp.store.audit import AuditEntry

__all__ = ["audit"]


@click.command(short_help="Show who changed what in the service.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Entries to show.")
@json_option
def audit(limit: int, as_json: bool) -> None:
    """Show the audit log, newest first: keys made and revoked, models changed, feedback deleted.

    \b
    Example:
      feedback-nlp audit --limit 20
    """
    with open_store() as store:
        rows = [_row(entry) for entry in store.audit.page(limit)]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        detail = "" if row["detail"] is None else json.dumps(row["detail"], ensure_ascii=False)
        words = (row["at"], row["actor"], row["action"], row["target"], detail)
        click.echo("  ".join(map(printable, words)).rstrip())


def _row(entry: AuditEntry) -> dict[str, Any]:
    return asdict(entry) | {"at": utc_text(entry.at)}
