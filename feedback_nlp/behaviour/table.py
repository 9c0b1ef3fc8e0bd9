"""Show a result: a table for the terminal or the model card, and the failures to look at."""

from __future__ import annotations

import math
from collections.abc import Sequence

from feedback_nlp.behaviour.runner import BehaviourOutcome, SuiteResult, Tally

__all__ = ["render_failures", "render_limits", "render_rows", "render_table"]

_HEADINGS = ("capability", "test", "kind", "cases", "failed", "tuning", "held out", "limit", "")
_TEXT_COLUMNS = 3


def render_table(result: SuiteResult, *, markdown: bool = False) -> str:
    """Return one line a test with its failure rates, and the means at the end.

    Parameters
    ----------
    result : SuiteResult
    markdown : bool, default=False
        A Markdown table instead of aligned plain text.
    """
    rows = [_row(outcome) for outcome in result.outcomes]
    return (
        render_rows(_HEADINGS, rows, markdown=markdown, text_columns=_TEXT_COLUMNS)
        + "\n\n"
        + _summary(result)
    )


def render_failures(result: SuiteResult, *, only_over_limit: bool = False) -> str:
    """Return the examples of failures, test by test; empty if there are none."""
    chosen = result.over_limit if only_over_limit else result.outcomes
    return "\n\n".join(_examples(outcome) for outcome in chosen if outcome.examples)


def render_limits(result: SuiteResult, *, margin: float = 0.02) -> str:
    """Return the ``[tests]`` part of `limits.toml` that this result would just pass.

    Parameters
    ----------
    result : SuiteResult
        Of a run over both halves.
    margin : float, default=0.02
        Added to each failure rate before it is rounded up to 0.01.
    """
    lines = []
    for outcome in result.outcomes:
        # Whole hundredths: 0.02 + 0.01 must not become 0.04 by a rounding error of floats.
        hundredths = min(100, math.ceil(round(100 * (outcome.rate + margin), 6)))
        lines.append(f"{outcome.test.name} = {hundredths / 100:.2f}")
    return "\n".join(["[tests]", *lines])


def render_rows(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool, text_columns: int
) -> str:
    """Return rows as a table; the first `text_columns` columns are set left, the others right."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        set_cells = [
            cell.ljust(width) if column < text_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(set_cells)} |" if markdown else "  ".join(set_cells).rstrip()

    rule = ["-" * width for width in widths]
    if markdown:
        rule = [dashes if column < text_columns else f"{dashes[:-1]}:" for column, dashes in enumerate(rule)]
    return "\n".join([line(headings), line(rule), *(line(row) for row in rows)])


def _row(outcome: BehaviourOutcome) -> tuple[str, ...]:
    test = outcome.test
    return (
        test.capability,
        test.name,
        test.kind if test.field == "sentiment" else f"{test.kind} ({test.field})",
        str(outcome.n),
        _percent(outcome.rate),
        _half(outcome.tuning),
        _half(outcome.held_out),
        _percent(outcome.limit),
        "ok" if outcome.passed else "OVER",
    )


def _summary(result: SuiteResult) -> str:
    worst = result.worst
    cases = sum(outcome.n for outcome in result.outcomes)
    return (
        f"{len(result.outcomes)} tests, {cases} cases. Mean failure {_percent(result.mean_rate)} "
        f"(limit {_percent(result.mean_limit)}; tuning {_percent(result.half_rate('tuning'))}, "
        f"held out {_percent(result.half_rate('held_out'))}). "
        f"Worst: {worst.test.name} {_percent(worst.rate)}. "
        f"{len(result.over_limit)} over their limit."
    )


def _examples(outcome: BehaviourOutcome) -> str:
    lines = [f"{outcome.test.name} ({outcome.failures} of {outcome.n}): {outcome.test.about}"]
    for failure in outcome.examples:
        lines.append(f"  {failure.fault}: " + " -> ".join(repr(text) for text in failure.case.texts))
    return "\n".join(lines)


def _half(tally: Tally) -> str:
    return _percent(tally.rate) if tally.n else "-"


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}%"
