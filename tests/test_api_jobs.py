"""/v1/jobs over a real store: upload, wait, download; what is refused, and that nothing of it stays behind."""

from __future__ import annotations

import io
import json
import resource
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.job_schemas import JobListResponse, JobResponse
from feedback_nlp.jobs import JobFiles, Worker
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer

CONTENT = b"id,text\n1,lovely shoes\n2\n3,card declined\n"


@pytest.fixture
def client(own_store: Store) -> FlaskClient:
    settings = QUIET.with_changes(store=True, max_upload_bytes=1_024)
    return create_app(settings, FakeAnalyzer(), own_store).test_client()


def send(
    client: FlaskClient,
    content: bytes = CONTENT,
    name: str = "export.csv",
    headers: dict[str, str] | None = None,
    **fields: Any,
) -> TestResponse:
    return client.post("/v1/jobs", data={"file": (io.BytesIO(content), name), **fields}, headers=headers)


def queued(client: FlaskClient, **given: Any) -> JobResponse:
    response = send(client, **given)
    assert response.status_code == 202, response.text
    job = JobResponse.model_validate_json(response.data)
    assert response.headers["Location"] == f"/v1/jobs/{job.id}"
    return job


def downloaded(client: FlaskClient, job: JobResponse, name: str) -> TestResponse:
    with client.get(f"/v1/jobs/{job.id}/{name}") as response:
        assert response.status_code == 200
        assert response.data is not None  # read before the file is closed
        return response


def work(store: Store) -> None:
    assert Worker(store, FakeAnalyzer).run_one()


def problem(response: TestResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    return response.status_code, response.get_json()["detail"]


def files_in(store: Store) -> list[Path]:
    return [path for path in JobFiles(store.data_dir).root.rglob("*") if path.is_file()]


def test_upload_wait_download_delete(client: FlaskClient, own_store: Store) -> None:
    job = queued(client)
    assert (job.state, job.kind, job.rows_read, job.result) == ("queued", "score", 0, None)
    for name in ("results", "rejected"):
        assert problem(client.get(f"/v1/jobs/{job.id}/{name}")) == (
            409,
            "The job is queued. Ask again when its state is done.",
        )
    work(own_store)
    done = JobResponse.model_validate_json(client.get(f"/v1/jobs/{job.id}").data)
    assert (done.state, done.rows_read, done.rows_scored, done.rows_rejected) == ("done", 3, 2, 1)
    assert (done.fraction, done.seconds_left) == (1.0, 0.0)
    assert done.result is not None
    assert done.result["by_sentiment"] == {"negative": 1, "positive": 1}
    results = downloaded(client, job, "results")
    assert results.headers["Content-Disposition"] == f"attachment; filename=scored-{job.id}.csv"
    assert results.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, first, second = results.text.splitlines()
    assert header.startswith("id,text,fb_status,")
    assert (first[:15], second[:16]) == ("1,lovely shoes,", "3,card declined,")
    rejected = downloaded(client, job, "rejected")
    assert [json.loads(line)["line"] for line in rejected.text.splitlines()] == [3]
    assert client.delete(f"/v1/jobs/{job.id}").status_code == 204
    assert problem(client.get(f"/v1/jobs/{job.id}"))[0] == 404
    assert files_in(own_store) == []


def test_a_job_without_rejected_rows_has_an_empty_file_of_them(client: FlaskClient, own_store: Store) -> None:
    job = queued(client, content=b"text\nlovely\n")
    work(own_store)
    assert downloaded(client, job, "rejected").data == b""


def test_mapping_format_and_choices_reach_the_job(client: FlaskClient, own_store: Store) -> None:
    job = queued(
        client,
        content=b"text;remark\nlovely;=card declined\n",
        name="no ending",
        format="csv",
        mapping='{"text": "remark"}',
        spreadsheet_safe="true",
        delimiter=";",
        precision="0.9",
    )
    options = own_store.jobs.get(job.id).options
    assert (options["mapping"], options["precision"]) == ({"text": "remark"}, 0.9)
    work(own_store)
    (row,) = downloaded(client, job, "results").text.splitlines()[1:]
    assert row.startswith("lovely;'=card declined;ok;en;negative;")


def test_the_same_key_starts_one_job(client: FlaskClient, own_store: Store) -> None:
    key = {"Idempotency-Key": "order-17"}
    job = queued(client, headers=key)
    assert queued(client, headers=key).id == job.id
    assert problem(send(client, b"text\nother\n", headers=key)) == (
        409,
        f"The idempotency key was used for job {job.id}, with another file or other options. "
        "Use a new key for a new job.",
    )
    assert len(files_in(own_store)) == 1


def test_lists_go_page_by_page(client: FlaskClient) -> None:
    ids = [queued(client).id for _ in range(3)][::-1]
    page = JobListResponse.model_validate_json(client.get("/v1/jobs?limit=2").data)
    assert ([job.id for job in page.jobs], page.next) == (ids[:2], ids[1])
    rest = JobListResponse.model_validate_json(client.get(f"/v1/jobs?before={page.next}").data)
    assert ([job.id for job in rest.jobs], rest.next) == (ids[2:], None)
    assert client.get("/v1/jobs?state=done").get_json() == {"jobs": [], "next": None}
    assert client.get("/v1/jobs?state=lost").status_code == 422


def test_a_waiting_job_is_cancelled_at_once(client: FlaskClient, own_store: Store) -> None:
    job = queued(client)
    assert client.post(f"/v1/jobs/{job.id}/cancel").get_json()["state"] == "cancelled"
    assert problem(client.get(f"/v1/jobs/{job.id}/results")) == (
        409,
        "The job is cancelled. It has no result.",
    )
    assert files_in(own_store) == []
    assert not Worker(own_store, FakeAnalyzer).run_one()


def test_an_upload_over_the_limit_is_413(client: FlaskClient, own_store: Store) -> None:
    status, detail = problem(send(client, b"text\n" + b"x" * 1_024))
    assert (status, detail.partition(".")[0]) == (413, "The file is over the limit of 1,024 bytes")
    assert files_in(own_store) == []


def test_an_upload_for_which_there_is_no_room_is_503_and_may_come_again(
    client: FlaskClient, own_store: Store
) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
    try:
        answer = send(client, b"text\n" + b"x" * 500)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert problem(answer)[0] == 503
    assert "cannot be written to disk now; nothing was kept" in problem(answer)[1]
    assert answer.headers["Retry-After"] == "2"
    assert files_in(own_store) == []
    queued(client)


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"content": b"a,b\n1,2\n"}, 422, "the columns are 'a', 'b'"),
        ({"name": "x.docx"}, 415, "has no ending that is read"),
        ({"content": b""}, 422, "The upload is empty"),
        ({"mapping": '{"text": "words"}'}, 422, "no column 'words'"),
        ({"mapping": "not json"}, 422, "does not have the expected shape"),
        ({"mapping": '["text"]'}, 422, "does not have the expected shape"),
        ({"colour": "red"}, 422, "does not have the expected shape"),
        ({"headers": {"Idempotency-Key": "a b"}}, 422, "does not have the expected shape"),
        ({"content": b"PK\x03\x04", "name": "x.xlsx"}, 422, "The upload"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    client: FlaskClient, own_store: Store, given: dict[str, Any], status: int, words: str
) -> None:
    answer = problem(send(client, **given))
    assert answer[0] == status, answer
    assert words in answer[1]
    assert own_store.jobs.list() == []
    assert files_in(own_store) == []


def test_a_form_without_a_file_or_with_two_is_refused(client: FlaskClient, own_store: Store) -> None:
    assert client.post("/v1/jobs", data={"format": "csv"}).status_code == 422
    assert client.post("/v1/jobs", json={"file": "text"}).status_code == 422
    assert client.post("/v1/jobs", data={"file": "a,b"}).status_code == 422
    two = [(io.BytesIO(CONTENT), "a.csv"), (io.BytesIO(CONTENT), "b.csv")]
    assert problem(client.post("/v1/jobs", data={"file": two})) == (
        422,
        "One file is taken, as the form field `file`.",
    )
    assert files_in(own_store) == []


@pytest.mark.parametrize("job_id", ["x", "..", "%2e%2e%2fincoming", "00000000-0000-4000-8000-000000000000"])
@pytest.mark.parametrize("rest", ["", "/results", "/rejected"])
def test_ids_of_no_job_are_404(client: FlaskClient, job_id: str, rest: str) -> None:
    assert client.get(f"/v1/jobs/{job_id}{rest}").status_code == 404


def test_a_service_that_keeps_nothing_has_no_jobs() -> None:
    client = create_app(QUIET, FakeAnalyzer()).test_client()
    assert problem(send(client)) == (
        404,
        "This service keeps nothing (FEEDBACK_STORE is false); it only scores.",
    )


def test_jobs_belong_to_their_key_and_keeping_feedback_asks_for_write(
    client: FlaskClient, own_store: Store
) -> None:
    def bearer(scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {own_store.keys.add('t', [scope], actor='t').token}"}

    scoring, writing = bearer("score"), bearer("write")
    job = queued(client, headers=scoring)
    assert client.get(f"/v1/jobs/{job.id}", headers=scoring).status_code == 200
    assert client.get(f"/v1/jobs/{job.id}", headers=bearer("score")).status_code == 404
    assert client.get(f"/v1/jobs/{job.id}").status_code == 401
    assert problem(send(client, headers=scoring, store="true")) == (
        403,
        "To keep the feedback of a file the key needs the scope `write`.",
    )
    both = own_store.keys.add("t", ["score", "write"], actor="t").token
    assert queued(client, headers={"Authorization": f"Bearer {both}"}, store="true").state == "queued"
    assert send(client, headers=writing).status_code == 403
