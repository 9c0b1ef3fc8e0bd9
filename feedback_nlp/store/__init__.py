"""The store: what was said, what models and people made of it, and the service's own tables.

The only home of SQLAlchemy and Alembic. Frozen records go in and come out; no connection leaves this package.

Examples
--------
>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder, Store.open(data_dir=folder) as store:
...     store.database.is_sqlite
True
"""

from __future__ import annotations

from feedback_nlp.store.store import Store

__all__ = ["Store"]
