"""Which days a page is about: from its query, else the last 13 weeks that have feedback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus

from flask import request

from api.problems import Problem
from feedback_nlp.store import Store

__all__ = ["Chosen", "chosen_days", "day_named"]

#: Choices of the form: days back from the last one with feedback; 0 is all of them.
LENGTHS = ((28, "4 weeks"), (91, "13 weeks"), (365, "1 year"), (0, "All"))
_DEFAULT = 91


@dataclass(frozen=True, slots=True)
class Chosen:
    """Days, both included, and the choice that gave them (None: the days were named)."""

    first: date
    last: date
    length: int | None


def chosen_days(store: Store) -> Chosen | None:
    """Return the days that the query names; None if nothing is stored.

    Raises
    ------
    Problem
        422 for what is no date, no offered length, or a period that ends before it begins.
    """
    stored = store.counts.days()
    if stored is None:
        return None
    first, last = day_named("from"), day_named("to")
    if first or last:
        chosen = Chosen(first or stored[0], last or stored[1], None)
        if chosen.last < chosen.first:
            raise _refused("to", "lies before `from`")
        return chosen
    length = _length()
    begin = max(stored[0], stored[1] - timedelta(days=length - 1)) if length else stored[0]
    return Chosen(begin, stored[1], length)


def day_named(name: str) -> date | None:
    """Return a date of the query, None where there is none."""
    raw = request.args.get(name, "").strip()
    try:
        day = date.fromisoformat(raw) if raw else None
    except ValueError:
        raise _refused(name, "must be a date such as 2026-09-14") from None
    if day and not 1900 <= day.year <= 9000:
        raise _refused(name, "lies too far away")
    return day


def _length() -> int:
    raw = request.args.get("days", "") or str(_DEFAULT)
    if raw not in {str(length) for length, _ in LENGTHS}:
        raise _refused("days", "must be one of 28, 91, 365 and 0")
    return int(raw)


def _refused(name: str, why: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", f"`{name}` {why}.")
