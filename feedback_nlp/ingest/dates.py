"""Dates as exports write them, in UTC.

The rule: ISO 8601 is read as it stands. In 14/09/2026 only one order is possible. In 03/04/2026 both are: the whole
file is then read in the order of its unambiguous rows, and day first where there are none. A time without a zone
is UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Literal

__all__ = ["DateOrder", "is_ambiguous", "parse_date", "vote_order"]

DateOrder = Literal["day_first", "month_first"]

_TIME = (
    r"(?:[T,\s]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?$"
)
_NUMERIC = re.compile(
    r"(?P<a>\d{1,2})(?P<sep>[/.\-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})" + _TIME, re.IGNORECASE
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[/.](?P<b>\d{1,2})[/.](?P<a>\d{1,2})" + _TIME, re.IGNORECASE)
_DAY_NAMED = re.compile(
    r"(?P<a>\d{1,2})(?:st|nd|rd|th)?[\s.\-]+(?P<name>[a-z]{3,9})\.?[\s,\-]+(?P<year>\d{4})" + _TIME,
    re.IGNORECASE,
)
_MONTH_NAMED = re.compile(
    r"(?P<name>[a-z]{3,9})\.?\s+(?P<a>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _TIME, re.IGNORECASE
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?$")
_MONTHS = "january february march april may june july august september october november december".split()


def is_ambiguous(value: Any) -> bool:
    """Whether day and month could be exchanged.

    Examples
    --------
    >>> [is_ambiguous(value) for value in ("03/04/2026", "14/09/2026", "5.5.2026", "2026-03-04")]
    [True, False, False, False]
    """
    match = _NUMERIC.match(value.strip()) if isinstance(value, str) else None
    return (
        bool(match) and int(match["a"]) <= 12 and int(match["b"]) <= 12 and match["a"] != match["b"]
        if match
        else False
    )


def vote_order(values: Iterable[Any]) -> DateOrder:
    """Return the order of the dates that allow only one; day first where none does or as many speak for each.

    Examples
    --------
    >>> vote_order(["03/04/2026", "09/14/2026"])
    'month_first'
    """
    balance = 0
    for value in values:
        match = _NUMERIC.match(value.strip()) if isinstance(value, str) else None
        if match:
            balance += (int(match["a"]) > 12) - (int(match["b"]) > 12)
    return "month_first" if balance < 0 else "day_first"


def parse_date(value: Any, order: DateOrder = "day_first") -> datetime | None:
    """Return a point in time in UTC, or None where `value` is no date.

    Parameters
    ----------
    value : str, int, float, datetime, date or None
        Numbers of ten or thirteen digits are seconds or milliseconds since 1970.
    order : {"day_first", "month_first"}, default="day_first"
        For dates that allow both.

    Examples
    --------
    >>> parse_date("14/09/2026 18:30").isoformat()
    '2026-09-14T18:30:00+00:00'
    >>> parse_date("2026-09-14T18:30:00+02:00").isoformat()
    '2026-09-14T16:30:00+00:00'
    >>> parse_date("soon") is None
    True
    """
    try:
        if isinstance(value, datetime):
            return _utc(value)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        return _parse_text(str(value).strip(), order) if value not in (None, "") else None
    except (ValueError, OverflowError):
        return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _parse_text(text: str, order: DateOrder) -> datetime | None:
    if _EPOCH.match(text):
        return datetime.fromtimestamp(int(text[:10]), tz=UTC) + timedelta(milliseconds=int(text[10:] or 0))
    if len(text) >= 8 and text[:4].isdigit() and "/" not in text[:5] and "." not in text[:5]:
        return _utc(datetime.fromisoformat(text.removesuffix(" UTC")))
    match = _NUMERIC.match(text)
    if match:
        return _from_numbers(match, order)
    match = _YEAR_FIRST.match(text)
    if match:
        return _build(match, int(match["a"]), int(match["b"]))
    match = _DAY_NAMED.match(text) or _MONTH_NAMED.match(text)
    if match:
        return _build(match, int(match["a"]), _month(match["name"]))
    return _utc(parsedate_to_datetime(text)) if "," in text else None


def _from_numbers(match: re.Match[str], order: DateOrder) -> datetime:
    first, second = int(match["a"]), int(match["b"])
    month_first = second > 12 or (order == "month_first" and first <= 12)
    return _build(match, second, first) if month_first else _build(match, first, second)


def _month(name: str) -> int:
    for number, month in enumerate(_MONTHS, 1):
        if month.startswith(name.casefold()) or name.casefold() == "sept" == month[:4]:
            return number
    raise ValueError(name)


def _build(match: re.Match[str], day: int, month: int) -> datetime:
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 2000 if year < 70 else 1900  # as POSIX and Excel's neighbours do
    hour = int(match["hour"] or 0)
    half = (match["half"] or "").replace(".", "").casefold()
    if half and not 1 <= hour <= 12:
        raise ValueError(hour)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    zone = _zone(match["zone"])
    return datetime(
        year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0), tzinfo=zone
    ).astimezone(UTC)


def _zone(text: str | None) -> timezone:
    if not text or text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)
