"""A form with one file, written to disk as it arrives."""

from __future__ import annotations

from http import HTTPStatus
from typing import IO, cast

from flask import g, request

from api.problems import Problem
from api.requests import JsonRequest
from api.service import current_service
from feedback_nlp.jobs import JobFiles, Upload
from feedback_nlp.store.keys import ApiKey

__all__ = ["check_may_store", "drop_upload", "expect_upload", "received_upload"]

#: What a form may hold beside the file: a mapping and some words.
FORM_BYTES = 1 << 16


def expect_upload() -> None:
    """Let the form of this request bring a file; call it before the form is looked at."""
    if request.method == "POST" and isinstance(request, JsonRequest):
        limit = current_service().settings.max_upload_bytes
        request.max_content_length = limit + FORM_BYTES
        g.upload = None
        request.receive_files(lambda: _begin(limit))


def _begin(limit: int) -> IO[bytes]:
    g.upload = Upload(JobFiles(current_service().ready_store().data_dir), limit)
    return cast(IO[bytes], g.upload)  # what a form's reader needs of a file: write and seek


def drop_upload(error: BaseException | None = None) -> None:
    """Delete the file unless a job took it; for the end of every request."""
    if upload := g.pop("upload", None):
        upload.close()


def received_upload(name: str, file_format: str = "") -> Upload:
    """Return the file of the request, completely on disk.

    Raises
    ------
    Problem
        422 if `file` was a plain field.
    UnsupportedFormatError
        No reader for the ending of its name.
    """
    upload: Upload | None = g.upload
    if upload is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "schema", "Send the file as the form field `file`.")
    upload.complete(name, file_format)
    return upload


def check_may_store() -> None:
    """Refuse to keep feedback for a key that may only score.

    Raises
    ------
    Problem
        403 without the scope `write`.
    """
    key: ApiKey | None = g.get("key")
    if key is not None and not key.allows("write"):
        detail = "To keep the feedback of a file the key needs the scope `write`."
        raise Problem(HTTPStatus.FORBIDDEN, "scope", detail)
