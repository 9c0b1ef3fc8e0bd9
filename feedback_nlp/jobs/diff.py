"""What another bundle says differently: old label, new label, how often, where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feedback_nlp.records import Analysis
from feedback_nlp.report.statistics import Estimate, wilson_interval

__all__ = ["TASKS", "DiffTally", "LabelChange", "ModelDiff", "TaskDiff"]

TASKS = ("sentiment", "kind", "topics", "status")
#: Examples kept of one change.
EXAMPLES = 5

Change = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One label that became another.

    Parameters
    ----------
    before, after : str or None
        Of topics None is "not found", and ``delivery:negative`` to ``delivery:positive`` another sentiment.
    count : int
        Texts.
    share : Estimate
        Of the texts compared, with the interval for texts like these.
    examples : tuple of int
        Numbers of some of them in the store.
    """

    before: str | None
    after: str | None
    count: int
    share: Estimate
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TaskDiff:
    """What changed of one kind of label.

    Parameters
    ----------
    task : {"sentiment", "kind", "topics", "status"}
    changed : Estimate
        Share of the texts that both bundles gave labels whose label is another.
    count : int
        How many these are.
    changes : tuple of LabelChange
        Most frequent first.
    """

    task: str
    changed: Estimate
    count: int
    changes: tuple[LabelChange, ...]


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """What a bundle says differently from those before it.

    Parameters
    ----------
    rows : int
        Texts looked at.
    compared : int
        Those of them whose labels came from another bundle.
    before : dict of str to int
        These bundles, with texts.
    tasks : tuple of TaskDiff
    """

    rows: int
    compared: int
    before: dict[str, int]
    tasks: tuple[TaskDiff, ...]


class DiffTally:
    """Counts changes; tallies of parts of a history add up to that of the whole.

    Examples
    --------
    >>> tally = DiffTally()
    >>> tally.add_json({"rows": 2, "compared": 2, "before": {"a@1+0": 2},
    ...                 "tasks": {"kind": [2, 1, [["other", "praise", 1, [7]]]]}})
    >>> tally.diff().tasks[1].changes[0].after
    'praise'
    """

    def __init__(self) -> None:
        self._rows = 0
        self._before: Counter[str] = Counter()
        self._compared: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()
        self._changes: defaultdict[str, Counter[Change]] = defaultdict(Counter)
        self._examples: defaultdict[tuple[str, Change], list[int]] = defaultdict(list)

    def add(self, key: int, before: Analysis, after: Analysis) -> None:
        """Count what two bundles say of one text; `key` is its number in the store."""
        self._rows += 1
        if before.model == after.model:
            return
        self._before[str(before.model)] += 1
        for task in TASKS:
            if task != "status" and not (before.status == after.status == "ok"):
                continue
            changes = list(_changes(task, before, after))
            self._compared[task] += 1
            self._changed[task] += bool(changes)
            for change in changes:
                self._count(task, change, 1, [key])

    def to_json(self) -> dict[str, Any]:
        """Return the tally as plain JSON."""
        return {
            "rows": self._rows,
            "compared": sum(self._before.values()),
            "before": dict(self._before),
            "tasks": {
                task: [
                    self._compared[task],
                    self._changed[task],
                    [
                        [*change, count, self._examples[task, change]]
                        for change, count in self._changes[task].items()
                    ],
                ]
                for task in TASKS
            },
        }

    def add_json(self, part: Mapping[str, Any]) -> None:
        """Add a tally that `to_json` gave."""
        self._rows += part["rows"]
        self._before.update(part["before"])
        for task, (compared, changed, changes) in part["tasks"].items():
            self._compared[task] += compared
            self._changed[task] += changed
            for before, after, count, examples in changes:
                self._count(task, (before, after), count, examples)

    def diff(self) -> ModelDiff:
        """Return the shares with their intervals."""
        return ModelDiff(
            rows=self._rows,
            compared=sum(self._before.values()),
            before=dict(self._before.most_common()),
            tasks=tuple(self._task(task) for task in TASKS),
        )

    def _task(self, task: str) -> TaskDiff:
        compared = self._compared[task]
        found = sorted(self._changes[task].items(), key=lambda item: (-item[1], str(item[0])))
        changes = tuple(
            LabelChange(
                *change, count, _share(count, compared), tuple(self._examples[task, change][:EXAMPLES])
            )
            for change, count in found
        )
        return TaskDiff(task, _share(self._changed[task], compared), self._changed[task], changes)

    def _count(self, task: str, change: Change, count: int, examples: Iterable[int]) -> None:
        self._changes[task][change] += count
        kept = self._examples[task, change]
        kept += list(examples)[: EXAMPLES - len(kept)]


def _changes(task: str, before: Analysis, after: Analysis) -> Iterator[Change]:
    if task != "topics":
        labels = getattr(before, task), getattr(after, task)
        if labels[0] != labels[1]:
            yield labels
        return
    old, new = ({one.topic: one.sentiment for one in said.topics} for said in (before, after))
    for topic in sorted(old.keys() | new.keys()):
        if topic not in new:
            yield topic, None
        elif topic not in old:
            yield None, topic
        elif old[topic] != new[topic]:
            yield f"{topic}:{old[topic]}", f"{topic}:{new[topic]}"


def _share(count: int, n: int) -> Estimate:
    if n == 0:
        return Estimate(0.0, 0.0, 1.0, 0)
    low, high = wilson_interval(count, n)
    return Estimate(count / n, low, high, n)
