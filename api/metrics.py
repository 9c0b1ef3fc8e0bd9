"""GET /metrics: what the service counts of itself, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, g
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

import feedback_nlp
from api.counters import render
from api.drift import counted_profile, drift_gauges
from api.logs import log
from api.requests import refuse_query
from api.service import Service, current_service
from feedback_nlp.errors import FeedbackError
from feedback_nlp.profile import profile_of

__all__ = ["blueprint"]

blueprint = Blueprint("metrics", __name__)
blueprint.before_request(refuse_query)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Answer in Prometheus' text format."""
    service = current_service()
    body = render(service.metrics, _LookedUp(service))
    return Response(body, content_type=CONTENT_TYPE_LATEST)


class _LookedUp(Collector):
    """The state of things when somebody asks: the bundle, and the jobs in the store.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Give each figure."""
        yield InfoMetricFamily("feedback_build", "The program.", value={"version": feedback_nlp.__version__})
        analyzer = self._service.analyzer
        if analyzer is not None:
            model = analyzer.model
            named = {"name": model.name, "version": model.version, "digest": model.digest}
            yield InfoMetricFamily("feedback_model", "The bundle that answers.", value=named)
            metrics = self._service.metrics
            recent = metrics.recent.since_yesterday(counted_profile(metrics.collect()))
            yield from drift_gauges(profile_of(analyzer.manifest), recent)
        if self._service.settings.store:
            yield from self._of_store()

    def _of_store(self) -> Iterator[Metric]:
        try:
            table = self._service.ready_store().jobs
            counted, waiting, running = table.count(), table.oldest_waiting(), table.oldest_running()
        except FeedbackError as error:
            log.error("store unavailable", request_id=g.request_id, error=type(error).__name__)
            yield GaugeMetricFamily("feedback_store_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("feedback_store_up", "Whether the database answers.", value=1)
        jobs = GaugeMetricFamily("feedback_jobs", "Jobs that are kept.", labels=("kind", "state"))
        for (kind, state), count in sorted(counted.items()):
            jobs.add_metric((kind, state), count)
        yield jobs
        ages = GaugeMetricFamily(
            "feedback_job_age_seconds",
            "Age of the job that waits longest, and of the one that runs longest; 0 if there is none.",
            labels=("state",),
        )
        now = datetime.now(UTC)
        for state, since in (("queued", waiting), ("running", running)):
            ages.add_metric((state,), max(0.0, (now - since).total_seconds()) if since else 0.0)
        yield ages
