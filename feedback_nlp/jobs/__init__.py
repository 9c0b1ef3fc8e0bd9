"""Background jobs: files that are scored while nobody waits, and other long work, by name.

The job table of the store is the truth. Workers are programs of their own; any of them may be killed at any moment,
and the next one goes on behind the last complete chunk.
"""

from __future__ import annotations

from feedback_nlp.jobs.files import JobFiles
from feedback_nlp.jobs.kinds import JOB_KINDS
from feedback_nlp.jobs.run import JobRun
from feedback_nlp.jobs.upload import Upload, UploadOptions, submit_upload
from feedback_nlp.jobs.worker import Worker

__all__ = ["JOB_KINDS", "JobFiles", "JobRun", "Upload", "UploadOptions", "Worker", "submit_upload"]
