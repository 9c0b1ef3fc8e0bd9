"""A scored Excel workbook: the cells of the upload in their types, the fb_ columns behind them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from feedback_nlp.batch.target import writing
from feedback_nlp.batch.writers import kept_places, safe_cell
from feedback_nlp.ingest.table import open_table

__all__ = ["write_workbook"]

#: Characters that a workbook cannot hold, and the most that a cell takes.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CELL_CHARACTERS = 32_767


def write_workbook(
    upload: Path, scored: Path, target: Path, added: Sequence[str], *, spreadsheet_safe: bool = False
) -> None:
    """Write the rows of `upload` with the fb_ columns of `scored`, its scored form in JSON Lines.

    Parameters
    ----------
    upload, scored : Path
        Row by row the same.
    target : Path
        Appears when it is complete.
    added : sequence of str
        Names of the fb_ columns.
    spreadsheet_safe : bool, default=False
        Neutralise texts that a spreadsheet would run once the file is saved as CSV; in the workbook itself
        they are texts, not formulas, in any case.
    """
    from openpyxl import Workbook

    table = open_table(upload)
    kept = kept_places(table.columns)
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Scored")

    def append(values: list[Any]) -> None:
        sheet.append([_cell(sheet, value, safe=spreadsheet_safe) for value in values])

    append([*(table.columns[place] for place in kept), *added])
    rows = (row for chunk in table.chunks() for row in chunk.rows())
    with scored.open(encoding="utf-8") as lines:
        for cells, line in zip(rows, lines, strict=True):
            fields = json.loads(line)
            append([*(cells[place] for place in kept), *(fields[name] for name in added)])
    partial = target.with_name(f".{target.name}.partial")
    with writing("The result"):
        workbook.save(partial)
        partial.replace(target)


def _cell(sheet: Any, value: Any, *, safe: bool) -> Any:
    """Return a cell; text is always text, never a formula."""
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value
    text = safe_cell(value) if safe else value
    cell = WriteOnlyCell(sheet, _ILLEGAL.sub("\ufffd", text)[:_CELL_CHARACTERS])
    cell.data_type = "s"
    return cell
