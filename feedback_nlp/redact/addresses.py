"""E-mail addresses, IP addresses, and what URLs carry that is for one person only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from feedback_nlp.redact.spans import PersonalSpan

__all__ = ["find_emails", "find_ip_addresses", "find_url_secrets", "is_ip_address"]

# Every pattern here reads a run of characters once: a possessive quantifier (++) never gives back what it took, and
# the look behind lets a match begin at the start of a run only. So the time is linear in the text.
_LOCAL = r"(?<![\w.%+'-])[\w.%+'-]++"
_LAST = r"(?:xn--[\w-]{2,59}|[^\W\d_]{2,63})"
_EMAIL = re.compile(rf"{_LOCAL}@(?:[\w-]++\.)+{_LAST}(?![\w-])")
_OPEN, _CLOSE = r"\s?[\[({]\s?", r"\s?[\])}]\s?"
_SPELT_EMAIL = re.compile(
    rf"{_LOCAL}{_OPEN}at{_CLOSE}(?:[\w-]++(?:\.|{_OPEN}dot{_CLOSE}))+{_LAST}(?![\w-])", re.IGNORECASE
)

_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE | re.ASCII)
#: Four numbers with dots behind one of these words are a version.
_VERSION = re.compile(
    r"(?:\b(?:version|ver|v|build|firmware|release|update|ios|android|app)\b[ .:]{0,3}|\bv)$", re.IGNORECASE
)

_USER_INFO = re.compile(r"(?<=://)[^\s/?#@]++(?=@)")
_PARAMETER = re.compile(r"[?&#;]([\w.\[\]-]{1,60}+)=([^\s&#;<>\"']++)")
_SECRET_NAMES = frozenset(
    "token key apikey auth authorization secret pass password passwd passcode pwd sig signature session "
    "sessionid sid jwt otp pin code email mail phone tel mobile msisdn user username login customer account hash nonce "
    "ticket credential credentials reset invite".split()
)
_NAME_PARTS = re.compile(r"[^a-z0-9]+")
#: A value of this length with letters and digits is meant for a machine that knows the customer by it.
_OPAQUE = re.compile(r"(?=[^\d]*\d)(?=[^a-z]*[a-z])[\w.~%+/-]{20,}", re.IGNORECASE | re.ASCII)


def find_emails(text: str) -> Iterator[PersonalSpan]:
    """Find addresses such as ``jo@shop.example``, also written ``jo (at) shop (dot) example``."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            start = match.start() + _leading(match[0], "'.-+%")
            if text[start] != "@":
                yield PersonalSpan(start, match.end(), "email")
    for match in _SPELT_EMAIL.finditer(text):
        yield PersonalSpan(match.start(), match.end(), "email")


def find_ip_addresses(text: str) -> Iterator[PersonalSpan]:
    """Find IPv4 and IPv6 addresses; four numbers behind "version" are none."""
    for match in _IPV4.finditer(text):
        if is_ip_address(match[0]) and not _VERSION.search(text[max(0, match.start() - 12) : match.start()]):
            yield PersonalSpan(match.start(), match.end(), "ip")
    for match in _IPV6.finditer(text):
        if any(c.isdigit() for c in match[0]) and len(match[0]) >= 5 and is_ip_address(match[0]):
            yield PersonalSpan(match.start(), match.end(), "ip")


def find_url_secrets(text: str) -> Iterator[PersonalSpan]:
    """Find values of URL parameters that are secret or personal, and log-ins before the host of a URL."""
    if "://" in text:
        for match in _USER_INFO.finditer(text):
            yield PersonalSpan(match.start(), match.end(), "secret")
    if "=" in text:
        for match in _PARAMETER.finditer(text):
            if _is_secret(match[1], match[2]):
                start, end = match.span(2)
                yield PersonalSpan(start, end - _trailing(match[2], ".,!?)]"), "secret")


def _is_secret(name: str, value: str) -> bool:
    parts = _NAME_PARTS.split(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return not _SECRET_NAMES.isdisjoint(parts) or bool(_OPAQUE.fullmatch(value))


def is_ip_address(raw: str) -> bool:
    """Whether this is an IPv4 or IPv6 address and nothing else."""
    try:
        ipaddress.ip_address(raw)
    except ValueError:
        return False
    return True


def _leading(value: str, marks: str) -> int:
    return len(value) - len(value.lstrip(marks))


def _trailing(value: str, marks: str) -> int:
    kept = value.rstrip(marks)
    return len(value) - len(kept) if kept else 0
