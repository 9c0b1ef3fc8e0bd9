"""The fast path gives what the plain path defines: the same tokens and marks, the same scores."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer

from feedback_nlp import Analyzer, chunks
from feedback_nlp.chunks import LONGEST_REMEMBERED, ChunkTable, bits_of
from feedback_nlp.cuts import cut_chunks
from feedback_nlp.forms import normalize_token, normalize_words
from feedback_nlp.offsets import locate_tokens
from feedback_nlp.preprocess import Prepared, Preprocessor, build_tokenizer
from feedback_nlp.reference import ReferenceScorer
from feedback_nlp.scan import scan_texts
from feedback_nlp.scoring import LinearScorer
from feedback_nlp.splitting import split_texts
from feedback_nlp.terms import term_names
from tests.awkward import PIECES, SENTENCES
from tests.tiny_linear import tiny_linear

NLP = build_tokenizer()
TOKENIZER = cast(Tokenizer, NLP.tokenizer)
PREPROCESSOR = Preprocessor()
SCORER = LinearScorer(tiny_linear())
REFERENCE = ReferenceScorer(tiny_linear())
GLUED = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
#: Forms, sentences, clauses, scopes and asides of one text.
Marks = tuple[list[str], list[int], list[int], list[int], list[bool]]


def read_marks(prepared: Prepared) -> Marks:
    return prepared.forms, prepared.sentences, prepared.clauses, prepared.scopes, prepared.asides


def scan_marks(table: ChunkTable, texts: list[str]) -> Iterator[Marks]:
    tokens = scan_texts(table, texts)
    assert tokens.n_texts == len(texts)
    starts = np.searchsorted(tokens.texts, np.arange(len(texts) + 1))
    for first, end in pairwise(starts.tolist()):
        run = slice(first, end)
        forms = [table.forms[form] for form in tokens.forms[run]]
        sentences, clauses = (
            (column[run] - column[run][:1]).tolist() for column in (tokens.sentences, tokens.clauses)
        )
        asides = (
            tokens.asides[slice(*tokens.clauses[[first, end - 1]] + (0, 1))].tolist() if end > first else []
        )
        yield forms, sentences, clauses, tokens.scopes[run].tolist(), asides


def assert_same_marks(texts: list[str]) -> None:
    table = ChunkTable(NLP, [], lambda: None)
    prepared = [PREPROCESSOR.prepare(text) for text in texts]
    for text, found, plain in zip(texts, scan_marks(table, texts), prepared, strict=True):
        assert found == read_marks(plain), repr(text)
    places = [list(pair) for one in prepared for pair in zip(one.starts, one.ends, strict=True)]
    tokens = scan_texts(table, texts)
    assert tokens.layout is not None
    assert locate_tokens(texts, tokens.layout, np.arange(len(tokens.forms))).tolist() == places


def assert_same_scores(scorer: LinearScorer, reference: ReferenceScorer, texts: list[str]) -> None:
    scores = scorer.score(texts)
    np.testing.assert_allclose(scores.texts, reference.score(texts), atol=1e-5)
    starts = np.searchsorted(scores.clause_texts, np.arange(len(texts) + 1))
    for row, text in enumerate(texts):
        clauses = scores.clauses[starts[row] : starts[row + 1]]
        expected = reference.score_clauses(text)
        assert clauses.shape == expected.shape, repr(text)
        np.testing.assert_allclose(clauses, expected, atol=1e-5)


# -- tokens and marks ----------------------------------------------------------------------------------


def test_awkward_sentences_alone_and_in_one_batch() -> None:
    assert len(SENTENCES) >= 150
    assert_same_marks(list(SENTENCES))
    for text in SENTENCES:
        assert_same_marks([text])


def test_pieces_glued_at_random() -> None:
    rng = random.Random(11)  # noqa: S311  # sampling, not secrecy
    assert_same_marks(["".join(rng.choices(PIECES, k=rng.randint(0, 40))) for _ in range(2_000)])


def test_the_special_cases_of_the_tokenizer_whole_and_torn_apart() -> None:
    """One of them that matched over a space would give the fast path other tokens than the plain one."""
    rng = random.Random(12)  # noqa: S311
    cases = sorted(TOKENIZER.rules)
    texts = []
    for case in cases:
        cut = rng.randint(0, len(case))
        texts += [case, f"{case[:cut]} {case[cut:]}", f"{case}{rng.choice(PIECES)}{rng.choice(cases)}"]
    assert len(texts) > 3_000
    assert_same_marks(texts)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60) | GLUED, max_size=6))
def test_any_texts(texts: list[str]) -> None:
    assert_same_marks(texts)


def test_marks_of_neighbours_in_a_batch_do_not_touch() -> None:
    texts = ["not", "good", "bad.", "so", "but", "", "\n", "fine!", "Would", "buy"]
    table = ChunkTable(NLP, [], lambda: None)
    for text, (forms, sentences, clauses, scopes, _) in zip(texts, scan_marks(table, texts), strict=True):
        assert (sentences, clauses, scopes) == ([0] * len(forms), [0] * len(forms), [0] * len(forms)), text


def test_spans_of_a_chunk() -> None:
    table = ChunkTable(NLP, ["pay"], lambda: None)
    (number,) = table.look_up(split_texts(["(can’t..."]))
    assert table.spans(int(number)) == [(0, 1), (1, 3), (3, 6), (6, 9)]
    assert [table.forms[form] for form in table.arrays()[2]] == ["(", "ca", "not", "..."]


# -- scores --------------------------------------------------------------------------------------------


def test_scores_of_awkward_sentences_with_tiny_weights() -> None:
    plain = [
        "Not very good app, the app is bad!",
        "great great great",
        "GREAT app :) 😀",
        "not bad",
        "the app",
    ]
    assert_same_scores(SCORER, REFERENCE, [*plain, *SENTENCES])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from([*tiny_linear().words, "slowly", "gooood", ".", "but", "\n", ","]), max_size=15
        ),
        max_size=5,
    )
)
def test_scores_of_any_order_of_known_words(lines: list[list[str]]) -> None:
    assert_same_scores(SCORER, REFERENCE, [" ".join(words) for words in lines])


def test_scores_of_the_shipped_bundle(analyzer: Analyzer) -> None:
    linear = analyzer.bundle.linear
    texts = [
        *SENTENCES,
        "The delivery was two days late, but the driver was friendly and the refund came at once.",
        "I can't log in any more!!! Please fix it, the app was great before the last update :(",
        "Not the best shoes I ever had; the size runs small. Would not buy again.",
    ]
    assert_same_scores(LinearScorer(linear), ReferenceScorer(linear), texts)


def test_unknown_words_score_the_same_in_whatever_order_they_are_met(analyzer: Analyzer) -> None:
    """To the last bit: a figure at the edge of its fourth decimal must not depend on what a process read before."""
    draw = random.Random(5)  # noqa: S311 - a sample, not a secret
    words = ["".join(draw.choices("aeinorst", k=7)) for _ in range(400)]
    texts = [" ".join(draw.sample(words, 25)) for _ in range(200)]
    linear = analyzer.bundle.linear
    first, other = LinearScorer(linear), LinearScorer(linear)
    first.score(words)
    other.score(words[::-1])
    np.testing.assert_array_equal(first.score(texts).texts, other.score(texts).texts)


def test_a_score_by_hand() -> None:
    """One text of two known words: idf-weighted, scaled to length one, times the weights; then the spelling."""
    linear = tiny_linear()
    names = term_names(linear)
    rows = [names.index("slow"), names.index("app")]
    idf = linear.term_idf[rows].astype(float)
    terms = idf @ linear.term_weights[rows] / np.sqrt((idf**2).sum())
    grams = [linear.grams.index(gram) for gram in ("slo", "low")]  # those of " slow " that are known
    gram_idf = linear.gram_idf[grams].astype(float)
    spelling = gram_idf @ linear.gram_weights[grams] / np.sqrt((gram_idf**2).sum())
    # "app" has no known n-gram; two distinct words share the root.
    expected = terms + spelling / np.sqrt(2)
    np.testing.assert_allclose(SCORER.score(["Slow slow app?"]).texts[0], expected, atol=1e-5)


def test_what_a_batch_says_of_clauses_and_words() -> None:
    scorer = LinearScorer(tiny_linear(), frozenset(["the", "a", "of"]))
    scores = scorer.score(["Good app, but the price of it. Bad!", "", "?? 12 xylophone"])
    assert scores.clause_texts.tolist() == [0, 0, 0, 2, 2]
    # A number begins a sentence after the question marks; it is a word, but not an alphabetic one.
    assert scores.clause_sentences.tolist() == [0, 0, 1, 2, 3]
    assert scores.clause_words.tolist() == [2, 5, 1, 0, 2]
    assert scores.all_words.tolist() == [8, 0, 1]
    # good, app, the, of, bad: in the vocabulary or among the common words.
    assert scores.known_words.tolist() == [5, 0, 0]
    assert scores.common_words.tolist() == [2, 0, 0]


@pytest.mark.parametrize("size", [1, 7, 64, 1_000])
def test_any_split_into_batches_gives_the_same_scores(size: int) -> None:
    texts = list(SENTENCES)
    whole = SCORER.score(texts)
    parts = [SCORER.score(texts[start : start + size]) for start in range(0, len(texts), size)]
    np.testing.assert_allclose(np.vstack([part.texts for part in parts]), whole.texts, atol=1e-6)
    np.testing.assert_allclose(np.vstack([part.clauses for part in parts]), whole.clauses, atol=1e-6)


def test_order_and_duplicates() -> None:
    texts = ["Bad app.", "great", "Bad app.", "", "great"]
    scores = SCORER.score(texts).texts
    alone = np.vstack([SCORER.score([text]).texts for text in texts])
    np.testing.assert_array_equal(scores, alone)
    np.testing.assert_array_equal(scores[0], scores[2])
    np.testing.assert_array_equal(SCORER.score(texts[::-1]).texts, scores[::-1])


def test_no_texts() -> None:
    scores = SCORER.score([])
    assert (scores.texts.shape, scores.clauses.shape) == ((0, 21), (0, 21))
    assert len(scores.known_words) == len(scores.all_words) == 0


def test_a_table_that_forgets_gives_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = SCORER.score(list(SENTENCES))
    monkeypatch.setattr(chunks, "CAPACITY", 20)
    scorer = LinearScorer(tiny_linear(), frozenset(["the"]))
    largest = 0
    for _ in range(3):
        for row, text in enumerate(SENTENCES):
            np.testing.assert_allclose(scorer.score([text]).texts[0], expected.texts[row], atol=1e-6)
            largest = max(largest, len(scorer.table.forms))
    assert largest < len(tiny_linear().words) + 1 + 60
    assert scorer.table.forms[: len(tiny_linear().words)] == list(tiny_linear().words)


def test_what_is_learned_together_is_learned_as_if_alone() -> None:
    """Quotes in neighbouring chunks meet a special case of spaCy's that looks over the space between them."""
    words = [
        "punches,''",
        "''ades''",
        "''pies''",
        "'",
        "''",
        "em",
        "a.m",
        ".",
        "e.g",
        "(:",
        *PIECES,
        *TOKENIZER.rules,
    ]
    chunks = [chunk for word in words for chunk in word.split()]
    together, alone = ChunkTable(NLP, [], lambda: None), ChunkTable(NLP, [], lambda: None)
    numbers = together.look_up(split_texts(chunks)).tolist()
    for chunk, number in zip(chunks, numbers, strict=True):
        assert together.spans(number) == alone.spans(int(alone.look_up(split_texts([chunk]))[0])), chunk


def assert_shapes_cut_as_spacy_does(chunks: list[str]) -> int:
    """Compare the cuts of every shape with spaCy's of the chunk itself; return how many chunks have a shape."""
    table = ChunkTable(NLP, [], lambda: None)
    shapes = table._shapes.shapes_of(chunks)
    table._learn_shapes(dict.fromkeys(shape for shape in shapes if shape))
    real = [
        cut
        for start in range(0, len(chunks), 2_000)
        for cut in cut_chunks(NLP, chunks[start : start + 2_000])
    ]
    for chunk, shape, cuts in zip(chunks, shapes, real, strict=True):
        assert shape not in table._cuts or table._cuts[shape] == cuts, (chunk, shape)
    return sum(shape in table._cuts for shape in shapes)


def test_chunks_of_one_shape_are_cut_alike() -> None:
    rng = random.Random(13)  # noqa: S311
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    cases = sorted(TOKENIZER.rules)
    words = [case[:cut] for case in rng.sample(cases, 300) for cut in range(1, len(case) + 1)]
    words += "xD loXD XDlol km cm US C cant gonna am pm s S etc http www Mr D p P T K com".split()
    words += ["".join(rng.choices(letters, k=rng.randint(1, 24))) for _ in range(1_500)]
    marks = [
        "",
        "",
        "",
        *".,!?;:\"'()*#@$%&-_/=^<>[]~’…😀",
        "...",
        "''",
        "):",
        "..",
        "--",
        ":-",
        "'s",
        "’s",
        "//",
        "://",
    ]
    digits = ["", "", "", "3", "15", "2019", "1234567890"]

    def piece() -> str:
        return rng.choice(marks) + rng.choice(digits) + rng.choice(words) + rng.choice(digits)

    one = ["".join((piece(), rng.choice(marks), rng.choice(marks))) for _ in range(12_000)]
    two = ["".join((piece(), piece(), rng.choice(marks))) for _ in range(8_000)]
    chunks = [chunk for chunk in dict.fromkeys([*one, *two]) if len(chunk) <= LONGEST_REMEMBERED]
    assert assert_shapes_cut_as_spacy_does(chunks) > 5_000


def test_addresses_that_read_as_words_are_one_token() -> None:
    rng = random.Random(14)  # noqa: S311
    signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-"
    paths = ["".join(rng.choices(signs, k=rng.randint(1, 12))) for _ in range(4_000)]
    ends = ["", "km", "5km", "9m", "1m/s", "xD", "XD", "D", "K", "3.5GB", ".", "!", ")"]
    chunks = [f"http{rng.choice(['', 's'])}://{path}{rng.choice(ends)}" for path in paths]
    assert assert_shapes_cut_as_spacy_does(chunks) > 1_000


@pytest.mark.parametrize(
    "chunk",
    ["cant", "cant,", "(can't)", "and/cant", "Mr.", "Mr.,", "e.g", "5km", "5km,", "12%p", "US$5", "xD", ":Door", "x=D",
     "shop.de", "shop.de)", "a@b.cd", "www.x", "http://a.b/5km", "naïve", "it's", "20°C.", "<3x"],
)  # fmt: skip
def test_what_has_no_shape(chunk: str) -> None:
    assert ChunkTable(NLP, [], lambda: None)._shapes.shapes_of([chunk]) == [None]


def test_normal_forms_of_many_words_at_once() -> None:
    rng = random.Random(15)  # noqa: S311
    words = ["".join(rng.choices("aAbBoOxXDn", k=rng.randint(1, 8))) for _ in range(3_000)]
    words += [case for case in TOKENIZER.rules if case.isascii() and case.isalpha()]
    assert normalize_words(words) == [normalize_token(word) for word in words]
    assert normalize_words([]) == []


@pytest.mark.parametrize(
    ("chunk", "spans"),
    [("late", [(0, 4)]), ("Late!", [(0, 4), (4, 5)]), ("#late.", [(0, 1), (1, 5), (5, 6)]),
     ("@shop,", [(0, 5), (5, 6)]), ("#late", [(0, 1), (1, 5)])],
)  # fmt: skip
def test_spans_of_chunks_with_a_shape(chunk: str, spans: list[tuple[int, int]]) -> None:
    table = ChunkTable(NLP, [], lambda: None)
    assert table._shapes.shapes_of([chunk]) != [None]
    assert table.spans(int(table.look_up(split_texts(["so", chunk]))[1])) == spans


def test_long_chunks_are_read_but_not_remembered() -> None:
    table = ChunkTable(NLP, [], lambda: None)
    long, short = "x" * (LONGEST_REMEMBERED + 1), "y" * LONGEST_REMEMBERED
    chunks = split_texts([long, short, long])
    first, again = table.look_up(chunks).tolist(), table.look_up(chunks).tolist()
    assert first[0] == first[2] != again[0] == again[2]
    assert first[1] == again[1]
    assert table.spans(again[0]) == [(0, LONGEST_REMEMBERED + 1)]


def test_every_form_is_of_one_class() -> None:
    for text in SENTENCES:
        for form in PREPROCESSOR.prepare(text).forms:
            assert (bits_of(form) & 0b11111).bit_count() == 1, form
