"""Customer-feedback analysis on your own machines: sentiment, kind and topics, calibrated and explained.

>>> from feedback_nlp import Feedback
>>> Feedback(id="T-1", text="Card declined twice.").channel is None
True

Names are imported when they are first asked for, so `import feedback_nlp` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback_nlp.analyzer import Analyzer
    from feedback_nlp.batch import score_file
    from feedback_nlp.errors import (
        BundleDigestError,
        BundleError,
        BundleNotFoundError,
        BundleVersionError,
        ClusterError,
        FeedbackError,
        InputError,
        JobConflictError,
        JobFailedError,
        MissingColumnError,
        NotStoredError,
        OutputError,
        ResumeError,
        ServiceError,
        SettingError,
        StoreError,
        StoreUnavailableError,
        StoreVersionError,
        TooLargeError,
        TrainingDataError,
        UnreadableFileError,
        UnsupportedFormatError,
    )
    from feedback_nlp.records import (
        Analysis,
        Contribution,
        Feedback,
        ModelId,
        RejectedRow,
        SentenceSentiment,
        TopicFinding,
    )

__all__ = [
    "Analysis",
    "Analyzer",
    "BundleDigestError",
    "BundleError",
    "BundleNotFoundError",
    "BundleVersionError",
    "ClusterError",
    "Contribution",
    "Feedback",
    "FeedbackError",
    "InputError",
    "JobConflictError",
    "JobFailedError",
    "MissingColumnError",
    "ModelId",
    "NotStoredError",
    "OutputError",
    "RejectedRow",
    "ResumeError",
    "SentenceSentiment",
    "ServiceError",
    "SettingError",
    "StoreError",
    "StoreUnavailableError",
    "StoreVersionError",
    "TooLargeError",
    "TopicFinding",
    "TrainingDataError",
    "UnreadableFileError",
    "UnsupportedFormatError",
    "__version__",
    "score_file",
]

__version__ = "0.1.0"

_RECORDS = (
    "Analysis",
    "Contribution",
    "Feedback",
    "ModelId",
    "RejectedRow",
    "SentenceSentiment",
    "TopicFinding",
)
_HOME = {"Analyzer": "feedback_nlp.analyzer", "score_file": "feedback_nlp.batch"}
_HOME |= dict.fromkeys(_RECORDS, "feedback_nlp.records")
_HOME |= {name: "feedback_nlp.errors" for name in __all__ if name.endswith("Error")}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
