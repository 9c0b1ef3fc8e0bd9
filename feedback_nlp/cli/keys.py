"""`feedback-nlp keys`: who may use the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.cli.options import acting_user, echo_json, json_option, open_store
from feedback_nlp.cli.terminal import printable, utc_text

if TYPE_CHECKING:
    from feedback_nlp.store.keys import ApiKey

__all__ = ["keys"]

SCOPE_WORDS = ("score", "read", "write", "metrics", "admin")


@click.group(short_help="Make, list and revoke API keys.")
def keys() -> None:
    """Make, list and revoke API keys. From the first key on, every request must show one.

    \b
    Example:
      feedback-nlp keys create "checkout team" --scope score --scope write
    """


@keys.command(short_help="Make a key and print it, this once.")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPE_WORDS),
    multiple=True,
    required=True,
    help="What it is good for: score texts, read stored feedback, write or delete it, read the "
    "metrics, admin (everything). "
    "May be given several times.",
)
@click.option("--days", type=click.IntRange(1, 36_500), metavar="COUNT", help="Days until it expires.")
@json_option
def create(name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a key for NAME and print it: it is stored as a digest and cannot be shown again.

    \b
    Example:
      feedback-nlp keys create "checkout team" --scope score --scope write --days 365
    """
    expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with open_store() as store:
        made = store.keys.add(name, scopes, actor=acting_user(), expires_at=expires)
    if as_json:
        echo_json(_row(made.key) | {"token": made.token})
    else:
        click.echo(made.token)
        click.echo("Keep it now; it is not shown again.", err=True)


@keys.command("list", short_help="List the keys.")
@json_option
def list_keys(as_json: bool) -> None:
    """List all keys with their scopes and states; the keys themselves are not stored.

    \b
    Example:
      feedback-nlp keys list
    """
    with open_store() as store:
        rows = [_row(key) for key in store.keys.list()]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        used = row["last_used_at"] or "never"
        scopes = "+".join(row["scopes"])
        click.echo(f"{row['prefix']}  {row['state']:<7}  {scopes:<10}  used {used}  {printable(row['name'])}")


@keys.command(short_help="Make a key useless.")
@click.argument("prefix")
def revoke(prefix: str) -> None:
    """Make the key that starts with PREFIX useless, at once and for ever.

    \b
    Example:
      feedback-nlp keys revoke fnlp_4k2m9x1a
    """
    with open_store() as store:
        key = store.keys.revoke(prefix, actor=acting_user())
    click.echo(f"Revoked {key.prefix}.", err=True)


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": list(key.scopes),
        "state": key.state(datetime.now(UTC)),
        "created_at": utc_text(key.created_at),
        "expires_at": utc_text(key.expires_at),
        "last_used_at": utc_text(key.last_used_at),
    }
