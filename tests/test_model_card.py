"""Tables of the model card, from analyses whose figures are counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedback_nlp import Analyzer
from feedback_nlp.records import Analysis
from feedback_nlp.training.breakdown import CardTable, build_tables, word_list_labels
from feedback_nlp.training.corpus import GoldRow


@pytest.fixture(scope="module")
def tables(analyzer: Analyzer) -> dict[str, CardTable]:
    plain = analyzer.analyze("Good app")

    def shown(sentiment: str, three: tuple[float, float, float], kind: str) -> Analysis:
        negative, neutral, positive = three
        return replace(
            plain, sentiment=sentiment, p_negative=negative, p_neutral=neutral, p_positive=positive, kind=kind
        )

    rows = [
        GoldRow("It broke", "negative", "complaint", {}, "shop"),
        GoldRow("It broke after one day of use", "negative", "complaint", {}, "app"),
        GoldRow("Lovely", "positive", "praise", {}, "shop"),
        GoldRow("Lovely but it broke", "mixed", "complaint", {}, "shop"),
        GoldRow("", "neutral", "other", {}, "app"),
    ]
    analyses = [
        shown("negative", (0.9, 0.05, 0.05), "complaint"),
        shown("positive", (0.2, 0.2, 0.6), "complaint"),
        shown("positive", (0.1, 0.1, 0.8), "praise"),
        shown("mixed", (0.5, 0.1, 0.4), "praise"),
        analyzer.analyze(""),
    ]
    return {table.title: table for table in build_tables(analyses, rows)}


def test_figures_by_class_are_those_of_the_label_shown(tables: dict[str, CardTable]) -> None:
    table = tables["By sentiment, as shown"]
    assert table.headings == ("sentiment", "precision", "recall", "F1", "texts")
    assert table.rows == [
        ("negative", "1.000", "0.500", "0.667", "2"),
        ("neutral", "0.000", "0.000", "0.000", "1"),
        ("positive", "0.500", "1.000", "0.667", "1"),
        ("mixed", "1.000", "1.000", "1.000", "1"),
    ]
    assert tables["By kind, as shown"].rows[:2] == [
        ("complaint", "1.000", "0.667", "0.800", "3"),
        ("praise", "0.500", "1.000", "0.667", "1"),
    ]


def test_groups_leave_out_mixed_texts_and_count_texts_without_a_label_as_wrong(
    tables: dict[str, CardTable],
) -> None:
    assert tables["Three classes by words"].rows == [
        ("1-5", "3", "0.667", "0.667"),  # right, right, and the text without a label
        ("6-15", "1", "0.000", "0.000"),
    ]
    assert tables["Three classes by set"].rows == [
        ("app", "2", "0.000", "0.000"),
        ("shop", "2", "1.000", "1.000"),
    ]


def test_the_risk_grows_as_less_sure_texts_are_kept(tables: dict[str, CardTable]) -> None:
    # Surest first: right (0.9), right (0.8), wrong (0.6), no label.
    assert tables["Risk-coverage curve"].rows == [
        ("0.50", "0.000"), ("0.60", "0.000"), ("0.70", "0.333"), ("0.80", "0.333"),
        ("0.90", "0.500"), ("0.95", "0.500"), ("1.00", "0.500"),
    ]  # fmt: skip


def test_word_lists_see_the_same_texts(tables: dict[str, CardTable]) -> None:
    rows = tables["Beside word lists, three classes"].rows
    assert [row[0] for row in rows] == ["this bundle", "VADER", "TextBlob"]
    assert rows[0] == ("this bundle", "0.500", "0.444")


def test_scores_near_zero_are_neutral() -> None:
    labels = word_list_labels(["I love it, it is great.", "The parcel is blue.", "This is horrible."])
    assert {name: found.tolist() for name, found in labels.items()} == {
        "VADER": [2, 1, 0],
        "TextBlob": [2, 1, 0],
    }


def test_the_card_of_the_shipped_bundle_has_every_table(analyzer: Analyzer) -> None:
    card = analyzer.bundle.card
    for title in (
        "### By sentiment, as shown",
        "### By kind, as shown",
        "### Three classes by words",
        "### Three classes by kind",
        "### Three classes by set",
        "### Risk-coverage curve",
        "### Beside word lists, three classes",
        "## Behaviour suite",
        "## Risk and coverage",
        "## Known failures",
        "| share_without_topic |",
    ):
        assert title in card
