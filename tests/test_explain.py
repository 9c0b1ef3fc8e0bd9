"""Explanations are exact: the contributions and the intercept add up to the decision, for any text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp import Analyzer, InputError
from feedback_nlp.explain import Explanation
from feedback_nlp.records import SENTIMENTS, Contribution
from tests.awkward import PIECES, SENTENCES

PLAIN = (
    "The website is not working.",
    "Love this kettle, it boils in no time!",
    "Not good.",
    "Not good, not good at all. Not good!!!",
    "Delivery was quick but the box was open and two cups were broken.",
    "Where can I change my address?",
    "Would be great to have a dark mode.",
    "Great app... until the last update. Now it crashes whenever I open it :(",
    "I never had any trouble with them; they're the best in town 😀😀",
    "Card declined twice, still charged!",
    "ok",
    "fine I guess",
    "Best. Pizza. Ever.",
    "The staff wasn't friendly - but the food, wow!",
    "No refund. No answer. No shame.",
    "It cost 49.90 at www.shop.example and @shop_help ignores me",
    "meh",
    "It's cheap & it works, what more could you want?",
    "Hardly worth the money.",
    "Not only late but cold, too.",
)
GLUED = st.lists(st.sampled_from([*PIECES, "good ", "bad ", "Not good. ", "the app is slow "]), max_size=40)


def check_sum(explained: Explanation) -> None:
    signed = sum(c.weight if c.toward == explained.label else -c.weight for c in explained.contributions)
    assert signed + explained.intercept == pytest.approx(explained.decision, abs=1e-5)


def check_parts(text: str, explained: Explanation) -> None:
    spans = [(part.start, part.end) for part in explained.contributions]
    assert len(spans) == len(set(spans))
    for part in explained.contributions:
        assert 0 <= part.start < part.end <= len(text)
        assert part.text == text[part.start : part.end]
        assert part.toward in (explained.label, explained.against)
        assert type(part.weight) is float
        assert part.weight > 0
    weights = [part.weight for part in explained.contributions]
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize("text", [*PLAIN, *SENTENCES])
def test_contributions_of_written_sentences_add_up(analyzer: Analyzer, text: str) -> None:
    for label in range(len(SENTIMENTS)):
        explained = analyzer._explainer.explain(text, label)
        check_sum(explained)
        check_parts(text, explained)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120) | GLUED.map("".join))
def test_contributions_of_any_text_add_up(analyzer: Analyzer, text: str) -> None:
    explained = analyzer._explainer.explain(text, 0)
    check_sum(explained)
    check_parts(text, explained)


def test_the_label_is_shown_against_the_runner_up(analyzer: Analyzer) -> None:
    explained = analyzer.explain("The website is not working.")
    assert explained.label == "negative"
    assert explained.against in ("neutral", "positive", "mixed")
    assert explained.decision > 0
    assert type(explained.decision) is type(explained.intercept) is float
    others = [analyzer._explainer.explain("The website is not working.", label) for label in (1, 2, 3)]
    assert {other.against for other in others} == {"negative"}
    # The runner-up is the one whose lead is smallest.
    assert explained.decision == pytest.approx(-max(other.decision for other in others))


def part_at(parts: tuple[Contribution, ...], text: str) -> Contribution:
    (found,) = [part for part in parts if part.text == text]
    return found


def test_a_negated_word_is_shown_with_its_negator(analyzer: Analyzer) -> None:
    text = "Well, it is not good."
    explained = analyzer.explain(text)
    assert explained.label == "negative"
    found = part_at(explained.contributions, "not good")
    assert (found.start, found.end, found.toward) == (12, 20, "negative")


def test_the_span_of_a_negated_word_begins_at_the_negator_before_other_words(analyzer: Analyzer) -> None:
    explained = analyzer.explain("This is not a very good shop")
    starts = {part.text: part.start for part in explained.contributions}
    assert starts["not a very good"] == 8


def test_offsets_count_code_points(analyzer: Analyzer) -> None:
    text = "👍🏽😀 Great 😀 but can’t pay"
    explained = analyzer.explain(text)
    assert part_at(explained.contributions, "Great").start == 4
    assert part_at(explained.contributions, "can’t").start == 16


def test_a_word_that_stands_twice_shares_its_contribution(analyzer: Analyzer) -> None:
    parts = [part for part in analyzer.explain("terrible, terrible").contributions if part.text == "terrible"]
    assert [part.start for part in sorted(parts, key=lambda part: part.start)] == [0, 10]
    assert parts[0].weight == pytest.approx(parts[1].weight, rel=1e-9)


def test_an_analysis_carries_its_explanation_when_asked(analyzer: Analyzer) -> None:
    text = "Card declined twice, still charged!"
    analysis = analyzer.analyze(text, explain=True)
    assert analysis.explanation == analyzer.explain(text).contributions
    assert analyzer.analyze(text).explanation == ()
    answer = json.loads(json.dumps(analysis.to_dict(id="T-1")))
    assert answer["explanation"][0] == {
        "text": analysis.explanation[0].text,
        "start": analysis.explanation[0].start,
        "end": analysis.explanation[0].end,
        "toward": "negative",
        "weight": round(analysis.explanation[0].weight, 4),
    }


def test_a_text_without_label_has_no_explanation(analyzer: Analyzer) -> None:
    for text in ("", "   ", "Das Paket kam leider viel zu spät an und war beschädigt."):
        assert analyzer.analyze(text, explain=True).explanation == ()
        with pytest.raises(InputError, match="no label to explain"):
            analyzer.explain(text)
