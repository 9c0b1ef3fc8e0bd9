"""The tree of errors, each with its HTTP status and its command-line exit code.

::

    FeedbackError                     500  1   base of all below
    ├── InputError                    422  3   the input is at fault
    │   ├── MissingColumnError        422  3   a named column is not there
    │   ├── ResumeError               422  3   an interrupted run cannot be gone on with
    │   ├── TooLargeError             413  3   more than is taken at a time
    │   ├── UnreadableFileError       422  3   a file cannot be read as what it says it is
    │   └── UnsupportedFormatError    415  3   no reader or writer for this kind of file
    ├── BundleError                   500  4   a model bundle cannot be used
    │   ├── BundleNotFoundError       404  4   no bundle there
    │   ├── BundleDigestError         500  4   a part differs from what the manifest says
    │   └── BundleVersionError        500  4   made by another format or preprocess version
    ├── OutputError                   500  5   the result cannot be written
    ├── TrainingDataError             422  6   the training data cannot be used
    ├── SettingError                  500  7   a setting has no legal value
    ├── StoreError                    500  8   the store cannot be used
    │   ├── StoreUnavailableError     503  8   the database cannot be reached or written now
    │   ├── StoreVersionError         500  8   made by a newer version, or not ours
    │   ├── NotStoredError            404  8   nothing is stored under that name
    │   ├── JobConflictError          409  8   a job is not in the state for this, or its key is taken
    │   └── JobFailedError            500  8   a job ended without a result
    ├── ClusterError                  503  9   a cluster cannot be used
    └── ServiceError                  502  1   a service refused a request, or does not answer

Exit codes 0 (done), 2 (wrong usage, from click) and 130 (interrupted) complete the list.
Every message says what is wrong, where, and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BundleDigestError",
    "BundleError",
    "BundleNotFoundError",
    "BundleVersionError",
    "ClusterError",
    "FeedbackError",
    "InputError",
    "JobConflictError",
    "JobFailedError",
    "MissingColumnError",
    "NotStoredError",
    "OutputError",
    "ResumeError",
    "ServiceError",
    "SettingError",
    "StoreError",
    "StoreUnavailableError",
    "StoreVersionError",
    "TooLargeError",
    "TrainingDataError",
    "UnreadableFileError",
    "UnsupportedFormatError",
]


class FeedbackError(Exception):
    """Base of every error that this package raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong and where.
    remedy : str, default=""
        What the reader can do about it; appended to the message.

    Examples
    --------
    >>> str(FeedbackError("No column 'txt'.", remedy="Use --text-column."))
    "No column 'txt'. Use --text-column."
    """

    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Internal error"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class InputError(FeedbackError):
    """The input is at fault: a value, a row or a file."""

    http_status = 422
    exit_code = 3
    title = "Invalid input"


class MissingColumnError(InputError):
    """A column that was asked for is not in the file."""

    title = "Missing column"


class ResumeError(InputError):
    """The source, the bundle or a setting changed since a run was interrupted, so it cannot be gone on with."""

    title = "Cannot be resumed"


class TooLargeError(InputError):
    """The input is larger than what is taken at a time."""

    http_status = 413
    title = "Too large"


class UnreadableFileError(InputError):
    """A file cannot be read as the format its name or content says."""

    title = "Unreadable file"


class UnsupportedFormatError(InputError):
    """There is no reader or writer for this kind of file."""

    http_status = 415
    title = "Unsupported format"


class BundleError(FeedbackError):
    """A model bundle cannot be used."""

    exit_code = 4
    title = "Unusable model bundle"


class BundleNotFoundError(BundleError):
    """There is no bundle at the given place."""

    http_status = 404
    title = "Model bundle not found"


class BundleDigestError(BundleError):
    """A part of the bundle differs from the digest in its manifest."""

    title = "Damaged model bundle"


class BundleVersionError(BundleError):
    """The bundle was made by another format or preprocess version."""

    title = "Incompatible model bundle"


class OutputError(FeedbackError):
    """The result cannot be written where it was asked for."""

    exit_code = 5
    title = "Output cannot be written"


class TrainingDataError(FeedbackError):
    """The training data cannot be used as asked."""

    http_status = 422
    exit_code = 6
    title = "Unusable training data"


class SettingError(FeedbackError):
    """A setting has no legal value."""

    exit_code = 7
    title = "Invalid setting"


class StoreError(FeedbackError):
    """The store of feedback cannot be used as asked."""

    exit_code = 8
    title = "Store error"


class StoreUnavailableError(StoreError):
    """The database cannot be reached, read or written at this moment; nothing was changed."""

    http_status = 503
    title = "Store unavailable"


class StoreVersionError(StoreError):
    """The tables were made by a newer version of this program, or by another program."""

    title = "Incompatible store"


class NotStoredError(StoreError):
    """Nothing is stored under the given name."""

    http_status = 404
    title = "Not stored"


class ClusterError(FeedbackError):
    """A cluster cannot be reached, or its workers cannot be used."""

    http_status = 503
    exit_code = 9
    title = "Cluster cannot be used"


class JobConflictError(StoreError):
    """A job is not in the state for what was asked, or its idempotency key was used for another request."""

    http_status = 409
    title = "Conflict with the state of a job"


class JobFailedError(StoreError):
    """A background job ended without a result."""

    title = "Job failed"


class ServiceError(FeedbackError):
    """A service that was asked over the network refused, or does not answer.

    Parameters
    ----------
    message : str
    remedy : str, default=""
    status : int or None, default=None
        HTTP status of the answer, if there was one.
    problem : dict or None, default=None
        Its body (RFC 9457).
    """

    http_status = 502
    title = "Service refused"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        status: int | None = None,
        problem: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.problem = problem or {}
