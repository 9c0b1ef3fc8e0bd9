"""The model card: what the bundle is for, what it was made of, how well it does, where it fails."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from feedback_nlp.heads import Heads
from feedback_nlp.training.breakdown import CardTable
from feedback_nlp.training.corpus import Corpus
from feedback_nlp.training.own_sentences import SOURCE as OWN_SENTENCES
from feedback_nlp.training.plain_sentences import SOURCE as TUNING_HALF
from feedback_nlp.training.recipe import Recipe

__all__ = ["render_card"]

_INTENDED = """\
## Intended use

Reading English customer feedback in numbers: sentiment, kind and topics of comments from shops, apps, deliveries,
payments and support, with probabilities, so that people find what to look at first.

Not for: decisions about single people (customers or staff), other languages, medical, legal or political text,
or detecting danger to anybody.
"""

_FAILURES = """\
## Known failures

- Sarcasm without a marker ("what a lovely surprise on my bill") is read at face value.
- Praise that needs knowledge of the world ("it lasted longer than my marriage") is often called neutral.
- Long comparisons of two products: whose side wins is guessed from the words near each verdict.
- "Mixed" is the weakest label; people agree on it least, too.
- Questions that carry blame ("why is this still broken?") lie between question and complaint.
- English with many words of Hindi in Latin script is often analysed as English.
- Rare topics (account_privacy praised, checkout_payment praised) have few training texts.
"""


def render_card(
    recipe: Recipe,
    data: Path,
    corpus: Corpus,
    heads: Heads,
    metrics: dict[str, Any],
    tables: Sequence[CardTable] = (),
    behaviour: str = "",
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    recipe : Recipe
    data : Path
    corpus : Corpus
    heads : Heads
    metrics : dict
        Of `measure_rows`, by name of the test texts.
    tables : sequence of CardTable
        Breakdowns of the same texts.
    behaviour : str
        The table of the behaviour suite, Markdown.
    """
    parts = [
        f"# Model card: {recipe.name} {recipe.version}\n",
        "A linear model over TF-IDF of words, phrases and spellings (scikit-learn), after spaCy's tokenizer. "
        "Every score is a sum of contributions of words; probabilities are calibrated on texts the model never saw.\n",
        _INTENDED,
        _training_section(recipe, data, corpus),
        _own_section(corpus, recipe),
        _teacher_section(recipe),
        _metrics_section(metrics),
        *(_table(f"### {table.title}", table.headings, table.rows) for table in tables),
        *([f"## Behaviour suite\n\n{behaviour}\n"] if behaviour else []),
        _precision_section(heads),
        _FAILURES,
    ]
    return "\n".join(parts)


def _training_section(recipe: Recipe, data: Path, corpus: Corpus) -> str:
    stated = _licences(data)
    lines = [
        "## Training data",
        "",
        "Texts belong to their authors; none is in the bundle. Only sets whose stated or known licence does not forbid",
        "commercial use; gold rows follow their source.",
        "",
        "| set | texts used | licence stated | known from elsewhere | note on the licence | label noise and notes |",
        "|---|---|---|---|---|---|",
        f"| gold (carefully labelled) | {corpus.counts.get('gold', 0)} + {len(corpus.calibration)} for calibration "
        "| as the row's source | | | two annotators agree: kappa 0.95 sentiment, 0.94 kind; topics F1 0.94 |",
    ]
    for part in recipe.sets:
        row = stated.get(f"{part.file}.csv", {})
        cells = [
            part.file,
            str(corpus.counts.get(part.file, 0)),
            row.get("licence_stated", ""),
            row.get("licence_elsewhere", ""),
            row.get("shipped_model", ""),
            row.get("notes", ""),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |")
    lines += ["", f"Left out for their licence: {', '.join(recipe.gold.exclude_sources)}.", ""]
    return "\n".join(lines)


def _licences(data: Path) -> dict[str, dict[str, str]]:
    path = data / "datasets" / "MANIFEST.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def _own_section(corpus: Corpus, recipe: Recipe) -> str:
    return (
        "## Sentences of our own\n\n"
        f"{corpus.counts.get(OWN_SENTENCES, 0)} filled templates (weight {recipe.own_sentences_weight:g}) and "
        f"{corpus.counts.get(TUNING_HALF, 0)} of the tuning half of the behaviour suite "
        f"(weight {recipe.plain_sentences_weight:g}) teach what is rare in the sets: negation, change over time, other "
        "people's opinions, questions, reports without emotional words. Nothing of the suite's held-out half is among "
        "them.\n"
    )


def _teacher_section(recipe: Recipe) -> str:
    if recipe.teacher is None:
        return "## Teacher\n\nNone.\n"
    return (
        "## Teacher\n\n"
        "A transformer (all-mpnet-base-v2, 110 million parameters, Apache-2.0; the mean of three seeds), fine-tuned "
        "on star- and crowd-labelled texts and on the gold training texts without the calibration ones, gave "
        "probabilities for the texts of the sets; the linear model learned "
        f"those (weight {recipe.teacher.weight:g}) and the gold labels (weights {recipe.gold.sentiment_weight:g}, "
        f"{recipe.gold.kind_weight:g}, {recipe.gold.topics_weight:g} for sentiment, kind, topics). "
        "Star labels of the sets reach the bundle only through it. Nothing of the teacher ships or runs.\n"
    )


def _metrics_section(metrics: dict[str, Any]) -> str:
    lines = ["## Measured on texts never trained on", ""]
    for name, figures in metrics.items():
        lines += [f"### {name}", "", "| figure | value |", "|---|---|"]
        lines += [f"| {key} | {value} |" for key, value in figures.items() if not isinstance(value, dict)]
        topics = figures.get("topic_f1", {})
        if topics:
            rows = [(topic, str(value)) for topic, value in topics.items()]
            lines += ["", _table("", ("topic", "F1"), rows).strip()]
        lines.append("")
    return "\n".join(lines)


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [title, "", "| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), ""])


def _precision_section(heads: Heads) -> str:
    lines = [
        "## Risk and coverage",
        "",
        "Labels below the threshold are marked uncertain. Cross-validated on the calibration texts;",
        "mixed ones left out.",
        "",
        "| wanted precision | confidence from | coverage |",
        "|---|---|---|",
        *(
            f"| {wanted:.2f} | {threshold:.3f} | {coverage:.3f} |"
            for wanted, threshold, coverage in heads.precisions
        ),
        "",
    ]
    return "\n".join(lines)
