"""The application factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_openapi.openapi import OpenAPI
from pydantic import ValidationError
from werkzeug.middleware.proxy_fix import ProxyFix

from api import (
    compare,
    customers,
    docs,
    explore,
    feedback,
    health,
    job_pages,
    jobs,
    learning,
    login,
    metrics,
    model,
    model_pages,
    models,
    overview,
    pages,
    rescore,
    review,
    review_pages,
    score,
    taxonomy,
)
from api.access import install_access
from api.arrivals import HERE
from api.counters import Metrics
from api.envelope import Envelope
from api.hooks import RequestLog, install_hooks
from api.lane import Lane
from api.logs import log
from api.problems import install_problems, schema_problem
from api.requests import JsonRequest
from api.schemas import ProblemBody
from api.service import EXTENSION, Scorer, Service
from api.shell import install_shell
from api.specification import OPENAPI_VERSION, SECURITY_SCHEMES, api_info
from feedback_nlp.errors import BundleError
from feedback_nlp.settings import Settings
from feedback_nlp.store import Store
from feedback_nlp.store.following import ActiveAnalyzer

__all__ = ["create_app"]


class _Application(OpenAPI):
    """An application whose functions are all plain ones, which Flask would find out anew for every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(
    settings: Settings | None = None,
    analyzer: Scorer | None = None,
    store: Store | None = None,
    counts: Metrics | None = None,
) -> OpenAPI:
    """Build the application.

    Parameters
    ----------
    settings : Settings, optional
        Default: those of the environment.
    analyzer : Analyzer, optional
        Default: the bundle that is active in the store, at first the one that the settings name. If that is
        refused the application starts all the same, answers /healthz, and says 503 everywhere a bundle is needed.
        One that is given answers whatever is active, unless it is an `ActiveAnalyzer`.
    store : Store, optional
        Default: that of the settings, opened when it is first needed.
    counts : Metrics, optional
        Default: counts of this process alone.

    Returns
    -------
    flask_openapi.OpenAPI
        A Flask application.

    Raises
    ------
    SettingError
        If the environment holds an illegal setting.
    """
    settings = settings or Settings.from_environment()
    counts = counts or Metrics()
    if analyzer is not None:
        service = Service(settings, analyzer, store=store, metrics=counts)
    else:
        service = _load(settings, store, counts)
    app = _Application(
        "api",
        info=api_info(),
        security_schemes=SECURITY_SCHEMES,
        doc_ui=False,
        validation_error_model=ProblemBody,
        validation_error_callback=_refuse,
    )
    app.openapi_version = OPENAPI_VERSION
    app.request_class = JsonRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the contract has an order that people read
    app.extensions[EXTENSION] = service
    note = RequestLog(service.metrics, access_log=settings.access_log)
    install_hooks(app, note)
    install_problems(app)
    access = install_access(app, service)
    install_shell(app, store=settings.store)
    envelope = Envelope(Lane(app.wsgi_app, service, access, note))
    app.wsgi_app = envelope  # type: ignore[method-assign]
    if service.combiner is not None:
        service.combiner.expect(lambda: max(envelope.under_way, HERE.count))
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    _register(app)
    return app


def _load(settings: Settings, store: Store | None, counts: Metrics) -> Service:
    from feedback_nlp import Analyzer

    try:
        loaded = Analyzer.load(settings.bundle)
        if not settings.store:
            return Service(settings, loaded, metrics=counts)
        following = ActiveAnalyzer(
            lambda: service.ready_store(),  # noqa: PLW0108 (the service is made below)
            loaded,
            settings.bundle,
            on_event=lambda name, said: log.info(name, **said),
        )
        service = Service(settings, following, store=store, metrics=counts)
        return service
    except BundleError as refusal:
        log.error("bundle refused", error=type(refusal).__name__, reason=str(refusal))
        return Service(settings, None, refusal, store, counts)


def _refuse(error: ValidationError) -> None:
    raise schema_problem(error)


def _register(app: OpenAPI) -> None:
    stored = (feedback.blueprint, customers.blueprint, review.blueprint, jobs.blueprint)
    about_models = (
        model.blueprint,
        models.blueprint,
        rescore.blueprint,
        learning.blueprint,
        taxonomy.blueprint,
    )
    for resource in (score.blueprint, *stored, *about_models, health.blueprint):
        app.register_api(resource)
    for pages_of_ours in (
        docs,
        metrics,
        login,
        pages,
        overview,
        explore,
        compare,
        job_pages,
        review_pages,
        model_pages,
    ):
        app.register_blueprint(pages_of_ours.blueprint)
    for more in (learning.pages, taxonomy.pages):
        app.register_blueprint(more)
