"""Feedback gets other labels: from a correction, or from another model's analysis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from feedback_nlp.records import Analysis
from feedback_nlp.store.bulk import insert_rows
from feedback_nlp.store.counting import add_cells
from feedback_nlp.store.labels import Cells, Labels, count_cells, effective_labels
from feedback_nlp.store.service_tables import taxonomies
from feedback_nlp.store.tables import corrections, feedback, feedback_topics
from feedback_nlp.store.taxonomy import Taxonomy, read_topics
from feedback_nlp.store.values import TopicLabel

__all__ = ["active_taxonomy", "labels_of_row", "latest_corrections", "relabel", "stored_labels", "topics_of"]

_UPDATE = (
    update(feedback)
    .where(feedback.c.id == bindparam("key"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "analysis_id",
                "model_id",
                "status",
                "language",
                "sentiment",
                "score",
                "confidence",
                "uncertain",
                "kind",
                "rating_mismatch",
                "corrected",
            )
        }
    )
)


def topics_of(connection: Connection, keys: Sequence[int]) -> Mapping[int, list[TopicLabel]]:
    """Return the effective topics of feedback, by its number."""
    found: defaultdict[int, list[TopicLabel]] = defaultdict(list)
    t = feedback_topics.c
    query = select(t.feedback_id, t.topic, t.sentiment).where(
        t.feedback_id.in_(bindparam("keys", expanding=True))
    )
    for key, topic, sentiment in connection.execute(query.order_by(t.topic), {"keys": list(keys)}):
        found[key].append(TopicLabel(topic, sentiment))
    return found


def active_taxonomy(connection: Connection) -> Taxonomy:
    """Return the taxonomy in force; the model's own where there is no other."""
    t = taxonomies.c
    row = connection.execute(select(t.content, t.version).where(t.active)).first()
    return Taxonomy() if row is None else Taxonomy(read_topics(row.content), row.version)


def labels_of_row(row: Any, topics: Iterable[TopicLabel]) -> Labels:
    """Return the effective labels that stand in a row of `feedback`, with its topics."""
    return Labels(
        status=row.status,
        language=row.language,
        sentiment=row.sentiment,
        score=row.score,
        confidence=row.confidence,
        uncertain=row.uncertain,
        kind=row.kind,
        mismatch=row.rating_mismatch,
        corrected=row.corrected,
        topics=tuple((label.topic, label.sentiment) for label in topics),
    )


def stored_labels(connection: Connection, row: Any) -> Labels:
    """Return the effective labels of a row of `feedback`; its topics are looked up."""
    return labels_of_row(row, topics_of(connection, [row.id]).get(row.id, ()))


def latest_corrections(connection: Connection, rows: Sequence[Any]) -> Mapping[int, dict[str, Any]]:
    """Return the corrections in force of rows of `feedback`: by number, then by field."""
    c = corrections.c
    query = select(c.feedback_id, c.revision, c.field, c.value).where(
        c.feedback_id.in_(bindparam("keys", expanding=True)), c.superseded_by.is_(None)
    )
    revisions = {row.id: row.revision for row in rows}
    found: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for key, revision, field, value in connection.execute(query.order_by(c.id), {"keys": list(revisions)}):
        if revision == revisions[key]:  # what was said of an older text does not hold for the new one
            found[key][field] = value
    return found


def relabel(
    connection: Connection, rows: Sequence[Any], current: Mapping[int, tuple[int, int, Analysis]]
) -> None:
    """Give rows of `feedback` the labels that now count, and keep topics and counts in step.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a writing transaction.
    rows : sequence of rows of `feedback`
        As they stand.
    current : mapping of int to (int, int, Analysis)
        By number: key and model of the analysis that counts from now on, and the analysis.
    """
    if not rows:
        return
    keys = [row.id for row in rows]
    said = latest_corrections(connection, rows)
    topics = topics_of(connection, keys)
    taxonomy = active_taxonomy(connection)
    cells = Cells()
    updates, topic_rows = [], []
    for row in rows:
        count_cells(
            cells, labels_of_row(row, topics.get(row.id, ())), row.created_at, row.channel, row.product, by=-1
        )
        analysis_id, model_id, analysis = current[row.id]
        labels = effective_labels(analysis, said.get(row.id), text=row.text, taxonomy=taxonomy)
        count_cells(cells, labels, row.created_at, row.channel, row.product)
        updates.append(_changes(row.id, analysis_id, model_id, labels))
        topic_rows += [(row.id, topic, sentiment, row.created_at) for topic, sentiment in labels.topics]
    connection.execute(_UPDATE, updates)
    connection.execute(
        delete(feedback_topics).where(feedback_topics.c.feedback_id.in_(bindparam("keys", expanding=True))),
        {"keys": keys},
    )
    insert_rows(connection, feedback_topics, topic_rows)
    add_cells(connection, cells)


def _changes(key: int, analysis_id: int, model_id: int, labels: Labels) -> dict[str, Any]:
    return {
        "key": key,
        "new_analysis_id": analysis_id,
        "new_model_id": model_id,
        "new_status": labels.status,
        "new_language": labels.language,
        "new_sentiment": labels.sentiment,
        "new_score": labels.score,
        "new_confidence": labels.confidence,
        "new_uncertain": labels.uncertain,
        "new_kind": labels.kind,
        "new_rating_mismatch": labels.mismatch,
        "new_corrected": labels.corrected,
    }
