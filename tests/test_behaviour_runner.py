"""The suite's machinery on tiny sentences: expectations, runner, tables, refusals."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator

import pytest

from feedback_nlp.behaviour import (
    LabelIn,
    Moves,
    TopicsFound,
    Unchanged,
    load_limits,
    read_tests,
    render_failures,
    render_limits,
    render_table,
    run_suite,
)
from feedback_nlp.errors import InputError
from feedback_nlp.records import Analysis, ModelId, TopicFinding

SENTENCES = """
capability = "weather"
[lexicons]
place = ["York", "Leeds"]
[[tests]]
name = "sun"
about = "Sun is good."
kind = "label"
expect = ["positive"]
tuning = ["Sun in {place}.", "Rain in {place}."]
held_out = ["More sun in {place}."]
[[tests]]
name = "place"
about = "The place does not matter."
kind = "invariance"
vary = ["place"]
max_change = 0.2
tuning = ["Sun in {place}."]
held_out = ["Rain in {place}."]
[[tests]]
name = "more"
about = "More sun is better by half a point."
kind = "direction"
toward = "up"
at_least = 0.5
tuning = [["Rain in {place}.", "Sun in {place}."]]
held_out = [["Sun in {place}.", "More sun in {place}."]]
[[tests]]
name = "asking"
about = "A question mark asks."
kind = "label"
field = "kind"
expect = ["question"]
tuning = ["Rain in {place}?"]
held_out = ["Rain in {place}"]
"""


class WeatherAnalyzer:
    """Scores "More sun" 0.9, "Sun" 0.6, "Rain" -0.5, all 0.3 less in Leeds; keeps the texts it is given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def analyze_many(self, texts: Iterable[str]) -> Iterator[Analysis]:
        for text in texts:
            self.texts.append(text)
            score = 0.9 if "More" in text else 0.6 if "Sun" in text else -0.5
            yield analysis(
                score - 0.3 * ("Leeds" in text), kind="question" if text.endswith("?") else "other"
            )


def analysis(
    score: float | None, *, kind: str | None = None, topics: dict[str, str] | None = None
) -> Analysis:
    """Return an analysis whose label follows the score's sign; no label for None."""
    found = tuple(TopicFinding(topic, 0.9, sign, (0,)) for topic, sign in (topics or {}).items())
    return Analysis(
        status="empty" if score is None else "ok",
        language="en",
        language_confidence=1.0,
        sentiment=None if score is None else "positive" if score > 0 else "negative",
        sentiment_score=score,
        p_negative=None,
        p_neutral=None,
        p_positive=None,
        mixed_probability=None,
        confidence=None,
        uncertain=None,
        kind=kind,
        kind_confidence=None,
        flags=(),
        model=ModelId("weather", "1", "0" * 64),
        _details=Topics(found),
    )


class Topics:
    def __init__(self, found: tuple[TopicFinding, ...]) -> None:
        self.found = found

    def topics(self, row: int) -> tuple[TopicFinding, ...]:
        return self.found

    def topic_pairs(self, row: int) -> list[tuple[str, str]]:
        return [(found.topic, found.sentiment) for found in self.topics(row)]

    def sentences(self, row: int) -> tuple[()]:
        return ()


# --- expectations


def test_label_in() -> None:
    expectation = LabelIn("sentiment", frozenset({"positive", "mixed"}))
    assert expectation.fault(analysis(0.5)) is None
    assert expectation.fault(analysis(-0.5)) == "negative, not mixed or positive"
    assert expectation.fault(analysis(None)) == "empty, not mixed or positive"


def test_topics_found() -> None:
    expectation = TopicsFound((("delivery", "positive"), ("venue", "any")), frozenset({"price_value"}))
    assert expectation.fault(analysis(0.5, topics={"delivery": "positive", "venue": "mixed"})) is None
    assert expectation.fault(analysis(0.5, topics={"delivery": "negative", "price_value": "neutral"})) == (
        "delivery is negative, not positive; venue is absent, not any; price_value found"
    )
    assert expectation.fault(analysis(None)) == "empty"


def test_unchanged() -> None:
    expectation = Unchanged(max_change=0.25)
    assert expectation.fault(analysis(0.5), analysis(0.75)) is None
    assert expectation.fault(analysis(0.25), analysis(0.75)) == "score moved +0.50"
    assert expectation.fault(analysis(0.05), analysis(-0.05)) == "positive became negative (score -0.10)"
    assert expectation.fault(analysis(0.5), analysis(None)) == "no label: ok, empty"


def test_moves() -> None:
    up, down = Moves("up", at_least=-0.25), Moves("down", at_least=0.25, at_most=0.5)
    assert up.fault(analysis(0.5), analysis(0.25)) is None
    assert up.fault(analysis(0.5), analysis(0.1)) == "score moved -0.40, not up"
    assert down.fault(analysis(0.5), analysis(0.25)) is None
    assert down.fault(analysis(0.5), analysis(-0.5)) == "score moved -1.00, not down"
    assert down.fault(analysis(None), analysis(0.5)) == "no label: empty, ok"


# --- the runner


def test_runner_counts_exactly() -> None:
    analyzer = WeatherAnalyzer()
    result = run_suite(analyzer, tests=read_tests(SENTENCES, source="weather.toml"))
    counts = [
        (o.test.name, o.tuning.n, o.tuning.failures, o.held_out.n, o.held_out.failures, o.rate)
        for o in result.outcomes
    ]
    assert counts == [
        ("sun", 4, 2, 2, 0, 2 / 6),  # rain is negative in both places
        ("place", 2, 2, 2, 2, 1.0),  # Leeds costs 0.3, 0.2 are allowed
        ("more", 2, 0, 2, 2, 0.5),  # rain to sun is 1.1, sun to more sun 0.3
        ("asking", 2, 0, 2, 2, 0.5),
    ]
    assert result.mean_rate == pytest.approx((1 / 3 + 1 + 0.5 + 0.5) / 4)
    assert result.half_rate("tuning") == pytest.approx((0.5 + 1 + 0 + 0) / 4)
    assert result.half_rate("held_out") == pytest.approx((0 + 1 + 1 + 1) / 4)
    assert result.worst.test.name == "place"
    assert [outcome.test.name for outcome in result.over_limit] == ["sun", "place", "more", "asking"]
    assert not result.passed


def test_every_text_is_scored_once_in_one_stream() -> None:
    analyzer = WeatherAnalyzer()
    run_suite(analyzer, tests=read_tests(SENTENCES, source="weather.toml"))
    assert sorted(analyzer.texts) == sorted(
        f"{words} {place}{stop}"
        for words, stop in (
            ("Sun in", "."),
            ("Rain in", "."),
            ("More sun in", "."),
            ("Rain in", "?"),
            ("Rain in", ""),
        )
        for place in ("York", "Leeds")
    )


def test_one_half_can_be_run_alone() -> None:
    tests = read_tests(SENTENCES, source="weather.toml")
    result = run_suite(WeatherAnalyzer(), "held_out", tests=tests)
    assert [(o.tuning.n, o.held_out.n, o.rate) for o in result.outcomes] == [
        (0, 2, 0),
        (0, 2, 1),
        (0, 2, 1),
        (0, 2, 1),
    ]
    assert {failure.case.split for o in result.outcomes for failure in o.examples} == {"held_out"}


def test_held_out_failures_are_counted_but_not_shown() -> None:
    result = run_suite(WeatherAnalyzer(), tests=read_tests(SENTENCES, source="weather.toml"))
    assert {failure.case.split for o in result.outcomes for failure in o.examples} == {"tuning"}
    assert [len(o.examples) for o in result.outcomes] == [2, 2, 0, 0]


def test_fields_choose_tests() -> None:
    tests = read_tests(SENTENCES, source="weather.toml")
    assert [o.test.name for o in run_suite(WeatherAnalyzer(), tests=tests, fields={"kind"}).outcomes] == [
        "asking"
    ]
    with pytest.raises(InputError, match="No behaviour test to run"):
        run_suite(WeatherAnalyzer(), tests=tests, fields={"topics"})
    with pytest.raises(InputError, match=r"'dev' is unknown\. Use one of tuning, held_out"):
        run_suite(WeatherAnalyzer(), "dev", tests=tests)


def test_examples_come_from_different_templates_first() -> None:
    sentences = SENTENCES.replace(
        '["Sun in {place}.", "Rain in {place}."]', '["Rain in {place}.", "Rain, {place}."]'
    )
    result = run_suite(WeatherAnalyzer(), tests=read_tests(sentences, source="w"), max_examples=2)
    assert [failure.case.template for failure in result.outcomes[0].examples] == [0, 1]


# --- tables


def test_tables() -> None:
    result = run_suite(WeatherAnalyzer(), tests=read_tests(SENTENCES, source="weather.toml"))
    plain, markdown = render_table(result).splitlines(), render_table(result, markdown=True).splitlines()
    assert plain[0].split() == [
        "capability",
        "test",
        "kind",
        "cases",
        "failed",
        "tuning",
        "held",
        "out",
        "limit",
    ]
    assert plain[2].split() == ["weather", "sun", "label", "6", "33.3%", "50.0%", "0.0%", "25.0%", "OVER"]
    assert plain[5].split() == [
        "weather",
        "asking",
        "label",
        "(kind)",
        "4",
        "50.0%",
        "0.0%",
        "100.0%",
        "25.0%",
        "OVER",
    ]
    assert plain[-1] == (
        f"4 tests, 18 cases. Mean failure 58.3% (limit {100 * load_limits().mean:.1f}%; tuning 37.5%, held out 75.0%). "
        "Worst: place 100.0%. 4 over their limit."
    )
    assert [cell.strip() for cell in markdown[2].split("|")[1:-1]] == [*plain[2].split()]
    assert markdown[1].count("-:") == 6


def test_failures_are_listed_with_what_was_found() -> None:
    result = run_suite(WeatherAnalyzer(), tests=read_tests(SENTENCES, source="weather.toml"), max_examples=1)
    lines = render_failures(result).splitlines()
    assert lines[0] == "sun (2 of 6): Sun is good."
    assert re.fullmatch(r"  negative, not positive: 'Rain in (York|Leeds)\.'", lines[1])


def test_suggested_limits_are_the_rates_and_a_margin() -> None:
    result = run_suite(WeatherAnalyzer(), tests=read_tests(SENTENCES, source="weather.toml"))
    suggested = tomllib.loads(render_limits(result, margin=0.02))
    assert suggested == {"tests": {"sun": 0.36, "place": 1.0, "more": 0.52, "asking": 0.52}}


# --- bad input


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('capability = "weather"', "capability =", "weather.toml: not valid TOML"),
        ("max_change = 0.2", "", "weather.toml: test 'place' has no 'max_change'"),
        (
            'expect = ["positive"]',
            'expect = ["good"]',
            "test 'sun': label 'good' is unknown. Use one of negative",
        ),
        ('toward = "up"', 'toward = "left"', "test 'more': kind 'direction' is unknown"),
        ('field = "kind"', 'field = "mood"', "test 'asking': field 'mood' is unknown"),
        ("More sun in {place}", "More sun in {town}", "no lexicon 'town'. Add it under"),
        ('vary = ["place"]', 'change = "shout"', "test 'place' has no 'shout'"),
    ],
)
def test_bad_sentences_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        read_tests(SENTENCES.replace(old, new), source="weather.toml")
