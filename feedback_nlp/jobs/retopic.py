"""The kind "taxonomy": the whole history gets the topics of the taxonomy in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feedback_nlp.jobs.run import JobRun
from feedback_nlp.store import Store
from feedback_nlp.store.jobs import JobRecord
from feedback_nlp.store.taxonomy import OwnTopic, Taxonomy

__all__ = ["put_in_force", "relabel_history"]


def put_in_force(
    store: Store, topics: Sequence[OwnTopic], *, actor: str, owner: str = ""
) -> tuple[Taxonomy, JobRecord]:
    """Save a taxonomy, and queue the way of the history under it."""
    saved = store.taxonomies.save(topics, actor=actor)
    job, _ = store.jobs.add("taxonomy", {"version": saved.version}, owner=owner)
    return saved, job


def relabel_history(run: JobRun) -> dict[str, Any]:
    """Walk the history; done again after a killed worker it changes nothing that is done."""
    table = run.store.taxonomies
    until, rows, last = table.last_key(), 0, 0
    while last < until:
        count, last = table.relabel(last)
        if not count:
            break
        rows += count
        run.progress(read=rows, scored=rows, fraction=min(1.0, last / until))
    version = run.store.taxonomies.active().version
    return {"rows_read": rows, "rows_scored": rows, "rows_rejected": 0, "version": version}
