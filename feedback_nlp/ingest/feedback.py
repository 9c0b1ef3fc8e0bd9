"""A file's rows as Feedback records."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from feedback_nlp.errors import InputError
from feedback_nlp.ingest.chunks import Chunk, cell_text
from feedback_nlp.ingest.columns import COLUMN_ALIASES, find_column, find_text_column, parse_rating
from feedback_nlp.ingest.dates import DateOrder, is_ambiguous, parse_date, vote_order
from feedback_nlp.ingest.source import FileFormat, Source
from feedback_nlp.ingest.table import open_table
from feedback_nlp.records import Feedback, RejectedRow

__all__ = ["FeedbackReader", "read_feedback"]

Read = TypeVar("Read")


class FeedbackReader:
    """Iterates over the feedback of a file; what could not be read gathers on it.

    Attributes
    ----------
    columns : tuple of str
        Of the file.
    mapping : dict of str to str
        Which column each field is taken from.
    rejected : list of RejectedRow
        Rows that could not be read, so far.
    warnings : list of str
        Complete once the iteration is.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        mapping: Mapping[str, str] | None = None,
        file_format: FileFormat | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
        name: str | None = None,
    ) -> None:
        unknown = sorted(set(mapping or {}) - set(COLUMN_ALIASES))
        if unknown:
            fields = ", ".join(COLUMN_ALIASES)
            raise InputError(f"{unknown[0]!r} is no field of feedback.", remedy=f"The fields are {fields}.")
        self._source = Source(path, file_format, name=name)
        self._table = open_table(self._source, encoding=encoding, delimiter=delimiter)
        self.columns = self._table.columns
        self._places = self._find_columns(dict(mapping or {}))
        self.mapping = {field: self._table.columns[place] for field, place in self._places.items()}
        self.rejected: list[RejectedRow] = []
        self.warnings = self._table.warnings
        self._order: DateOrder | None = None
        self._strange = {"created_at": 0, "rating": 0}
        self._rows = (feedback for feedback, _ in self.with_columns(()))

    def _find_columns(self, mapping: dict[str, str]) -> dict[str, int]:
        places = {"text": find_text_column(self._table.columns, mapping.get("text"))}
        for field in COLUMN_ALIASES:
            place = find_column(self._table.columns, field, mapping.get(field))
            # A column serves one field: "score" may be the rating, never the text as well.
            if place is not None and place not in places.values():
                places[field] = place
        return places

    def __iter__(self) -> Iterator[Feedback]:
        return self

    def __next__(self) -> Feedback:
        return next(self._rows)

    def with_columns(self, names: Sequence[str]) -> Iterator[tuple[Feedback, tuple[Any, ...]]]:
        """Yield each feedback with its cells of further columns, in one pass instead of the plain iteration.

        Parameters
        ----------
        names : sequence of str
            Columns of the file, by their exact names.
        """
        # The order of ambiguous dates is a matter of the whole file, so standard input must be readable twice.
        if "created_at" in self._places:
            self._source.spool()
        places = [self._table.columns.index(name) for name in names]
        number = 0
        for chunk in self._table.chunks():
            self.rejected += chunk.rejected
            further = zip(*map(chunk.values, places), strict=True) if places else itertools.repeat(())
            yield from zip(_numbered(self.records_of(chunk), number), further, strict=False)
            number += len(chunk)
        for field, count in self._strange.items():
            if count:
                self.warnings.append(
                    f"{count:,} values of {self.mapping[field]!r} are no {field} and were left out."
                )

    def records_of(self, chunk: Chunk) -> Iterator[Feedback]:
        """Yield the feedback of one chunk of the file, however it was read; a row without an id has an empty one."""
        columns = {field: chunk.values(place) for field, place in self._places.items()}
        empty: list[Any] = [None] * len(chunk)
        return map(
            Feedback,
            map(cell_text, columns.get("id", empty)),
            map(cell_text, columns["text"]),
            self._dates(columns.get("created_at", empty)),
            _each(_named, columns.get("channel", empty)),
            _each(_named, columns.get("product", empty)),
            self._ratings(columns.get("rating", empty)),
            _each(_named, columns.get("customer_ref", empty)),
        )

    def _dates(self, values: list[Any]) -> list[Any]:
        if self._order is None and any(map(is_ambiguous, values)):
            place = self._places["created_at"]
            told = len(self.warnings)
            self._order = vote_order(value for chunk in self._table.chunks() for value in chunk.values(place))
            del self.warnings[told:]  # the second reading has nothing new to tell
        dates = [parse_date(value, self._order or "day_first") for value in values]
        self._strange["created_at"] += sum(
            date is None and value not in (None, "") for date, value in zip(dates, values, strict=True)
        )
        return dates

    def _ratings(self, values: list[Any]) -> list[float | None]:
        ratings = _each(parse_rating, values)
        self._strange["rating"] += sum(
            rating is None and value not in (None, "") for rating, value in zip(ratings, values, strict=True)
        )
        return ratings


def _each(convert: Callable[[Any], Read], values: list[Any]) -> list[Read]:
    """Convert the cells of a column; texts that come again are converted once."""
    if not all(isinstance(value, str) for value in values):  # 1, 1.0 and True are one key
        return [convert(value) for value in values]
    known = {value: convert(value) for value in set(values)}
    return [known[value] for value in values]


def _numbered(records: Iterator[Feedback], number: int) -> Iterator[Feedback]:
    for row, record in enumerate(records, number + 1):
        yield record if record.id else replace(record, id=str(row))


def _named(value: Any) -> str | None:
    return cell_text(value).strip() or None


def read_feedback(
    path: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    file_format: FileFormat | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> FeedbackReader:
    """Read a file's rows as Feedback, in constant memory.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, JSON Lines, Parquet or XLSX by its ending, text formats also compressed; "-" for standard input.
    mapping : mapping of str to str or None, default=None
        Column names by field (text, id, created_at, channel, product, rating, customer_ref); fields left out are
        looked for under their usual names. A row without an id gets its number, from 1.
    file_format, encoding, delimiter : str or None, default=None
        Guessed if None.

    Returns
    -------
    FeedbackReader
        An iterator of Feedback with the attributes `mapping`, `rejected` and `warnings`.

    Raises
    ------
    MissingColumnError
        No column for the text, or a mapped column is not there.
    UnreadableFileError
        The file cannot be read as what it says it is.
    InputError
        `mapping` names an unknown field.
    """
    return FeedbackReader(
        path, mapping=mapping, file_format=file_format, encoding=encoding, delimiter=delimiter
    )
