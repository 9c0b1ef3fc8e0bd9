"""The tables: feedback with the labels that count, what models and people said of it, and who judged what.

`feedback` holds the newest revision of a text together with its effective labels (the latest correction, else the
current analysis), so that a page of a list over a million rows is one walk along one index. `analyses` holds
what each model said, `corrections` what people said; neither is ever overwritten by the other.
The tables of the service around it stand in `service_tables`.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from feedback_nlp.store.column_types import Json, Key, UtcTime

__all__ = [
    "analyses",
    "corrections",
    "daily_counts",
    "feedback",
    "feedback_revisions",
    "feedback_topics",
    "metadata",
    "model_activations",
    "models",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _feedback_key() -> ForeignKey:
    return ForeignKey("feedback.id", ondelete="CASCADE")


models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model", String(200), nullable=False, unique=True),  # name@version+digest, as in fb_model
    Column("name", String(100), nullable=False),
    Column("version", String(50), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("path", Text),  # NULL: the shipped bundle
    Column("added_at", UtcTime, nullable=False),
    Column("metrics", Json),
)

model_activations = Table(
    "model_activations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model_id", ForeignKey("models.id"), nullable=False),
    Column("activated_at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", String(20), nullable=False),  # start | activate | rollback
    sqlite_autoincrement=True,
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Key, primary_key=True),
    Column("external_id", String(512), nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_digest", LargeBinary(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("channel", String(200)),
    Column("product", String(200)),
    Column("rating", Float),
    Column("customer_ref", String(512)),
    Column("pii_masked", Boolean(create_constraint=False), nullable=False),
    Column("source_job", String(36)),
    # Effective labels: the latest correction of this revision, else the current analysis.
    Column("analysis_id", Key),
    Column("model_id", Integer),
    Column("status", String(24), nullable=False),
    Column("language", String(8), nullable=False),
    Column("sentiment", String(16)),
    Column("score", Float),
    Column("confidence", Float),
    Column("uncertain", Boolean(create_constraint=False)),
    Column("kind", String(50)),
    Column("rating_mismatch", Boolean(create_constraint=False), nullable=False),
    Column("corrected", String(40)),  # which fields people corrected, such as "sentiment|topics"
    # A page of a list is a walk along one of these, newest first.
    Index(None, "created_at", "id"),
    Index(None, "channel", "created_at", "id"),
    Index(None, "product", "created_at", "id"),
    Index(None, "sentiment", "created_at", "id"),
    Index(None, "kind", "created_at", "id"),
    Index(None, "uncertain", "created_at", "id"),
    Index(None, "customer_ref", "created_at", "id"),
    Index(None, "model_id", "id"),
    Index(
        "ix_feedback_rating_mismatch",
        "created_at",
        "id",
        sqlite_where=text("rating_mismatch"),
        postgresql_where=text("rating_mismatch"),
    ),
    Index(
        "ix_feedback_source_job",
        "source_job",
        sqlite_where=text("source_job IS NOT NULL"),
        postgresql_where=text("source_job IS NOT NULL"),
    ),
    # A number is never given to another text: receipts and the search index name rows by it.
    sqlite_autoincrement=True,
)

feedback_topics = Table(
    "feedback_topics",
    metadata,
    Column("feedback_id", Key, _feedback_key(), primary_key=True, autoincrement=False),
    Column("topic", String(100), primary_key=True),
    Column("sentiment", String(16)),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "topic", "created_at", "feedback_id", "sentiment"),
    sqlite_with_rowid=False,
)

feedback_revisions = Table(
    "feedback_revisions",
    metadata,
    Column("feedback_id", Key, _feedback_key(), primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("replaced_at", UtcTime, nullable=False),
)

analyses = Table(
    "analyses",
    metadata,
    Column("id", Key, primary_key=True),
    Column("feedback_id", Key, _feedback_key(), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("model_id", ForeignKey("models.id"), nullable=False),
    Column("analysed_at", UtcTime, nullable=False),
    Column("status", String(24), nullable=False),
    Column("language", String(8), nullable=False),
    Column("language_confidence", Float, nullable=False),
    Column("sentiment", String(16)),
    Column("score", Float),
    Column("p_negative", Float),
    Column("p_neutral", Float),
    Column("p_positive", Float),
    Column("mixed_probability", Float),
    Column("confidence", Float),
    Column("uncertain", Boolean(create_constraint=False)),
    Column("kind", String(50)),
    Column("kind_confidence", Float),
    Column("flags", String(200), nullable=False),  # joined by |
    Column("topics", Json),  # [[topic, probability, sentiment, [sentence, ...]], ...]
    Column("sentences", Json),  # [[start, end, sentiment, score], ...]
    Column("own_label", Text),
    Column("own_probability", Float),
    UniqueConstraint("feedback_id", "revision", "model_id"),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Key, primary_key=True),
    Column("feedback_id", Key, _feedback_key(), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("field", String(20), nullable=False),  # sentiment | kind | topics
    Column("value", Json, nullable=False),
    Column("model_value", Json),
    Column("model_id", ForeignKey("models.id")),
    Column("reviewer", String(200)),
    Column("created_at", UtcTime, nullable=False),
    Column("slice", String(20), nullable=False),  # random | uncertain | conflict | manual
    Column("sampling_probability", Float),
    Column("superseded_by", Key),
    Index(None, "feedback_id", "revision"),
    Index(None, "slice", "field"),
    sqlite_autoincrement=True,
)

daily_counts = Table(
    "daily_counts",
    metadata,
    Column("dimension", String(16), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("sentiment", String(16), primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)
