"""The journal of a run: which chunks are complete, so that an interrupted run can go on behind them.

One JSON line says what is being scored and how; one more follows each chunk once its rows are in the partial file.
A last line that is torn off counts as not written.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

from feedback_nlp.batch.summary import Tally
from feedback_nlp.batch.target import writing
from feedback_nlp.errors import ResumeError

__all__ = ["Journal"]

_WORDS = {
    "size": "the source's size",
    "mtime_ns": "the source's time of change",
    "head": "the beginning of the source",
    "model": "the model",
}


class Journal:
    """Reads and writes the progress file of a run.

    Parameters
    ----------
    path : Path
    identity : dict
        Everything that must be the same for a run to be resumed; plain JSON values.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path = path
        self._identity = identity
        self._file: TextIO | None = None

    def read(self) -> dict[str, Any] | None:
        """Return the record of the last complete chunk, or None if there is nothing to resume.

        Raises
        ------
        ResumeError
            The journal is that of another source, bundle or setting.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]  # what follows the last line end is torn off
            records = [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return None
        if len(records) < 2:
            return None
        differing = [key for key, value in self._identity.items() if records[0].get(key) != value]
        if differing:
            names = ", ".join(_WORDS.get(key, key.replace("_", " ")) for key in differing)
            raise ResumeError(
                f"The interrupted run cannot be resumed: {names} changed since.",
                remedy="Start again without resuming.",
            )
        last: dict[str, Any] = records[-1]
        return last

    def begin(self, *, resumed: bool) -> None:
        """Open the journal; a new one starts with the identity."""
        with writing(self.path):
            if resumed:
                self._cut_torn_line()
            self._file = self.path.open("a" if resumed else "w", encoding="utf-8")
        if not resumed:
            self._append(self._identity)

    def _cut_torn_line(self) -> None:
        content = self.path.read_bytes()
        with self.path.open("rb+") as file:
            file.truncate(content.rfind(b"\n") + 1)

    def record(self, tally: Tally, **sizes: int) -> None:
        """Note that a chunk is complete."""
        self._append(
            {
                "chunks": tally.chunks,
                "written": tally.written,
                "rejected": tally.rejected,
                "by_status": tally.by_status,
                "by_sentiment": tally.by_sentiment,
                **sizes,
            }
        )

    def _append(self, record: dict[str, Any]) -> None:
        assert self._file is not None  # noqa: S101 - for the type checker
        with writing(self.path):
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the journal and leave it for a later run."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Close the journal and delete it."""
        self.close()
        self.path.unlink(missing_ok=True)


def tally_of(record: dict[str, Any]) -> Tally:
    """Return the counts that a journal's record holds."""
    return Tally(
        record["chunks"],
        record["written"],
        record["rejected"],
        Counter(record["by_status"]),
        Counter(record["by_sentiment"]),
    )
