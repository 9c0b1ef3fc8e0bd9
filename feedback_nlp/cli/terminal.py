"""An analysis as text for a terminal: bars, sentences, and what each word contributed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from feedback_nlp.records import Analysis, Contribution

__all__ = ["printable", "render_analysis", "render_figures", "utc_text"]

BAR_WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_SILENT = {
    "empty": "There is no text to analyse.",
    "unsupported_language": "The bundle does not support this language, so no labels are given.",
    "unreadable": "This does not read as language, so no labels are given.",
    "error": "The text could not be analysed.",
}


def utc_text(value: datetime | None) -> str | None:
    """Return a moment in UTC to the second, as ISO 8601 has it; None stays None.

    Examples
    --------
    >>> utc_text(datetime.fromisoformat("2025-03-01T12:00:00.5+00:00"))
    '2025-03-01T12:00:00Z'
    """
    return None if value is None else value.isoformat(timespec="seconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    r"""Replace control characters, which could steer the reader's terminal, and line breaks.

    Examples
    --------
    >>> printable("bad\x1b[2J\nnews")
    'bad�[2J news'
    """
    return "".join(map(_printable_character, " ".join(text.split())))


def _printable_character(character: str) -> str:
    # Cc: control, Cf: invisible formatting such as right-to-left override; the joiner holds emoji together.
    unsafe = unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character != "\u200d"
    return "\ufffd" if unsafe else character


def bar(share: float) -> str:
    """Draw a share in [0, 1] in eighths of a character.

    Examples
    --------
    >>> bar(0.5)
    '████████████'
    """
    whole, rest = divmod(round(share * BAR_WIDTH * 8), 8)
    return ("█" * whole + _EIGHTHS[rest]).rstrip()


def render_analysis(text: str, analysis: Analysis) -> str:
    """Return an analysis as lines for people.

    Parameters
    ----------
    text : str
        The text that was analysed.
    analysis : Analysis
        Made with ``explain=True``.
    """
    lines = [f"language    {analysis.language} ({analysis.language_confidence:.2f})"]
    if analysis.status == "ok":
        lines += [*_labels(analysis), *_probabilities(analysis), *_topics(analysis)]
        lines += [*_sentences(text, analysis), *_contributions(analysis)]
    else:
        lines += [f"status      {analysis.status}", "", _SILENT[analysis.status]]
    lines += [f"warning: {printable(warning)}" for warning in analysis.warnings]
    lines += ["", f"model       {analysis.model}"]
    return "\n".join(lines)


def _labels(analysis: Analysis) -> Iterator[str]:
    certainty = "uncertain, have a person look" if analysis.uncertain else "certain enough"
    yield f"sentiment   {analysis.sentiment}, confidence {analysis.confidence:.2f} ({certainty})"
    yield f"score       {analysis.sentiment_score:+.2f} from -1 (negative) to +1 (positive)"
    yield f"kind        {analysis.kind}, confidence {analysis.kind_confidence:.2f}"
    if analysis.flags:
        yield f"flags       {', '.join(analysis.flags)}"


def _probabilities(analysis: Analysis) -> Iterator[str]:
    shares = {
        "negative": analysis.p_negative,
        "neutral": analysis.p_neutral,
        "positive": analysis.p_positive,
        "mixed": analysis.mixed_probability,
    }
    yield ""
    for label, share in shares.items():
        if share is not None:
            note = "  (apart from the three above)" if label == "mixed" else ""
            yield f"  {label:<10}{share:5.2f}  {bar(share)}{note}".rstrip()


def _topics(analysis: Analysis) -> Iterator[str]:
    if analysis.topics:
        yield from ("", "Topics")
    for finding in analysis.topics:
        places = ", ".join(str(number + 1) for number in finding.sentences)
        where = f"  in sentence {places}" if places else ""
        yield f"  {finding.topic:<20}{finding.probability:.2f}  {finding.sentiment}{where}"


def _sentences(text: str, analysis: Analysis) -> Iterator[str]:
    if analysis.sentences:
        yield from ("", "Sentences")
    for number, sentence in enumerate(analysis.sentences, start=1):
        words = printable(text[sentence.start : sentence.end])
        yield f"  {number:>2}  {sentence.sentiment:<9}{sentence.score:+.2f}  {words}"


def _contributions(analysis: Analysis) -> Iterator[str]:
    if not analysis.explanation:
        return
    strongest = max(part.weight for part in analysis.explanation) or 1.0
    yield from ("", f"Words for (+) and against (-) {analysis.sentiment}, in log-odds before calibration")
    for part in analysis.explanation:
        yield f"  {_signed(part, analysis):+6.2f}  {printable(part.text):<24}  {bar(part.weight / strongest)}"


def _signed(part: Contribution, analysis: Analysis) -> float:
    return part.weight if part.toward == analysis.sentiment else -part.weight


def render_figures(figures: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield nested figures as lines, one a figure, groups indented under their name.

    Examples
    --------
    >>> list(render_figures({"texts": 1200, "f1": {"negative": 0.87654, "neutral": None}}))
    ['texts     1,200', 'f1', '  negative  0.877', '  neutral   -']
    """
    width = max((len(name) for name, value in figures.items() if not isinstance(value, Mapping)), default=0)
    width = max(width + 2, 10)
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield f"{indent}{printable(name)}"
            yield from render_figures(value, indent + "  ")
        else:
            yield f"{indent}{printable(name):<{width}}{_figure(value)}"


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else printable(str(value))
