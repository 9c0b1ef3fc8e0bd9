"""Answers written straight from analyses say what the dict of an analysis says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp import Analyzer
from feedback_nlp.answer_json import answer_texts
from feedback_nlp.records import Analysis, ModelId, OwnLabel

TEXTS = [
    "Lovely shoes, but my card was declined twice. Where is my refund?",
    "Great!\n\n  The app   crashes \u201call the time\u201d ... \U0001f622",
    "",
    "Wo ist mein Paket? Das ist doch nicht zu glauben.",
    "asdfghjkl qwertyuiop",
]
SHARE = st.floats(0, 1)


@pytest.fixture(scope="module")
def analyses() -> list[Analysis]:
    analyzer = Analyzer.load()
    plain = analyzer.analyze_many(TEXTS, ratings=[1.0] * len(TEXTS))
    return [*plain, *analyzer.analyze_many(TEXTS, explain=True)]


@pytest.mark.parametrize("id", [None, "T-1", 'é"\\\n\x00\u2028<script>👍'])
def test_an_answer_is_the_dict_of_the_analysis_in_its_order(analyses: list[Analysis], id: str | None) -> None:
    for one, text in zip(analyses, answer_texts(analyses, [id] * len(analyses)), strict=True):
        assert json.loads(text, object_pairs_hook=list) == json.loads(
            json.dumps(one.to_dict(id=id)), object_pairs_hook=list
        )


def test_flags_warnings_and_own_labels_are_there(analyses: list[Analysis]) -> None:
    one = replace(
        analyses[0],
        flags=("rating_text_mismatch", "truncated"),
        warnings=('"cut"',),
        own=OwnLabel('a|"b"', 0.25),
        model=ModelId('n"', "1", "0" * 12),
    )
    for changed in (one, replace(one, own=OwnLabel())):
        assert json.loads(answer_texts([changed], [None])[0]) == changed.to_dict()


@given(SHARE, SHARE, st.tuples(SHARE, SHARE, SHARE).filter(lambda three: sum(three) > 0.01))
def test_figures_are_rounded_alike(confidence: float, mixed: float, three: tuple[float, ...]) -> None:
    shares = [share / sum(three) for share in three]
    one = Analysis(
        "ok", "en", confidence, "mixed", shares[2] - shares[0], *shares, mixed, mixed, True, "other", confidence,
        (), ModelId("n", "1", "0"),
    )  # fmt: skip
    assert json.loads(answer_texts([one], [None])[0]) == one.to_dict()
