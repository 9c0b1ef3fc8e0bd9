"""Files to rows: CSV, TSV, JSON Lines, Parquet and Excel, in constant memory, nothing dropped in silence."""

from __future__ import annotations

from feedback_nlp.ingest.chunks import DEFAULT_CHUNK_ROWS, ArrowChunk, CellChunk, Chunk, ObjectChunk
from feedback_nlp.ingest.columns import COLUMN_ALIASES, find_column, find_text_column, parse_rating
from feedback_nlp.ingest.dates import parse_date, vote_order
from feedback_nlp.ingest.feedback import FeedbackReader, read_feedback
from feedback_nlp.ingest.source import Source
from feedback_nlp.ingest.table import open_table

__all__ = [
    "COLUMN_ALIASES",
    "DEFAULT_CHUNK_ROWS",
    "ArrowChunk",
    "CellChunk",
    "Chunk",
    "FeedbackReader",
    "ObjectChunk",
    "Source",
    "find_column",
    "find_text_column",
    "open_table",
    "parse_date",
    "parse_rating",
    "read_feedback",
    "vote_order",
]
