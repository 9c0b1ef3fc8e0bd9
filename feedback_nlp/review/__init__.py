"""What people say of texts: how good the model is by it, and corrections as files."""

from __future__ import annotations

from feedback_nlp.review.files import read_corrections, write_corrections
from feedback_nlp.review.quality import LabelQuality, label_quality

__all__ = ["LabelQuality", "label_quality", "read_corrections", "write_corrections"]
