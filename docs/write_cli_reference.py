"""Write the help texts and the table of settings in docs/cli.md anew, from the program itself (`make docs`)."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from feedback_nlp.cli import commands
from feedback_nlp.settings import SETTINGS

REFERENCE = Path(__file__).with_name("cli.md")
HELP = re.compile(r"```text\n\$ feedback-nlp ([a-z ]*)--help\n.*?```\n", re.DOTALL)
TABLE = re.compile(r"(\| variable \| default \| meaning \|\n\| --- \| --- \| --- \|\n)(?:\|.*\n)*")


def render(page: str) -> str:
    """Return the page with every help text and the settings table as the program says them now."""
    page = HELP.sub(lambda block: help_block(block[1].split()), page)
    rows = "".join(f"| {row.variable} | {row.default or 'not set'} | {row.meaning} |\n" for row in SETTINGS)
    return TABLE.sub(lambda table: table[1] + rows, page)


def help_block(command: list[str]) -> str:
    """Return one help text as a block of the page."""
    arguments = [*command, "--help"]
    shown = CliRunner().invoke(commands, arguments, env={"COLUMNS": "80"}, catch_exceptions=False)
    return f"```text\n$ feedback-nlp {' '.join(arguments)}\n{shown.stdout}```\n"


if __name__ == "__main__":
    REFERENCE.write_text(render(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
