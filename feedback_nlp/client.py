"""A client of the service: typed calls, batches, pages and jobs, with retries that cannot double anything.

`FEEDBACK_API_KEY` holds the key where none is given.
"""

from __future__ import annotations

import itertools
import os
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from feedback_nlp.errors import JobFailedError, ServiceError

__all__ = ["Client", "Document"]

Document = str | Mapping[str, Any]

#: The most documents that the service takes in a request.
BATCH_DOCUMENTS = 1000
#: Answers that say "not now": over the rate limit, too busy.
_LATER = (429, 503)
_LONGEST_WAIT_SECONDS = 60.0
_POLL_SECONDS = (0.1, 5.0)


class Client:
    """Talks to a service.

    Requests that were not answered, or were answered 429 or 503, are sent again: after the time that the answer
    names, else after a time that doubles. That is safe, because every request can be repeated: documents get an
    id and uploads a key before they are first sent.

    Parameters
    ----------
    url : str, default="http://127.0.0.1:8000"
    api_key : str or None, default=None
        FEEDBACK_API_KEY if None.
    timeout : float, default=60.0
        Seconds without an answer.
    retries : int, default=5
        Further tries after the first.
    transport : httpx.BaseTransport or None, default=None
        Instead of the network.
    wait : callable, default=time.sleep
        Waits for so many seconds.

    Raises
    ------
    ServiceError
        From every method: the service refused, or was not there after all tries.

    Examples
    --------
    >>> with Client() as client:  # doctest: +SKIP
    ...     client.score("Lovely shoes")["sentiment"]["label"]
    'positive'
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        retries: int = 5,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        key = api_key or os.environ.get("FEEDBACK_API_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self._retries = retries
        self._wait = wait

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- texts

    def score(self, text: str, **fields: Any) -> dict[str, Any]:
        """Analyse one text; `fields` are those of POST /v1/score (id, language, rating, explain, precision)."""
        return self._json("POST", "/v1/score", json={"text": text, **fields})

    def score_many(self, documents: Iterable[Document]) -> Iterator[dict[str, Any]]:
        """Analyse any number of texts or documents, 1,000 a request; yield one result each, in order."""
        for batch in _batches(documents):
            yield from self._json("POST", "/v1/score/batch", json={"documents": batch})["results"]

    def add(self, documents: Iterable[Document]) -> Iterator[dict[str, Any]]:
        """Analyse and keep any number of documents, 1,000 a request; yield one result each, in order.

        A document without an id gets one, so that a repeated request keeps it once. Nothing is sent before the
        results are asked for.
        """
        for batch in _batches(documents):
            named = [{"id": str(uuid.uuid4())} | document for document in batch]
            yield from self._json("POST", "/v1/feedback", json={"documents": named})["results"]

    def feedback(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield the feedback that passes the filters of GET /v1/feedback, page after page."""
        query = {name: value for name, value in filters.items() if value is not None}
        while True:
            page = self._json("GET", "/v1/feedback", params=query)
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    # -- jobs

    def submit(
        self, path: str | Path, *, idempotency_key: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        """Upload a file to be scored in the background.

        Parameters
        ----------
        path : str or Path
            CSV, TSV, JSON Lines, Parquet or XLSX; it is streamed.
        idempotency_key : str or None, default=None
            Made up if None; give your own where the whole call may be repeated.
        **fields
            Form fields of POST /v1/jobs: mapping (a dict), store, spreadsheet_safe, format, …

        Returns
        -------
        dict
            The job.
        """
        form = {name: _form_value(value) for name, value in fields.items() if value is not None}
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        with Path(path).open("rb") as file:

            def send() -> httpx.Response:
                file.seek(0)
                return self._http.post(
                    "/v1/jobs", data=form, files={"file": (Path(path).name, file)}, headers=headers
                )

            return _body(self._send(send))

    def job(self, job_id: str) -> dict[str, Any]:
        """Return how far a job is."""
        return self._json("GET", f"/v1/jobs/{job_id}")

    def jobs(self, state: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield jobs, newest first, page after page."""
        query = {} if state is None else {"state": state}
        while True:
            page = self._json("GET", "/v1/jobs", params=query)
            yield from page["jobs"]
            if page["next"] is None:
                return
            query["before"] = page["next"]

    def wait_for(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Wait until a job is done, and return it.

        Parameters
        ----------
        timeout : float or None, default=None
            Seconds; None waits as long as it takes.
        on_progress : callable or None, default=None
            Called with the job each time it is looked at.

        Raises
        ------
        JobFailedError
            If it failed or was cancelled.
        TimeoutError
            If it takes longer than `timeout`.
        """
        began = time.monotonic()
        pause, longest = _POLL_SECONDS
        while True:
            job = self.job(job_id)
            if on_progress is not None:
                on_progress(job)
            if job["state"] == "done":
                return job
            if job["state"] in ("failed", "cancelled"):
                raise JobFailedError(f"The job {job['state']}: {job['error'] or 'somebody stopped it'}.")
            if timeout is not None and time.monotonic() - began > timeout:
                raise TimeoutError(f"The job is {job['state']} after {timeout:g} seconds.")
            self._wait(pause)
            pause = min(pause * 1.5, longest)

    def download(self, job_id: str, target: str | Path, *, part: str = "results") -> Path:
        """Write the scored file of a job to `target`, which appears when it is complete.

        Parameters
        ----------
        part : {"results", "rejected"}, default="results"
        """
        place = Path(target)
        partial = place.with_name(f".{place.name}.{uuid.uuid4().hex}.partial")

        def send() -> httpx.Response:
            with self._http.stream("GET", f"/v1/jobs/{job_id}/{part}") as response:
                if response.is_success:
                    with partial.open("wb") as file:
                        for block in response.iter_bytes():
                            file.write(block)
                else:
                    response.read()
                return response

        try:
            self._send(send)
            partial.replace(place)
        finally:
            partial.unlink(missing_ok=True)
        return place

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Stop a job."""
        return self._json("POST", f"/v1/jobs/{job_id}/cancel")

    def delete_job(self, job_id: str) -> None:
        """Delete a job and its files."""
        self._send(lambda: self._http.delete(f"/v1/jobs/{job_id}"))

    # -- models

    def models(self) -> dict[str, Any]:
        """Return the bundles, which of them is active, and who changed that; see GET /v1/models."""
        return self._json("GET", "/v1/models")

    def activate_model(self, model: str) -> dict[str, Any]:
        """Let a bundle, such as ``commerce-en@1.1.0``, analyse what comes in from now on; return it."""
        return self._json("POST", f"/v1/models/{quote(model, safe='')}/activate")

    def roll_back_model(self) -> dict[str, Any]:
        """Activate the bundle that was active before the present one; return it."""
        return self._json("POST", "/v1/models/rollback")

    def rescore(
        self, model: str, *, apply: bool = False, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Let a bundle analyse the whole history; with `apply` its labels count from then on. Return the job."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self._json("POST", "/v1/rescore", json={"model": model, "apply": apply}, headers=headers)

    def diff(self, job_id: str) -> dict[str, Any]:
        """Return what a rescoring changes; see GET /v1/jobs/{id}/diff."""
        return self._json("GET", f"/v1/jobs/{job_id}/diff")

    # -- requests

    def _json(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        return _body(self._send(lambda: self._http.request(method, path, **given)))

    def _send(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Send a request until it is answered for good."""
        for attempt in itertools.count():
            response: httpx.Response | None = None
            try:
                response = send()
            except httpx.TransportError as error:
                if attempt >= self._retries:
                    raise ServiceError(
                        f"The service does not answer ({type(error).__name__}).",
                        remedy="See whether it runs at this address.",
                    ) from error
            if response is not None and not (response.status_code in _LATER and attempt < self._retries):
                if response.is_success:
                    return response
                raise _refusal(response)
            self._wait(_pause(response, attempt))
        raise AssertionError  # the loop has no end of its own


def _pause(response: httpx.Response | None, attempt: int) -> float:
    """Return how long to wait: as the answer says, else twice as long each time, not in step with other clients."""
    said = response.headers.get("Retry-After", "") if response is not None else ""
    if said.isdecimal():
        return min(float(said), _LONGEST_WAIT_SECONDS)
    return float(min(0.5 * 2.0**attempt, _LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)


def _refusal(response: httpx.Response) -> ServiceError:
    try:
        problem = response.json()
        detail = str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        problem, detail = {}, response.reason_phrase
    return ServiceError(
        f"The service answered {response.status_code}: {detail}",
        status=response.status_code,
        problem=problem,
    )


def _body(response: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    return body


def _batches(documents: Iterable[Document]) -> Iterator[list[dict[str, Any]]]:
    given = iter(documents)
    while batch := list(itertools.islice(given, BATCH_DOCUMENTS)):
        yield [{"text": item} if isinstance(item, str) else dict(item) for item in batch]


def _form_value(value: Any) -> str:
    import json

    if isinstance(value, str):
        return value
    return json.dumps(value)
