"""`store.feedback`: what customers wrote, kept once, found again, deleted for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from feedback_nlp.errors import NotStoredError
from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.store.adding import Origin, add_batch, begin_chunk
from feedback_nlp.store.engine import Database
from feedback_nlp.store.finding import count_found, find_page, load_rows
from feedback_nlp.store.plain import storable
from feedback_nlp.store.tables import feedback, feedback_revisions
from feedback_nlp.store.values import Added, Filters, Page, Revision, StoredFeedback

__all__ = ["FeedbackTable"]

#: Rows written in one transaction by default: long enough to be fast, short enough that others get their turn.
BATCH = 1000
EVERYTHING = Filters()


class FeedbackTable:
    """Feedback with its labels.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        given: Sequence[tuple[Feedback, Analysis]],
        *,
        masked: bool = False,
        job: str | None = None,
        chunk: int | None = None,
        rejected: int = 0,
        received_at: datetime | None = None,
    ) -> list[Added]:
        """Store feedback with its analyses: all of it or, if anything fails, nothing.

        The same id and text again changes nothing; the same id with another text is a new revision, and the old
        text is kept. When this returns, it is on disk.

        Parameters
        ----------
        given : sequence of (Feedback, Analysis)
            About a thousand at a time. An empty id gets one made up.
        masked : bool, default=False
            Whether personal data in the texts was masked.
        job : str or None
            The job that brings them.
        chunk : int or None
            Their number among the chunks of the job. A chunk is stored once: given again, nothing is written and
            nothing returned, so that a job which was killed can give its last chunk again.
        rejected : int, default=0
            Rows of the chunk that could not be read; kept with it.
        received_at : datetime or None
            Default: now.

        Returns
        -------
        list of Added
            One for each, in the same order.

        Raises
        ------
        StoreUnavailableError
            If the database cannot be written now; nothing was stored then.
        """
        origin = Origin(received_at or datetime.now(UTC), masked, job)
        with self._database.write() as connection:
            if job is not None and chunk is not None:
                rows = len(given) + rejected
                if not begin_chunk(connection, job, chunk, rows, rejected=rejected):
                    return []
            return add_batch(connection, given, origin)

    def page(self, filters: Filters = EVERYTHING, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Return a page of feedback, newest first (found by words: latest arrival first).

        Parameters
        ----------
        filters : Filters
        limit : int, default=50
        cursor : str or None
            `Page.next` of the page before, with the same filters.

        Raises
        ------
        InputError
            For a cursor that is none.
        """
        with self._database.read() as connection:
            return find_page(connection, filters, limit=limit, cursor=cursor)

    def count(self, filters: Filters = EVERYTHING, *, cap: int = 10_000) -> int:
        """Return how many pass the filters; counting stops at `cap`."""
        with self._database.read() as connection:
            return count_found(connection, filters, cap)

    def walk(self, filters: Filters = EVERYTHING, *, page_size: int = 500) -> Iterator[StoredFeedback]:
        """Yield all feedback that passes the filters, page by page, in constant memory."""
        cursor: str | None = None
        while True:
            page = self.page(filters, limit=page_size, cursor=cursor)
            yield from page.items
            cursor = page.next
            if cursor is None:
                return

    def get(self, id: str) -> StoredFeedback:
        """Return one piece of feedback.

        Raises
        ------
        NotStoredError
            If there is none with this id.
        """
        with self._database.read() as connection:
            key = connection.execute(
                select(feedback.c.id).where(feedback.c.external_id == storable(id))
            ).scalar_one_or_none()
            found = load_rows(connection, [key]) if key is not None else []
        if not found:
            raise NotStoredError("There is no feedback with this id.")
        return found[0]

    def get_many(self, keys: Sequence[int]) -> list[StoredFeedback]:
        """Return feedback by its numbers in the store, in their order; numbers that are gone are left out."""
        with self._database.read() as connection:
            return load_rows(connection, keys)

    def revisions(self, id: str) -> list[Revision]:
        """Return the older texts of a piece of feedback, oldest first."""
        c = feedback_revisions.c
        query = (
            select(c.revision, c.text, c.replaced_at)
            .join_from(feedback_revisions, feedback, feedback.c.id == c.feedback_id)
            .where(feedback.c.external_id == storable(id))
            .order_by(c.revision)
        )
        with self._database.read() as connection:
            return [Revision(*row) for row in connection.execute(query)]
