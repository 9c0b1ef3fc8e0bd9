"""Files of any size to scored files: in order, in constant memory, complete or not there at all."""

from __future__ import annotations

from feedback_nlp.batch.many import find_sources, score_files
from feedback_nlp.batch.score import score_file
from feedback_nlp.batch.summary import FailedFile, FolderSummary, ScoreProgress, ScoreSummary

__all__ = [
    "FailedFile",
    "FolderSummary",
    "ScoreProgress",
    "ScoreSummary",
    "find_sources",
    "score_file",
    "score_files",
]
