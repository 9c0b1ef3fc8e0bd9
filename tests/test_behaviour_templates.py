"""Templates are filled the same way everywhere, with different fillers and the right article."""

from __future__ import annotations

import pytest

from feedback_nlp.behaviour.templates import expand, with_other_fillers


def test_templates_take_turns_and_fillings_are_unique() -> None:
    filled = list(expand([("{x}",), ("{x}.",), ("a",)], {"x": ["a", "b"]}, wanted=4, key="k"))
    assert [index for index, _ in filled[:3]] in ([0, 1, 2], [0, 1, 0], [0, 1, 1])
    assert sorted(texts for _, texts in filled) == [("a",), ("a.",), ("b",), ("b.",)]


def test_second_draw_of_a_lexicon_differs_from_the_first() -> None:
    filled = {texts for _, texts in expand([("{x} {x2}",)], {"x": ["a", "b", "c"]}, wanted=99, key="k")}
    assert filled == {("a b",), ("a c",), ("b a",), ("b c",), ("c a",), ("c b",)}


def test_large_products_are_sampled() -> None:
    lexicons = {"x": [str(number) for number in range(100)]}
    filled = [texts for _, texts in expand([("{x} {x2} {x3}",)], lexicons, wanted=30, key="k")]
    assert len(set(filled)) == 30
    assert filled == [texts for _, texts in expand([("{x} {x2} {x3}",)], lexicons, wanted=30, key="k")]
    assert filled != [texts for _, texts in expand([("{x} {x2} {x3}",)], lexicons, wanted=30, key="other")]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("hour", "An hour."),
        ("user", "A user."),
        ("apple", "An apple."),
        ("one-off", "A one-off."),
        ("18", "An 18."),
    ],
)
def test_article(word: str, expected: str) -> None:
    assert list(expand([("{A:x}.",)], {"x": [word]}, wanted=1, key="k")) == [(0, (expected,))]


def test_other_fillers_keep_the_other_slots() -> None:
    template = with_other_fillers("{A:town} {who}", ["town"])
    filled = {texts for _, texts in expand([template], {"town": ["x", "y"], "who": ["z"]}, wanted=9, key="k")}
    assert filled == {("A x z", "A y z"), ("A y z", "A x z")}
