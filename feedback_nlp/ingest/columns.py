"""Which column is which: the text, the rating and the rest, by the names that exports give them."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from typing import Any

from feedback_nlp.errors import MissingColumnError
from feedback_nlp.ingest.aliases import COLUMN_ALIASES, QUESTION_PHRASES

__all__ = ["COLUMN_ALIASES", "find_column", "find_text_column", "parse_rating"]

_IGNORED = re.compile(r"[\s._\-()]+")
_OUT_OF_FIVE = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(?:/\s*5|stars?|★)?$", re.IGNORECASE)
_MANY = 30


def _key(name: str) -> str:
    return _IGNORED.sub("", name).casefold()


def find_column(columns: Sequence[str], field: str, wanted: str | None = None) -> int | None:
    """Return the place of the column that holds `field`, or None.

    Parameters
    ----------
    columns : sequence of str
        The header.
    field : str
        A key of COLUMN_ALIASES.
    wanted : str or None, default=None
        The column's name, if the caller knows it.

    Raises
    ------
    MissingColumnError
        There is no column called `wanted`, or there are several.

    Examples
    --------
    >>> find_column(["ID", "Star Rating", "Review Text"], "rating")
    1
    """
    if wanted is not None:
        return _named(columns, wanted)
    keys = [_key(name) for name in columns]
    return next((keys.index(alias) for alias in (_key(field), *COLUMN_ALIASES[field]) if alias in keys), None)


def _named(columns: Sequence[str], wanted: str) -> int:
    places = [place for place, name in enumerate(columns) if name == wanted]
    if not places:  # a name that differs in case or by a stray space is meant all the same
        places = [
            place
            for place, name in enumerate(columns)
            if name.strip().casefold() == wanted.strip().casefold()
        ]
    if len(places) == 1:
        return places[0]
    if places:
        where = ", ".join(str(place + 1) for place in places)
        raise MissingColumnError(
            f"The name {wanted!r} fits several columns ({where}).", remedy="Rename all but one."
        )
    raise MissingColumnError(
        f"There is no column {wanted!r}; {_listed(columns)}.", remedy=_closest(columns, wanted)
    )


def find_text_column(columns: Sequence[str], wanted: str | None = None) -> int:
    """Return the place of the column that holds the text.

    Raises
    ------
    MissingColumnError
        It is not there; the message lists the columns that are.

    Examples
    --------
    >>> find_text_column(["id", "Comment"])
    1
    """
    place = find_column(columns, "text", wanted)
    if place is None:
        place = _find_question(columns)
    if place is None:
        raise MissingColumnError(
            f"No column is called 'text' or known as one that holds text; {_listed(columns)}.",
            remedy="Name it with --text-column (text_column=...).",
        )
    return place


def _find_question(columns: Sequence[str]) -> int | None:
    """Return the place of the question that people answered in their own words; None unless there is just one."""
    places = [
        place
        for place, name in enumerate(columns)
        if any(phrase in name.casefold() for phrase in QUESTION_PHRASES)
    ]
    return places[0] if len(places) == 1 else None


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:80]) for name in columns[:_MANY])
    more = f" and {len(columns) - _MANY:,} more" if len(columns) > _MANY else ""
    return f"the columns are {shown}{more}"


def _closest(columns: Sequence[str], wanted: str) -> str:
    close = difflib.get_close_matches(wanted, [name[:80] for name in columns[:1000]], n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else "Name one of them."


def parse_rating(value: Any) -> float | None:
    """Return stars from 1 to 5, or None for anything else.

    Examples
    --------
    >>> [parse_rating(value) for value in ("4", "3.5", "2/5", "5 stars", "★★★", 4, "9", "", None)]
    [4.0, 3.5, 2.0, 5.0, 3.0, 4.0, None, None, None]
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if 1 <= value <= 5 else None
    text = str(value).strip()
    if text and set(text) <= {"★", "☆", "⭐", "\ufe0f"}:
        number = float(text.count("★") + text.count("⭐"))
    else:
        match = _OUT_OF_FIVE.match(text)
        number = float(match.group(1).replace(",", ".")) if match else math.nan
    return number if 1 <= number <= 5 else None
