"""The command line: thin commands over the public door.

Results go to standard output, everything else to standard error. Nothing heavy is imported here, so that
``--help`` answers at once; each command imports what it needs when it runs.
"""

from __future__ import annotations

import click

import feedback_nlp
from feedback_nlp.cli.audit import audit
from feedback_nlp.cli.backup import backup, restore
from feedback_nlp.cli.config import config
from feedback_nlp.cli.corrections import corrections
from feedback_nlp.cli.evaluate import evaluate
from feedback_nlp.cli.explain import explain
from feedback_nlp.cli.keys import keys
from feedback_nlp.cli.model import model
from feedback_nlp.cli.models import models
from feedback_nlp.cli.outcome import OneLineErrors
from feedback_nlp.cli.preview import preview
from feedback_nlp.cli.report import report
from feedback_nlp.cli.rescore import rescore
from feedback_nlp.cli.retrain import retrain
from feedback_nlp.cli.score import score
from feedback_nlp.cli.serve import serve
from feedback_nlp.cli.taxonomy import taxonomy
from feedback_nlp.cli.train import train
from feedback_nlp.cli.worker import worker

__all__ = ["commands", "main"]


@click.group(
    "feedback-nlp",
    cls=OneLineErrors,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(feedback_nlp.__version__, message="feedback-nlp %(version)s")
@click.option("--traceback", is_flag=True, help="Show where in the code an error arose (for bug reports).")
def commands(traceback: bool) -> None:
    """Score, explain and serve customer feedback: sentiment, kind and topics.

    Exit codes: 0 done, 1 unexpected error, 2 wrong usage, 3 input, 4 model bundle, 5 output, 6 training data,
    7 setting, 8 store, 9 cluster, 130 interrupted.
    """


for command in (
    score,
    preview,
    report,
    explain,
    evaluate,
    train,
    serve,
    worker,
    corrections,
    retrain,
    taxonomy,
    keys,
    audit,
    model,
    models,
    rescore,
    backup,
    restore,
    config,
):
    commands.add_command(command)


def main() -> None:
    """Run the command line on the arguments of this program, then leave with its exit code."""
    commands(prog_name="feedback-nlp")
