"""Feedback, analyses, corrections, models, daily counts, full-text search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback_nlp.store.column_types import Json, Key, UtcTime

revision = "0001"
down_revision = None

#: The index holds words only; the texts stay in `feedback`. Triggers keep the two in step, whoever writes.
SQLITE_SEARCH = (
    """
    CREATE VIRTUAL TABLE feedback_search USING fts5(
        text, content='feedback', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER feedback_search_insert AFTER INSERT ON feedback BEGIN
        INSERT INTO feedback_search(rowid, text) VALUES (new.id, new.text);
    END
    """,
    """
    CREATE TRIGGER feedback_search_delete AFTER DELETE ON feedback BEGIN
        INSERT INTO feedback_search(feedback_search, rowid, text) VALUES ('delete', old.id, old.text);
    END
    """,
    """
    CREATE TRIGGER feedback_search_update AFTER UPDATE OF text ON feedback BEGIN
        INSERT INTO feedback_search(feedback_search, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO feedback_search(rowid, text) VALUES (new.id, new.text);
    END
    """,
)
#: A tsvector holds at most 1 MB; the first 100,000 characters always fit.
POSTGRESQL_SEARCH = """
    ALTER TABLE feedback ADD COLUMN search_vector tsvector
    GENERATED ALWAYS AS (to_tsvector('english', left(text, 100000))) STORED
"""


def upgrade() -> None:
    """Make the tables."""
    _models()
    _model_activations()
    _feedback()
    _feedback_topics()
    _feedback_revisions()
    _analyses()
    _corrections()
    _daily_counts()
    _search()


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=50), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("metrics", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("model", name=op.f("uq_models_model")),
    )


def _model_activations() -> None:
    op.create_table(
        "model_activations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("activated_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_model_activations_model_id_models")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_activations")),
        sqlite_autoincrement=True,
    )


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", Key, nullable=False),
        sa.Column("external_id", sa.String(length=512), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("rating", sa.Float(), nullable=True),
        sa.Column("customer_ref", sa.String(length=512), nullable=True),
        sa.Column("pii_masked", sa.Boolean(), nullable=False),
        sa.Column("source_job", sa.String(length=36), nullable=True),
        sa.Column("analysis_id", Key, nullable=True),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sentiment", sa.String(length=16), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("uncertain", sa.Boolean(), nullable=True),
        sa.Column("kind", sa.String(length=50), nullable=True),
        sa.Column("rating_mismatch", sa.Boolean(), nullable=False),
        sa.Column("corrected", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("external_id", name=op.f("uq_feedback_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_feedback_channel_created_at_id"), "feedback", ["channel", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_feedback_created_at_id"), "feedback", ["created_at", "id"], unique=False)
    op.create_index(
        op.f("ix_feedback_customer_ref_created_at_id"),
        "feedback",
        ["customer_ref", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_feedback_kind_created_at_id"), "feedback", ["kind", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_feedback_model_id_id"), "feedback", ["model_id", "id"], unique=False)
    op.create_index(
        op.f("ix_feedback_product_created_at_id"), "feedback", ["product", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_feedback_rating_mismatch",
        "feedback",
        ["created_at", "id"],
        unique=False,
        sqlite_where=sa.text("rating_mismatch"),
        postgresql_where=sa.text("rating_mismatch"),
    )
    op.create_index(
        op.f("ix_feedback_sentiment_created_at_id"),
        "feedback",
        ["sentiment", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_feedback_source_job",
        "feedback",
        ["source_job"],
        unique=False,
        sqlite_where=sa.text("source_job IS NOT NULL"),
        postgresql_where=sa.text("source_job IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_feedback_uncertain_created_at_id"),
        "feedback",
        ["uncertain", "created_at", "id"],
        unique=False,
    )


def _feedback_topics() -> None:
    op.create_table(
        "feedback_topics",
        sa.Column("feedback_id", Key, autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("sentiment", sa.String(length=16), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.id"],
            name=op.f("fk_feedback_topics_feedback_id_feedback"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("feedback_id", "topic", name=op.f("pk_feedback_topics")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_feedback_topics_topic_created_at_feedback_id_sentiment"),
        "feedback_topics",
        ["topic", "created_at", "feedback_id", "sentiment"],
        unique=False,
    )


def _feedback_revisions() -> None:
    op.create_table(
        "feedback_revisions",
        sa.Column("feedback_id", Key, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replaced_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.id"],
            name=op.f("fk_feedback_revisions_feedback_id_feedback"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("feedback_id", "revision", name=op.f("pk_feedback_revisions")),
    )


def _analyses() -> None:
    op.create_table(
        "analyses",
        sa.Column("id", Key, nullable=False),
        sa.Column("feedback_id", Key, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("analysed_at", UtcTime(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("language_confidence", sa.Float(), nullable=False),
        sa.Column("sentiment", sa.String(length=16), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("p_negative", sa.Float(), nullable=True),
        sa.Column("p_neutral", sa.Float(), nullable=True),
        sa.Column("p_positive", sa.Float(), nullable=True),
        sa.Column("mixed_probability", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("uncertain", sa.Boolean(), nullable=True),
        sa.Column("kind", sa.String(length=50), nullable=True),
        sa.Column("kind_confidence", sa.Float(), nullable=True),
        sa.Column("flags", sa.String(length=200), nullable=False),
        sa.Column("topics", Json, nullable=True),
        sa.Column("sentences", Json, nullable=True),
        sa.Column("own_label", sa.Text(), nullable=True),
        sa.Column("own_probability", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.id"],
            name=op.f("fk_analyses_feedback_id_feedback"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_analyses_model_id_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analyses")),
        sa.UniqueConstraint(
            "feedback_id", "revision", "model_id", name=op.f("uq_analyses_feedback_id_revision_model_id")
        ),
    )


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", Key, nullable=False),
        sa.Column("feedback_id", Key, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("model_value", Json, nullable=True),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("reviewer", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("slice", sa.String(length=20), nullable=False),
        sa.Column("sampling_probability", sa.Float(), nullable=True),
        sa.Column("superseded_by", Key, nullable=True),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.id"],
            name=op.f("fk_corrections_feedback_id_feedback"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_corrections_model_id_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_corrections_feedback_id_revision"), "corrections", ["feedback_id", "revision"], unique=False
    )
    op.create_index(op.f("ix_corrections_slice_field"), "corrections", ["slice", "field"], unique=False)


def _daily_counts() -> None:
    op.create_table(
        "daily_counts",
        sa.Column("dimension", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sentiment", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "name", "day", "sentiment", name=op.f("pk_daily_counts")),
        sqlite_with_rowid=False,
    )


def _search() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE_SEARCH:
            op.execute(statement)
    else:
        op.execute(POSTGRESQL_SEARCH)
        op.create_index("ix_feedback_search_vector", "feedback", ["search_vector"], postgresql_using="gin")
