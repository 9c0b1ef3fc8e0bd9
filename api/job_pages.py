"""Files on pages: upload one, watch it, read what came of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from flask import Response, make_response, redirect, render_template, request, url_for

from api.hooks import SCRIPT_PAGE_POLICY
from api.service import current_owner, current_service
from api.shell import page_blueprint
from api.uploads import check_may_store, drop_upload, expect_upload, received_upload
from feedback_nlp.errors import FeedbackError, UnsupportedFormatError
from feedback_nlp.jobs import JobFiles, UploadOptions, submit_upload
from feedback_nlp.store.jobs import ENDED

__all__ = ["blueprint"]

#: Columns that can be named on the form, with the words for them.
FIELDS = (
    ("text", "Text"),
    ("created_at", "Date"),
    ("id", "Id"),
    ("channel", "Channel"),
    ("product", "Product"),
    ("rating", "Stars"),
    ("customer_ref", "Customer"),
)

blueprint = page_blueprint("job_pages", __name__, SCRIPT_PAGE_POLICY)
blueprint.teardown_request(drop_upload)


@blueprint.before_request
def _expect_file() -> None:
    if request.endpoint == "job_pages.upload":
        expect_upload()


@blueprint.get("/files")
def jobs() -> str:
    """Show the form, and what was uploaded before."""
    return _form()


@blueprint.post("/files")
def upload() -> Response:
    """Take a file, and go to the page that watches it."""
    try:
        job_id = _submit()
    except FeedbackError as fault:
        if fault.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return make_response(_form(_words_of(fault)), fault.http_status)
    return _go(job_id)


def _submit() -> str:
    file, form = request.files.get("file"), request.form
    service = current_service()
    keep = form.get("keep") == "yes"
    if keep:
        check_may_store()
    received = received_upload((file.filename if file else "") or "")
    options = UploadOptions(
        mapping={field: name for field, _ in FIELDS if (name := form.get(field, "").strip())},
        store=keep,
        spreadsheet_safe=True,
        precision=service.settings.precision,
    )
    job, _ = submit_upload(service.ready_store(), received, options, owner=current_owner() or "")
    return job.id


def _words_of(fault: FeedbackError) -> str:
    file = request.files.get("file")
    if isinstance(fault, UnsupportedFormatError) and not (file and file.filename):
        return "Choose a file first."
    return str(fault)


@blueprint.get("/files/<job_id>")
def job(job_id: str) -> str:
    """Show how far a file is, and what came of it."""
    store = current_service().ready_store()
    found = store.jobs.get(job_id, current_owner())
    return render_template(
        "job.html",
        job=found,
        ended=found.state in ENDED,
        has_result=found.state == "done" and JobFiles(store.data_dir).result(found.id) is not None,
    )


@blueprint.post("/files/<job_id>/cancel")
def cancel(job_id: str) -> Response:
    """Stop a file that waits or is being scored."""
    store = current_service().ready_store()
    found = store.jobs.cancel(job_id, current_owner())
    if found.state == "cancelled":
        JobFiles(store.data_dir).drop_upload(found.id)
    return _go(job_id)


def _go(job_id: str) -> Response:
    return cast(Response, redirect(url_for("job_pages.job", job_id=job_id), HTTPStatus.SEE_OTHER))


def _form(fault: str = "") -> str:
    found = current_service().ready_store().jobs.list(owner=current_owner(), limit=30)
    return render_template(
        "jobs.html", jobs=found, fields=FIELDS, fault=fault, given=request.form if fault else {}
    )
