"""The second stage of the language gate over many texts says what it says of each, to the last bit."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.identifier import rank, ranked, share_batch
from feedback_nlp.language import _ADDRESS, LATIN_LANGUAGES, LanguageGate, _without_addresses
from feedback_nlp.readability import _EMOTICON, is_keyboard_noise, letters_of, without_emoticons
from tests.awkward import PIECES, SENTENCES

GATE = LanguageGate({"parcel", "late", "app", "okay", "die", "super", "so", "ok"})
SIGNS = (
    ":D", "xD", "XD", "8)", "x3", "<3", "(:", ")':", "T_T", "q_q", ">_<", "-.-", "^^", "\\o/", "¯\\_(ツ)_/¯", "(ツ)",
    "ಠ_ಠ", "ʕ•ᴥ•ʔ", "ʕ a ʔ", "(╯°□°)╯", "( ͡° ͜ʖ ͡°)", "http://a.example/b", "https:x", "www.shop.example", "@shop",
    "me@shop.example", "@", "x@", "#tag", "12", "aaaa", "1111", "{", "}", "=", '{"a": 1}', "\n", "\t", " ", "  ",
    "\u00a0", "\x1c", "é", "über", "Straße", "包裹", "ﬁ", "Ⅷ", "\ud800", "danke", "muy", "hjkl", "THE", "x", "8",
)  # fmt: skip
ANY_TEXT = (
    st.text(max_size=40)
    | st.text("xX8:;=()[]<>3^_-.oO/\\'’ DdTtQ@a1", max_size=14)
    | st.lists(st.sampled_from([*SIGNS, *PIECES]), max_size=12).map("".join)
    | st.lists(st.sampled_from([*SIGNS, *PIECES]), max_size=12).map(" ".join)
)


def rank_batch(texts: list[str], languages: tuple[str, ...]) -> list[Mapping[str, float]]:
    codes, shares = share_batch(texts, languages)
    return [ranked(codes, row) for row in shares]


def words_of(text: str) -> list[str]:
    return [word for word in text.lower().split() if word.isalpha()]


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_TEXT, max_size=5))
def test_many_texts_get_the_verdicts_of_each(texts: list[str]) -> None:
    unsure = [text for text in texts if not GATE.is_surely_english(*GATE.count(words_of(text)))]
    words = list(map(words_of, unsure))
    traits = list(map(GATE.traits.of_all, words))
    assert GATE.judge_unsure(unsure, traits, words.__getitem__) == list(map(GATE.judge, unsure, words))


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_TEXT, max_size=5))
def test_the_identifier_ranks_many_texts_as_it_ranks_each(texts: list[str]) -> None:
    expected = [rank(text, LATIN_LANGUAGES) for text in texts]
    found = rank_batch(texts, LATIN_LANGUAGES)
    assert list(map(list, found)) == list(map(list, expected))
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_the_identifier_over_awkward_texts_short_and_long() -> None:
    rng = random.Random(14)  # noqa: S311  # sampling, not secrecy
    texts = [*SENTENCES, "", "z" * 5_000, " ".join(rng.choices(PIECES, k=3_000))]
    found = rank_batch(texts, LATIN_LANGUAGES)
    for text, one in zip(texts, found, strict=True):
        assert one == pytest.approx(rank(text, LATIN_LANGUAGES), abs=1e-6), repr(text[:80])


def test_texts_of_several_blocks_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Danke schön", "", "merci beaucoup " * 9, "muchas gracias", "thank you"]
    expected = rank_batch(texts, LATIN_LANGUAGES)
    monkeypatch.setattr("feedback_nlp.identifier._BLOCK_BYTES", 20)
    assert rank_batch(texts, LATIN_LANGUAGES) == expected
    best = [next(iter(one)) for one in expected]
    assert (best[0], *best[2:]) == ("de", "fr", "es", "en")
    assert set(expected[1].values()) == {expected[1]["en"]}


@settings(max_examples=400, deadline=None)
@given(ANY_TEXT)
def test_searching_likely_words_only_finds_every_emoticon_and_address(text: str) -> None:
    assert without_emoticons(text) == _EMOTICON.sub(" ", text)
    assert _without_addresses(text) == _ADDRESS.sub(" ", text)
    assert letters_of(text) == "".join(char for char in text if char.isalpha())


def test_noise_is_remembered_by_word() -> None:
    is_keyboard_noise.cache_clear()
    assert is_keyboard_noise("hjkhjk")
    assert is_keyboard_noise("hjkhjk")
    assert is_keyboard_noise.cache_info().hits == 1
