"""What a finder returns: a place in a text and what kind of personal data stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Finder", "PersonalSpan"]


@dataclass(frozen=True, slots=True, order=True)
class PersonalSpan:
    """One piece of personal data in a text. The value itself is not kept.

    Parameters
    ----------
    start, end : int
        Unicode code points into the text that was searched.
    kind : str
        One of `KINDS_OF_PERSONAL_DATA`, or a name that the company chose for its own numbers.
    """

    start: int
    end: int
    kind: str


#: Yields what it finds in a text, from left to right.
Finder = Callable[[str], Iterator[PersonalSpan]]
