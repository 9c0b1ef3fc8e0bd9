"""Stored records in the shape of answers."""

from __future__ import annotations

from typing import Any

from feedback_nlp.jobs import JobFiles
from feedback_nlp.records import Analysis
from feedback_nlp.store import Store
from feedback_nlp.store.values import Correction, Deletion, Revision, StoredFeedback

__all__ = ["analysis_body", "deletion_body", "item_body"]


def item_body(store: Store, one: StoredFeedback) -> dict[str, Any]:
    """Return one piece of feedback with its history."""
    return {
        **one.to_dict(),
        "revisions": [_revision_body(older) for older in store.feedback.revisions(one.id)],
        "corrections": [_correction_body(said) for said in store.corrections.of_keys([one.key])],
    }


def _revision_body(older: Revision) -> dict[str, Any]:
    return {
        "revision": older.revision,
        "text": older.text,
        "replaced_at": older.replaced_at.isoformat(),
    }


def _correction_body(said: Correction) -> dict[str, Any]:
    return {
        "revision": said.revision,
        "field": said.field,
        "value": said.value,
        "model_value": said.model_value,
        "model": said.model,
        "reviewer": said.reviewer,
        "created_at": said.created_at.isoformat(),
        "slice": said.slice,
        "in_force": said.in_force,
    }


def analysis_body(revision: int, analysis: Analysis) -> dict[str, Any]:
    """Return what a model said of a revision."""
    body = analysis.to_dict()
    del body["id"], body["explanation"]
    return {"revision": revision, **body}


def deletion_body(store: Store, done: Deletion) -> dict[str, Any]:
    """Return a receipt, once the files of the jobs it names are gone too."""
    files = JobFiles(store.data_dir)
    for job in done.jobs:
        files.discard(job)
    return {
        "receipt": done.receipt,
        "deleted_at": done.deleted_at.isoformat(),
        "reason": done.reason,
        "subject_digest": done.subject_digest,
        "counts": done.counts,
        "jobs": list(done.jobs),
    }
