"""Files scored by the workers of a Dask cluster: the same rows, the same bytes, more machines.

Needs the extra ``cluster`` (``pip install feedback-nlp[cluster]``).
"""

from __future__ import annotations

from feedback_nlp.distributed.shards import score_files_on_cluster
from feedback_nlp.distributed.stream import score_file_on_cluster

__all__ = ["score_file_on_cluster", "score_files_on_cluster"]
