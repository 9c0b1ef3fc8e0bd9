"""`store.feedback`: what customers wrote, kept once, found again, deleted for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, select

from feedback_nlp.errors import NotStoredError
from feedback_nlp.records import Analysis, Feedback
from feedback_nlp.store.adding import GROUP, Origin, add_batch, begin_chunk
from feedback_nlp.store.engine import Database
from feedback_nlp.store.finding import count_found, find_page, load_rows
from feedback_nlp.store.plain import storable
from feedback_nlp.store.rows import ANALYSIS_COLUMNS, analysis_from
from feedback_nlp.store.tables import analyses, feedback, feedback_revisions, models
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

    def by_ids(self, ids: Sequence[str]) -> list[StoredFeedback]:
        """Return feedback by the callers' ids, in the order of arrival; ids that are not there are left out."""
        query = select(feedback.c.id).where(feedback.c.external_id.in_(bindparam("ids", expanding=True)))
        with self._database.read() as connection:
            found: list[StoredFeedback] = []
            for start in range(0, len(ids), GROUP):
                wanted = [storable(id) for id in ids[start : start + GROUP]]
                found += load_rows(
                    connection, sorted(connection.execute(query, {"ids": wanted}).scalars().all())
                )
            return found

    def analyses(self, id: str) -> list[tuple[int, Analysis]]:
        """Return what each model said of each revision, oldest first, as (revision, analysis)."""
        query = (
            select(*ANALYSIS_COLUMNS)
            .select_from(
                analyses.join(feedback, feedback.c.id == analyses.c.feedback_id).join(
                    models, models.c.id == analyses.c.model_id
                )
            )
            .where(feedback.c.external_id == storable(id))
            .order_by(analyses.c.revision, analyses.c.id)
        )
        with self._database.read() as connection:
            return [(row.analysis_revision, analysis_from(row)) for row in connection.execute(query)]

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
