"""A look at a file before it becomes a job: which column is taken for what, and the first rows scored."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.ingest import COLUMN_ALIASES, FeedbackReader
from feedback_nlp.jobs.upload import UploadOptions

if TYPE_CHECKING:
    from feedback_nlp.batch.scoring import AnalyzerLike
    from feedback_nlp.redact import Redactor

__all__ = ["PREVIEW_ROWS", "Preview", "preview_file"]

PREVIEW_ROWS = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """What a job would make of a file.

    Parameters
    ----------
    columns : tuple of str
        Of the file.
    mapping : dict of str to str
        Column by field.
    missing : tuple of str
        Fields without a column.
    rows : list of dict
        The first rows: the fields of the feedback, and `analysis` as the API answers it.
    rejected : list of dict
        Rows among them that could not be read: line and reason.
    warnings : tuple of str
    """

    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    missing: tuple[str, ...]
    rows: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


def preview_file(
    path: str | Path,
    analyzer: AnalyzerLike,
    options: UploadOptions | None = None,
    *,
    redactor: Redactor | None = None,
    name: str | None = None,
) -> Preview:
    """Read the first rows of a file as a job would, and score them.

    Parameters
    ----------
    path : str or Path
    analyzer : AnalyzerLike
    options : UploadOptions or None, default=None
    redactor : Redactor or None, default=None
        Masks the texts that are shown.
    name : str or None, default=None
        What messages call the file instead of its path.

    Raises
    ------
    InputError
        As for the job itself: the file cannot be read, or a column is not there.

    Examples
    --------
    >>> from feedback_nlp import Analyzer
    >>> preview = preview_file("data/sample_feedback.csv", Analyzer.load())  # doctest: +SKIP
    >>> preview.mapping["text"]  # doctest: +SKIP
    'text'
    """
    options = options or UploadOptions()
    reader = FeedbackReader(
        path, mapping=options.mapping, encoding=options.encoding, delimiter=options.delimiter, name=name
    )
    first = list(itertools.islice(reader, PREVIEW_ROWS))
    texts = [record.text for record in first]
    if redactor is not None:
        texts = list(redactor.mask_many(texts))
    ratings = [record.rating for record in first]
    analyses = list(analyzer.analyze_many(texts, ratings=ratings, precision=options.precision))
    rows = [
        asdict(record)
        | {
            "text": text,
            "created_at": record.created_at.isoformat() if record.created_at else None,
            "analysis": analysis.to_dict(id=record.id),
        }
        for record, text, analysis in zip(first, texts, analyses, strict=True)
    ]
    return Preview(
        reader.columns,
        reader.mapping,
        tuple(field for field in COLUMN_ALIASES if field not in reader.mapping),
        rows,
        [{"line": row.line, "reason": row.reason} for row in reader.rejected[:PREVIEW_ROWS]],
        tuple(reader.warnings),
    )
