"""Texts counted by day: all that most of a report needs, however many texts there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.records import SENTIMENTS

__all__ = [
    "ALL",
    "CHANNEL",
    "DIMENSIONS",
    "KIND",
    "PRODUCT",
    "TOPIC",
    "TOPIC_TEXTS",
    "Cell",
    "DayCounts",
    "Key",
]

#: Dimensions of a count. A topic is counted by its own sentiment (TOPIC) and by that of the whole text (TOPIC_TEXTS).
ALL, TOPIC, TOPIC_TEXTS, CHANNEL, PRODUCT, KIND = "all", "topic", "topic_texts", "channel", "product", "kind"
DIMENSIONS = (ALL, TOPIC, TOPIC_TEXTS, CHANNEL, PRODUCT, KIND)

Counts = NDArray[np.int64]
Key = tuple[str, str]
#: Day (None without a date), dimension, name within it ("" for ALL), sentiment, number of texts.
Cell = tuple[date | None, str, str, str, int]
_COLUMN = {sentiment: column for column, sentiment in enumerate(SENTIMENTS)}
NEGATIVE, POSITIVE = _COLUMN["negative"], _COLUMN["positive"]


@dataclass(frozen=True)
class DayCounts:
    """Texts by day and sentiment, for all of them and for each topic, channel, product and kind.

    Parameters
    ----------
    first_day : date or None
        Of the first row of every series; None where no text has a date.
    series : mapping of (dimension, name) to ndarray of int, shape (n_days, 4)
        Columns in the order of SENTIMENTS.
    undated : mapping of (dimension, name) to ndarray of int, shape (4,)
        Texts without a date.

    Examples
    --------
    >>> counts = DayCounts.from_cells([(date(2026, 9, 14), "all", "", "negative", 3)])
    >>> counts.whole("all").tolist(), counts.days
    ([[3, 0, 0, 0]], 1)
    """

    first_day: date | None
    series: Mapping[Key, Counts]
    undated: Mapping[Key, Counts] = field(default_factory=dict)

    @classmethod
    def from_cells(cls, cells: Iterable[Cell]) -> DayCounts:
        """Build them from cells in any order, such as the rows of a GROUP BY; equal cells add up."""
        found: Counter[tuple[date | None, str, str, str]] = Counter()
        for day, dimension, name, sentiment, count in cells:
            found[day, dimension, name, sentiment] += count
        ordinals = [day.toordinal() for day, *_ in found if day is not None]
        first = min(ordinals, default=0)
        n_days = max(ordinals) - first + 1 if ordinals else 0
        series: dict[Key, Counts] = {}
        undated: dict[Key, Counts] = {}
        for (day, dimension, name, sentiment), count in found.items():
            key = (dimension, name)
            if key not in series:
                series[key] = np.zeros((n_days, len(SENTIMENTS)), np.int64)
            if day is None:
                undated.setdefault(key, np.zeros(len(SENTIMENTS), np.int64))[_COLUMN[sentiment]] += count
            else:
                series[key][day.toordinal() - first, _COLUMN[sentiment]] += count
        return cls(date.fromordinal(first) if ordinals else None, series, undated)

    @property
    def days(self) -> int:
        """Days from the first to the last text."""
        return len(next(iter(self.series.values()), ()))

    @property
    def last_day(self) -> date | None:
        """Of the last row of every series."""
        return None if self.first_day is None else self.day(self.days - 1)

    def day(self, place: int) -> date:
        """Return the date of a row."""
        if self.first_day is None:
            raise ValueError("these texts have no dates")
        return self.first_day + timedelta(days=place)

    def names(self, dimension: str) -> list[str]:
        """Return the names of a dimension, most texts first."""
        names = [name for kind, name in self.series if kind == dimension]
        return sorted(names, key=lambda name: (-self.whole(dimension, name).sum(), name))

    def dated(self, dimension: str, name: str = "") -> Counts:
        """Return one series by day; zeros where nobody wrote about it."""
        empty = np.zeros((self.days, len(SENTIMENTS)), np.int64)
        return self.series.get((dimension, name), empty)

    def whole(self, dimension: str, name: str = "") -> Counts:
        """Return one series by day, with all texts without a date as a last day of their own."""
        dated = self.dated(dimension, name)
        if not self.undated:
            return dated
        zero = np.zeros(len(SENTIMENTS), np.int64)
        return np.vstack([dated, self.undated.get((dimension, name), zero)])
