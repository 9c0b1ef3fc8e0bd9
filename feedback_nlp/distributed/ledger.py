"""Which shards of a folder are done, as long as not all are: what a resumed run may skip."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace

from feedback_nlp.batch.plan import ScoreOptions
from feedback_nlp.batch.target import writing
from feedback_nlp.distributed import places
from feedback_nlp.errors import OutputError

__all__ = ["Ledger"]

# A storage without appending gets the whole list each time; a run that is killed scores the last few shards again.
_SECONDS_BETWEEN_WRITES = 2.0


class Ledger:
    """The finished shards of a run, by name, state of the source, bundle and options.

    Parameters
    ----------
    place : str
        Path or address of its file.
    model : str
    options : ScoreOptions
    """

    def __init__(self, place: str, model: str, options: ScoreOptions) -> None:
        self._place = place
        self._key = f"{model} {replace(options, resume=True)!r}"
        self._done: set[str] = set()
        self._written_at = 0.0
        self._files, self._path = places.file_system(place, OutputError)
        if options.resume and self._files.exists(self._path):
            with writing(place):
                self._done = set(self._files.cat_file(self._path).decode().split())

    def _name(self, source: str) -> str:
        stated = json.dumps([source, places.fingerprint(source), self._key])
        return hashlib.sha256(stated.encode()).hexdigest()

    def has(self, source: str, target: str) -> bool:
        """Whether an interrupted run scored this source and its target is still there."""
        return bool(self._done) and self._name(source) in self._done and places.size_of(target) is not None

    def add(self, source: str) -> None:
        """Note that a source is scored."""
        self._done.add(self._name(source))
        if time.monotonic() - self._written_at > _SECONDS_BETWEEN_WRITES:
            self._write()

    def _write(self) -> None:
        with writing(self._place):
            self._files.pipe_file(self._path, "\n".join(sorted(self._done)).encode())
        self._written_at = time.monotonic()

    def close(self, *, keep: bool) -> None:
        """Leave the list for a later run, or delete it when nothing is left to do."""
        if keep and self._done:
            self._write()
        elif not keep:
            places.remove(self._place)
