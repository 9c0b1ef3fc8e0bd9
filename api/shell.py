"""What all pages share: navigation, filters, policy, and the blueprint that pages over the store are made with."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request

from api.hooks import PAGE_POLICY
from api.model import topic_title
from feedback_nlp.report.statistics import Estimate
from feedback_nlp.report.svg import page_svg
from feedback_nlp.report.wording import (
    alert_sentence,
    days_text,
    finding_name,
    percent,
    points,
    readable,
    with_interval,
)

__all__ = ["NAVIGATION", "install_shell", "page_blueprint"]

#: Endpoint and title of what the head of every page offers; those that are not registered are left out.
NAVIGATION = (
    ("overview.overview", "Overview"),
    ("explore.explore", "Explore"),
    ("compare.compare", "Compare"),
    ("overview.alerts", "Alerts"),
    ("job_pages.jobs", "Files"),
    ("review_pages.queue", "Review"),
    ("taxonomy_pages.taxonomy", "Taxonomy"),
    ("model_pages.models", "Models"),
    ("pages.first_page", "Try a text"),
    ("docs.docs", "API"),
)
#: Pages that need no store.
_WITHOUT_STORE = ("pages.first_page", "docs.docs")


def install_shell(app: Flask, *, store: bool) -> None:
    """Give the templates of `app` navigation and filters.

    Parameters
    ----------
    app : Flask
    store : bool
        Whether the service keeps feedback; without, pages over the store are not offered.
    """
    app.jinja_env.filters.update(
        percent=percent,
        points=points,
        readable=readable,
        interval=with_interval,
        share=_share,
        count=_count,
        topic_title=topic_title,
        picture=_picture,
        page_svg=page_svg,
    )
    app.jinja_env.globals.update(
        navigation=lambda: _navigation(store=store),
        days=days_text,
        sentence=alert_sentence,
        finding_name=finding_name,
        query_with=_query_with,
        offers=lambda endpoint: endpoint in app.view_functions,
    )


def page_blueprint(name: str, import_name: str, policy: str = PAGE_POLICY) -> Blueprint:
    """Return a blueprint of pages: own assets alone."""
    blueprint = Blueprint(name, import_name)

    def set_policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        return response

    blueprint.after_request(set_policy)
    return blueprint


def _navigation(*, store: bool) -> list[tuple[str, str, bool]]:
    here = (request.endpoint or "").partition(".")[0]
    return [
        (endpoint, title, endpoint == request.endpoint or (here == endpoint.partition(".")[0] != "overview"))
        for endpoint, title in NAVIGATION
        if endpoint in current_app.view_functions and (store or endpoint in _WITHOUT_STORE)
    ]


def _share(estimate: Estimate) -> str:
    return with_interval(estimate, share=True)


def _count(number: int) -> str:
    return f"{number:,}"


def _picture(svg: str) -> str:
    """Return a picture for a download, on white."""
    white = svg.replace("<svg ", '<svg style="background:#fff" ', 1)
    return base64.b64encode(white.encode()).decode()


def _query_with(**changes: Any) -> dict[str, Any]:
    """Return the query of this page with some values changed, those that are None left out."""
    return {
        name: value for name, value in (request.args.to_dict() | changes).items() if value not in (None, "")
    }
