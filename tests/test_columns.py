"""Columns made from the arrays of a batch hold what the records of the same texts print."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp import Analyzer
from feedback_nlp.columns import _figure_texts, ten_thousandths, texts_of_records
from feedback_nlp.records import OWN_COLUMNS, SCORED_COLUMNS, OwnLabel
from feedback_nlp.rendering import ten_thousandths_of
from tests.awkward import SENTENCES

TEXTS = [
    *SENTENCES, "", "Love it!", "Love it!", "Die Lieferung kam viel zu spät.", "asdfghjkl qwert", "👍",
    "Great boots, terrible courier.", "My card was declined twice and nobody answers. Awful.",
]  # fmt: skip
SHARES = st.tuples(*[st.floats(1e-9, 1.0)] * 3).map(lambda w: [x / sum(w) for x in w])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"precision": 0.8},
        {"ratings": [(None, 1.0, 5.0)[place % 3] for place in range(len(TEXTS))]},
        {"languages": [(None, "en", "de")[place % 3] for place in range(len(TEXTS))]},
    ],
)
def test_columns_are_the_rows_of_the_records(analyzer: Analyzer, options: dict[str, Any]) -> None:
    records = list(analyzer.analyze_many(TEXTS, **options))
    rows = [one.to_row() for one in records]
    columns = analyzer.analyze_columns(TEXTS, batch_size=7, **options)
    assert texts_of_records(records) == columns
    assert dict(zip(analyzer.scored_columns, columns, strict=True)) == {
        name: [row[name] for row in rows] for name in analyzer.scored_columns
    }
    if "ratings" in options:
        assert "rating_text_mismatch" in columns[analyzer.scored_columns.index("fb_flags")]


def test_no_texts_have_empty_columns(analyzer: Analyzer) -> None:
    assert analyzer.analyze_columns([]) == [[] for _ in analyzer.scored_columns]
    assert texts_of_records([]) == [[] for _ in SCORED_COLUMNS]


def test_own_labels_are_columns_of_records_too(analyzer: Analyzer) -> None:
    found = analyzer.analyze("Love it!")
    records = [replace(found, own=OwnLabel("billing", 0.25)), replace(found, own=OwnLabel())]
    names = SCORED_COLUMNS + OWN_COLUMNS
    rows = [one.to_row() for one in records]
    assert texts_of_records(records, names) == [[row[name] for row in rows] for name in names]
    assert texts_of_records(records, names)[-2:] == [["billing", ""], ["0.2500", ""]]


@given(SHARES)
def test_shares_round_together_as_one_by_one(shares: list[float]) -> None:
    assert ten_thousandths(np.array([shares])).tolist() == [list(ten_thousandths_of(*shares))]


def test_texts_of_figures_stand_at_their_places() -> None:
    texts = _figure_texts()
    assert [texts[place] for place in (0, 1, 10_000, -1, -10_000)] == [
        "0.0000",
        "0.0001",
        "1.0000",
        "-0.0001",
        "-1.0000",
    ]
