"""`feedback-nlp config`: the settings and their values."""

from __future__ import annotations

from typing import Any

import click

from feedback_nlp.cli.options import echo_json, json_option, settings_with

__all__ = ["config"]


@click.command(short_help="Show every setting and its value.")
@json_option
def config(as_json: bool) -> None:
    """Show every setting: its environment variable, value now, default and meaning.

    \b
    Example:
      FEEDBACK_PORT=9000 feedback-nlp config
    """
    from feedback_nlp.settings import SETTINGS

    settings = settings_with()
    rows = [
        {
            "variable": row.variable,
            "value": _plain(getattr(settings, row.name)),
            "default": row.default,
            "meaning": row.meaning,
        }
        for row in SETTINGS
    ]
    if as_json:
        echo_json(rows)
        return
    width = max(len(row["variable"]) for row in rows)
    for row in rows:
        value = "(not set)" if row["value"] is None else _typed(row["value"])
        default = row["default"] or "not set"
        click.echo(f"{row['variable']:<{width}}  {value}")
        click.echo(f"{'':<{width}}    {row['meaning']} Default: {default}.")


def _typed(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | None) else str(value)
