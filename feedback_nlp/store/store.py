"""`Store`: one door to everything stored, by subject."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from feedback_nlp.store.audit import AuditLog
from feedback_nlp.store.correcting import Corrections
from feedback_nlp.store.counting import DailyCounts
from feedback_nlp.store.deleting import Deletions
from feedback_nlp.store.engine import Database, database_url
from feedback_nlp.store.feedback import FeedbackTable
from feedback_nlp.store.folder import data_folder
from feedback_nlp.store.jobs import JobTable
from feedback_nlp.store.keys import KeyTable
from feedback_nlp.store.migrate import check_version, migrate
from feedback_nlp.store.registry import ModelRegistry
from feedback_nlp.store.rescoring import Rescoring
from feedback_nlp.store.reviewing import ReviewQueue
from feedback_nlp.store.taxonomies import Taxonomies

__all__ = ["Store"]


class Store:
    """Everything stored. Safe to share between threads and to carry over a fork.

    Parameters
    ----------
    database : Database
        Where it lies; `Store.open` is the usual way.
    data_dir : Path
        Folder for files beside the database: uploads, results, bundles.
    """

    def __init__(self, database: Database, data_dir: Path) -> None:
        self.database = database
        self.data_dir = data_dir

    @classmethod
    def open(cls, url: str | None = None, data_dir: str | Path | None = None) -> Self:
        """Open the store and bring its tables up to date.

        Parameters
        ----------
        url : str or None, default=None
            ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME``; None is an SQLite file in the
            data folder.
        data_dir : str or Path or None, default=None
            None is the platform's folder for such things; it is made if it is not there.

        Raises
        ------
        SettingError
            For an address of no database that we know.
        StoreUnavailableError
            If the database cannot be reached.
        StoreVersionError
            If it was made by a newer version of this program.
        OutputError
            If the data folder cannot be made.
        """
        folder = data_folder(data_dir)
        store = cls(Database(database_url(url, folder)), folder)
        migrate(store.database)
        return store

    @cached_property
    def feedback(self) -> FeedbackTable:
        """What customers wrote, with its labels."""
        return FeedbackTable(self.database)

    @cached_property
    def corrections(self) -> Corrections:
        """What people said where models were wrong, or right."""
        return Corrections(self.database)

    @cached_property
    def review(self) -> ReviewQueue:
        """What people look at next."""
        return ReviewQueue(self.database)

    @cached_property
    def taxonomies(self) -> Taxonomies:
        """The company's own topics."""
        return Taxonomies(self.database)

    @cached_property
    def deletions(self) -> Deletions:
        """Deletes feedback, and keeps receipts."""
        return Deletions(self.database)

    @cached_property
    def counts(self) -> DailyCounts:
        """How many texts a day, by sentiment, topic, channel, product and kind."""
        return DailyCounts(self.database)

    @cached_property
    def models(self) -> ModelRegistry:
        """Model bundles, and which of them is active."""
        return ModelRegistry(self.database)

    @cached_property
    def rescoring(self) -> Rescoring:
        """The history, chunk by chunk, for another bundle."""
        return Rescoring(self.database)

    @cached_property
    def keys(self) -> KeyTable:
        """API keys, their scopes and states."""
        return KeyTable(self.database)

    @cached_property
    def audit(self) -> AuditLog:
        """Who did what to the service itself."""
        return AuditLog(self.database)

    @cached_property
    def jobs(self) -> JobTable:
        """Background jobs."""
        return JobTable(self.database)

    def check(self) -> None:
        """Check that the database answers and that its tables are those of this program.

        Raises
        ------
        StoreUnavailableError
            If it cannot be reached.
        StoreVersionError
            If the tables are at another step.
        """
        check_version(self.database)

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
