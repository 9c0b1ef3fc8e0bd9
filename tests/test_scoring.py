"""The hash table of phrases, and the small sums that scoring is made of."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.scoring import (
    LinearScorer,
    _phrase_keys,
    _Rows,
)
from feedback_nlp.spelled import SpellingScorer, sparse_product
from feedback_nlp.spelling import spelling_profiles
from feedback_nlp.term_table import _GOLDEN, TermTable
from tests.tiny_linear import N_OUTPUTS, tiny_linear

KEYS = st.lists(st.integers(1, 2**63 - 1), unique=True, max_size=200)


def build_table(keys: list[int]) -> TermTable:
    return TermTable(np.array(keys, dtype=np.int64), np.arange(len(keys), dtype=np.int32) + 7)


@settings(max_examples=200, deadline=None)
@given(KEYS, KEYS)
def test_the_table_finds_all_its_keys_and_no_other(keys: list[int], others: list[int]) -> None:
    table = build_table(keys)
    place = {key: number + 7 for number, key in enumerate(keys)}
    wanted = [*others, *keys, *others]
    assert table.find(np.array(wanted, dtype=np.int64)).tolist() == [place.get(key, -1) for key in wanted]


@settings(max_examples=100, deadline=None)
@given(KEYS, st.integers(1, 50))
def test_a_table_that_grows_finds_all_its_keys(keys: list[int], size: int) -> None:
    table = build_table([])
    for start in range(0, len(keys), size):
        part = np.array(keys[start : start + size], dtype=np.int64)
        table.add(part, np.arange(start, start + len(part), dtype=np.int32))
    found = table.find(np.array([*keys, -2], dtype=np.int64)).tolist()
    assert found == [*range(len(keys)), -1]


def colliding_keys(slot: int, bits: int, count: int) -> list[int]:
    """Return keys that all want one slot of a table of 2**bits: multiples of the inverse of the multiplier."""
    inverse = pow(int(_GOLDEN), -1, 2**64)
    products = ((slot << (64 - bits)) + step for step in range(10 * count))
    keys = [product * inverse % 2**64 for product in products]
    return [key for key in keys if 0 < key < 2**63][:count]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 127), st.integers(1, 30))
def test_keys_that_want_one_slot_are_all_found(slot: int, count: int) -> None:
    every = colliding_keys(slot, 7, 2 * count)
    assert len(every) == 2 * count
    # 17 to 32 keys make a table of 128 slots: fill up with keys that want other slots.
    filler = [3 * key for key in range(1, 1 + max(0, 20 - count))]
    keys = list(dict.fromkeys([*every[:count], *filler]))
    table = build_table(keys)
    found = table.find(np.array([*keys, *every[count:]], dtype=np.int64)).tolist()
    assert found == [*range(7, 7 + len(keys)), *[-1] * count]


def test_the_collisions_above_are_real() -> None:
    keys = colliding_keys(5, 7, 20)
    table = build_table(keys)
    assert len(table._keys) == 128
    assert table.probes == 20


def test_a_run_of_collisions_goes_round_the_end() -> None:
    keys = colliding_keys(127, 7, 20)
    assert build_table(keys).find(np.array(keys, dtype=np.int64)).tolist() == list(range(7, 27))


def test_an_empty_table_finds_nothing() -> None:
    assert build_table([]).find(np.array([1, 2], dtype=np.int64)).tolist() == [-1, -1]
    assert build_table([3]).find(np.array([], dtype=np.int64)).tolist() == []


def test_keys_of_pairs_and_triples_differ() -> None:
    words = np.array([0, 1, 2**21 - 2], dtype=np.int64)
    pairs = [_phrase_keys((np.array([a]), np.array([b])))[0] for a in words for b in words]
    triples = [
        _phrase_keys((np.array([a]), np.array([b]), np.array([c])))[0]
        for a in words
        for b in words
        for c in words
    ]
    assert len({int(key) for key in [*pairs, *triples]}) == 9 + 27
    assert min(pairs + triples) > 0
    # "No third word" is -1 in a bundle.
    no_third = _phrase_keys((words, words, np.full(3, -1, dtype=np.int64)))
    assert no_third.tolist() == _phrase_keys((words, words)).tolist()


def test_rows_of_clauses_and_behind_them_of_texts_hold_each_member_once() -> None:
    # Three clauses of two texts: 0 of the first, 1 and 2 of the second.
    rows = _Rows(np.array([0, 1, 1]), 2)
    owners, members = rows.distinct(np.array([2, 1, 0, 1, 1]), np.array([4, 4, 2, 4, 3]), 5)
    assert list(zip(owners.tolist(), members.tolist(), strict=True)) == [
        (0, 2), (1, 3), (1, 4), (2, 4), (3, 2), (4, 3), (4, 4),
    ]  # fmt: skip
    nothing = np.array([], dtype=np.int64)
    assert [part.tolist() for part in _Rows(nothing, 2).distinct(nothing, nothing, 0)] == [[], []]


def testsparse_product() -> None:
    weights = np.array([[1, 2], [10, 20]], dtype=np.float32)
    values = np.array([1, 1, 0.5], dtype=np.float32)
    out = sparse_product(np.array([0, 2, 2]), np.array([1, 0, 1]), values, 3, weights)
    assert out.tolist() == [[10, 20], [0, 0], [6, 12]]


def test_a_scorer_without_terms_still_answers() -> None:
    linear = tiny_linear()
    empty = type(linear)(
        words=(),
        terms=np.zeros((0, 4), dtype=np.int32),
        term_idf=np.zeros(0, dtype=np.float32),
        term_weights=np.zeros((0, N_OUTPUTS), dtype=np.float32),
        grams=linear.grams,
        gram_idf=linear.gram_idf,
        gram_weights=linear.gram_weights,
    )
    scores = LinearScorer(empty).score(["bad app", "zzz"])
    assert scores.texts.shape == (2, N_OUTPUTS)
    assert scores.texts[0].any()
    assert not scores.texts[1].any()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from("abcdeé' \x00"), min_size=1, max_size=40), min_size=1, max_size=6))
def test_spellings_of_many_words_are_those_of_each(words: list[str]) -> None:
    grams = [" ab", "abc", "bcd ", "aaa", "aaaa", "aaaaa", "eé", "éab", "cde", "dea", "ea ", "e'a", "bab"]
    idf = np.linspace(1, 3, len(grams), dtype=np.float32)
    weights = np.arange(2 * len(grams), dtype=np.float32).reshape(-1, 2)
    plain = spelling_profiles(words, {gram: column for column, gram in enumerate(grams)}, idf) @ weights
    np.testing.assert_allclose(SpellingScorer(grams, idf, weights).score(words), plain, rtol=1e-5)
