"""Alembic's way in: runs the steps on the connection, and in the transaction, that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from feedback_nlp.store.service_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The transaction is the caller's, in SQLite too, whose tables can be made in one.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
