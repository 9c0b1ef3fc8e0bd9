"""Print how good the shipped bundle is, as Markdown tables, beside VADER, TextBlob and a naive pipeline.

    python benchmarks/quality.py [--data DIR] [--sets NAME ...] [--skip-transfer] [--json OUT]

DIR holds datasets/ and gold/ (default: FEEDBACK_TRAINING_DATA, else a folder "shared" beside this checkout). Progress
goes to standard error, tables to standard output. docs/quality.md says how everything is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a script from any folder

from benchmarks._figures import markdown
from benchmarks._gold import NEEDED, GoldDev, length_group
from benchmarks._sets import SET_COLUMNS, measure_sets
from benchmarks._sources import SEED, SENTIMENT_SETS, TEST_ROWS, TRANSFER_SETS, require_data
from benchmarks._transfer import COLUMNS, measure_transfer
from feedback_nlp import Analyzer
from feedback_nlp.errors import FeedbackError
from feedback_nlp.records import KINDS

#: Exit code when the training data is absent or cannot be used.
PARTS = ("gold", "sets", "transfer")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def gold_tables(analyzer: Analyzer, data: Path) -> tuple[str, dict[str, Any]]:
    """Return the tables of gold dev and their figures."""
    dev = GoldDev(analyzer, data)
    ours, rivals = dev.ours(), {**dev.lexicons(), "naive": dev.naive(data)}
    rows = [
        [
            name,
            needed,
            value,
            f"{low:.3f} to {high:.3f}",
            *(rivals[r].get(name) for r in ("naive", "VADER", "TextBlob")),
        ]
        for name, needed in NEEDED.items()
        for value, (low, high) in [ours[name]]
    ]
    people, found = dev.shares_without_topic()
    lengths = dev.by_group(lambda row: length_group(row.text), ("1-5", "6-15", "16-40", "41+"))
    kinds = dev.by_group(lambda row: row.kind, KINDS)
    topics = dev.by_topic()
    groups = ("texts", "accuracy", "macro-F1")
    parts = [
        f"## Gold dev ({len(dev.rows):,} texts never trained on; 95 % intervals: 1,000 resamples, seed {SEED})",
        markdown(("figure", "needed", "ours", "interval", "naive", "VADER", "TextBlob"), rows),
        "### By class",
        markdown(("class", "precision", "recall", "F1", "texts"), dev.by_class()),
        "### By length (three classes)",
        markdown(("words", *groups), lengths),
        "### By kind (three classes)",
        markdown(("kind", *groups), kinds),
        f"### By topic (without a topic: people {people:.3f}, ours {found:.3f})",
        markdown(("topic", "F1", "there", "found"), topics),
    ]
    figures = {
        "ours": {name: {"value": value, "interval": interval} for name, (value, interval) in ours.items()},
        **rivals,
        "by_length": lengths,
        "by_kind": kinds,
        "by_topic": topics,
        "share_without_topic": found,
    }
    return "\n\n".join(parts), figures


def sets_table(analyzer: Analyzer, data: Path, names: Sequence[str]) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of the shared sets and its figures."""
    figures = measure_sets(analyzer, data, names)
    title = f"## Shared sets (at most {TEST_ROWS:,} rows each, seed {SEED}; sets in training flatter us)"
    rows = [[line[column] for column in SET_COLUMNS] for line in figures]
    return f"{title}\n\n{markdown(SET_COLUMNS, rows)}", figures


def transfer_table(data: Path, names: Sequence[str]) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return the table of sets left out of training and its figures."""
    figures = measure_transfer(data, names, _say)
    title = (
        f"## Transfer: macro-F1 on sets left out of training (at most {TEST_ROWS:,} rows each, seed {SEED})"
    )
    rows = [
        [name, line.get("test rows"), *(line[column] for column in COLUMNS)] for name, line in figures.items()
    ]
    return f"{title}\n\n{markdown(('left out', 'rows', *COLUMNS), rows)}", figures


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with datasets/ and gold/")
    parser.add_argument("--bundle", type=Path, help="another bundle than the shipped one")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="only these parts")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="only these sets, in sets and transfer")
    parser.add_argument("--skip-transfer", action="store_true", help="leave out the slow part")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures there, too")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace, data: Path) -> dict[str, Any]:
    """Print every table as soon as it is there; return all figures."""
    parts = [part for part in options.only if not (part == "transfer" and options.skip_transfer)]
    analyzer = Analyzer.load(options.bundle)
    figures: dict[str, Any] = {"model": str(analyzer.model), "seed": SEED}
    print(
        f"# Quality of {analyzer.model}\n\nData: {data.name}/datasets, {data.name}/gold; seed {SEED}.",
        flush=True,
    )
    for part in parts:
        _say(f"measuring {part}")
        if part == "gold":
            text, figures[part] = gold_tables(analyzer, data)
        elif part == "sets":
            text, figures[part] = sets_table(analyzer, data, options.sets or SENTIMENT_SETS)
        else:
            text, figures[part] = transfer_table(data, options.sets or TRANSFER_SETS)
        print(f"\n{text}", flush=True)
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; exit code 6 when the data is absent."""
    options = _options(arguments)
    data = require_data(options.data)
    try:
        figures = _measure(options, data)
    except FeedbackError as error:
        _say(str(error))
        return error.exit_code
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
