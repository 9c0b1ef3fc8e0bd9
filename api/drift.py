"""How far what the service met in the last day differs from what its bundle was trained beside.

Counts are for ever; a day of them is what they are now less what they were a day ago. Whoever reads the metrics leaves
such a note once an hour, in the folder that all processes of a server share.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from feedback_nlp.profile import Profile, drift_between, yes_or_no

__all__ = ["LEAST", "Recent", "counted_profile", "drift_gauges"]

HOUR = 3600.0
DAY = 24 * HOUR
#: Fewer texts (words) say nothing about shares.
LEAST = 500
#: What is compared, and the counter that holds it.
COUNTERS = {
    "status": "feedback_texts",
    "sentiment": "feedback_sentiment",
    "kind": "feedback_kind",
    "topic": "feedback_topic",
    "length": "feedback_length",
    "words": "feedback_words",
}
Clock = Callable[[], float]


def counted_profile(families: Iterable[Metric]) -> Profile:
    """Return what was counted in the shape of a bundle's profile."""
    named = {family.name: family for family in families}
    profile = {
        what: {next(iter(sample.labels.values())): int(sample.value) for sample in named[name].samples}
        for what, name in COUNTERS.items()
        if name in named
    }
    uncertain = named.get("feedback_uncertain")
    if uncertain is not None and uncertain.samples:
        labelled = profile.get("status", {}).get("ok", 0)
        profile["uncertain"] = yes_or_no(int(uncertain.samples[0].value), labelled)
    return profile


class Recent:
    """Turns counts since the start into those of the last day.

    Parameters
    ----------
    folder : Path or None
        Where notes are shared; None keeps them in this process.
    clock : callable, default=time.time
    """

    def __init__(self, folder: Path | None, clock: Clock = time.time) -> None:
        self._notes = folder / "notes.json" if folder else None
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: list[tuple[float, Profile]] = []

    def since_yesterday(self, counted: Profile) -> Profile:
        """Return the counts of the last 24 to 25 hours, or since the start if that is later."""
        now = self._clock()
        with self._lock:
            notes = self._read()
            # The last note of a day ago is what is taken away; older ones have served.
            past = [at for at, _ in notes if at <= now - DAY]
            notes = [note for note in notes if note[0] >= (past[-1] if past else 0)]
            if not notes or now - notes[-1][0] >= HOUR:
                notes.append((now, counted))
            self._write(notes)
        return _difference(counted, notes[0][1]) if past else counted

    def _read(self) -> list[tuple[float, Profile]]:
        if self._notes is None:
            return self._kept
        try:
            return [(at, profile) for at, profile in json.loads(self._notes.read_text())]
        except (OSError, ValueError):
            return []

    def _write(self, notes: list[tuple[float, Profile]]) -> None:
        self._kept = notes
        if self._notes is not None:
            scratch = self._notes.with_suffix(f".{os.getpid()}")
            scratch.write_text(json.dumps(notes))
            scratch.replace(self._notes)


def _difference(now: Profile, before: Profile) -> Profile:
    return {
        what: {value: count - before.get(what, {}).get(value, 0) for value, count in counts.items()}
        for what, counts in now.items()
    }


def drift_gauges(reference: Profile, recent: Profile) -> Iterator[Metric]:
    """Give the gauges of drift; nothing for a bundle without a profile."""
    if not reference:
        return
    shares = GaugeMetricFamily(
        "feedback_reference_share", "Shares among texts kept from the training.", labels=("of", "value")
    )
    for what, counts in sorted(reference.items()):
        for value, count in sorted(counts.items()):
            shares.add_metric((what, value), count / max(1, sum(counts.values())))
    yield shares
    drift = GaugeMetricFamily(
        "feedback_drift_psi",
        f"Population stability index of the last day against the reference; absent below {LEAST} cases.",
        labels=("of",),
    )
    for what, counts in sorted(reference.items()):
        met = recent.get(what, {})
        psi = drift_between(counts, met) if sum(met.values()) >= LEAST else None
        if psi is not None:
            drift.add_metric((what,), psi)
    yield drift
