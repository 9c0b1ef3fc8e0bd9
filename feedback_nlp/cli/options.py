"""Options that several commands share, and what they stand for where they are left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from feedback_nlp.analyzer import Analyzer
    from feedback_nlp.settings import Settings
    from feedback_nlp.store import Store

__all__ = [
    "acting_user",
    "bundle_option",
    "echo_json",
    "json_option",
    "load_analyzer",
    "open_store",
    "precision_option",
    "settings_with",
]

bundle_option = click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Model bundle to use.  [default: FEEDBACK_BUNDLE, or the shipped one]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of text.")
precision_option = click.option(
    "--precision",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    metavar="SHARE",
    help="Wanted share of correct labels among those not marked uncertain, such as 0.98.  "
    "[default: FEEDBACK_PRECISION, or the bundle's own]",
)


def settings_with(**options: Any) -> Settings:
    """Return the settings of the environment with the options that were given laid over them."""
    from feedback_nlp.settings import Settings

    return Settings.from_environment().with_changes(**options)


def load_analyzer(bundle: Path | None) -> Analyzer:
    """Load the bundle in a folder, or the shipped one for None."""
    from feedback_nlp import Analyzer

    return Analyzer.load(bundle)


def open_store() -> Store:
    """Open the store that the settings name."""
    from feedback_nlp.store import Store

    settings = settings_with()
    return Store.open(settings.database_url or None, settings.data_dir)


def acting_user() -> str:
    """Return who works here, for the audit log: ``cli:USER``."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run as a user without a name
        return "cli"


def echo_json(value: Any) -> None:
    """Print a value as indented JSON, every letter as it is."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
