"""The kind "retrain": a candidate bundle from what people corrected, judged, and compared over the whole history."""

from __future__ import annotations

from typing import Any

from feedback_nlp.errors import InputError
from feedback_nlp.jobs.rescore import submit_rescore
from feedback_nlp.jobs.run import JobRun
from feedback_nlp.review import learning
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import JobRecord

__all__ = ["retrain", "submit_retrain"]


def submit_retrain(store: Store, *, actor: str, activate: bool = False, owner: str = "") -> JobRecord:
    """Queue a retraining.

    Parameters
    ----------
    store : Store
    actor : str
        Who wants it, for the audit log.
    activate : bool, default=False
        Whether to activate the candidate if it is better beyond noise and breaks no gate.
    owner : str, default=""

    Raises
    ------
    InputError
        If too few texts were corrected.
    """
    texts = len(learning.corrected_texts(store))
    if texts < learning.LEAST_TEXTS:
        raise InputError(
            f"Only {texts} texts were corrected; {learning.LEAST_TEXTS} are needed to learn from.",
            remedy="Review some more.",
        )
    job, _ = store.jobs.add("retrain", {"activate": activate, "actor": actor}, owner=owner)
    return job


def retrain(run: JobRun) -> dict[str, Any]:
    """Retrain, register the candidate, and queue the diff over the history.

    Returns
    -------
    dict
        As `Retrained.to_dict`; `diff_job` is the rescoring that counts what the candidate says differently.
    """
    options = run.job.options
    done = learning.retrain(
        run.store,
        actor=options["actor"],
        activate=options["activate"],
        progress=lambda share: run.progress(read=0, fraction=share),
    )
    diff = submit_rescore(run.store, done.model, owner=run.job.owner)
    counts = {"rows_read": done.texts, "rows_scored": done.texts, "rows_rejected": 0}
    return counts | done.to_dict() | {"diff_job": diff.id}
