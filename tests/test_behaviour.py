"""The behaviour suite: its sentences are sound, and the shipped bundle passes its gates."""

from __future__ import annotations

import re
from importlib.resources import files
from string import ascii_letters

import pytest

from feedback_nlp.behaviour import (
    SPLITS,
    BehaviourTest,
    load_limits,
    load_suite,
    render_failures,
    render_table,
    run_suite,
    suite_digest,
)
from feedback_nlp.behaviour.changes import CHANGES

CAPABILITIES = {
    "author against others",
    "case, punctuation and contractions",
    "comparatives",
    "conditionals and wishes",
    "contrast",
    "emoji, emoticons and hashtags",
    "expectation against fact",
    "facts without emotional words",
    "fairness",
    "intensifiers and reducers",
    "kind of feedback",
    "length and document",
    "names, places, numbers and brands",
    "negation",
    "questions",
    "sarcasm markers",
    "time",
    "topics",
    "topics with their own sentiment",
    "typos and spelling",
    "vocabulary",
}


@pytest.fixture(scope="module")
def suite() -> tuple[BehaviourTest, ...]:
    return load_suite()


# --- the sentences


def test_suite_is_as_large_as_promised(suite: tuple[BehaviourTest, ...]) -> None:
    assert len(suite) >= 150
    assert sum(len(test.cases) for test in suite) >= 15_000
    assert len({test.name for test in suite}) == len(suite)


def test_every_capability_is_there(suite: tuple[BehaviourTest, ...]) -> None:
    assert {test.capability for test in suite} == CAPABILITIES
    assert {test.kind for test in suite} == {"label", "invariance", "direction"}
    assert {test.field for test in suite} == {"sentiment", "kind", "topics"}


def test_every_test_has_cases_from_three_templates_or_more_in_each_half(
    suite: tuple[BehaviourTest, ...],
) -> None:
    for test in suite:
        for split in SPLITS:
            half = test.half(split)
            assert 20 <= len(half) <= 50, (test.name, split)
            assert len({case.template for case in half}) >= 3, (test.name, split)


def test_cases_are_unique_within_a_test_and_halves_share_none(suite: tuple[BehaviourTest, ...]) -> None:
    for test in suite:
        assert len({case.texts for case in test.cases}) == len(test.cases), test.name


def test_every_invariance_and_direction_case_has_two_different_texts(
    suite: tuple[BehaviourTest, ...],
) -> None:
    for test in suite:
        for case in test.cases:
            assert (case.changed is None) == (test.kind == "label"), test.name
            assert case.changed != case.text, test.name


def test_texts_are_whole_sentences(suite: tuple[BehaviourTest, ...]) -> None:
    faults = [
        (test.name, text, fault)
        for test in suite
        for case in test.cases
        for text in (case.texts if test.kind != "invariance" else (case.text,))
        if (fault := _untidy(text, rough=test.rough))
    ]
    assert faults == []


def _untidy(text: str, *, rough: bool) -> str | None:
    if "{" in text or "}" in text:
        return "unfilled slot"
    if re.search(r"\b[Aa] [aeiou]", text) and not re.search(r"\b[Aa] (one|us|uni|euro)", text):
        return "a before a vowel"
    if text != text.strip() or "  " in text:
        return "stray space"
    if rough:
        return None
    if not (text[0].isupper() or text[0].isdigit() or text[0] in '"$£€'):
        return "no capital at the start"
    if text[-1] not in '.!?"':
        return "no stop at the end"
    if re.search(r"[.!?] [a-z]", text):
        return "small letter after a stop"
    return "word twice" if re.search(r"\b(\w+) \1\b", text) else None


def test_suite_is_the_same_at_every_expansion(suite: tuple[BehaviourTest, ...]) -> None:
    """The digest changes only with the sentences: change it here in the same commit."""
    assert suite_digest(load_suite()) == suite_digest(suite)
    assert suite_digest(suite)[:16] == "3df7dca5fc44e9f8"


def test_every_change_is_used_and_alters_a_sentence() -> None:
    sentence = "I do not like the kettle, it is terrible. The handle fell off."
    used = "".join(
        entry.read_text(encoding="utf-8")
        for entry in files("feedback_nlp.behaviour").joinpath("sentences").iterdir()
    )
    for name, change in CHANGES.items():
        assert f'change = "{name}"' in used, name
        assert change(sentence) != sentence, name
        assert change(sentence) == change(sentence), name


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("contract", "It's late and I don't like it."),
        ("contract_without_apostrophe", "Its late and I dont like it."),
        ("curly_apostrophe", "It\u2019s late and I don\u2019t like it."),
        ("no_final_punctuation", "It is late and I do not like it"),
        ("upper_case", "IT IS LATE AND I DO NOT LIKE IT."),
        ("title_case", "It Is Late And I Do Not Like It."),
        ("two_exclamation_marks", "It is late and I do not like it!!"),
        ("many_full_stops", "It is late and I do not like it..."),
        ("double_text", "It is late and I do not like it. It is late and I do not like it."),
        ("wide_spaces", "  It  is  late  and  I  do  not  like  it. "),
    ],
)
def test_change(change: str, expected: str) -> None:
    assert CHANGES[change]("It is late and I do not like it.") == expected


@pytest.mark.parametrize("change", ["swap_letters", "drop_letter", "double_letter"])
def test_typo_spoils_the_inside_of_one_long_word(change: str) -> None:
    sentence = "My charge is so late again"
    before, after = sentence.split(), CHANGES[change](sentence).split()
    spoilt = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(spoilt) == 1
    for old, new in spoilt:
        assert len(old) >= 5
        assert (old[0], old[-1]) == (new[0], new[-1])
        assert set(new) <= set(old) <= set(ascii_letters)


# --- the gate


def test_limits_name_tests_that_exist(suite: tuple[BehaviourTest, ...]) -> None:
    limits = load_limits()
    assert limits.tests.keys() <= {test.name for test in suite}
    assert 0 < limits.mean <= 0.25
    assert all(test.limit == limits.of(test.name) for test in suite)


@pytest.mark.skipif(
    not files("feedback_nlp").joinpath("models", "en", "manifest.json").is_file(),
    reason="no bundle is shipped yet",
)
def test_shipped_bundle_passes_the_gate(suite: tuple[BehaviourTest, ...]) -> None:
    from feedback_nlp import Analyzer

    result = run_suite(Analyzer.load(), tests=suite)
    assert result.passed, f"{render_table(result)}\n\n{render_failures(result, only_over_limit=True)}"
