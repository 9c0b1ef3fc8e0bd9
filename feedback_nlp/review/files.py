"""Corrections as CSV and JSON Lines: written and read back without loss.

Values are JSON in both formats: a label is ``"negative"``, topics are a list. Every field that a correction has is a
column, so that what was withdrawn, and with which probability a text was drawn, survives the way.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import IO, Any

from feedback_nlp.errors import InputError
from feedback_nlp.store import Store
from feedback_nlp.store.copying import CorrectionCopy, copy_corrections, restore_corrections
from feedback_nlp.store.correcting import check_changes

__all__ = ["FORMATS", "CorrectionsRead", "RejectedCorrection", "read_corrections", "write_corrections"]

FORMATS = ("csv", "jsonl")
COLUMNS = tuple(field.name for field in fields(CorrectionCopy))
_NEEDED = ("feedback_id", "field", "value")


@dataclass(frozen=True, slots=True)
class RejectedCorrection:
    """A row that was not taken.

    Parameters
    ----------
    line : int
        Where it begins in the file, from 1.
    reason : str
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class CorrectionsRead:
    """What became of a file of corrections.

    Parameters
    ----------
    added, unchanged : int
        `unchanged`: they were there already.
    rejected : list of RejectedCorrection
    """

    added: int
    unchanged: int
    rejected: list[RejectedCorrection]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def write_corrections(store: Store, target: IO[str], format: str = "jsonl") -> int:
    """Write all corrections of a store, also those not in force; return how many.

    Parameters
    ----------
    store : Store
    target : text file
        Opened with ``newline=""`` for CSV.
    format : {"jsonl", "csv"}
    """
    rows = (_plain(copy) for copy in copy_corrections(store.database))
    count = 0
    if _known(format) == "jsonl":
        for count, row in enumerate(rows, 1):  # noqa: B007 - the number is the answer
            target.write(json.dumps(row, ensure_ascii=False) + "\n")
        return count
    writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for count, row in enumerate(rows, 1):  # noqa: B007
        nested = {name: json.dumps(row[name], ensure_ascii=False) for name in ("value", "model_value")}
        writer.writerow(row | nested | {"in_force": json.dumps(row["in_force"])})
    return count


def read_corrections(store: Store, source: IO[str], format: str = "jsonl") -> CorrectionsRead:
    """Write the corrections of a file into a store. The same file again changes nothing.

    Needed are feedback_id, field and value; what else is left out counts as said now, by nobody, of the newest text.

    Parameters
    ----------
    store : Store
    source : text file
    format : {"jsonl", "csv"}

    Returns
    -------
    CorrectionsRead
        Rows that cannot be taken are named there and cost none of the others.

    Raises
    ------
    InputError
        If a CSV file lacks one of the three columns.
    """
    found: list[tuple[int, CorrectionCopy]] = []
    rejected: list[RejectedCorrection] = []
    rows = _jsonl_rows(source) if _known(format) == "jsonl" else _csv_rows(source)
    newest: dict[str, int] = {}
    for line, row in rows:
        try:
            found.append((line, _copy(store, row, newest)))
        except InputError as error:
            rejected.append(RejectedCorrection(line, str(error)))
    outcomes = restore_corrections(store.database, [copy for _, copy in found])
    refused = [
        RejectedCorrection(line, outcome)
        for (line, _), outcome in zip(found, outcomes, strict=True)
        if outcome not in ("added", "unchanged")
    ]
    return CorrectionsRead(
        outcomes.count("added"),
        outcomes.count("unchanged"),
        sorted([*rejected, *refused], key=lambda one: one.line),
    )


def _known(format: str) -> str:
    if format not in FORMATS:
        raise InputError("Corrections are CSV or JSON Lines.", remedy="Formats: csv, jsonl.")
    return format


def _plain(copy: CorrectionCopy) -> dict[str, Any]:
    return asdict(copy) | {"created_at": copy.created_at.isoformat()}


def _jsonl_rows(source: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for line, words in enumerate(source, 1):
        if words.strip():
            try:
                yield line, json.loads(words.removeprefix("\ufeff"))
            except (ValueError, RecursionError):
                yield line, None


def _csv_rows(source: IO[str]) -> Iterator[tuple[int, Any]]:
    text = source.read().removeprefix("\ufeff")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(
                f"The file lacks the column {missing[0]}.", remedy=f"Columns: {', '.join(COLUMNS)}."
            )
        line = reader.line_num + 1
        for row in reader:
            yield line, _typed(row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num + 1} is not CSV: {error}.") from None


def _typed(row: dict[str | None, Any]) -> dict[str, Any] | None:
    """Return what a row of CSV says; empty cells are left out, and a bare label needs no quotes."""
    said: dict[str, Any] = {name: cell for name, cell in row.items() if name in COLUMNS and cell}
    for name in ("value", "model_value", "revision", "sampling_probability", "in_force"):
        if name in said:
            try:
                said[name] = json.loads(said[name])
            except (ValueError, RecursionError):
                if name not in ("value", "model_value"):
                    return None
    return said


def _copy(store: Store, row: Any, newest: dict[str, int]) -> CorrectionCopy:
    if not isinstance(row, dict):
        raise InputError("The row is no object with a correction.")
    for name in _NEEDED:
        if row.get(name) is None:
            raise InputError(f"The row lacks {name}.")
    id, field = row["feedback_id"], row["field"]
    if not isinstance(id, str) or not isinstance(field, str):
        raise InputError("feedback_id and field are texts.")
    slice, chance = row.get("slice") or "manual", row.get("sampling_probability")
    if not isinstance(slice, str) or isinstance(chance, bool) or not isinstance(chance, int | float | None):
        raise InputError("The slice is a text, the sampling probability a number.")
    said = check_changes({field: row["value"]}, slice, chance)
    return CorrectionCopy(
        feedback_id=id,
        text_digest=_words(row, "text_digest") or "",
        revision=_revision(store, row, id, newest),
        field=field,
        value=said[field],
        model_value=row.get("model_value"),
        model=_words(row, "model"),
        reviewer=_words(row, "reviewer"),
        created_at=_moment(row.get("created_at")),
        slice=slice,
        sampling_probability=chance,
        in_force=row.get("in_force") is not False,
    )


def _words(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not (isinstance(value, str) and len(value) <= 200 and value.isprintable()):
        raise InputError(f"{name} is a text of at most 200 printable characters.")
    return value or None


def _revision(store: Store, row: dict[str, Any], id: str, newest: dict[str, int]) -> int:
    given = row.get("revision")
    if given is not None:
        if type(given) is not int or not 0 < given < 1 << 31:
            raise InputError("The revision is a whole number from 1.")
        return given
    if id not in newest:
        newest[id] = next((one.revision for one in store.feedback.by_ids([id])), 1)
    return newest[id]


def _moment(value: Any) -> datetime:
    if value is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise InputError("created_at is a date and time such as 2025-03-01T12:00:00+00:00.") from None
