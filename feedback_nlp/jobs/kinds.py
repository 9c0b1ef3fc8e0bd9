"""What kinds of jobs there are, by name; the code of a kind is imported when a worker first needs it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback_nlp.jobs.run import JobRun

__all__ = ["JOB_KINDS", "load_kind"]

#: Name of a kind to "module:function". The function takes a JobRun and returns the result of the job as plain JSON.
JOB_KINDS: Mapping[str, str] = {
    "rescore": "feedback_nlp.jobs.rescore:rescore",
    "retention": "feedback_nlp.jobs.retention:delete_old",
    "retrain": "feedback_nlp.jobs.retraining:retrain",
    "taxonomy": "feedback_nlp.jobs.retopic:relabel_history",
    "score": "feedback_nlp.jobs.scored:score_upload",
}


def load_kind(place: str) -> Callable[[JobRun], dict[str, Any]]:
    """Import the function of a kind.

    Examples
    --------
    >>> load_kind(JOB_KINDS["score"]).__name__
    'score_upload'
    """
    module, _, name = place.partition(":")
    function: Callable[[JobRun], dict[str, Any]] = getattr(importlib.import_module(module), name)
    return function
