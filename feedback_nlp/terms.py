"""Terms by their names; apart from `features` so that answering needs no scikit-learn, a second of a server's start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedback_nlp.preprocess import SCOPE_PREFIX

if TYPE_CHECKING:
    from feedback_nlp.bundle import LinearPart

__all__ = ["MAX_TERM_WORDS", "term_names"]

#: Longest run of words that makes a term: triples still gained a little over pairs (docs/quality.md).
MAX_TERM_WORDS = 3


def term_names(linear: LinearPart) -> list[str]:
    """Return the terms of a linear part as strings, in the order of its rows."""
    return [
        SCOPE_PREFIX[scope] + " ".join(linear.words[word] for word in words if word >= 0)
        for scope, *words in linear.terms.tolist()
    ]
