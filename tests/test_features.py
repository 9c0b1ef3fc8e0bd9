"""Terms and weights of small texts, worked out by hand."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from sklearn.base import clone

from feedback_nlp.features import SpellingVectorizer, build_term_vectorizer, spellings_of, terms_of
from feedback_nlp.preprocess import Preprocessor
from feedback_nlp.spelling import LONGEST_SPELLED, spell

PREPROCESSOR = Preprocessor()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("Good app", ["good", "app", "good app"]),
        # Triples at most.
        ("a b c d", ["a", "b", "a b", "c", "b c", "a b c", "d", "c d", "b c d"]),
        # A clause ends the run; a comma does not, and is no term.
        ("cheap but slow", ["cheap", "but", "slow", "but slow"]),
        ("cheap, slow", ["cheap", "slow", "cheap slow"]),
        ("cheap. Slow", ["cheap", ".", "slow"]),
        # The word itself carries the scope, runs do not; wishes are not marked.
        ("not very good", ["not", "NOT_very", "not very", "NOT_good", "very good", "not very good"]),
        ("would buy", ["would", "buy", "would buy"]),
        # Expressive marks and emoji are terms, each as often as it stands there.
        ("wow!! 😀 :)", ["wow", "!", "!", "😀", "<glad>"]),
        ("what?", ["what", "?"]),
        ("wait...", ["wait", "..."]),
        ("(see www.a.example)", ["see"]),
        # Invisible tokens are none.
        ("good \u200b app", ["good", "app", "good app"]),
    ],
)  # fmt: skip
def test_terms(text: str, terms: list[str]) -> None:
    assert terms_of(PREPROCESSOR.prepare(text)) == terms


def test_terms_and_spellings_of_one_clause() -> None:
    prepared = PREPROCESSOR.prepare("Fast app, fast. But the app is dear!")
    assert terms_of(prepared, 0) == ["fast", "app", "fast app", "fast", "app fast", "fast app fast", "."]
    assert terms_of(prepared, 1)[:3] == ["but", "the", "but the"]
    assert spellings_of(prepared, 0) == ["app", "fast"]
    assert spellings_of(prepared, 1) == ["app", "but", "dear", "is", "the"]
    assert spellings_of(prepared) == ["app", "but", "dear", "fast", "is", "the"]
    assert terms_of(prepared, 0) + terms_of(prepared, 1) == terms_of(prepared)


def test_placeholders_and_marks_have_no_spelling() -> None:
    assert spellings_of(PREPROCESSOR.prepare("@a b@c.example 77 5 :) 😀 ! ok")) == ["5", "ok"]


def test_spelling_of_a_word() -> None:
    assert spell("a") == [" a "]
    assert spell("ok") == [" ok", "ok ", " ok "]
    assert spell("good") == [" go", "goo", "ood", "od ", " goo", "good", "ood ", " good", "good "]
    assert spell("x" * 100) == spell("x" * LONGEST_SPELLED)
    assert all(3 <= len(gram) <= 5 for gram in spell("unbelievable"))


def test_weights_of_terms_are_presence_times_smooth_idf_scaled_to_length_one() -> None:
    texts = ["good good app", "bad app", "app"]
    vectorizer = build_term_vectorizer()
    block = vectorizer.fit_transform([terms_of(PREPROCESSOR.prepare(text)) for text in texts])
    names = vectorizer.get_feature_names_out().tolist()
    assert names == ["app", "bad", "bad app", "good", "good app", "good good", "good good app"]
    rare, common = log(4 / 2) + 1, log(4 / 4) + 1  # ln((1 + n) / (1 + df)) + 1
    assert vectorizer.idf_.tolist() == pytest.approx([common, *[rare] * 6], rel=1e-6)
    length = sqrt(common**2 + 4 * rare**2)
    expected = [common / length, 0, 0, *[rare / length] * 4]  # "good" twice counts once
    assert block[0].toarray()[0].tolist() == pytest.approx(expected, rel=1e-6)
    assert block[2].toarray()[0].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert block.dtype == np.float32


def test_rare_terms_are_left_out() -> None:
    vectorizer = build_term_vectorizer(min_df=2).fit([["app", "good"], ["app", "bad"], ["bad"]])
    assert vectorizer.get_feature_names_out().tolist() == ["app", "bad"]


def test_a_fixed_vocabulary_keeps_capitals_order_and_no_others() -> None:
    vectorizer = build_term_vectorizer(vocabulary=["NOT_good", "app"])
    block = vectorizer.fit_transform([["not", "NOT_good"], ["app", "good"]])
    assert block.toarray().tolist() == [[1, 0], [0, 1]]


def test_weights_of_spellings() -> None:
    vectorizer = SpellingVectorizer(min_df=1)
    block = vectorizer.fit_transform([["ok"], ["ok", "or"], []])
    assert list(vectorizer.vocabulary_) == [" ok", " ok ", " or", " or ", "ok ", "or "]
    ok, or_ = log(4 / 3) + 1, log(4 / 2) + 1
    assert vectorizer.idf_.tolist() == pytest.approx([ok, ok, or_, or_, ok, or_], rel=1e-6)
    third = 1 / sqrt(3)  # three n-grams of equal idf, scaled to length 1
    both = third / sqrt(2)  # two words
    assert block.toarray().tolist() == [
        pytest.approx([third, third, 0, 0, third, 0], rel=1e-6),
        pytest.approx([both] * 6, rel=1e-6),
        [0] * 6,
    ]


def test_n_grams_are_counted_once_for_each_word_that_holds_them() -> None:
    vectorizer = SpellingVectorizer(min_df=2).fit([["bad", "badly"], ["good"], ["goods"]])
    assert " ba" in vectorizer.vocabulary_
    assert "goo" in vectorizer.vocabulary_
    assert "ods" not in vectorizer.vocabulary_


def test_spellings_with_a_fixed_vocabulary() -> None:
    fixed = SpellingVectorizer(vocabulary=[" ba", "goo"], idf=[2.0, 3.0]).fit([])
    assert fixed.transform([["bad", "good"], ["xyz"]]).toarray().tolist() == [
        pytest.approx([1 / sqrt(2), 1 / sqrt(2)], rel=1e-6),
        [0, 0],
    ]
    assert fixed.transform([]).shape == (0, 2)
    assert fixed.transform([[]]).shape == (1, 2)


def test_a_repeated_n_gram_counts_twice_in_its_word() -> None:
    vectorizer = SpellingVectorizer(vocabulary=["ana", " ba"], idf=[1.0, 1.0]).fit([])
    assert vectorizer.profiles(["banana"]).toarray().tolist() == [pytest.approx([2 / sqrt(5), 1 / sqrt(5)])]


def test_the_vectorizer_is_a_scikit_learn_estimator() -> None:
    vectorizer = SpellingVectorizer(min_df=7)
    assert clone(vectorizer).get_params() == {"min_df": 7, "vocabulary": None, "idf": None}
