"""`feedback-nlp evaluate`: how right a bundle is on a labelled file, or on the behaviour suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.cli.options import bundle_option, echo_json, json_option, load_analyzer, settings_with
from feedback_nlp.cli.terminal import render_figures

if TYPE_CHECKING:
    from feedback_nlp.analyzer import Analyzer
    from feedback_nlp.behaviour import SuiteResult

__all__ = ["evaluate"]

#: Exit code when the behaviour suite is over its limits.
FAILED = 1


@click.command(short_help="Measure a bundle on labelled feedback.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--text-column", metavar="NAME", help="Column with the text.  [default: found by its name]")
@click.option(
    "--label-column",
    default="sentiment",
    show_default=True,
    help="Column with the right sentiment, or own label, topics or kind.",
)
@click.option("--kind-column", metavar="NAME", help="Column with the right kind, judged too.")
@click.option(
    "--topics-column", metavar="NAME", help="Column with the right topics, joined by |, judged too."
)
@click.option("--behaviour", is_flag=True, help="Run the behaviour suite instead of a file.")
@bundle_option
@json_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    file: Path | None,
    text_column: str | None,
    label_column: str,
    kind_column: str | None,
    topics_column: str | None,
    behaviour: bool,
    bundle: Path | None,
    as_json: bool,
) -> None:
    """Compare a bundle's labels with the right ones in FILE (CSV, JSONL, Parquet or XLSX).

    With --behaviour the exit code is 1 when a test of the suite fails more often than its limit.

    \b
    Examples:
      feedback-nlp evaluate labelled.csv --label-column sentiment
      feedback-nlp evaluate --behaviour
    """
    if behaviour == (file is not None):
        raise click.UsageError("Give either a labelled FILE or --behaviour.", ctx)
    analyzer = load_analyzer(settings_with(bundle=bundle).bundle)
    if file is None:
        ctx.exit(_evaluate_behaviour(analyzer, as_json=as_json))
    else:
        columns = {
            "text_column": text_column,
            "label_column": label_column,
            "kind_column": kind_column,
            "topics_column": topics_column,
        }
        _evaluate_file(analyzer, file, columns, as_json=as_json)


def _evaluate_behaviour(analyzer: Analyzer, *, as_json: bool) -> int:
    """Run the suite, print its table and failures, and return the exit code."""
    from feedback_nlp.behaviour import render_failures, render_table, run_suite

    result = run_suite(analyzer)
    if as_json:
        echo_json(_behaviour_json(result))
    else:
        failures = render_failures(result, only_over_limit=True)
        click.echo("\n\n".join(part for part in (render_table(result), failures) if part))
    return 0 if result.passed else FAILED


def _behaviour_json(result: SuiteResult) -> dict[str, Any]:
    tests = [
        {
            "capability": outcome.test.capability,
            "test": outcome.test.name,
            "cases": outcome.n,
            "failures": outcome.failures,
            "rate": round(outcome.rate, 4),
            "limit": outcome.limit,
            "passed": outcome.passed,
        }
        for outcome in result.outcomes
    ]
    return {
        "passed": result.passed,
        "mean_rate": round(result.mean_rate, 4),
        "mean_limit": result.mean_limit,
        "tests": tests,
    }


def _evaluate_file(analyzer: Analyzer, file: Path, columns: dict[str, str | None], *, as_json: bool) -> None:
    # Own kinds are judged by the label column, too, unless the file names columns of each task.
    own_kind = analyzer.own_task == "kind" and columns["kind_column"] is None
    if analyzer.own_labels or analyzer.own_task == "topics" or own_kind:
        report = _evaluate_own(analyzer, file, columns)
    else:
        from feedback_nlp.evaluate import evaluate_file

        report = evaluate_file(analyzer, file, **columns)
    if as_json:
        echo_json(report)
    else:
        click.echo("\n".join(render_figures(report)))


def _evaluate_own(analyzer: Analyzer, file: Path, columns: dict[str, str | None]) -> dict[str, Any]:
    from feedback_nlp.evaluate_own import evaluate_own_labels

    label_column = columns["label_column"] or "label"
    return evaluate_own_labels(analyzer, file, text_column=columns["text_column"], label_column=label_column)
