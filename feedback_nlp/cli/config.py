"""`feedback-nlp config`: the settings, their values and where each comes from."""

from __future__ import annotations

from typing import Any

import click

from feedback_nlp.cli.options import echo_json, json_option, settings_with

__all__ = ["config"]


@click.command(short_help="Show every setting, its value and where it comes from.")
@json_option
def config(as_json: bool) -> None:
    """Show every setting: its environment variable, value now, where that comes from, default and meaning.

    Passwords are not shown.

    \b
    Example:
      FEEDBACK_PORT=9000 feedback-nlp config
    """
    from feedback_nlp.settings import SETTINGS, Settings

    settings, origins = settings_with(), Settings.origins()
    rows = [
        {
            "variable": row.variable,
            "value": _plain(getattr(settings, row.name), row.shown(getattr(settings, row.name))),
            "origin": origins[row.name],
            "default": row.default,
            "meaning": row.meaning,
        }
        for row in SETTINGS
    ]
    if as_json:
        echo_json(rows)
        return
    width = max(len(row["variable"]) for row in rows)
    for row, setting in zip(rows, SETTINGS, strict=True):
        value = setting.shown(getattr(settings, setting.name)) or "(not set)"
        origin = "" if row["origin"] == "default" else f"  [{_from(row)}]"
        click.echo(f"{row['variable']:<{width}}  {value}{origin}")
        click.echo(f"{'':<{width}}    {row['meaning']} Default: {row['default'] or 'not set'}.")


def _from(row: dict[str, Any]) -> str:
    return "from the environment" if row["origin"] == row["variable"] else f"from {row['origin']}"


def _plain(value: Any, shown: str) -> Any:
    return value if isinstance(value, bool | int | float | None) else shown
