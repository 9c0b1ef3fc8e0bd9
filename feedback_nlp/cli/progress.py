"""A progress bar on standard error, on terminals only."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from feedback_nlp.batch import ScoreProgress

__all__ = ["ProgressBar", "SearchBar"]

#: The bar counts in thousandths of the input, since its rows are not known in advance.
STEPS = 1000


class ProgressBar:
    """Shows how far a file is: share, rows, rows a second and time left."""

    def __init__(self) -> None:
        self._visible = sys.stderr.isatty()
        self._source: str | None = None
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish()

    def show(self, progress: ScoreProgress) -> None:
        """Move the bar; a file that was not shown before gets a new one."""
        if not self._visible:
            return
        if progress.source != self._source:
            self._start(progress.source)
        done = STEPS if progress.fraction is None else round(STEPS * progress.fraction)
        self._bar.update(max(0, done - self._bar.pos), progress)

    def _start(self, source: str) -> None:
        self._finish()
        self._source = source
        self._bar = click.progressbar(
            length=STEPS, label=Path(source).name, file=sys.stderr, item_show_func=_rows, show_percent=True
        )
        self._bar.render_progress()

    def _finish(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


class SearchBar:
    """Shows how much of a search's time is gone, and the best so far; drawn when the search begins."""

    def __init__(self) -> None:
        self._visible = sys.stderr.isatty()
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, share: float, message: str) -> None:
        """Move the bar to a share in [0, 1]."""
        if not self._visible:
            return
        if self._bar is None:
            self._bar = click.progressbar(
                length=STEPS,
                label="search",
                file=sys.stderr,
                item_show_func=lambda text: text,
                show_eta=False,
            )
            self._bar.render_progress()
        self._bar.update(max(0, round(STEPS * share) - self._bar.pos), message)


def _rows(progress: ScoreProgress | None) -> str | None:
    if progress is None:
        return None
    rate = progress.rows_read / progress.seconds if progress.seconds else 0.0
    return f"{progress.rows_read:,} rows, {rate:,.0f} rows/s"
