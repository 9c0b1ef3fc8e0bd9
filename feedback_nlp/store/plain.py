"""Text as both databases can keep it."""

from __future__ import annotations

import hashlib

__all__ = ["storable", "text_digest"]


def storable(text: str) -> str:
    r"""Return `text` with U+FFFD in place of what PostgreSQL or UTF-8 cannot hold; its length stays the same.

    Examples
    --------
    >>> storable("a\x00b") == "a\ufffdb"
    True
    """
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    return text


def text_digest(text: str) -> bytes:
    """Return 16 bytes that stand for a text: BLAKE2b of its UTF-8."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
