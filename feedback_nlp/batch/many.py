"""Many files in, a folder of scored files out."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from feedback_nlp.batch.plan import ScoreOptions
from feedback_nlp.batch.score import score_with
from feedback_nlp.batch.scoring import AnalyzerLike, build_scorer
from feedback_nlp.batch.summary import FailedFile, FolderSummary, ProgressCallback, ScoreSummary
from feedback_nlp.batch.target import writing
from feedback_nlp.errors import InputError, OutputError
from feedback_nlp.ingest.source import FORMATS, FileFormat, split_ending

__all__ = ["find_sources", "is_input_name", "renamed", "score_files"]

_JOURNAL = ".feedback-nlp.progress"


def find_sources(sources: str | Path | Iterable[str | Path]) -> list[tuple[Path, Path]]:
    """Return the files that are meant, each with its place in the output folder.

    Parameters
    ----------
    sources : str, Path or iterable of them
        Files, folders (all readable files in them, at any depth, but not those that start with "." or "_") and
        patterns such as "exports/*.csv" or "exports/**/*.parquet".

    Raises
    ------
    InputError
        Nothing fits, or two files would get the same place.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    files: dict[Path, Path] = {}
    for entry in given:
        found = _expanded(str(entry))
        if not found:
            raise InputError(
                f"No file fits {str(entry)!r}.", remedy="Check the path; quote patterns in a shell."
            )
        base = Path(os.path.commonpath([path.parent for path in found]))
        if Path(entry).is_dir():
            base = Path(entry)
        files.update({path: path.relative_to(base) for path in found})
    places = list(files.values())
    twice = next((place for place in places if places.count(place) > 1), None)
    if twice is not None:
        raise InputError(f"Several inputs are called {twice}.", remedy="Score them into different folders.")
    return sorted(files.items())


def _expanded(entry: str) -> list[Path]:
    path = Path(entry)
    if path.is_dir():
        found = sorted(path.rglob("*"))
        return [file for file in found if is_input_name(file.relative_to(path)) and file.is_file()]
    if path.exists():
        return [path]
    return [Path(name) for name in sorted(glob.glob(entry, recursive=True)) if Path(name).is_file()]


def is_input_name(name: PurePath) -> bool:
    """Whether a file in a folder is one to score, by its name below that folder.

    Examples
    --------
    >>> [is_input_name(PurePath(name)) for name in ("a.csv", "old/a.jsonl.gz", "_tmp/a.csv", "a.csv.rejected.jsonl")]
    [True, True, False, False]
    """
    hidden = any(part.startswith((".", "_")) for part in name.parts)
    rejects = name.name.endswith(".rejected.jsonl")
    return not hidden and not rejects and split_ending(name)[0] is not None


def score_files(
    sources: str | Path | Iterable[str | Path],
    folder: str | Path,
    *,
    analyzer: AnalyzerLike | str | Path | None = None,
    workers: int = 1,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> FolderSummary:
    """Score many files into a folder; each keeps its name, its place below the common folder, and its format.

    A file that cannot be scored costs the others nothing and is reported. Partitioned Parquet (a folder such as
    ``month=2026-09/part-0.parquet``) comes out partitioned the same way.

    Parameters
    ----------
    sources : str, Path or iterable of them
        Files, folders and patterns.
    folder : str or Path
        Created if missing.
    analyzer, workers, progress
        As for `score_file`; the workers serve all files.
    **options
        Further options of `score_file`. With ``target_format`` all files get that format; XLSX becomes CSV. With
        ``resume=True`` files that an interrupted run finished are skipped.

    Returns
    -------
    FolderSummary

    Raises
    ------
    InputError
        Nothing fits, or two files would get the same name.
    OutputError
        The folder cannot be written, or is that of the sources.
    """
    began = time.monotonic()
    settings = ScoreOptions(**options)
    pairs = [
        (source, Path(folder) / renamed(place, settings.target_format))
        for source, place in find_sources(sources)
    ]
    if any(source.resolve() == target.resolve() for source, target in pairs):
        raise OutputError("The scored files would replace their sources.", remedy="Name another folder.")
    with writing(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
    scorer = build_scorer(analyzer, workers=workers, precision=settings.precision)
    finished = _Finished(Path(folder) / _JOURNAL, scorer.model, settings)
    files: list[ScoreSummary] = []
    failed: list[FailedFile] = []
    skipped: list[str] = []
    try:
        for source, target in pairs:
            if finished.has(source, target):
                skipped.append(str(source))
                continue
            try:
                with writing(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                files.append(score_with(scorer, source, target, settings, progress=progress))
                finished.add(source)
            except InputError as error:
                failed.append(FailedFile(str(source), str(error)))
    finally:
        scorer.close()
    finished.discard()
    return FolderSummary(tuple(files), tuple(failed), tuple(skipped), time.monotonic() - began)


def renamed(place: Path, wanted: FileFormat | None) -> Path:
    """Return a file's name in the output folder, with the ending of what it will hold.

    Examples
    --------
    >>> renamed(Path("old/survey.xlsx"), None).name, renamed(Path("a.csv.gz"), "parquet").name
    ('survey.csv', 'a.parquet')
    """
    stated, compression, ending = split_ending(place)
    target: str | None = wanted or ("csv" if stated == "xlsx" else None)
    if target is None or target == FORMATS.get(ending):
        return place
    return place.with_name(place.name.removesuffix(place.suffix) if compression else place.name).with_suffix(
        f".{target}"
    )


class _Finished:
    """Remembers which files of a folder are done, as long as not all are."""

    def __init__(self, path: Path, model: str, options: ScoreOptions) -> None:
        self._path = path
        self._key = f"{model} {replace(options, resume=True)!r}"
        self._done: set[str] = set()
        if options.resume and path.exists():
            self._done = set(path.read_text(encoding="utf-8").splitlines())
        else:
            path.unlink(missing_ok=True)

    def _name(self, source: Path) -> str:
        status = source.stat()
        stated = json.dumps([str(source.resolve()), status.st_size, status.st_mtime_ns, self._key])
        return hashlib.sha256(stated.encode()).hexdigest()

    def has(self, source: Path, target: Path) -> bool:
        return target.exists() and self._name(source) in self._done

    def add(self, source: Path) -> None:
        with writing(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(self._name(source) + "\n")

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)
