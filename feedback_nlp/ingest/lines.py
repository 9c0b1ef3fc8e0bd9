"""Text to lines, keeping their ends and never holding a line that does not fit."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

__all__ = ["MAX_ROW_CHARACTERS", "RAW_CHARACTERS", "LongLineError", "line_blocks", "split_lines"]

#: Longest row that is read, in characters. Longer ones are rejected: without a bound, one quote left open would
#: pull the rest of the file into memory.
MAX_ROW_CHARACTERS = 8 * 1024 * 1024
#: How much of a rejected row is kept to recognise it by.
RAW_CHARACTERS = 200
# Where str.splitlines breaks a line and CSV does not.
_OTHER_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


class LongLineError(Exception):
    """A line longer than MAX_ROW_CHARACTERS; `beginning` holds its first characters."""

    def __init__(self, beginning: str) -> None:
        super().__init__(beginning)
        self.beginning = beginning


def split_lines(text: str) -> list[str]:
    r"""Split at ``\n``, ``\r\n`` and ``\r`` only, and keep the ends.

    Examples
    --------
    >>> split_lines("a\r\nb\x0bc\rd")
    ['a\r\n', 'b\x0bc\r', 'd']
    """
    if any(character in text for character in _OTHER_BREAKS):
        return io.StringIO(text, newline="").readlines()
    return text.splitlines(keepends=True)  # three times as fast


def line_blocks(
    texts: Iterable[str], *, limit: int = MAX_ROW_CHARACTERS
) -> Iterator[list[str] | LongLineError]:
    """Turn blocks of text into blocks of whole lines.

    Parameters
    ----------
    texts : iterable of str
        The file's text in pieces of any size.
    limit : int
        Longest line; in place of a longer one comes a LongLineError.
    """
    rest = ""
    skipping = False
    for block in texts:
        text, skipping = _after_line_end(block) if skipping else (block, False)
        crowded = len(rest) + len(text) > limit
        lines = split_lines(rest + text)
        # A last line without "\n" may go on in the next block (and a "\r" there may be half of "\r\n").
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        yield from _within(lines, limit) if crowded else [lines]
        if len(rest) > limit:
            yield LongLineError(rest[:RAW_CHARACTERS])
            rest, skipping = "", True
    if rest:
        yield from _within(split_lines(rest), limit)


def _after_line_end(text: str) -> tuple[str, bool]:
    """Drop the rest of a line that is too long; tell whether it goes on."""
    lines = split_lines(text)
    if not lines or (len(lines) == 1 and not lines[0].endswith("\n")):
        return "", True
    return "".join(lines[1:]), False


def _within(lines: list[str], limit: int) -> Iterator[list[str] | LongLineError]:
    """Yield lines, with errors in the places of those that are too long."""
    for line in lines:
        yield LongLineError(line[:RAW_CHARACTERS]) if len(line) > limit else [line]
