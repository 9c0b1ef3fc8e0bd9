"""Other people's, past and expected clauses are asides where another says what holds; words that must not decide."""

from __future__ import annotations

import pytest

from feedback_nlp.forms import normalize_token
from feedback_nlp.neutral import NEUTRAL_FORMS
from feedback_nlp.preprocess import Preprocessor

PREPROCESSOR = Preprocessor()


@pytest.mark.parametrize(
    ("text", "asides"),
    [
        ("My friend hates it, I love it.", [True, False]),
        ("My friend hates it.", [False]),
        ("My friend and I love it, it is good.", [False, False]),
        ("Emma says it is good and I agree.", [False, False]),
        ("They call it cheap; I call it nasty.", [True, False]),
        ("It used to be great, now it crashes.", [True, False]),
        ("It used to be great.", [False]),
        ("It was slow a year ago. These days it flies.", [True, False]),
        ("Last year it was fine, but it broke.", [True, False]),
        ("At first it was slow and now it is fast.", [True, False]),
        ("It worked at once, now it is here.", [False, False]),
        ("I used it to cook, now it is clean.", [False, False]),
        ("I thought it would be cheap, but it is solid.", [True, False]),
        ("It is solid. I thought it would be cheap.", [False, False]),
        ("The reviews say it is great, I find it dull.", [True, False]),
        ("Is it any good?", [False]),
        ("Is it good? Yes.", [False, False]),
        ("I would love more colours.", [False]),
        ("", []),
    ],
)
def test_asides(text: str, asides: list[bool]) -> None:
    assert PREPROCESSOR.prepare(text).asides == asides


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("it was fast, it is good", [0, 0, 0, 0, 1, 1, 1]),
        ("fast, good", [0, 0, 0]),
        ("they were rude and I left", [0, 0, 0, 0, 1, 1]),
        ("great, it broke again", [0, 0, 0, 0, 0]),
        ("rude and slow", [0, 0, 0]),
        ("it is nice, only slow", [0, 0, 0, 0, 1, 1]),
        ("it is the only one", [0, 0, 0, 0, 0]),
    ],
)
def test_a_new_subject_starts_a_clause(text: str, clauses: list[int]) -> None:
    assert PREPROCESSOR.prepare(text).clauses == clauses


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("Emma Oliver Fatima Kwame PIOTR", "<name>"),
        ("London mumbai Texas", "<place>"),
        ("Polish Nigerian muslim Hindu gay straight black white deaf", "<people>"),
        ("woman man girl lady", "<person>"),
        ("mother dad wife sister", "<family>"),
        ("he She they", "they"),
        ("Monday june", "<day>"),
        ("Samsung ikea", "<brand>"),
        ("https://a.example @shop a@b.example", ""),
        ("48213 A-48213 2024-1187", "<number>"),
    ],
)
def test_what_must_not_decide_reads_alike(words: str, form: str) -> None:
    assert {normalize_token(word) for word in words.split()} == {form}


def test_everyday_words_are_no_names() -> None:
    everyday = "bill mark may will rich grant hope joy nice reading mobile turkey old young short target apple gap next"
    assert not set(everyday.split()) & NEUTRAL_FORMS.keys()
