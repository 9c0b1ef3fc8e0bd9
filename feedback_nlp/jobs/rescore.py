"""The kind "rescore": the whole history is analysed by another bundle, and what that changes is counted."""

from __future__ import annotations

from typing import Any

from feedback_nlp.batch.scoring import AnalyzerLike, Texts
from feedback_nlp.errors import InputError
from feedback_nlp.jobs.analysing import analyses_of
from feedback_nlp.jobs.diff import DiffTally, ModelDiff
from feedback_nlp.jobs.run import JobRun
from feedback_nlp.records import Analysis
from feedback_nlp.store import Store
from feedback_nlp.store.bundles import is_available, load_model
from feedback_nlp.store.jobs import JobRecord
from feedback_nlp.store.model_values import ModelEntry
from feedback_nlp.store.rescoring import StoredText

__all__ = ["diff_of", "rescore", "submit_rescore"]

#: Rows stored in one transaction; a killed worker loses the work on so many at most.
CHUNK_ROWS = 1000


def submit_rescore(
    store: Store,
    model: str,
    *,
    apply: bool = False,
    precision: float | None = None,
    owner: str = "",
    idempotency_key: str | None = None,
) -> JobRecord:
    """Queue a bundle's way through the whole history.

    Parameters
    ----------
    store : Store
    model : str
        As for `ModelRegistry.get`.
    apply : bool, default=False
        Whether its labels count from then on, corrections aside; else they are kept beside the present ones, for
        the diff alone.
    precision : float or None, default=None
        Wanted precision that decides what is uncertain.
    owner : str, default=""
    idempotency_key : str or None, default=None
        With the same key and request the same job is returned again.

    Raises
    ------
    NotStoredError
        If there is no such bundle.
    InputError
        If it does not lie where it was.
    JobConflictError
        The key was used for another request.
    """
    entry = store.models.get(model)
    if not is_available(store, entry):
        raise InputError(f"The bundle {entry.model} is not available.", remedy="Nothing was queued.")
    job, _ = store.jobs.add(
        "rescore",
        {"model": entry.model, "apply": apply, "precision": precision},
        owner=owner,
        idempotency_key=idempotency_key,
        request_digest=f"{entry.digest[:60]} {int(apply)}",
    )
    return job


def rescore(run: JobRun) -> dict[str, Any]:
    """Walk the history, or go on behind the last chunk that was stored.

    Each chunk is stored in one transaction with its mark and its part of the diff, so that a killed worker loses
    no row and doubles none. A text that this bundle has analysed before is not analysed again.

    Returns
    -------
    dict
        Counts, the bundle, and how many labels differ, by task.
    """
    options = run.job.options
    entry, analyzer = _other(run)
    table, job = run.store.rescoring, run.job.id
    until = table.last_key()
    number, rows, last = _place(run.store, job)
    while texts := table.texts(entry.key, last, until, CHUNK_ROWS):
        said = _said(analyzer, texts, options["precision"])
        part = _tally(said) | {"last": texts[-1].key}
        if table.keep(job, number, entry.key, said, part, apply=options["apply"]):
            number, rows, last = number + 1, rows + len(texts), texts[-1].key
        else:  # a worker that was thought lost was faster
            number, rows, last = _place(run.store, job)
        run.progress(read=rows, scored=rows, fraction=min(1.0, last / until))
    run.progress(read=rows, scored=rows, fraction=1.0)
    diff = diff_of(run.store, run.job.id)
    return {
        "rows_read": rows,
        "rows_scored": rows,
        "rows_rejected": 0,
        "model": entry.model,
        "applied": options["apply"],
        "compared": diff.compared,
        "changed": {task.task: task.count for task in diff.tasks},
    }


def diff_of(store: Store, job_id: str) -> ModelDiff:
    """Return what a rescoring changed, or would; while it runs, as far as it is."""
    tally = DiffTally()
    for _, _, part in store.rescoring.chunks(job_id):
        tally.add_json(part)
    return tally.diff()


def _place(store: Store, job: str) -> tuple[int, int, int]:
    """Return number of the next chunk, rows that are done, and the last of them."""
    done = store.rescoring.chunks(job)
    if not done:
        return 0, 0, 0
    return done[-1][0] + 1, sum(rows for _, rows, _ in done), done[-1][2]["last"]


def _other(run: JobRun) -> tuple[ModelEntry, AnalyzerLike]:
    """Return the bundle that is asked for; the one at hand is not loaded twice."""
    entry = run.store.models.get(run.job.options["model"])
    active = run.analyzer()
    return entry, active if active.model.digest == entry.digest else load_model(run.store, entry)


def _said(
    analyzer: AnalyzerLike, texts: list[StoredText], precision: float | None
) -> list[tuple[StoredText, Analysis]]:
    new = [text for text in texts if text.after is None]
    given = Texts([text.text for text in new], [text.rating for text in new])
    found = analyses_of(analyzer, given, precision) if new else []
    made = {text.key: analysis for text, analysis in zip(new, found, strict=True)}
    return [(text, text.after or made[text.key]) for text in texts]


def _tally(said: list[tuple[StoredText, Analysis]]) -> dict[str, Any]:
    tally = DiffTally()
    for text, after in said:
        tally.add(text.key, text.before, after)
    return tally.to_json()
