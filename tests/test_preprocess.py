"""Tokens, sentences, clauses and scopes of sentences as customers write them."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.forms import (
    ELLIPSIS,
    EMOTE,
    END,
    MARK,
    WORD,
    classify_form,
    normalize_token,
)
from feedback_nlp.preprocess import (
    LONGEST_CHUNK,
    NEGATION_REACH,
    SCOPE_PREFIX,
    WISH_REACH,
    Prepared,
    Preprocessor,
    split_surfaces,
)

PREPROCESSOR = Preprocessor()


def show(text: str) -> str:
    """Write a text as its forms, with "||" between sentences, "|" between clauses and scopes as prefixes."""
    prepared = PREPROCESSOR.prepare(text)
    out: list[str] = []
    places = list(zip(prepared.sentences, prepared.clauses, strict=True))
    for token, (form, scope) in enumerate(zip(prepared.forms, prepared.scopes, strict=True)):
        if token and places[token] != places[token - 1]:
            out.append("||" if places[token][0] != places[token - 1][0] else "|")
        out.append(SCOPE_PREFIX[scope] + form)
    return " ".join(out)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # An ellipsis ends a sentence only before a capital.
        ("Great app... but it crashes.", "great app ... | but it crashes ."),
        ("Wait...what?", "wait ... what ?"),
        ("slow...The staff was rude", "slow ... || the staff was rude"),
        ("So good…I cried.", "so good ... || i cried ."),
        # Missing spaces.
        ("The soup was cold.The waiter was rude.", "the soup was cold . || the waiter was rude ."),
        ("the soup was cold.the waiter was rude", "the soup was cold . || the waiter was rude"),
        ("pay!Why", "pay ! || why"),
        ("too slow,then it crashed", "too slow , then it crashed"),
        ("fast&cheap", "fast & cheap"),
        ("bad/late", "bad / late"),
        ("good;cheap", "good ; | cheap"),
        ("well-made", "well - | made"),
        # No punctuation at all.
        ("it just stops working i want my money", "it just stops working i want my money"),
        # Line breaks: hard-wrapped mails stay whole, lists and capitals begin anew.
        ("I waited for\nan hour", "i waited for an hour"),
        ("Hello team,\nMy mug and\r\nmy plate broke.", "hello team , || my mug and my plate broke ."),
        ("Cons\n\n- noisy\n- dear", "cons || - | noisy || - | dear"),
        # Emoji end a sentence before a capital, emoticons too; both stay with the sentence before.
        ("Love it 😀 Works well", "love it 😀 || works well"),
        ("Love it 😀 works well", "love it 😀 works well"),
        ("Good 😀. Bad 😡.", "good 😀 . || bad 😡 ."),
        ("Great! 😀 thanks", "great ! 😀 || thanks"),
        ("Happy :-) Really", "happy <glad> || really"),
        ("so sad :( :'(", "so sad <sad> <sad>"),
        ("love it:)", "love it <glad>"),
        # Addresses, handles, numbers.
        ("see http://shop.example/a?b=1. Thanks", "see  . || thanks"),
        ("www.shop.example or shop.com/help is down", " or  is down"),
        ("ask @shop_help please", "ask  please"),
        ("mail jo.doe+x@mail.example.org, please", "mail  , please"),
        ("49.90 for 5/5 stars, 10/10, 3 mugs", "<number> for 5/5 stars , 10/10 , 3 mugs"),
        ("at 10am on the 2nd, order AB12345678", "at <measure> on the <measure> , order <number>"),
        ("20% off 1,000 B2B", "<number> % off <number> b2b"),
        # Spelling.
        ("SOOOO goooood!!!", "soo good ! ! !"),
        ("“Great” – he said", '" great " - | they said'),
        ("in\u200bvisible zero\u200dwidth so\u00adft", "invisible zerowidth soft"),
        ("ｆｕｌｌ ｗｉｄｔｈ ５ ﬁne", "full width 5 fine"),
        ("cafe\u0301", "caf\u00e9"),
        ("gr8 app thx u r ok", "great app thanks you are ok"),
        # Contractions, curly and straight.
        ("I can’t, won't, dont", "i ca not , wo not , do not"),
        ("AI chat from CA", "ai chat from ca"),
        ("I'm sure they've paid", "i am sure they have paid"),
        ("shouldn’t’ve", "should not NOT_have"),
        # Negation.
        ("not very good, cheap", "not NOT_very NOT_good , cheap"),
        ("no bugs and fast", "no NOT_bugs NOT_and fast"),
        ("not good but fast", "not NOT_good | but fast"),
        ("not good. Fast", "not NOT_good . || fast"),
        ("not good :) fast", "not NOT_good <glad> fast"),
        ("not (good) fast", "not ( good ) fast"),
        ("not good - fast", "not NOT_good - | fast"),
        ("Not only good, also cheap", "not only good , also cheap"),
        ("not just cheap but good", "not just cheap | but good"),
        ("no problem, never had any", "no NOT_problem , never NOT_had NOT_any"),
        ("Without doubt the best", "without NOT_doubt NOT_the NOT_best"),
        # Wishes; a negation inside one wins.
        ("would buy again, cheap", "would IF_buy IF_again , cheap"),
        ("wish it had no ads", "wish IF_it IF_had no NOT_ads"),
        ("if only it worked", "if IF_only IF_it IF_worked"),
        # Nothing there.
        ("", ""),
        (" \n\t ", ""),
        ("!!!", "! ! !"),
    ],
)  # fmt: skip
def test_sentences_as_customers_write_them(text: str, shown: str) -> None:
    assert show(text) == shown


def test_a_scope_reaches_so_many_words_and_no_more() -> None:
    scopes = PREPROCESSOR.prepare("never a b c d e f").scopes
    assert scopes == [0] + [1] * NEGATION_REACH + [0] * 2
    scopes = PREPROCESSOR.prepare("would a b c d e f g h k m").scopes
    assert scopes == [0] + [2] * WISH_REACH + [0] * 2


def test_offsets_of_a_text_with_emoji_and_line_breaks() -> None:
    text = "👍🏽 can’t\n\nPay."
    prepared = PREPROCESSOR.prepare(text)
    surfaces = [text[s:e] for s, e in zip(prepared.starts, prepared.ends, strict=True)]
    assert surfaces == ["👍", "🏽", "ca", "n’t", "Pay", "."]
    assert prepared.forms == ["👍", "", "ca", "not", "pay", "."]
    assert (prepared.starts, prepared.ends) == ([0, 1, 3, 5, 10, 13], [1, 2, 5, 8, 13, 14])
    assert prepared.classes == [EMOTE, MARK, WORD, WORD, WORD, END]


@pytest.mark.parametrize(
    ("form", "cls"),
    [
        ("good", WORD), ("<name>", WORD), ("'s", WORD), ("5", WORD), ("#1", WORD),
        (",", MARK), ("'", MARK), ("<", MARK), ("", MARK), ("@", MARK),
        (".", END), ("?", END), ("!!", END), ("?!", END), ("...", ELLIPSIS), ("..", ELLIPSIS),
        ("😀", EMOTE), ("<glad>", EMOTE), ("<sad>", EMOTE),
    ],
)  # fmt: skip
def test_classes_of_forms(form: str, cls: int) -> None:
    assert classify_form(form) == cls


@pytest.mark.parametrize(
    ("token", "form"),
    [
        ("a@b.example", ""), ("http://me@shop.example/x", ""), ("shop2.com", ""),
        ("@abc", ""), ("@a1", ""), ("@", "@"), (".@shop", ""),
        ("7", "7"), ("77", "<number>"), ("9/10", "9/10"), ("9/11", "<number>"), ("12:30", "<number>"),
        ("3gb", "<measure>"), ("21st", "<measure>"), ("2x", "<measure>"), ("mp3", "mp3"), ("x1y2z3", "<number>"),
        ("<3", "<glad>"), ("xD", "<glad>"), (":-/", "<sad>"),
        ("nooo", "noo"), ("!!!", "!!!"), ("\u200b", ""), ("İ", "i̇"), ("½", "1⁄2"), ("ª", "a"),
    ],
)  # fmt: skip
def test_normal_forms(token: str, form: str) -> None:
    assert normalize_token(token) == form


def test_half_characters_are_read_as_unknown_ones_in_place() -> None:
    prepared = PREPROCESSOR.prepare("a\ud800 good")
    assert (prepared.forms, prepared.starts) == (["a", "\ufffd", "good"], [0, 1, 3])


@pytest.mark.parametrize(
    "run", ["a" * 5_000, "a." * 2_500, "!?" * 2_500, "((" * 2_500, "😀" * 5_000, "a-" * 2_500]
)
def test_a_long_run_without_spaces_is_read_quickly_and_wholly(run: str) -> None:
    started = time.perf_counter()
    prepared = PREPROCESSOR.prepare(run)
    assert time.perf_counter() - started < 5
    assert "".join(run[s:e] for s, e in zip(prepared.starts, prepared.ends, strict=True)) == run


def test_a_long_run_is_cut_without_losing_a_character() -> None:
    run = "x" * (2 * LONGEST_CHUNK + 1)
    surfaces = split_surfaces(PREPROCESSOR._nlp, f"so {run} end")
    lengths = [(len(surface), start) for surface, start in surfaces if not surface.isspace()]
    cut = [(LONGEST_CHUNK, 3), (LONGEST_CHUNK, 3 + LONGEST_CHUNK), (1, 3 + 2 * LONGEST_CHUNK)]
    assert lengths == [(2, 0), *cut, (3, 5 + 2 * LONGEST_CHUNK)]


TEXTS = st.text(max_size=200) | st.lists(
    st.sampled_from(["not", "but", "Good", "n't", "...", "😀", "❤️", ":)", "a.b", "\n", " ", ",", "https://x.io/"]),
    max_size=40,
).map("".join)  # fmt: skip


def check_shape(text: str, prepared: Prepared) -> None:
    count = len(prepared.forms)
    columns = (
        prepared.starts,
        prepared.ends,
        prepared.classes,
        prepared.sentences,
        prepared.clauses,
        prepared.scopes,
    )
    assert [len(column) for column in columns] == [count] * len(columns)
    assert all(0 <= s < e <= len(text) for s, e in zip(prepared.starts, prepared.ends, strict=True))
    assert all(e <= s for e, s in zip(prepared.ends, prepared.starts[1:], strict=False))
    for numbers in (prepared.sentences, prepared.clauses):
        assert numbers[:1] in ([], [0])
        assert all(b - a in (0, 1) for a, b in pairwise(numbers))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_tokens_lie_in_the_text_in_order_and_cover_all_but_white_space(text: str) -> None:
    prepared = PREPROCESSOR.prepare(text)
    check_shape(text, prepared)
    spans = zip(prepared.starts, prepared.ends, strict=True)
    surfaces = [text[start:end] for start, end in spans]
    assert "".join(surfaces) == "".join(text.split())
    for surface, form in zip(surfaces, prepared.forms, strict=True):
        assert form == normalize_token("".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in surface))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_the_normal_form_of_a_form_has_no_white_space_and_no_capitals(token: str) -> None:
    form = normalize_token(token)
    assert not any(character.isspace() for character in form)
    assert form == form.lower()
