"""How the words of a setting become its value: each either returns it or says what it must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

__all__ = [
    "names",
    "own_numbers",
    "path",
    "regions",
    "share",
    "switch",
    "typed",
    "whole",
    "without_password",
    "words",
]

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


def words(raw: str) -> str:
    """Take anything."""
    return raw


def path(raw: str) -> Path | None:
    """Take a path; ~ is the home folder."""
    return Path(raw).expanduser() if raw else None


def switch(raw: str) -> bool:
    """Take a word for yes or no."""
    word = raw.lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    raise ValueError("must be one of true, false, yes, no, on, off, 1, 0")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Take a whole number within limits."""

    def parse(raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and len(raw) <= 18 and low <= int(raw) <= high):
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return int(raw)

    return parse


def share(raw: str) -> float | None:
    """Take a number between 0 and 1."""
    try:
        share = float(raw) if raw else None
    except ValueError:
        share = -1.0
    if share is not None and not 0.0 < share < 1.0:
        raise ValueError("must be a number between 0 and 1, such as 0.95")
    return share


def listed_words(raw: str) -> tuple[str, ...]:
    """Take words with commas between."""
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def names(raw: str) -> tuple[str, ...]:
    """Take names of hosts."""
    listed = listed_words(raw.lower())
    if not all(name == "*" or re.fullmatch("[a-z0-9._-]{1,253}", name) for name in listed):
        raise ValueError(
            "must be names without scheme and port, with commas between, such as feedback.shop.example"
        )
    return listed


def own_numbers(raw: str) -> tuple[str, ...]:
    """Take kinds of numbers with their shapes."""
    listed = listed_words(raw)
    for part in listed:
        kind, equals, shape = part.partition("=")
        if not (equals and re.fullmatch("[a-z][a-z_]{0,29}", kind.strip()) and shape.strip()):
            raise ValueError("must be kind=shape pairs with commas between, such as order=SO-######")
    return listed


def regions(raw: str) -> tuple[str, ...]:
    """Take codes of countries."""
    listed = listed_words(raw)
    if not all(re.fullmatch("[A-Z]{2}", region) for region in listed):
        raise ValueError("must be ISO 3166 codes in capitals with commas between, such as GB,IE")
    return listed


def typed(value: object) -> str:
    """Return a value as one would type it; empty for None."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def without_password(raw: str) -> str:
    """Return a secret as it may be shown: an address without its password, anything else not at all.

    Examples
    --------
    >>> without_password("postgresql://shop:s3c@ret@db:5432/feedback?password=x&connect_timeout=3")
    'postgresql://shop:***@db:5432/feedback?password=***&connect_timeout=3'
    >>> without_password("fnlp_4k2m9x1a_secret"), without_password("")
    ('***', '')
    """
    if "://" not in raw:
        return "***" if raw else ""
    shown = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", raw)
    return re.sub(r"(password=)[^&]*", r"\1***", shown, flags=re.IGNORECASE)
