"""An analysis laid out for reading: sentences as lines, words with their weight, nothing of the text lost."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from feedback_nlp.records import Analysis, Contribution, SentenceSentiment

__all__ = ["Line", "Piece", "Reason", "lines_of", "reasons_of"]

#: Lines shown of one text; a page of more is not read, and the API gives all of them.
MAX_LINES = 200
#: Words below this share of the strongest weight are left plain: shading everything shows nothing.
FAINTEST = 0.12


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: plain (`level` 0) or with a weight toward a label (`level` 1 to 3)."""

    text: str
    toward: str = ""
    weight: float = 0.0
    level: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its sentiment; `sentiment` is None for text that belongs to no sentence."""

    pieces: tuple[Piece, ...]
    sentiment: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A word or phrase, the label it speaks for, its weight in log-odds, and that against the strongest (0-100)."""

    text: str
    toward: str
    weight: float
    share: int


def lines_of(text: str, analysis: Analysis) -> tuple[list[Line], int]:
    """Lay out a text as lines.

    Parameters
    ----------
    text : str
        The text that was analysed.
    analysis : Analysis

    Returns
    -------
    lines : list of Line
        At most 200; together they hold every character of the text but white space between sentences.
    left_out : int
        Sentences that are not among them.
    """
    strongest = max((part.weight for part in analysis.explanation), default=0.0)
    marked = _apart([part for part in analysis.explanation if part.weight >= FAINTEST * strongest])
    spans = _spans(text, analysis.sentences)
    lines = []
    for start, end, sentence in spans[:MAX_LINES]:
        pieces = tuple(_pieces(text, start, end, marked, strongest))
        label, score = (sentence.sentiment, sentence.score) if sentence else (None, None)
        lines.append(Line(pieces, label, score))
    return lines, max(0, len(spans) - MAX_LINES)


def reasons_of(analysis: Analysis, limit: int = 10) -> list[Reason]:
    """Return the strongest contributions, at most `limit`."""
    chosen = sorted(analysis.explanation, key=lambda part: -part.weight)[:limit]
    strongest = chosen[0].weight if chosen else 0.0
    return [
        Reason(part.text, part.toward, part.weight, round(100 * part.weight / strongest))
        for part in chosen
        if part.weight > 0
    ]


def _spans(
    text: str, sentences: Sequence[SentenceSentiment]
) -> list[tuple[int, int, SentenceSentiment | None]]:
    """Return sentences and what lies between them, in the order of the text."""
    spans: list[tuple[int, int, SentenceSentiment | None]] = []
    done = 0
    for sentence in sorted(sentences, key=lambda item: item.start):
        start = max(done, sentence.start)
        if text[done:start].strip():
            spans.append((done, start, None))
        if start < sentence.end:
            spans.append((start, sentence.end, sentence))
            done = sentence.end
    if text[done:].strip():
        spans.append((done, len(text), None))
    return spans


def _apart(explanation: Sequence[Contribution]) -> list[Contribution]:
    """Return contributions that do not overlap, the stronger first served, in the order of the text."""
    kept: list[Contribution] = []
    taken: set[int] = set()
    for part in sorted(explanation, key=lambda item: -item.weight):
        places = range(part.start, part.end)
        if part.weight > 0 and taken.isdisjoint(places):
            kept.append(part)
            taken.update(places)
    return sorted(kept, key=lambda item: item.start)


def _pieces(text: str, start: int, end: int, marked: list[Contribution], strongest: float) -> list[Piece]:
    pieces = []
    done = start
    first = bisect_right(marked, start, key=lambda part: part.end)
    for part in takewhile(lambda part: part.start < end, islice(marked, first, None)):
        low, high = max(part.start, start), min(part.end, end)
        if done < low:
            pieces.append(Piece(text[done:low]))
        level = 1 + int(part.weight > 0.33 * strongest) + int(part.weight > 0.66 * strongest)
        pieces.append(Piece(text[low:high], part.toward, part.weight, level))
        done = high
    if done < end:
        pieces.append(Piece(text[done:end]))
    return pieces
