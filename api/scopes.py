"""Which scope of a key each route asks for. A route that is not listed is open to admin keys only."""

from __future__ import annotations

__all__ = ["OPEN", "ROUTE_SCOPES", "scope_of"]

#: Answered without a key: nothing of it is a secret, and nothing is kept or costs much.
OPEN = "open"

#: Scope by endpoint (blueprint.function). Sorted; a test compares it with the routes that there are.
ROUTE_SCOPES: dict[str, str] = {
    "compare.compare": "read",
    "customers.delete_customer": "admin",
    "customers.export_customer": "read",
    "docs.asset": OPEN,
    "docs.docs": OPEN,
    "docs.openapi": OPEN,
    "explore.correct": "write",
    "explore.explore": "read",
    "explore.one": "read",
    "feedback.add_feedback": "write",
    "feedback.delete_feedback": "write",
    "feedback.get_feedback": "read",
    "feedback.list_feedback": "read",
    "health.health": OPEN,
    "health.ready": OPEN,
    "job_pages.cancel": "score",
    "job_pages.job": "score",
    "job_pages.jobs": "score",
    "job_pages.upload": "score",
    "jobs.cancel_job": "score",
    "jobs.create_job": "score",
    "jobs.delete_job": "score",
    "jobs.get_job": "score",
    "jobs.get_rejected": "score",
    "jobs.get_results": "score",
    "jobs.list_jobs": "score",
    "jobs.preview_job": "score",
    "learning.start": "admin",
    "learning_pages.activate": "admin",
    "learning_pages.outcome": "read",
    "learning_pages.start_on_page": "admin",
    "login.log_in": OPEN,
    "login.log_out": OPEN,
    "login.show_form": OPEN,
    "metrics.metrics": "metrics",
    "model.model": "score",
    "model.taxonomy": "score",
    "model_pages.activate": "admin",
    "model_pages.diff": "read",
    "model_pages.models": "read",
    "model_pages.rescore": "admin",
    "model_pages.roll_back": "admin",
    "models.activate_model": "admin",
    "models.list_models": "read",
    "models.roll_back_model": "admin",
    "overview.alerts": "read",
    "overview.overview": "read",
    "overview.topic": "read",
    "pages.answer_form": "score",
    "pages.first_page": "score",
    "rescore.get_diff": "read",
    "rescore.start_rescore": "admin",
    "review.answer_item": "write",
    "review.draw_items": "write",
    "review.export_corrections": "read",
    "review.import_corrections": "write",
    "review.list_items": "read",
    "review.quality": "read",
    "review_pages.answer": "write",
    "review_pages.draw": "write",
    "review_pages.queue": "write",
    "score.score": "score",
    "score.score_batch": "score",
    "static": OPEN,
}


def scope_of(endpoint: str) -> str:
    """Return the scope that a route asks for, or `OPEN`."""
    return ROUTE_SCOPES.get(endpoint, "admin")
