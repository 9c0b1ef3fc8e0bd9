"""Chunks found in the bytes of a batch are those of str.split, and equal ones have equal keys."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp import splitting
from feedback_nlp.splitting import split_texts
from tests.awkward import PIECES

SPACES = [char for code in range(sys.maxunicode + 1) if (char := chr(code)).isspace()]
ANY_TEXT = st.text(max_size=30) | st.lists(st.sampled_from([*SPACES, *PIECES]), max_size=12).map("".join)


def split_text(text: str) -> list[str]:
    """Return the runs between white space, and line breaks."""
    return [part for line in text.replace("\n", " \x00\n ").split("\x00") for part in _parts(line)]


def _parts(line: str) -> list[str]:
    return (["\n"] if line.startswith("\n") else []) + line.split()


def all_strings(texts: list[str]) -> list[list[str]]:
    chunks = split_texts(texts)
    strings = chunks.strings(np.arange(len(chunks.starts)))
    ends = chunks.counts.tolist()
    return [strings[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t ", []),
        ("a b", ["a", "b"]),
        ("a\n\nb\n", ["a", "\n", "\n", "b", "\n"]),
        ("a\r\nb", ["a", "\n", "b"]),
        ("\u00a0é\u2003b\x1c", ["é", "b"]),
    ],
)
def test_chunks_of_a_text(text: str, expected: list[str]) -> None:
    assert all_strings([text]) == [expected]
    assert all_strings(["x y", text, "z"]) == [["x", "y"], expected, ["z"]]


def test_every_white_space_parts_chunks() -> None:
    parted = [["a", char, "b"] if char == "\n" else ["a", "b"] for char in SPACES]
    assert all_strings([f"a{char}b" for char in SPACES]) == parted


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_TEXT, max_size=5))
def test_chunks_of_any_texts(texts: list[str]) -> None:
    texts = [text.replace("\x00", "") for text in texts]
    assert all_strings(texts) == list(map(split_text, texts))
    chunks = split_texts(texts)
    owners = np.arange(len(texts)).repeat(np.diff(chunks.counts, prepend=0)).tolist()
    strings = chunks.strings(np.arange(len(owners)))
    for owner, place, string in zip(owners, chunks.code_points(texts).tolist(), strings, strict=True):
        assert texts[owner].startswith(string, place)


def test_equal_chunks_have_equal_keys_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(15)  # noqa: S311  # sampling, not secrecy
    words = ["".join(rng.choices("ab", k=rng.randint(1, 9))) for _ in range(300)]
    chunks = split_texts([" ".join(words), *words])
    keys = chunks.keys[: len(words)]
    assert keys.tolist() == chunks.keys[len(words) :].tolist()
    assert len(set(keys.tolist())) == len(set(words))
    monkeypatch.setattr(splitting, "_BLOCK", 64)
    assert split_texts([" ".join(words), *words]).keys.tolist() == chunks.keys.tolist()


def test_very_long_chunks_have_keys_of_their_own() -> None:
    word = "x" * 256
    keys = split_texts([f"{word} {word}y {word}y", "y" * 100_000 + " " + word]).keys
    assert keys[0] == keys[4] > 0
    assert len({*keys.tolist()}) == 4
    assert (keys[[1, 2, 3]] < 0).all()
