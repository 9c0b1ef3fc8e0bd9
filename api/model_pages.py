"""The pages of model bundles: which there are, how good, who activated which, and what another would change."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from flask import Response, g, redirect, render_template, request, url_for

from api.models import change_model
from api.rescore import diff_body, rescore_job
from api.service import current_owner, current_service
from api.shell import page_blueprint
from feedback_nlp.bundle import CARD, shipped_bundle_path
from feedback_nlp.jobs.rescore import submit_rescore
from feedback_nlp.store import Store
from feedback_nlp.store.bundles import bundle_place, find_bundles, is_available
from feedback_nlp.store.jobs import ENDED
from feedback_nlp.store.model_values import ModelEntry

__all__ = ["blueprint"]

#: Figures of a bundle that are shown, where its manifest has them.
FIGURES = (
    ("sentiment_accuracy", "sentiment, right"),
    ("sentiment_macro_f1", "sentiment, macro F1"),
    ("kind_macro_f1", "kind, macro F1"),
    ("topics_macro_f1", "topics, macro F1"),
)
#: Jobs that are looked at, and rescorings of them that are shown.
LOOKED_AT, SHOWN = 200, 10

blueprint = page_blueprint("model_pages", __name__)


@blueprint.get("/models")
def models() -> str:
    """Show bundles, their figures and cards, history and rescorings."""
    store = current_service().ready_store()
    jobs = [job for job in store.jobs.list(limit=LOOKED_AT) if job.kind == "rescore"][:SHOWN]
    return render_template(
        "models.html",
        bundles=[_shown(store, entry) for entry in find_bundles(store)],
        figures=FIGURES,
        history=store.models.history(50),
        jobs=jobs,
        may_change=_may_change(),
    )


@blueprint.post("/models/activate")
def activate() -> Response:
    """Let a bundle analyse what comes in."""
    change_model(current_service(), request.form.get("model", ""))
    return _back()


@blueprint.post("/models/rollback")
def roll_back() -> Response:
    """Activate the bundle before."""
    change_model(current_service(), None)
    return _back()


@blueprint.post("/models/rescore")
def rescore() -> Response:
    """Let a bundle go through the history, and go to the page that says what it changes."""
    service = current_service()
    job = submit_rescore(
        service.ready_store(),
        request.form.get("model", ""),
        apply=request.form.get("apply") == "yes",
        precision=service.settings.precision,
        owner=current_owner() or "",
    )
    place = url_for("model_pages.diff", job_id=job.id)
    return cast(Response, redirect(place, HTTPStatus.SEE_OTHER))


@blueprint.get("/models/diff/<job_id>")
def diff(job_id: str) -> str:
    """Show what a bundle says differently."""
    job = rescore_job(job_id)
    active = current_service().ready_store().models.active()
    return render_template(
        "model_diff.html",
        job=job,
        ended=job.state in ENDED,
        diff=diff_body(job),
        is_active=active is not None and active.model == job.options["model"],
        may_change=_may_change(),
    )


def _back() -> Response:
    return cast(Response, redirect(url_for("model_pages.models"), HTTPStatus.SEE_OTHER))


def _may_change() -> bool:
    key = g.get("key")
    return key is None or key.allows("admin")


def _shown(store: Store, entry: ModelEntry) -> dict[str, Any]:
    available = is_available(store, entry)
    return {
        "entry": entry,
        "available": available,
        "card": _card(store, entry) if available else "",
        "figures": [_figure(entry.metrics, name) for name, _ in FIGURES],
    }


def _card(store: Store, entry: ModelEntry) -> str:
    place = bundle_place(store, entry) or shipped_bundle_path()
    try:
        return (place / CARD).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _figure(metrics: Mapping[str, Any], name: str) -> float | None:
    """Return a figure, from whichever set of texts the manifest names first."""
    for place in (metrics, *(part for part in metrics.values() if isinstance(part, dict))):
        if isinstance(found := place.get(name), int | float):
            return float(found)
    return None
